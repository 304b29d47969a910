// RUN: sinter-opt %s --split-input-file --sinter-lower-cuda-emit-kernels --canonicalize --cse | FileCheck %s

// Four elements a thread where the last dimension has a multiple of four of
// them; free dimensions are parameters, and the grid is a formula of them.
module @cuda attributes {kernel.target = "cuda", nn.free_dims = [{min = 1 : i64, name = "batch"}]} {
  // CHECK-LABEL: func.func @vectors(
  // CHECK-SAME: %[[A:[^:]+]]: memref<?xf32, 1>, %[[C:[^:]+]]: memref<?xf32, 1>, %[[Y:[^:]+]]: memref<?xf32, 1>,
  // CHECK-SAME: %[[BATCH:[^:]+]]: i64, %{{[^:]+}}: i64, %{{[^:]+}}: memref<?xi32, 1>)
  // CHECK-SAME: kernel.launch = {grid = [#nn.size<(batch + 127) floordiv 128>, #nn.size<1>, #nn.size<1>], reports = false, scratch = #nn.size<0>, shared = #nn.size<0>, threads = 256 : i64}
  // CHECK-DAG: nvvm.read.ptx.sreg.tid.x
  // CHECK-DAG: nvvm.read.ptx.sreg.ctaid.x
  // CHECK: scf.if
  // CHECK-DAG: vector.load %[[A]][%{{.+}}] {alignment = 16 : i64} : memref<?xf32, 1>, vector<4xf32>
  // CHECK-DAG: vector.load %[[C]][%{{.+}}] {alignment = 16 : i64}
  // CHECK: vector.store %{{.+}}, %[[Y]][%{{.+}}] {alignment = 16 : i64}
  kernel.func @vectors(%a: tensor<?x8xf32, #nn.dims<[batch, 8]>>, %c: tensor<8xf32>) -> tensor<?x8xf32, #nn.dims<[batch, 8]>> attributes {kind = #kernel.kind<loop>} {
    %0 = nn.add %a, %c : tensor<?x8xf32, #nn.dims<[batch, 8]>>, tensor<8xf32>
    kernel.yield %0 : tensor<?x8xf32, #nn.dims<[batch, 8]>>
  }

  // One element where it has not.
  // CHECK-LABEL: func.func @single(
  // CHECK-NOT: alignment
  // CHECK: memref.load
  // CHECK: vector.store %{{.+}} : memref<?xf32, 1>, vector<1xf32>
  kernel.func @single(%a: tensor<?x7xf32, #nn.dims<[batch, 7]>>, %c: tensor<7xf32>) -> tensor<?x7xf32, #nn.dims<[batch, 7]>> attributes {kind = #kernel.kind<loop>} {
    %0 = nn.add %a, %c : tensor<?x7xf32, #nn.dims<[batch, 7]>>, tensor<7xf32>
    kernel.yield %0 : tensor<?x7xf32, #nn.dims<[batch, 7]>>
  }

  // A concatenation: each element is computed from the one operand it comes
  // from.
  // CHECK-LABEL: func.func @concat(
  // CHECK-SAME: %[[A:[^:]+]]: memref<?xf32, 1>, %[[B:[^:]+]]: memref<?xf32, 1>,
  // CHECK: scf.if
  // CHECK: scf.if
  // CHECK: memref.load %[[A]]
  // CHECK: scf.if
  // CHECK: memref.load %[[B]]
  kernel.func @concat(%a: tensor<4x3xf32>, %b: tensor<4x5xf32>) -> tensor<4x8xf32> attributes {kind = #kernel.kind<loop>} {
    %0 = nn.concat %a, %b axis 1 : tensor<4x3xf32>, tensor<4x5xf32>
    kernel.yield %0 : tensor<4x8xf32>
  }

  // A failing check lowers the status word to one more than its number, and the
  // index that is read is one that exists.
  // CHECK-LABEL: func.func @gather(
  // CHECK-SAME: %[[STATUS:[^:]+]]: memref<?xi32, 1>) attributes {{.*}}reports = true
  // CHECK: %[[CODE:.+]] = arith.constant 4 : i32
  // CHECK: %[[OUTSIDE:.+]] = arith.cmpi uge
  // CHECK: arith.select %[[OUTSIDE]]
  // CHECK: scf.if %[[OUTSIDE]]
  // CHECK-NEXT: memref.atomic_rmw minu %[[CODE]], %[[STATUS]]
  kernel.func @gather(%a: tensor<10x7xf32>, %i: tensor<?xi64, #nn.dims<[batch]>>) -> tensor<?x7xf32, #nn.dims<[batch, 7]>> attributes {kind = #kernel.kind<loop>} {
    %0 = nn.gather %a, %i axis 0 {check = 3 : i64} : tensor<10x7xf32>, tensor<?xi64, #nn.dims<[batch]>>
    kernel.yield %0 : tensor<?x7xf32, #nn.dims<[batch, 7]>>
  }
}
