// RUN: sinter-opt %s --split-input-file --sinter-lower-emit-kernels --canonicalize --cse | FileCheck %s

// Kept channels are the lanes: nothing is combined across lanes.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @global_mean(
  // CHECK: iter_args({{.*}}) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
  // CHECK-NOT: vector.shuffle
  // CHECK: return
  kernel.func @global_mean(%a: tensor<2x7x7x512xf32>) -> tensor<2x1x1x512xf32> attributes {kind = #kernel.kind<reduce>} {
    %0 = nn.reduce mean %a axes [1, 2] : tensor<2x7x7x512xf32>
    kernel.yield %0 : tensor<2x1x1x512xf32>
  }
}

// -----

// A transposed operand is read along the dimension that is contiguous in memory.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @transposed(
  // CHECK-NOT: vector.gather
  // CHECK: vector.load
  // CHECK-NOT: vector.gather
  // CHECK: return
  kernel.func @transposed(%a: tensor<2x49x64xf32>) -> tensor<2x64x1xf32> attributes {kind = #kernel.kind<reduce>} {
    %0 = nn.transpose %a [0, 2, 1] : tensor<2x49x64xf32>
    %1 = nn.reduce sum %0 axes [2] : tensor<2x64x49xf32>
    kernel.yield %1 : tensor<2x64x1xf32>
  }
}

// -----

// Along the last dimension lanes are combined in a tree; a masked lane is neutral.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @last(
  // CHECK: vector.maskedload
  // CHECK: arith.select {{.*}} vector<8xi1>, vector<8xf32>
  // CHECK: vector.shuffle %{{.*}} [0, 1, 2, 3]
  // CHECK: vector.shuffle %{{.*}} [4, 5, 6, 7]
  // CHECK: memref.store
  kernel.func @last(%a: tensor<10x77xf32>) -> tensor<10x1xf32> attributes {kind = #kernel.kind<reduce>} {
    %0 = nn.reduce sum %a axes [1] : tensor<10x77xf32>
    kernel.yield %0 : tensor<10x1xf32>
  }
}
