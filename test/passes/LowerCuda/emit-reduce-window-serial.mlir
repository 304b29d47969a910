// RUN: sinter-opt %s --sinter-lower-cuda-emit-kernels --canonicalize --cse | FileCheck %s

module @cuda attributes {kernel.target = "cuda"} {
  // Along a kept dimension neighbours have neighbouring results, and eight
  // threads share one.
  // CHECK-DAG: memref.global "private" @kept_partial : memref<256xf32, 3>
  // CHECK-LABEL: func.func @kept(
  // CHECK-SAME: grid = [#nn.size<3>,
  // CHECK: scf.for
  // CHECK: nvvm.barrier0
  // CHECK-COUNT-8: memref.load {{.*}} : memref<256xf32, 3>
  kernel.func @kept(%x: tensor<2x7x7x40xf32>) -> tensor<2x1x1x40xf32> attributes {kind = #kernel.kind<reduce>} {
    %0 = nn.reduce mean %x axes [1, 2] : tensor<2x7x7x40xf32>
    kernel.yield %0 : tensor<2x1x1x40xf32>
  }

  // Along a reduced dimension a warp shares a result.
  // CHECK-LABEL: func.func @reduced(
  // CHECK-SAME: grid = [#nn.size<1>,
  // CHECK-COUNT-5: nvvm.shfl.sync bfly
  kernel.func @reduced(%x: tensor<5x300xf32>) -> tensor<5x1xf32> attributes {kind = #kernel.kind<reduce>} {
    %0 = nn.reduce sum %x axes [1] : tensor<5x300xf32>
    kernel.yield %0 : tensor<5x1xf32>
  }

  // Nine taps, unrolled, four channels at a time.
  // CHECK-LABEL: func.func @depthwise(
  // CHECK-NOT: scf.for
  // CHECK-COUNT-9: vector.fma {{.*}} : vector<4xf32>
  // CHECK-NOT: vector.fma
  // CHECK: vector.store
  kernel.func @depthwise(%x: tensor<1x9x9x8xf32>, %w: tensor<3x3x8xf32>) -> tensor<1x9x9x8xf32> attributes {kind = #kernel.kind<window>} {
    %f = kernel.unpack %w : tensor<3x3x8xf32> -> tensor<8x1x3x3xf32>
    %0 = nn.conv %x, %f strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 8 channels_last : tensor<1x9x9x8xf32>, tensor<8x1x3x3xf32>
    kernel.yield %0 : tensor<1x9x9x8xf32>
  }

  // A large window is looped over.
  // CHECK-LABEL: func.func @large(
  // CHECK: scf.for
  // CHECK: scf.for
  // CHECK: arith.maximumf
  kernel.func @large(%x: tensor<1x20x20x8xf32>) -> tensor<1x12x12x8xf32> attributes {kind = #kernel.kind<window>} {
    %0 = nn.pool max %x window [9, 9] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] channels_last : tensor<1x20x20x8xf32>
    kernel.yield %0 : tensor<1x12x12x8xf32>
  }

  // Value and position of the best element: 32 bits and twice 32 a step.
  // CHECK-LABEL: func.func @argmax(
  // CHECK-COUNT-15: nvvm.shfl.sync bfly
  // CHECK-NOT: nvvm.shfl
  kernel.func @argmax(%x: tensor<6x100xf32>) -> tensor<6x1xi64> attributes {kind = #kernel.kind<serial>} {
    %0 = nn.arg_reduce max %x axis 1 : tensor<6x100xf32>
    kernel.yield %0 : tensor<6x1xi64>
  }
}
