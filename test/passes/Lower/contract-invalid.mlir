// RUN: sinter-opt %s --split-input-file --verify-diagnostics --sinter-lower-emit-kernels

module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  kernel.func @no_contraction(%a: tensor<4xf32>) -> tensor<4xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = nn.relu %a : tensor<4xf32>
    // expected-error @below {{expects a matmul, conv or conv_transpose}}
    kernel.yield %0 : tensor<4xf32>
  }
}

// -----

module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  kernel.func @two_contractions(%a: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = nn.matmul %a, %a : tensor<4x4xf32>, tensor<4x4xf32>
    // expected-error @below {{expects one contraction in a kernel, but got two}}
    %1 = nn.matmul %0, %a : tensor<4x4xf32>, tensor<4x4xf32>
    kernel.yield %1 : tensor<4x4xf32>
  }
}

// -----

module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  kernel.func @element_type(%a: tensor<4x4xi16>) -> tensor<4x4xi16> attributes {kind = #kernel.kind<contract>} {
    // expected-error @below {{expects a float type, i32, i64, or ui8 and i8, as element types}}
    %0 = nn.matmul %a, %a : tensor<4x4xi16>, tensor<4x4xi16>
    kernel.yield %0 : tensor<4x4xi16>
  }
}

// -----

module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  kernel.func @computed_operand(%a: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = nn.relu %a : tensor<4x4xf32>
    // expected-error @below {{expects the left operand to be an argument}}
    %1 = nn.matmul %0, %a : tensor<4x4xf32>, tensor<4x4xf32>
    kernel.yield %1 : tensor<4x4xf32>
  }
}

// -----

module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  kernel.func @unpacked_filter(%x: tensor<1x4x4x4xf32>, %f: tensor<4x4x1x1xf32>) -> tensor<1x4x4x4xf32> attributes {kind = #kernel.kind<contract>} {
    // expected-error @below {{expects the filter to be a packed weight}}
    %0 = nn.conv %x, %f strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x4x4x4xf32>, tensor<4x4x1x1xf32>
    kernel.yield %0 : tensor<1x4x4x4xf32>
  }
}

// -----

module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  kernel.func @larger_epilogue(%a: tensor<4x4xf32>, %e: tensor<2x4x4xf32>) -> tensor<2x4x4xf32> attributes {kind = #kernel.kind<contract>} {
    // expected-error @below {{expects an epilogue on the shape of the result}}
    %0 = nn.matmul %a, %a : tensor<4x4xf32>, tensor<4x4xf32>
    %1 = nn.add %0, %e : tensor<4x4xf32>, tensor<2x4x4xf32>
    kernel.yield %1 : tensor<2x4x4xf32>
  }
}

// -----

module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  kernel.func @signs(%a: tensor<4x4xi8>) -> tensor<4x4xi32> attributes {kind = #kernel.kind<contract>} {
    // expected-error @below {{expects ui8 on the left and i8 on the right as 8-bit element types}}
    %0 = nn.matmul %a, %a : tensor<4x4xi8>, tensor<4x4xi8>
    kernel.yield %0 : tensor<4x4xi32>
  }
}

// -----

// expected-error @below {{expects the name of an instruction set as 'kernel.target', but got "x86-64-v9"}}
module @x86_64_v9 attributes {kernel.target = "x86-64-v9"} {
}
