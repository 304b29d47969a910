// RUN: sinter-opt %s --sinter-memory-place-buffers --verify-diagnostics --remarks-filter=sinter-memory --remark-format=emitRemark -o /dev/null

kernel.func @exp_0(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}
// The output holds all three results in turn.
// expected-remark @below {{arena_bytes=0, buffers=0}}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = kernel.call @exp_0(%x) : (tensor<4xf32>) -> tensor<4xf32>
  // expected-remark @below {{[Passed] WriteInPlace | Category:sinter-memory | Reason="this is the last use of the operand, and each element is read before it is written", Remark="the result takes the place of an operand"}}
  %1 = kernel.call @exp_0(%0) : (tensor<4xf32>) -> tensor<4xf32>
  // expected-remark @below {{the result takes the place of an operand}}
  %2 = kernel.call @exp_0(%1) : (tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}
