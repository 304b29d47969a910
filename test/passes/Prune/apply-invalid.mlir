// RUN: sinter-opt %s --sinter-prune-apply --split-input-file --verify-diagnostics

func.func @pattern(%x: tensor<4x64xf32>) -> tensor<4x40xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<64x40xf32>>
  // expected-error @below {{a plan to prune that cannot be carried out: expected a share of zeros such as 0.8, N:M such as 2:4, block:1xN:SHARE such as block:1x16:0.8, or dense, but got 'much'}}
  %0 = nn.matmul %x, %w {plan = {prune = "much"}} : tensor<4x64xf32>, tensor<64x40xf32>
  return %0 : tensor<4x40xf32>
}

// -----

func.func @shape(%x: tensor<4x63xf32>) -> tensor<4x40xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<63x40xf32>>
  // expected-error @below {{a plan to prune that cannot be carried out: its 63 input channels are not a multiple of 4}}
  %0 = nn.matmul %x, %w {plan = {prune = "2:4"}} : tensor<4x63xf32>, tensor<63x40xf32>
  return %0 : tensor<4x40xf32>
}

// -----

func.func @kernel(%x: tensor<4x64xf32>) -> tensor<4x40xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<64x40xf32>>
  // expected-error @below {{expected 'dense', 'blocks' or 'elements' as 'sparse', but got 'csr'}}
  %0 = nn.matmul %x, %w {plan = {prune = "0.5", sparse = "csr"}} : tensor<4x64xf32>, tensor<64x40xf32>
  return %0 : tensor<4x40xf32>
}

// -----

func.func @operand(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error @below {{a plan to prune that cannot be carried out: it has no constant weight}}
  %0 = nn.matmul %x, %x {plan = {prune = "0.5"}} : tensor<4x4xf32>, tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

func.func @unread(%x: tensor<4x64xf32>) -> tensor<4x40xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<64x40xf32>>
  // expected-error @below {{there is no model to read the weight from}}
  %0 = nn.matmul %x, %w {plan = {sparse = "blocks"}} : tensor<4x64xf32>, tensor<64x40xf32>
  return %0 : tensor<4x40xf32>
}
