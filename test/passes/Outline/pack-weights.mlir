// RUN: sinter-opt %s --pass-pipeline='builtin.module(func.func(sinter-outline-pack-weights))' --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @matmul
// CHECK:         %[[W:.+]] = nn.weight #nn.weight<pack_matmul(#nn.weight<file {name = "fc"} : tensor<16x40xf32>>) {panel = 32 : i64} : tensor<1x2x16x32xf32>>
// CHECK:         kernel.group contract (%{{.+}} = %{{.+}} : tensor<8x16xf32>, %[[P:.+]] = %[[W]] : tensor<1x2x16x32xf32>) -> tensor<8x40xf32> {
// CHECK-NEXT:      %[[U:.+]] = kernel.unpack %[[P]] : tensor<1x2x16x32xf32> -> tensor<16x40xf32>
// CHECK-NEXT:      nn.matmul %{{.+}}, %[[U]]
func.func @matmul(%x: tensor<8x16xf32>) -> tensor<8x40xf32> {
  %w = nn.weight #nn.weight<file {name = "fc"} : tensor<16x40xf32>>
  %0 = kernel.group contract (%a = %x : tensor<8x16xf32>, %b = %w : tensor<16x40xf32>) -> tensor<8x40xf32> {
    %1 = nn.matmul %a, %b : tensor<8x16xf32>, tensor<16x40xf32>
    kernel.yield %1 : tensor<8x40xf32>
  }
  return %0 : tensor<8x40xf32>
}

// -----

// CHECK-LABEL: func.func @grouped_conv
// CHECK:         nn.weight #nn.weight<pack_conv(#nn.weight<file {name = "w"} : tensor<80x3x5x7xf32>>) {group = 2 : i64, panel = 32 : i64} : tensor<2x2x5x7x3x32xf32>>
// CHECK:         kernel.unpack %{{.+}} : tensor<2x2x5x7x3x32xf32> -> tensor<80x3x5x7xf32>
func.func @grouped_conv(%x: tensor<1x8x8x6xf32>) -> tensor<1x4x2x80xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<80x3x5x7xf32>>
  %0 = kernel.group contract (%a = %x : tensor<1x8x8x6xf32>, %b = %w : tensor<80x3x5x7xf32>) -> tensor<1x4x2x80xf32> {
    %1 = nn.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 2 channels_last : tensor<1x8x8x6xf32>, tensor<80x3x5x7xf32>
    kernel.yield %1 : tensor<1x4x2x80xf32>
  }
  return %0 : tensor<1x4x2x80xf32>
}

// -----

// CHECK-LABEL: func.func @conv_transpose
// CHECK:         nn.weight #nn.weight<pack_conv_transpose(#nn.weight<file {name = "w"} : tensor<6x5x2x2xf32>>) {group = 2 : i64, panel = 32 : i64} : tensor<2x1x2x2x3x32xf32>>
// CHECK:         kernel.unpack %{{.+}} : tensor<2x1x2x2x3x32xf32> -> tensor<6x5x2x2xf32>
func.func @conv_transpose(%x: tensor<1x4x4x6xf32>) -> tensor<1x8x8x10xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<6x5x2x2xf32>>
  %0 = kernel.group contract (%a = %x : tensor<1x4x4x6xf32>, %b = %w : tensor<6x5x2x2xf32>) -> tensor<1x8x8x10xf32> {
    %1 = nn.conv_transpose %a, %b strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] output_padding [0, 0] group 2 channels_last : tensor<1x4x4x6xf32>, tensor<6x5x2x2xf32>
    kernel.yield %1 : tensor<1x8x8x10xf32>
  }
  return %0 : tensor<1x8x8x10xf32>
}

// -----

// CHECK-LABEL: func.func @depthwise
// CHECK:         nn.weight #nn.weight<pack_depthwise(#nn.weight<file {name = "w"} : tensor<6x1x3x5xf32>>) : tensor<3x5x6xf32>>
// CHECK:         kernel.unpack %{{.+}} : tensor<3x5x6xf32> -> tensor<6x1x3x5xf32>
func.func @depthwise(%x: tensor<1x8x8x6xf32>) -> tensor<1x6x4x6xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<6x1x3x5xf32>>
  %0 = kernel.group window (%a = %x : tensor<1x8x8x6xf32>, %b = %w : tensor<6x1x3x5xf32>) -> tensor<1x6x4x6xf32> {
    %1 = nn.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 6 channels_last : tensor<1x8x8x6xf32>, tensor<6x1x3x5xf32>
    kernel.yield %1 : tensor<1x6x4x6xf32>
  }
  return %0 : tensor<1x6x4x6xf32>
}

// -----

// The weight is also an operand of the epilogue: there it stays as it is.
// CHECK-LABEL: func.func @used_twice
// CHECK:         %[[W:.+]] = nn.weight #nn.weight<file
// CHECK:         %[[P:.+]] = nn.weight #nn.weight<pack_matmul
// CHECK:         kernel.group contract (%[[A:.+]] = %{{.+}} : tensor<4x4xf32>, %[[B:.+]] = %[[W]] : tensor<4x4xf32>, %[[C:.+]] = %[[P]] : tensor<1x1x4x32xf32>)
// CHECK-NEXT:      %[[U:.+]] = kernel.unpack %[[C]]
// CHECK-NEXT:      %[[M:.+]] = nn.matmul %[[A]], %[[U]]
// CHECK-NEXT:      nn.add %[[M]], %[[B]]
func.func @used_twice(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4x4xf32>>
  %0 = kernel.group contract (%a = %x : tensor<4x4xf32>, %b = %w : tensor<4x4xf32>) -> tensor<4x4xf32> {
    %1 = nn.matmul %a, %b : tensor<4x4xf32>, tensor<4x4xf32>
    %2 = nn.add %1, %b : tensor<4x4xf32>, tensor<4x4xf32>
    kernel.yield %2 : tensor<4x4xf32>
  }
  return %0 : tensor<4x4xf32>
}

// -----

// Several matrices, or a value that the model computes, are read as they are.
// CHECK-LABEL: func.func @not_packed
// CHECK-NOT:     pack_matmul
// CHECK-NOT:     kernel.unpack
func.func @not_packed(%x: tensor<2x8x16xf32>, %y: tensor<2x4x4xf32>) -> (tensor<2x8x4xf32>, tensor<2x8x4xf32>) {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<2x16x4xf32>>
  %0 = kernel.group contract (%a = %x : tensor<2x8x16xf32>, %b = %w : tensor<2x16x4xf32>) -> tensor<2x8x4xf32> {
    %2 = nn.matmul %a, %b : tensor<2x8x16xf32>, tensor<2x16x4xf32>
    kernel.yield %2 : tensor<2x8x4xf32>
  }
  %1 = kernel.group contract (%a = %0 : tensor<2x8x4xf32>, %b = %y : tensor<2x4x4xf32>) -> tensor<2x8x4xf32> {
    %2 = nn.matmul %a, %b : tensor<2x8x4xf32>, tensor<2x4x4xf32>
    kernel.yield %2 : tensor<2x8x4xf32>
  }
  return %0, %1 : tensor<2x8x4xf32>, tensor<2x8x4xf32>
}

// -----

// Four neighbours in k of 8-bit integers lie together.
// CHECK-LABEL: func.func @bytes
// CHECK-DAG:     nn.weight #nn.weight<pack_matmul(#nn.weight<file {name = "w"} : tensor<18x40xi8>>) {panel = 32 : i64, step = 4 : i64} : tensor<1x2x5x32x4xi8>>
// CHECK-DAG:     nn.weight #nn.weight<pack_depthwise(#nn.weight<file {name = "v"} : tensor<6x1x5x3xi8>>) {step = 4 : i64} : tensor<2x3x6x4xi8>>
func.func @bytes(%x: tensor<8x18xui8>, %y: tensor<1x8x8x6xui8>) -> (tensor<8x40xi32>, tensor<1x4x6x6xi32>) {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<18x40xi8>>
  %v = nn.weight #nn.weight<file {name = "v"} : tensor<6x1x5x3xi8>>
  %0 = kernel.group contract (%a = %x : tensor<8x18xui8>, %b = %w : tensor<18x40xi8>) -> tensor<8x40xi32> {
    %2 = nn.matmul %a, %b : tensor<8x18xui8>, tensor<18x40xi8>
    kernel.yield %2 : tensor<8x40xi32>
  }
  %1 = kernel.group window (%a = %y : tensor<1x8x8x6xui8>, %b = %v : tensor<6x1x5x3xi8>) -> tensor<1x4x6x6xi32> {
    %2 = nn.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 6 channels_last : tensor<1x8x8x6xui8>, tensor<6x1x5x3xi8>
    kernel.yield %2 : tensor<1x4x6x6xi32>
  }
  return %0, %1 : tensor<8x40xi32>, tensor<1x4x6x6xi32>
}
