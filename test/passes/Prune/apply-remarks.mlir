// RUN: sinter-opt %s --sinter-prune-apply --verify-diagnostics --remarks-filter=sinter-prune --remark-format=emitRemark -o /dev/null

// 25 goes of 100: the norm of what is removed is half of the norm of all.
func.func @removed(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = nn.weight #nn.weight<dense {value = dense<[[5., -3.], [4., 7.071068]]> : tensor<2x2xf32>} : tensor<2x2xf32>>
  // expected-remark @below {{Remark="pruned to 0.5", removed_norm=5.000000e-01, sparsity=5.000000e-01}}
  %0 = nn.matmul %x, %w {plan = {prune = "0.5"}} : tensor<4x2xf32>, tensor<2x2xf32>
  return %0 : tensor<4x2xf32>
}
