// RUN: sinter-opt %s --split-input-file --sinter-lower-cuda-emit-kernels --canonicalize --cse | FileCheck %s

module @cuda attributes {kernel.target = "cuda", nn.free_dims = [{min = 1 : i64, name = "n"}]} {
  // A short row belongs to a warp: exchange in five steps, no shared memory.
  // CHECK-NOT: memref.global
  // CHECK-LABEL: func.func @warp(
  // CHECK-SAME: grid = [#nn.size<8>,
  // CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<4xf32>)
  // CHECK-COUNT-5: nvvm.shfl.sync bfly
  // CHECK-NOT: nvvm.shfl
  // CHECK: scf.for
  // CHECK: vector.store
  kernel.func @warp(%a: tensor<64x256xf32>) -> tensor<64x256xf32> attributes {kind = #kernel.kind<rows>} {
    %m = nn.reduce mean %a axes [1] : tensor<64x256xf32>
    %s = nn.sub %a, %m : tensor<64x256xf32>, tensor<64x1xf32>
    kernel.yield %s : tensor<64x256xf32>
  }
}

// -----

module @cuda attributes {kernel.target = "cuda", nn.free_dims = [{min = 1 : i64, name = "n"}]} {
  // A row that may be long belongs to a block: its warps meet in shared memory.
  // CHECK: memref.global "private" @block_stage0_0 : memref<8xf32, 3>
  // CHECK-LABEL: func.func @block(
  // CHECK-SAME: grid = [#nn.size<3>,
  // CHECK-COUNT-5: nvvm.shfl.sync bfly
  // CHECK: memref.store {{.*}} : memref<8xf32, 3>
  // CHECK: nvvm.barrier0
  // CHECK-COUNT-8: memref.load {{.*}} : memref<8xf32, 3>
  kernel.func @block(%a: tensor<3x?xf32, #nn.dims<[3, n]>>) -> tensor<3x?xf32, #nn.dims<[3, n]>> attributes {kind = #kernel.kind<rows>} {
    %m = nn.reduce max %a axes [1] : tensor<3x?xf32, #nn.dims<[3, n]>>
    %s = nn.sub %a, %m : tensor<3x?xf32, #nn.dims<[3, n]>>, tensor<3x1xf32>
    kernel.yield %s : tensor<3x?xf32, #nn.dims<[3, n]>>
  }
}
