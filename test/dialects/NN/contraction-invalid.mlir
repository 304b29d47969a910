// RUN: sinter-opt %s -split-input-file -verify-diagnostics

func.func @matmul_c1(%x: tensor<8xf32>, %y: tensor<8x4xf32>) {
  // expected-error @below {{'nn.matmul' op expects operands of rank 2 or more, but got 'tensor<8xf32>' and 'tensor<8x4xf32>'}}
  %0 = nn.matmul %x, %y : tensor<8xf32>, tensor<8x4xf32>
  return
}

// -----

func.func @matmul_c2(%x: tensor<2x8xf32>, %y: tensor<4x2xf32>) {
  // expected-error @below {{'nn.matmul' op expects as many columns on the left as rows on the right, but got shapes [2, 8] and [4, 2]}}
  %0 = nn.matmul %x, %y : tensor<2x8xf32>, tensor<4x2xf32>
  return
}

// -----

func.func @matmul_c3(%x: tensor<3x2x8xf32>, %y: tensor<4x8x2xf32>) {
  // expected-error @below {{'nn.matmul' op expects equal sizes, or 1, in leading dimensions, but got shapes [3, 2, 8] and [4, 8, 2]}}
  %0 = nn.matmul %x, %y : tensor<3x2x8xf32>, tensor<4x8x2xf32>
  return
}

// -----

func.func @matmul_element_type(%x: tensor<2x8xf32>, %y: tensor<8x2xf64>) {
  // expected-error @below {{'nn.matmul' op expects operands with the same element type, or of 8-bit integers, but got 'f32' and 'f64'}}
  %0 = nn.matmul %x, %y : tensor<2x8xf32>, tensor<8x2xf64>
  return
}

// -----

func.func @conv_c1_strides(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @below {{'nn.conv' op expects 2 strides for 2 spatial dimensions, but got 1}}
  %0 = nn.conv %x, %w strides [1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>
  return
}

// -----

func.func @conv_c1_stride_zero(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @below {{'nn.conv' op expects strides of at least 1, but got 0}}
  %0 = nn.conv %x, %w strides [1, 0] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>
  return
}

// -----

func.func @conv_c1_dilations(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @below {{'nn.conv' op expects dilations of at least 1, but got -1}}
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [-1, 1] group 1 : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>
  return
}

// -----

func.func @conv_c1_pads(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @below {{'nn.conv' op expects 4 pads for 2 spatial dimensions, but got 2}}
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0] dilations [1, 1] group 1 : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>
  return
}

// -----

func.func @conv_c2(%x: tensor<1x6x8x8xf32>, %w: tensor<4x2x3x3xf32>) {
  // expected-error @below {{'nn.conv' op expects 4 input channels (group times those of the filter), but got 6}}
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 2 : tensor<1x6x8x8xf32>, tensor<4x2x3x3xf32>
  return
}

// -----

func.func @conv_c3(%x: tensor<1x6x8x8xf32>, %w: tensor<4x2x3x3xf32>) {
  // expected-error @below {{'nn.conv' op expects a group count that divides the 4 filters, but got 3}}
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 3 : tensor<1x6x8x8xf32>, tensor<4x2x3x3xf32>
  return
}

// -----

func.func @conv_c3_zero(%x: tensor<1x6x8x8xf32>, %w: tensor<4x2x3x3xf32>) {
  // expected-error @below {{'nn.conv' op expects a group count of at least 1, but got 0}}
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 0 : tensor<1x6x8x8xf32>, tensor<4x2x3x3xf32>
  return
}

// -----

func.func @conv_c4(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @below {{'nn.conv' op expects input and filter of the same rank, at least 3, but got 'tensor<1x3x8xf32>' and 'tensor<4x3x3x3xf32>'}}
  %0 = nn.conv %x, %w strides [1] pads [0, 0] dilations [1] group 1 : tensor<1x3x8xf32>, tensor<4x3x3x3xf32>
  return
}

// -----

func.func @conv_negative_result(%x: tensor<1x3x2x8xf32>, %w: tensor<4x3x5x3xf32>) {
  // expected-error @below {{'nn.conv' op expects a result without negative sizes, but got [1, 4, -2, 6]}}
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x3x2x8xf32>, tensor<4x3x5x3xf32>
  return
}

// -----

func.func @conv_transpose_c1(%x: tensor<1x4x8xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @below {{'nn.conv_transpose' op expects 1 output paddings for 1 spatial dimensions, but got 0}}
  %0 = nn.conv_transpose %x, %w strides [1] pads [0, 0] dilations [1] output_padding [] group 1 : tensor<1x4x8xf32>, tensor<4x2x3xf32>
  return
}

// -----

func.func @conv_transpose_c2(%x: tensor<1x4x8xf32>, %w: tensor<6x2x3xf32>) {
  // expected-error @below {{'nn.conv_transpose' op expects 6 input channels (as many as the filter has), but got 4}}
  %0 = nn.conv_transpose %x, %w strides [1] pads [0, 0] dilations [1] output_padding [0] group 1 : tensor<1x4x8xf32>, tensor<6x2x3xf32>
  return
}

// -----

func.func @conv_transpose_c3(%x: tensor<1x4x8xf32>, %w: tensor<4x2x3xf32>) {
  // expected-error @below {{'nn.conv_transpose' op expects a group count that divides the 4 channels, but got 3}}
  %0 = nn.conv_transpose %x, %w strides [1] pads [0, 0] dilations [1] output_padding [0] group 3 : tensor<1x4x8xf32>, tensor<4x2x3xf32>
  return
}

// -----

func.func @matmul_byte_and_float(%x: tensor<2x8xui8>, %y: tensor<8x2xf32>) {
  // expected-error @below {{'nn.matmul' op expects operands with the same element type, or of 8-bit integers, but got 'ui8' and 'f32'}}
  %0 = nn.matmul %x, %y : tensor<2x8xui8>, tensor<8x2xf32>
  return
}

// -----

func.func @conv_c5_range(%x: tensor<1x3x8xui8>, %w: tensor<4x3x3xi8>) {
  // expected-error @below {{'nn.conv' op expects a 'pad_value' from 0 to 255 for 'ui8', but got 256}}
  %0 = nn.conv %x, %w strides [1] pads [1, 1] dilations [1] group 1 pad_value 256 : tensor<1x3x8xui8>, tensor<4x3x3xi8>
  return
}

// -----

func.func @conv_c5_signed(%x: tensor<1x3x8xi8>, %w: tensor<4x3x3xi8>) {
  // expected-error @below {{'nn.conv' op expects a 'pad_value' from -128 to 127 for 'i8', but got 128}}
  %0 = nn.conv %x, %w strides [1] pads [1, 1] dilations [1] group 1 pad_value 128 : tensor<1x3x8xi8>, tensor<4x3x3xi8>
  return
}

// -----

func.func @conv_c5_float(%x: tensor<1x3x8xf32>, %w: tensor<4x3x3xf32>) {
  // expected-error @below {{'nn.conv' op expects a 'pad_value' of 0 for 'f32', but got 1}}
  %0 = nn.conv %x, %w strides [1] pads [1, 1] dilations [1] group 1 pad_value 1 : tensor<1x3x8xf32>, tensor<4x3x3xf32>
  return
}
