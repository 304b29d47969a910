// RUN: sinter-opt %s --sinter-fuse-form-groups --split-input-file --verify-diagnostics

func.func @grouped_already(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'kernel.group' op expects only operations of the nn dialect in a function to be fused}}
  %0 = kernel.group loop (%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    %1 = nn.relu %a : tensor<4xf32>
    kernel.yield %1 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}
