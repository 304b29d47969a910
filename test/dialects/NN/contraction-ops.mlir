// RUN: sinter-opt %s | FileCheck %s
// RUN: sinter-opt %s --mlir-print-op-generic | sinter-opt | FileCheck %s

// The types returned are those that each operation infers.

// CHECK-LABEL: func.func @matmul
func.func @matmul(%x: tensor<?x1x4x8xf32, #nn.dims<[n, 1, 4, 8]>>, %y: tensor<3x8x?xf32, #nn.dims<[3, 8, m]>>)
    -> tensor<?x3x4x?xf32, #nn.dims<[n, 3, 4, m]>> {
  // CHECK: nn.matmul %{{.+}}, %{{.+}} : tensor<?x1x4x8xf32, #nn.dims<[n, 1, 4, 8]>>, tensor<3x8x?xf32, #nn.dims<[3, 8, m]>>
  %0 = nn.matmul %x, %y : tensor<?x1x4x8xf32, #nn.dims<[n, 1, 4, 8]>>, tensor<3x8x?xf32, #nn.dims<[3, 8, m]>>
  return %0 : tensor<?x3x4x?xf32, #nn.dims<[n, 3, 4, m]>>
}

// CHECK-LABEL: func.func @conv
func.func @conv(%x: tensor<1x3x224x224xf32>, %w: tensor<64x3x7x7xf32>) -> tensor<1x64x112x112xf32> {
  // CHECK: nn.conv %{{.+}}, %{{.+}} strides [2, 2] pads [3, 3, 3, 3] dilations [1, 1] group 1 : tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>
  %0 = nn.conv %x, %w strides [2, 2] pads [3, 3, 3, 3] dilations [1, 1] group 1 : tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>
  return %0 : tensor<1x64x112x112xf32>
}

// CHECK-LABEL: func.func @conv_free
func.func @conv_free(%x: tensor<?x3x?x?xf32, #nn.dims<[n, 3, h, w]>>, %w: tensor<8x3x3x3xf32>)
    -> tensor<?x8x?x?xf32, #nn.dims<[n, 8, (h + 1) floordiv 2, w - 4]>> {
  %0 = nn.conv %x, %w strides [2, 1] pads [1, 0, 1, 0] dilations [1, 2] group 1 : tensor<?x3x?x?xf32, #nn.dims<[n, 3, h, w]>>, tensor<8x3x3x3xf32>
  return %0 : tensor<?x8x?x?xf32, #nn.dims<[n, 8, (h + 1) floordiv 2, w - 4]>>
}

// CHECK-LABEL: func.func @conv_channels_last
func.func @conv_channels_last(%x: tensor<2x9x10x8xf32>, %w: tensor<16x2x3x3xf32>) -> tensor<2x7x8x16xf32> {
  // CHECK: group 4 channels_last : tensor<2x9x10x8xf32>
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 4 channels_last : tensor<2x9x10x8xf32>, tensor<16x2x3x3xf32>
  return %0 : tensor<2x7x8x16xf32>
}

// CHECK-LABEL: func.func @conv_one_dimension
func.func @conv_one_dimension(%x: tensor<1x80x3000xf32>, %w: tensor<384x80x3xf32>) -> tensor<1x384x1500xf32> {
  %0 = nn.conv %x, %w strides [2] pads [1, 1] dilations [1] group 1 : tensor<1x80x3000xf32>, tensor<384x80x3xf32>
  return %0 : tensor<1x384x1500xf32>
}

// CHECK-LABEL: func.func @conv_transpose
func.func @conv_transpose(%x: tensor<1x?x4x?xf32, #nn.dims<[1, c * 2, 4, w]>>, %f: tensor<?x5x3x2xf32, #nn.dims<[c * 2, 5, 3, 2]>>)
    -> tensor<1x10x8x?xf32, #nn.dims<[1, 10, 8, w * 2]>> {
  // CHECK: nn.conv_transpose %{{.+}}, %{{.+}} strides [2, 2] pads [1, 0, 0, 0] dilations [1, 1] output_padding [0, 0] group 2 : tensor<1x?x4x?xf32
  %0 = nn.conv_transpose %x, %f strides [2, 2] pads [1, 0, 0, 0] dilations [1, 1] output_padding [0, 0] group 2
    : tensor<1x?x4x?xf32, #nn.dims<[1, c * 2, 4, w]>>, tensor<?x5x3x2xf32, #nn.dims<[c * 2, 5, 3, 2]>>
  return %0 : tensor<1x10x8x?xf32, #nn.dims<[1, 10, 8, w * 2]>>
}

// CHECK-LABEL: func.func @conv_transpose_channels_last
func.func @conv_transpose_channels_last(%x: tensor<1x4x5x8xf32>, %f: tensor<8x6x3x3xf32>) -> tensor<1x8x13x6xf32> {
  // CHECK: output_padding [1, 1] group 1 channels_last
  %0 = nn.conv_transpose %x, %f strides [2, 2] pads [1, 1, 1, 0] dilations [1, 2] output_padding [1, 1] group 1 channels_last
    : tensor<1x4x5x8xf32>, tensor<8x6x3x3xf32>
  return %0 : tensor<1x8x13x6xf32>
}

// Products of 8-bit integers, signed or not, are i32.

// CHECK-LABEL: func.func @matmul_integers
func.func @matmul_integers(%x: tensor<4x8xui8>, %y: tensor<8x3xi8>) -> tensor<4x3xi32> {
  // CHECK: nn.matmul %{{.+}}, %{{.+}} : tensor<4x8xui8>, tensor<8x3xi8>
  %0 = nn.matmul %x, %y : tensor<4x8xui8>, tensor<8x3xi8>
  return %0 : tensor<4x3xi32>
}

// CHECK-LABEL: func.func @conv_integers
func.func @conv_integers(%x: tensor<1x9x8xui8>, %w: tensor<16x8x3xi8>) -> tensor<1x9x16xi32> {
  // CHECK: group 1 channels_last pad_value 128 : tensor<1x9x8xui8>, tensor<16x8x3xi8>
  %0 = nn.conv %x, %w strides [1] pads [1, 1] dilations [1] group 1 channels_last pad_value 128 : tensor<1x9x8xui8>, tensor<16x8x3xi8>
  return %0 : tensor<1x9x16xi32>
}

// CHECK-LABEL: func.func @conv_integers_pad_zero
func.func @conv_integers_pad_zero(%x: tensor<1x8x9xi8>, %w: tensor<16x8x3xui8>) -> tensor<1x16x9xi32> {
  // CHECK: group 1 : tensor<1x8x9xi8>, tensor<16x8x3xui8>
  %0 = nn.conv %x, %w strides [1] pads [1, 1] dilations [1] group 1 pad_value 0 : tensor<1x8x9xi8>, tensor<16x8x3xui8>
  return %0 : tensor<1x16x9xi32>
}
