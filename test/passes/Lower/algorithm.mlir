// RUN: sinter-opt %s --split-input-file --pass-pipeline='builtin.module(kernel.func(sinter-outline-plan-tiles))' | FileCheck %s --check-prefix=PLAN
// RUN: sinter-opt %s --split-input-file --sinter-lower-emit-kernels | FileCheck %s

// Tiles take about as many elements as those of other kernels.
// PLAN: kernel.func @top_k({{.+}}) -> {{.+}} attributes {kind = #kernel.kind<serial>, scratch = #nn.size<24>, tiles = #nn.size<{{.*}}n{{.*}}>}

// The structure lies on the stack; a result that nobody reads is null.
// CHECK: func.func @top_k(%[[X:.+]]: memref<?xf32>, %[[P:.+]]: memref<?xi64>, %{{.+}}: memref<?xi64>, %[[FIRST:.+]]: index, %[[LAST:.+]]: index, %[[SCRATCH:.+]]: memref<?xi8>) -> i32
// CHECK: memref.extract_aligned_pointer_as_index %[[X]]
// CHECK: llvm.mlir.zero : !llvm.ptr
// CHECK: memref.extract_aligned_pointer_as_index %[[P]]
// CHECK: %[[STATUS:.+]] = llvm.call @sinter_top_k_f32(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}) : (!llvm.ptr, i64, i64, !llvm.ptr) -> i32
// CHECK: arith.cmpi ne, %[[STATUS]]
// CHECK: llvm.func @sinter_top_k_f32(!llvm.ptr, i64, i64, !llvm.ptr) -> i32
!x = tensor<?x100xf32, #nn.dims<[n, 100]>>
!v = tensor<?x3xf32, #nn.dims<[n, 3]>>
!i = tensor<?x3xi64, #nn.dims<[n, 3]>>
module attributes {kernel.target = "x86-64-v3", nn.free_dims = [{name = "n"}]} {
  kernel.func @top_k(%x: !x) -> !i attributes {kind = #kernel.kind<serial>} {
    %v, %i = nn.algorithm "top_k_f32"(%x) integers [1, 1] numbers [] units <n> scratch <24> check "k" {check_number = 0 : i64} : (!x) -> (!v, !i) loc("top"("TopK":0:3))
    kernel.yield %i : !i
  }
}

// -----

// A constant of one element is put on the stack.
// CHECK: func.func @scaled
// CHECK: memref.alloca() : memref<1xf32>
// CHECK: llvm.call @sinter_two_inputs
module attributes {kernel.target = "x86-64-v3"} {
  kernel.func @scaled(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<serial>} {
    %c = nn.weight <dense {value = dense<2.0> : tensor<f32>} : tensor<f32>>
    %0 = nn.algorithm "two_inputs"(%x, %c) integers [] numbers [1.5] units <1> scratch <0> : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    kernel.yield %0 : tensor<4xf32>
  }
}
