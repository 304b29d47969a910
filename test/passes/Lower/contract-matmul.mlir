// RUN: sinter-opt %s --split-input-file --sinter-lower-emit-kernels --canonicalize --cse | FileCheck %s

// 27 rows are two tiles of nearly the same height; 64 columns are whole panels.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @two_heights(
  // CHECK-SAME: %[[A:[^:]+]]: memref<?xf32>, %[[W:[^:]+]]: memref<?xf32>, %[[Y:[^:]+]]: memref<?xf32>
  // CHECK-NOT: vector.create_mask
  // CHECK: %{{.+}}:28 = scf.for
  // CHECK: vector.load %[[W]]
  // CHECK: memref.load %[[A]]
  // CHECK: vector.fma
  // CHECK: vector.store %{{.+}}, %[[Y]]
  // CHECK: %{{.+}}:26 = scf.for
  // CHECK-NOT: scf.for
  kernel.func @two_heights(%a: tensor<27x40xf32>, %w: tensor<1x2x40x32xf32>) -> tensor<27x64xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x2x40x32xf32> -> tensor<40x64xf32>
    %1 = nn.matmul %a, %0 : tensor<27x40xf32>, tensor<40x64xf32>
    kernel.yield %1 : tensor<27x64xf32>
  }
}

// -----

// Half of the registers: tiles of 6 rows, two of 8 lanes for half a panel.
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  // CHECK-LABEL: func.func @half_panels(
  // CHECK: scf.for %{{.+}} = %{{.+}} to %{{.+}} step %c16
  // CHECK: %{{.+}}:12 = scf.for {{.*}} -> (vector<8xf32>
  kernel.func @half_panels(%a: tensor<12x40xf32>, %w: tensor<1x2x40x32xf32>) -> tensor<12x64xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x2x40x32xf32> -> tensor<40x64xf32>
    %1 = nn.matmul %a, %0 : tensor<12x40xf32>, tensor<40x64xf32>
    kernel.yield %1 : tensor<12x64xf32>
  }
}

// -----

// Columns beyond the last are computed (the panel is padded) but not stored.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @masked(
  // CHECK: %[[FIRST:.+]] = vector.create_mask
  // CHECK: %[[SECOND:.+]] = vector.create_mask
  // CHECK: %[[SUM:.+]]:28 = scf.for
  // CHECK: vector.maskedstore {{.*}}, %[[FIRST]], %[[SUM]]#0
  // CHECK: vector.maskedstore {{.*}}, %[[SECOND]], %[[SUM]]#1
  kernel.func @masked(%a: tensor<14x40xf32>, %w: tensor<1x2x40x32xf32>) -> tensor<14x50xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x2x40x32xf32> -> tensor<40x50xf32>
    %1 = nn.matmul %a, %0 : tensor<14x40xf32>, tensor<40x50xf32>
    kernel.yield %1 : tensor<14x50xf32>
  }
}

// -----

// The last 16 of 48 columns are one vector: higher tiles, and no mask.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @narrow(
  // CHECK-NOT: vector.create_mask
  // CHECK: scf.if
  // CHECK: %{{.+}}:24 = scf.for
  // CHECK: else
  // CHECK: %{{.+}}:24 = scf.for
  kernel.func @narrow(%a: tensor<24x40xf32>, %w: tensor<1x2x40x32xf32>) -> tensor<24x48xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x2x40x32xf32> -> tensor<40x48xf32>
    %1 = nn.matmul %a, %0 : tensor<24x40xf32>, tensor<40x48xf32>
    kernel.yield %1 : tensor<24x48xf32>
  }
}

// -----

// Columns of an activation that lie together are read where they are.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @activation(
  // CHECK-SAME: %{{[^:]+}}: memref<?xf32>, %[[B:[^:]+]]: memref<?xf32>
  // CHECK-NOT: memref.view
  // CHECK: vector.load %[[B]]
  kernel.func @activation(%a: tensor<3x14x8xf32>, %b: tensor<3x8x32xf32>) -> tensor<3x14x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = nn.matmul %a, %b : tensor<3x14x8xf32>, tensor<3x8x32xf32>
    kernel.yield %0 : tensor<3x14x32xf32>
  }

  // Else they are brought together in scratch, a square of vectors at a time.
  // CHECK-LABEL: func.func @transposed_activation(
  // CHECK-SAME: %{{[^:]+}}: memref<?xf32>, %[[B:[^:]+]]: memref<?xf32>
  // CHECK: %[[PANEL:.+]] = memref.view
  // CHECK-COUNT-16: vector.load %[[B]]
  // CHECK-COUNT-64: vector.shuffle
  // CHECK-COUNT-16: vector.store {{.*}}, %[[PANEL]]
  // CHECK: scf.for
  // CHECK: vector.load %[[PANEL]]
  // CHECK: vector.fma
  kernel.func @transposed_activation(%a: tensor<14x16xf32>, %b: tensor<32x16xf32>) -> tensor<14x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = nn.transpose %b [1, 0] : tensor<32x16xf32>
    %1 = nn.matmul %a, %0 : tensor<14x16xf32>, tensor<16x32xf32>
    kernel.yield %1 : tensor<14x32xf32>
  }
}

// -----

// Panels that come from memory are fetched ahead, small ones are not.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @small(
  // CHECK-NOT: memref.prefetch
  kernel.func @small(%a: tensor<14x64xf32>, %w: tensor<1x1x64x32xf32>) -> tensor<14x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x1x64x32xf32> -> tensor<64x32xf32>
    %1 = nn.matmul %a, %0 : tensor<14x64xf32>, tensor<64x32xf32>
    kernel.yield %1 : tensor<14x32xf32>
  }
  // CHECK-LABEL: func.func @large(
  // CHECK: memref.prefetch
  kernel.func @large(%a: tensor<14x768xf32>, %w: tensor<1x24x768x32xf32>) -> tensor<14x768xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x24x768x32xf32> -> tensor<768x768xf32>
    %1 = nn.matmul %a, %0 : tensor<14x768xf32>, tensor<768x768xf32>
    kernel.yield %1 : tensor<14x768xf32>
  }
}
