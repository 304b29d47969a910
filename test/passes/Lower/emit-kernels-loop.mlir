// RUN: sinter-opt %s --split-input-file --sinter-lower-emit-kernels --canonicalize --cse | FileCheck %s

// The buffers, then free dimensions, tiles and scratch. Both operands merge to
// one dimension where the bias allows it: rows of 64 are eight vectors.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3", nn.free_dims = [{name = "m", min = 1}, {name = "n", min = 1}]} {
  // CHECK-LABEL: func.func @bias_relu(
  // CHECK-SAME: %[[A:[^:]+]]: memref<?xf32>, %[[B:[^:]+]]: memref<?xf32>, %[[Y:[^:]+]]: memref<?xf32>,
  // CHECK-SAME: %[[DIMS:[^:]+]]: memref<?xi64>, %[[FIRST:[^:]+]]: index, %[[LAST:[^:]+]]: index, %{{[^:]+}}: memref<?xi8>) -> i32
  // The second free dimension is the one that counts.
  // CHECK: memref.load %[[DIMS]][%c1
  // CHECK: scf.for %{{.*}} = %[[FIRST]] to %[[LAST]]
  // CHECK: scf.for %[[COLUMN:.+]] = %c0 to %c64 step %c8
  // CHECK: vector.load %[[B]][%[[COLUMN]]] : memref<?xf32>, vector<8xf32>
  // CHECK: vector.load %[[A]]
  // CHECK: vector.store %{{.*}}, %[[Y]]
  // 64 columns are whole vectors: no rest.
  // CHECK-NOT: vector.masked
  kernel.func @bias_relu(%a: tensor<?x64xf32, #nn.dims<[n, 64]>>, %b: tensor<64xf32>) -> tensor<?x64xf32, #nn.dims<[n, 64]>> attributes {kind = #kernel.kind<loop>} {
    %0 = nn.add %a, %b : tensor<?x64xf32, #nn.dims<[n, 64]>>, tensor<64xf32>
    %1 = nn.relu %0 : tensor<?x64xf32, #nn.dims<[n, 64]>>
    kernel.yield %1 : tensor<?x64xf32, #nn.dims<[n, 64]>>
  }
}

// -----

// All dimensions are one loop; its end is masked; truth values are bytes.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @flat(
  // CHECK-SAME: memref<?xf32>, %{{[^:]+}}: memref<?xi8>, %{{[^:]+}}: memref<?xi64>,
  // CHECK-COUNT-2: scf.for
  // CHECK: vector.load {{.*}} vector<16xf32>
  // CHECK-NOT: scf.for
  // CHECK: vector.constant_mask [9]
  // CHECK: vector.maskedload
  // CHECK: vector.maskedstore {{.*}} vector<16xi8>
  kernel.func @flat(%a: tensor<3x5x7xf32>) -> tensor<3x5x7xi1> attributes {kind = #kernel.kind<loop>} {
    %0 = nn.is_nan %a : tensor<3x5x7xf32>
    kernel.yield %0 : tensor<3x5x7xi1>
  }
}

// -----

// A transposition goes through registers: no gather.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @transpose(
  // CHECK-COUNT-8: vector.load
  // CHECK-COUNT-24: vector.shuffle
  // CHECK-COUNT-8: vector.store
  // CHECK-NOT: vector.gather
  // CHECK: return
  kernel.func @transpose(%a: tensor<32x64xf32>) -> tensor<64x32xf32> attributes {kind = #kernel.kind<loop>} {
    %0 = nn.transpose %a [1, 0] : tensor<32x64xf32>
    kernel.yield %0 : tensor<64x32xf32>
  }
}

// -----

// A concatenation selects nothing: each operand has loops of its own.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @concat(
  // CHECK-SAME: %[[A:[^:]+]]: memref<?xf32>, %[[B:[^:]+]]: memref<?xf32>,
  // CHECK-NOT: arith.select {{.*}} vector
  // CHECK: vector.load %[[A]]
  // CHECK: vector.load %[[B]]
  // CHECK-NOT: arith.select {{.*}} vector
  // CHECK: return
  kernel.func @concat(%a: tensor<4x16xf32>, %b: tensor<4x32xf32>) -> tensor<4x48xf32> attributes {kind = #kernel.kind<loop>} {
    %0 = nn.concat %a, %b axis 1 : tensor<4x16xf32>, tensor<4x32xf32>
    kernel.yield %0 : tensor<4x48xf32>
  }
}

// -----

// Rows are gathered by one index each, outside of the inner loop; a bad index
// gives 1 + the number of the check.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @gather(
  // CHECK-SAME: %[[T:[^:]+]]: memref<?xf32>, %[[I:[^:]+]]: memref<?xi64>,
  // CHECK: %[[STATUS:.+]] = memref.alloca() : memref<1xi32>
  // CHECK: memref.load %[[I]]
  // CHECK: memref.store %c7{{.*}}, %[[STATUS]]
  // CHECK: scf.for
  // CHECK-NOT: memref.load %[[I]]
  // CHECK: vector.load %[[T]]
  // CHECK: memref.load %[[STATUS]]
  kernel.func @gather(%t: tensor<10x24xf32>, %i: tensor<5xi64>) -> tensor<5x24xf32> attributes {kind = #kernel.kind<loop>} {
    %0 = nn.gather %t, %i axis 0 {check = 6 : i64} : tensor<10x24xf32>, tensor<5xi64>
    kernel.yield %0 : tensor<5x24xf32>
  }
}
