// RUN: sinter-opt %s --verify-diagnostics --sinter-lower-cuda-emit-kernels

// Every kernel without code is named, not only the first.
module @cuda attributes {kernel.target = "cuda"} {
  kernel.func @first(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {kind = #kernel.kind<serial>} {
    // expected-error @below {{cannot generate code for 'nn.relu' of type 'tensor<4x4xf32>': there is no algorithm for it}}
    %0 = nn.relu %x : tensor<4x4xf32>
    kernel.yield %0 : tensor<4x4xf32>
  }
  kernel.func @sums(%x: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<serial>} {
    // expected-error @below {{cannot generate code for 'nn.algorithm' of type 'tensor<4xf32>': the algorithm 'accumulate_f32' runs on processors only}}
    %0 = nn.algorithm "accumulate_f32"(%x) integers [0, 0, 0, 0] numbers [] units <1> scratch <0> : (tensor<4xf32>) -> tensor<4xf32>
    kernel.yield %0 : tensor<4xf32>
  }
  // expected-error @below {{a rows kernel needs a reduction}}
  kernel.func @second(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {kind = #kernel.kind<rows>} {
    %0 = nn.relu %x : tensor<4x4xf32>
    kernel.yield %0 : tensor<4x4xf32>
  }
}
