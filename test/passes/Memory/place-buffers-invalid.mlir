// RUN: sinter-opt %s --sinter-memory-place-buffers --split-input-file --verify-diagnostics

func.func @not_outlined(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'nn.exp' op expects to be outlined into a kernel.func before buffers are placed}}
  %0 = nn.exp %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @no_kernel(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'kernel.call' op expects a kernel.func named 'exp_0', but there is none}}
  %0 = kernel.call @exp_0(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-note @below {{kernel declared here}}
kernel.func @exp_0(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.exp %a : tensor<4xf32>
  kernel.yield %0 : tensor<4xf32>
}
func.func @other_types(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @below {{'kernel.call' op expects the operands and results of its kernel}}
  %0 = kernel.call @exp_0(%x) : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
