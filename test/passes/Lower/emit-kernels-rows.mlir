// RUN: sinter-opt %s --split-input-file --sinter-lower-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: sinter-opt %s --split-input-file --pass-pipeline='builtin.module(kernel.func(sinter-outline-plan-tiles))' | FileCheck %s --check-prefix=PLAN

// Softmax passes a row three times and takes the exponential once: the row of
// exponentials is kept in scratch.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  // PLAN: kernel.func @softmax
  // PLAN-SAME: scratch = #nn.size<1024>
  // PLAN-SAME: tiles = #nn.size<4>
  // CHECK-LABEL: func.func @softmax(
  // CHECK-SAME: %[[A:[^:]+]]: memref<?xf32>, %[[Y:[^:]+]]: memref<?xf32>,
  // CHECK-SAME: %[[SCRATCH:[^:]+]]: memref<?xi8>)
  // CHECK: %[[ROW:.+]] = memref.view %[[SCRATCH]]
  // Four accumulators.
  // CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
  // CHECK: vector.load %[[A]]
  // CHECK: scf.for {{.*}} iter_args
  // CHECK: arith.bitcast
  // CHECK: vector.store %{{.*}}, %[[ROW]]
  // CHECK: scf.for
  // CHECK-NOT: arith.bitcast
  // CHECK: vector.load %[[ROW]]
  // CHECK: arith.divf
  // CHECK: vector.store %{{.*}}, %[[Y]]
  kernel.func @softmax(%a: tensor<64x256xf32>) -> tensor<64x256xf32> attributes {kind = #kernel.kind<rows>} {
    %m = nn.reduce max %a axes [1] : tensor<64x256xf32>
    %s = nn.sub %a, %m : tensor<64x256xf32>, tensor<64x1xf32>
    %e = nn.exp %s : tensor<64x256xf32>
    %t = nn.reduce sum %e axes [1] : tensor<64x256xf32>
    %d = nn.div %e, %t : tensor<64x256xf32>, tensor<64x1xf32>
    kernel.yield %d : tensor<64x256xf32>
  }
}

// -----

// What is cheap is computed again rather than kept.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  // PLAN: kernel.func @center
  // PLAN-SAME: scratch = #nn.size<0>
  // CHECK-LABEL: func.func @center(
  // CHECK-NOT: memref.view
  // CHECK: return
  kernel.func @center(%a: tensor<64x256xf32>, %b: tensor<64x256xf32>) -> tensor<64x256xf32> attributes {kind = #kernel.kind<rows>} {
    %x = nn.add %a, %b : tensor<64x256xf32>, tensor<64x256xf32>
    %m = nn.reduce mean %x axes [1] : tensor<64x256xf32>
    %d = nn.sub %x, %m : tensor<64x256xf32>, tensor<64x1xf32>
    kernel.yield %d : tensor<64x256xf32>
  }
}

// -----

// Reductions that do not depend on each other share a pass.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @range(
  // CHECK: scf.for {{.*}} iter_args
  // CHECK: arith.maximumf
  // CHECK: arith.minimumf
  // CHECK-NOT: iter_args
  // CHECK: return
  kernel.func @range(%a: tensor<64x256xf32>) -> tensor<64x256xf32> attributes {kind = #kernel.kind<rows>} {
    %h = nn.reduce max %a axes [1] : tensor<64x256xf32>
    %l = nn.reduce min %a axes [1] : tensor<64x256xf32>
    %r = nn.sub %h, %l : tensor<64x1xf32>, tensor<64x1xf32>
    %d = nn.mul %a, %r : tensor<64x256xf32>, tensor<64x1xf32>
    kernel.yield %d : tensor<64x256xf32>
  }
}
