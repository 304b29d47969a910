// RUN: sinter-opt %s --sinter-prune-plan='prune=2:4' --split-input-file --verify-diagnostics --remarks-filter=sinter-prune --remark-format=emitRemark -o /dev/null

func.func @pruned(%x: tensor<4x64xf32>) -> tensor<4x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<64x8xf32>>
  // expected-remark @below {{pruned to 2:4}}
  %0 = nn.matmul %x, %w : tensor<4x64xf32>, tensor<64x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

func.func @not_divisible(%x: tensor<4x63xf32>) -> tensor<4x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<63x8xf32>>
  // expected-remark @below {{its 63 input channels are not a multiple of 4}}
  %0 = nn.matmul %x, %w : tensor<4x63xf32>, tensor<63x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

func.func @large_filter(%x: tensor<1x4x4x8xf32>) -> tensor<1x2x2x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x3x3xf32>>
  // expected-remark @below {{a convolution with a filter larger than 1x1 has no sparse kernel}}
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x4x4x8xf32>, tensor<8x8x3x3xf32>
  return %0 : tensor<1x2x2x8xf32>
}

// -----

func.func @padded(%x: tensor<1x4x4x8xf32>) -> tensor<1x6x6x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x1x1xf32>>
  // expected-remark @below {{its input is padded}}
  %0 = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last : tensor<1x4x4x8xf32>, tensor<8x8x1x1xf32>
  return %0 : tensor<1x6x6x8xf32>
}

// -----

func.func @grouped(%x: tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x4x1x1xf32>>
  // expected-remark @below {{its channels are in groups}}
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 2 channels_last : tensor<1x4x4x8xf32>, tensor<8x4x1x1xf32>
  return %0 : tensor<1x4x4x8xf32>
}

// -----

func.func @integers(%x: tensor<4x64xi32>) -> tensor<4x8xi32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<64x8xi32>>
  // expected-remark @below {{its weight is not of 32 or 16 bit floats}}
  %0 = nn.matmul %x, %w : tensor<4x64xi32>, tensor<64x8xi32>
  return %0 : tensor<4x8xi32>
}

// -----

func.func @matrices(%x: tensor<2x4x64xf32>) -> tensor<2x4x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<2x64x8xf32>>
  // expected-remark @below {{its weight is more than one matrix}}
  %0 = nn.matmul %x, %w : tensor<2x4x64xf32>, tensor<2x64x8xf32>
  return %0 : tensor<2x4x8xf32>
}

// -----

func.func @transposed(%x: tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x1x1xf32>>
  // expected-remark @below {{a transposed convolution has no sparse kernel}}
  %0 = nn.conv_transpose %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] output_padding [0, 0] group 1 channels_last : tensor<1x4x4x8xf32>, tensor<8x8x1x1xf32>
  return %0 : tensor<1x4x4x8xf32>
}
