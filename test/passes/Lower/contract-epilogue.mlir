// RUN: sinter-opt %s --split-input-file --sinter-lower-emit-kernels --canonicalize --cse | FileCheck %s

// Cheap operations are applied to the sums in registers; a value of a column is
// read once for the tile.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @inline(
  // CHECK-SAME: %{{[^:]+}}: memref<?xf32>, %{{[^:]+}}: memref<?xf32>, %[[BIAS:[^:]+]]: memref<?xf32>, %[[Y:[^:]+]]: memref<?xf32>
  // CHECK: %[[SUM:.+]]:12 = scf.for
  // CHECK-NOT: scf.for
  // CHECK: vector.load %[[BIAS]]
  // CHECK: arith.addf %[[SUM]]#0
  // CHECK: vector.store {{.*}}, %[[Y]]
  // CHECK: vector.load %[[BIAS]]
  // CHECK: arith.addf %[[SUM]]#1
  // CHECK-NOT: vector.load %[[BIAS]]
  // CHECK: return
  kernel.func @inline(%a: tensor<6x8xf32>, %w: tensor<1x1x8x32xf32>, %b: tensor<32xf32>) -> tensor<6x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x1x8x32xf32> -> tensor<8x32xf32>
    %1 = nn.matmul %a, %0 : tensor<6x8xf32>, tensor<8x32xf32>
    %2 = nn.add %1, %b : tensor<6x32xf32>, tensor<32xf32>
    %3 = nn.relu %2 : tensor<6x32xf32>
    kernel.yield %3 : tensor<6x32xf32>
  }
}

// -----

// A function is not repeated for every sum: the tile goes through scratch and a
// loop over its rows.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @loop(
  // CHECK: %[[TILE:.+]] = memref.view
  // CHECK: %[[SUM:.+]]:12 = scf.for
  // CHECK-COUNT-12: vector.store %[[SUM]]#{{[0-9]+}}, %[[TILE]]
  // CHECK: scf.for
  // CHECK: vector.load %[[TILE]]
  // CHECK: math.erf
  kernel.func @loop(%a: tensor<6x8xf32>, %w: tensor<1x1x8x32xf32>) -> tensor<6x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x1x8x32xf32> -> tensor<8x32xf32>
    %1 = nn.matmul %a, %0 : tensor<6x8xf32>, tensor<8x32xf32>
    %2 = nn.erf %1 : tensor<6x32xf32>
    kernel.yield %2 : tensor<6x32xf32>
  }
}

// -----

// A residual has the strides of the result, a value of a row is broadcast, a
// constant needs no memory.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @operands(
  // CHECK-SAME: %[[E:[^:]+]]: memref<?xf32>, %[[R:[^:]+]]: memref<?xf32>, %{{[^:]+}}: memref<?xf32>, %{{[^:]+}}: memref<?xi64>
  // CHECK-DAG: %[[HALF:.+]] = arith.constant dense<5.000000e-01> : vector<8xf32>
  // CHECK: arith.mulf %{{.+}}#0, %[[HALF]]
  // CHECK: vector.load %[[E]]
  // CHECK: memref.load %[[R]]
  kernel.func @operands(%a: tensor<6x8xf32>, %w: tensor<1x1x8x32xf32>, %e: tensor<6x32xf32>, %r: tensor<6x1xf32>) -> tensor<6x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x1x8x32xf32> -> tensor<8x32xf32>
    %1 = nn.matmul %a, %0 : tensor<6x8xf32>, tensor<8x32xf32>
    %half = nn.weight #nn.weight<dense {value = dense<5.000000e-01> : tensor<f32>} : tensor<f32>>
    %2 = nn.mul %1, %half : tensor<6x32xf32>, tensor<f32>
    %3 = nn.add %2, %e : tensor<6x32xf32>, tensor<6x32xf32>
    %4 = nn.mul %3, %r : tensor<6x32xf32>, tensor<6x1xf32>
    kernel.yield %4 : tensor<6x32xf32>
  }
}

// -----

// Heads of an attention: what is stored keeps vectors whole. Where a transpose
// puts rows together, squares of the tile are transposed in registers; where it
// separates both, columns are scattered.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @heads(
  // CHECK-NOT: vector.scatter
  // CHECK: vector.store
  kernel.func @heads(%p: tensor<2x3x14x8xf32>, %v: tensor<2x3x8x32xf32>) -> tensor<2x14x3x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = nn.matmul %p, %v : tensor<2x3x14x8xf32>, tensor<2x3x8x32xf32>
    %1 = nn.transpose %0 [0, 2, 1, 3] : tensor<2x3x14x32xf32>
    kernel.yield %1 : tensor<2x14x3x32xf32>
  }
  // CHECK-LABEL: func.func @columns(
  // CHECK-NOT: vector.scatter
  // CHECK-COUNT-64: vector.shuffle
  // CHECK-COUNT-16: vector.maskedstore
  // CHECK-COUNT-64: vector.shuffle
  // CHECK-COUNT-16: vector.maskedstore
  kernel.func @columns(%a: tensor<14x8xf32>, %w: tensor<1x1x8x32xf32>) -> tensor<32x14xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x1x8x32xf32> -> tensor<8x32xf32>
    %1 = nn.matmul %a, %0 : tensor<14x8xf32>, tensor<8x32xf32>
    %2 = nn.transpose %1 [1, 0] : tensor<14x32xf32>
    kernel.yield %2 : tensor<32x14xf32>
  }
  // CHECK-LABEL: func.func @apart(
  // CHECK: vector.scatter
  // CHECK-NOT: vector.store
  kernel.func @apart(%p: tensor<2x3x14x8xf32>, %v: tensor<2x3x8x32xf32>) -> tensor<14x32x3x2xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = nn.matmul %p, %v : tensor<2x3x14x8xf32>, tensor<2x3x8x32xf32>
    %1 = nn.transpose %0 [2, 3, 1, 0] : tensor<2x3x14x32xf32>
    kernel.yield %1 : tensor<14x32x3x2xf32>
  }
}

// -----

// A scalar that is an argument has no dimension to index it by.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @scalar_operand(
  // CHECK-SAME: %{{[^:]+}}: memref<?xf32>, %{{[^:]+}}: memref<?xf32>, %[[SCALAR:[^:]+]]: memref<?xf32>, %[[Y:[^:]+]]: memref<?xf32>
  // CHECK: %[[SUM:.+]]:12 = scf.for
  // CHECK: memref.load %[[SCALAR]]
  // CHECK: vector.store {{.*}}, %[[Y]]
  kernel.func @scalar_operand(%a: tensor<6x8xf32>, %w: tensor<1x1x8x32xf32>, %c: tensor<f32>) -> tensor<6x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x1x8x32xf32> -> tensor<8x32xf32>
    %1 = nn.matmul %a, %0 : tensor<6x8xf32>, tensor<8x32xf32>
    %2 = nn.add %1, %c : tensor<6x32xf32>, tensor<f32>
    kernel.yield %2 : tensor<6x32xf32>
  }
}
