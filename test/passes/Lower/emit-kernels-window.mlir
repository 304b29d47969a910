// RUN: sinter-opt %s --split-input-file --sinter-lower-emit-kernels --canonicalize --cse | FileCheck %s

// Inside of the image a block of columns shares its loads, for one vector of
// channels after the other: 8 columns and 3 rows of taps read 3 * 10 vectors.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @depthwise(
  // CHECK-SAME: %[[A:[^:]+]]: memref<?xf32>, %[[W:[^:]+]]: memref<?xf32>, %[[Y:[^:]+]]: memref<?xf32>,
  // CHECK: scf.for {{.*}} step %c8
  // CHECK: scf.for {{.*}} step %c16
  // CHECK-COUNT-9: vector.load %[[W]]
  // CHECK-NOT: vector.load %[[W]]
  // CHECK-COUNT-30: vector.load %[[A]]
  // CHECK-NOT: vector.load %[[A]]
  // CHECK-COUNT-8: vector.store %{{.*}}, %[[Y]]
  // Nothing is masked for the border's sake.
  // CHECK-NOT: vector.masked
  // CHECK: return
  kernel.func @depthwise(%a: tensor<1x56x56x64xf32>, %w: tensor<3x3x64xf32>) -> tensor<1x56x56x64xf32> attributes {kind = #kernel.kind<window>} {
    %f = kernel.unpack %w : tensor<3x3x64xf32> -> tensor<64x1x3x3xf32>
    %0 = nn.conv %a, %f strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 64 channels_last : tensor<1x56x56x64xf32>, tensor<64x1x3x3xf32>
    kernel.yield %0 : tensor<1x56x56x64xf32>
  }
}

// -----

// The bias of the channels is read once for a block of columns.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @pool(
  // CHECK-SAME: %[[A:[^:]+]]: memref<?xf32>, %[[B:[^:]+]]: memref<?xf32>,
  // CHECK: scf.for {{.*}} step %c8
  // CHECK: vector.load %[[B]]
  // CHECK-COUNT-32: arith.maximumf
  // CHECK-NOT: vector.load %[[B]]
  // CHECK-COUNT-8: vector.store
  kernel.func @pool(%a: tensor<1x56x56x64xf32>, %b: tensor<64xf32>) -> tensor<1x28x28x64xf32> attributes {kind = #kernel.kind<window>} {
    %0 = nn.pool max %a window [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] channels_last : tensor<1x56x56x64xf32>
    %1 = nn.add %0, %b : tensor<1x28x28x64xf32>, tensor<64xf32>
    kernel.yield %1 : tensor<1x28x28x64xf32>
  }
}
