// RUN: sinter-opt %s --sinter-prune-plan --split-input-file --verify-diagnostics --remarks-filter=sinter-prune --remark-format=emitRemark | FileCheck %s

// Weights that have zeros already.

// CHECK-LABEL: func.func @blocks
// CHECK:         nn.matmul
// CHECK-SAME:      plan = {prune_reason = "not measured", sparse = "blocks"}
func.func @blocks(%x: tensor<4x2xf32>) -> tensor<4x16xf32> {
  %w = nn.weight #nn.weight<dense {value = dense<[[0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.], [1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1.]]> : tensor<2x16xf32>} : tensor<2x16xf32>>
  // expected-remark @below {{sparse kernel for a weight of 50.0% zeros, 50.0% of the blocks of 1x16}}
  %0 = nn.matmul %x, %w : tensor<4x2xf32>, tensor<2x16xf32>
  return %0 : tensor<4x16xf32>
}

// -----

// CHECK-LABEL: func.func @groups
// CHECK:         nn.matmul
// CHECK-SAME:      plan = {prune_reason = "not measured", sparse = "elements"}
func.func @groups(%x: tensor<4x4xf32>) -> tensor<4x2xf32> {
  %w = nn.weight #nn.weight<dense {value = dense<[[1., 0.], [0., 2.], [3., 0.], [0., 4.]]> : tensor<4x2xf32>} : tensor<4x2xf32>>
  // expected-remark @below {{sparse kernel for a weight of 50.0% zeros, 2:4}}
  %0 = nn.matmul %x, %w : tensor<4x4xf32>, tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: func.func @dense
// CHECK-NOT:     plan
func.func @dense(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = nn.weight #nn.weight<dense {value = dense<[[1., 2.], [0., 3.]]> : tensor<2x2xf32>} : tensor<2x2xf32>>
  %0 = nn.matmul %x, %w : tensor<4x2xf32>, tensor<2x2xf32>
  return %0 : tensor<4x2xf32>
}
