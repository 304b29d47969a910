// RUN: sinter-opt %s | FileCheck %s
// RUN: sinter-opt %s --mlir-print-op-generic | sinter-opt | FileCheck %s

// The types returned are those that each operation infers.

// CHECK-LABEL: func.func @pool
func.func @pool(%x: tensor<1x64x112x112xf32>) -> tensor<1x64x56x56xf32> {
  // CHECK: nn.pool max %{{.+}} window [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] : tensor<1x64x112x112xf32>
  %0 = nn.pool max %x window [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] : tensor<1x64x112x112xf32>
  return %0 : tensor<1x64x56x56xf32>
}

// CHECK-LABEL: func.func @pool_mean
func.func @pool_mean(%x: tensor<?x6x7x4xf32, #nn.dims<[n, 6, 7, 4]>>) -> tensor<?x5x3x4xf32, #nn.dims<[n, 5, 3, 4]>> {
  // CHECK: nn.pool mean %{{.+}} window [2, 3] strides [1, 2] pads [0, 0, 0, 0] dilations [1, 1] include_pad channels_last : tensor<?x6x7x4xf32
  %0 = nn.pool mean %x window [2, 3] strides [1, 2] pads [0, 0, 0, 0] dilations [1, 1] include_pad channels_last : tensor<?x6x7x4xf32, #nn.dims<[n, 6, 7, 4]>>
  return %0 : tensor<?x5x3x4xf32, #nn.dims<[n, 5, 3, 4]>>
}

// CHECK-LABEL: func.func @pool_ceil
func.func @pool_ceil(%x: tensor<1x1x6xf32>) -> tensor<1x1x3xf32> {
  // CHECK: dilations [1] ceil : tensor<1x1x6xf32>
  %0 = nn.pool max %x window [3] strides [2] pads [0, 0] dilations [1] ceil : tensor<1x1x6xf32>
  return %0 : tensor<1x1x3xf32>
}

// The window that would start in the padding at the end is dropped.
// CHECK-LABEL: func.func @pool_ceil_drops
func.func @pool_ceil_drops(%x: tensor<1x1x4xf32>) -> tensor<1x1x2xf32> {
  %0 = nn.pool max %x window [1] strides [2] pads [0, 1] dilations [1] ceil : tensor<1x1x4xf32>
  return %0 : tensor<1x1x2xf32>
}

// CHECK-LABEL: func.func @pool_ceil_free
func.func @pool_ceil_free(%x: tensor<1x1x?xf32, #nn.dims<[1, 1, h]>>) -> tensor<1x1x?xf32, #nn.dims<[1, 1, h floordiv 2]>> {
  %0 = nn.pool max %x window [3] strides [2] pads [0, 0] dilations [1] ceil : tensor<1x1x?xf32, #nn.dims<[1, 1, h]>>
  return %0 : tensor<1x1x?xf32, #nn.dims<[1, 1, h floordiv 2]>>
}

// CHECK-LABEL: func.func @resize
func.func @resize(%x: tensor<1x8x4x?xf32, #nn.dims<[1, 8, 4, w]>>) {
  // CHECK: nn.resize nearest %{{.+}} asymmetric floor scales [1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00] : tensor<1x8x4x?xf32, #nn.dims<[1, 8, 4, w]>> to tensor<1x8x8x?xf32, #nn.dims<[1, 8, 8, w * 2]>>
  %0 = nn.resize nearest %x asymmetric floor scales [1.0, 1.0, 2.0, 2.0] : tensor<1x8x4x?xf32, #nn.dims<[1, 8, 4, w]>> to tensor<1x8x8x?xf32, #nn.dims<[1, 8, 8, w * 2]>>
  // CHECK: nn.resize linear %{{.+}} half_pixel round_prefer_floor
  %1 = nn.resize linear %x half_pixel round_prefer_floor scales [1.0, 1.0, 0.0, 0.0] : tensor<1x8x4x?xf32, #nn.dims<[1, 8, 4, w]>> to tensor<1x8x7x9xf32>
  // CHECK: nn.resize cubic %{{.+}} align_corners ceil scales {{.*}} {cubic_coefficient = -5.000000e-01 : f64} :
  %2 = nn.resize cubic %x align_corners ceil scales [1.0, 1.0, 0.0, 0.0] {cubic_coefficient = -0.5 : f64} : tensor<1x8x4x?xf32, #nn.dims<[1, 8, 4, w]>> to tensor<1x8x7x9xf32>
  // CHECK: nn.resize nearest %{{.+}} pytorch_half_pixel round_prefer_ceil
  %3 = nn.resize nearest %x pytorch_half_pixel round_prefer_ceil scales [1.0, 1.0, 0.0, 0.0] : tensor<1x8x4x?xf32, #nn.dims<[1, 8, 4, w]>> to tensor<1x8x7x9xf32>
  return
}
