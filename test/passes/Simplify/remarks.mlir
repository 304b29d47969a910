// RUN: sinter-opt %s --sinter-simplify-canonicalize-ops --verify-diagnostics --remarks-filter=sinter-simplify --remark-format=emitRemark -o /dev/null

func.func @decisions(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>, tensor<4xf32>) {
  %one = nn.weight #nn.weight<dense {value = dense<1.0> : tensor<f32>} : tensor<f32>>
  %zero = nn.weight #nn.weight<dense {value = dense<0.0> : tensor<f32>} : tensor<f32>>
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4xf32>>
  // expected-remark @below {{[Passed] DropNeutralOperand | Category:sinter-simplify | Remark="'mul' changes nothing and goes"}}
  %0 = nn.mul %x, %one : tensor<8x4xf32>, tensor<f32>
  // expected-remark @below {{[Passed] LimitByConstant | Category:sinter-simplify | Remark="'max' with a constant becomes a relu or clamp"}}
  %1 = nn.max %0, %zero : tensor<8x4xf32>, tensor<f32>
  // expected-remark @below {{[Passed] FoldOperationOnWeights | Category:sinter-simplify | Remark="'sqrt' of weights alone is evaluated when the artifact is written"}}
  %2 = nn.sqrt %w : tensor<4xf32>
  // Left as it is: no remark.
  %3 = nn.exp %x : tensor<8x4xf32>
  return %1, %3, %2 : tensor<8x4xf32>, tensor<8x4xf32>, tensor<4xf32>
}
