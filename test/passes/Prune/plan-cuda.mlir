// RUN: sinter-opt %s --sinter-prune-plan='prune=0.8' --verify-diagnostics --remarks-filter=sinter-prune --remark-format=emitRemark | FileCheck %s

// CHECK-NOT: plan
module attributes {sinter.targets = ["cpu", "cuda"]} {
  func.func @main(%x: tensor<4x64xf32>) -> tensor<4x8xf32> {
    %w = nn.weight #nn.weight<file {name = "w"} : tensor<64x8xf32>>
    // expected-remark @below {{the target cuda has no sparse kernels}}
    %0 = nn.matmul %x, %w : tensor<4x64xf32>, tensor<64x8xf32>
    return %0 : tensor<4x8xf32>
  }
}
