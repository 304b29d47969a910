// RUN: sinter-opt %s --sinter-fuse-form-groups --split-input-file --verify-diagnostics --remarks-filter=sinter-fuse --remark-format=emitRemark -o /dev/null

func.func @passed(%x: tensor<8x16xf32>, %w: tensor<16x4xf32>) -> tensor<8x4xf32> {
  // expected-remark @below {{[Passed] FormGroup | Category:sinter-fuse | kind=contract, ops="matmul, relu"}}
  %0 = nn.matmul %x, %w : tensor<8x16xf32>, tensor<16x4xf32>
  %1 = nn.relu %0 : tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}

// -----

func.func @repetition(%x: tensor<8x4xf32>, %b: tensor<4xf32>) -> tensor<8x4xf32> {
  // expected-remark @below {{its elements would be computed again for each repetition}}
  %0 = nn.exp %b : tensor<4xf32>
  // expected-remark @below {{nothing beside it can share its loop}}
  %1 = nn.add %x, %0 : tensor<8x4xf32>, tensor<4xf32>
  return %1 : tensor<8x4xf32>
}

// -----

func.func @shape(%x: tensor<8x16xf32>, %w: tensor<16x1xf32>, %b: tensor<4xf32>) -> tensor<8x4xf32> {
  // expected-remark @below {{kind=contract, ops=matmul}}
  %0 = nn.matmul %x, %w : tensor<8x16xf32>, tensor<16x1xf32>
  // expected-remark @below {{its result has another shape than the kernel that feeds it}}
  %1 = nn.add %0, %b : tensor<8x1xf32>, tensor<4xf32>
  return %1 : tensor<8x4xf32>
}

// -----

func.func @algorithm(%x: tensor<8x16xf32>) -> tensor<8x1xi64> {
  // expected-remark @below {{it is an algorithm of its own}}
  %0 = nn.arg_reduce max %x axis 1 : tensor<8x16xf32>
  return %0 : tensor<8x1xi64>
}
