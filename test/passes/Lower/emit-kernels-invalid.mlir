// RUN: sinter-opt %s --split-input-file --verify-diagnostics --sinter-lower-emit-kernels

module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  kernel.func @conv(%a: tensor<1x8x8x4xf32>, %w: tensor<4x4x3x3xf32>) -> tensor<1x6x6x4xf32> attributes {kind = #kernel.kind<loop>} {
    // expected-error @below {{cannot generate code for 'nn.conv' of type 'tensor<1x6x6x4xf32>': it cannot be computed element by element inside of a kernel; it needs one of its own}}
    %0 = nn.conv %a, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x8x8x4xf32>, tensor<4x4x3x3xf32>
    kernel.yield %0 : tensor<1x6x6x4xf32>
  }
}

// -----

module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  kernel.func @rows(%a: tensor<4x8xf32>) -> tensor<4x8xf32> attributes {kind = #kernel.kind<rows>} {
    %0 = nn.reduce max %a axes [1] : tensor<4x8xf32>
    // expected-error @below {{all reductions of a rows kernel must run over the same trailing dimensions of one shape}}
    %1 = nn.reduce max %a axes [0] : tensor<4x8xf32>
    %2 = nn.add %0, %1 : tensor<4x1xf32>, tensor<1x8xf32>
    kernel.yield %2 : tensor<4x8xf32>
  }
}
