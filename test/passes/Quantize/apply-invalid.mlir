// Plans that were edited so that they cannot be carried out.
// RUN: sinter-opt %s --sinter-quantize-apply --split-input-file --verify-diagnostics

func.func @unknown_precision(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8xf32>>
  // expected-error @below {{expects 'precision' of its plan to be fp32 or w8a8, but got 'w4a4'}}
  %y = nn.matmul %x, %w {plan = {precision = "w4a4"}} : tensor<4x8xf32>, tensor<8x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @no_scale(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8xf32>>
  // expected-error @below {{expects 'lhs_scale' of its plan to be a positive f32}}
  %y = nn.matmul %x, %w {plan = {precision = "w8a8"}} : tensor<4x8xf32>, tensor<8x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @zero_scale(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8xf32>>
  // expected-error @below {{expects 'lhs_scale' of its plan to be a positive f32}}
  %y = nn.matmul %x, %w {plan = {lhs_scale = 0.0 : f32, lhs_zero_point = 0 : i64, precision = "w8a8"}} : tensor<4x8xf32>, tensor<8x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @zero_point_out_of_range(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8xf32>>
  // expected-error @below {{expects 'lhs_zero_point' of its plan to be 0 to 255}}
  %y = nn.matmul %x, %w {plan = {lhs_scale = 0.5 : f32, lhs_zero_point = 256 : i64, precision = "w8a8"}} : tensor<4x8xf32>, tensor<8x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @two_activations(%x: tensor<4x8xf32>, %z: tensor<8x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{is planned as w8a8, but both operands are computed by the model}}
  %y = nn.matmul %x, %z {plan = {lhs_scale = 0.5 : f32, lhs_zero_point = 2 : i64, precision = "w8a8"}} : tensor<4x8xf32>, tensor<8x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

func.func @accumulator_overflow(%x: tensor<1x65537xf32>) -> tensor<1x2xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<65537x2xf32>>
  // expected-error @below {{is planned as w8a8, but sums of 65537 products overflow 32 bits (limit 65536)}}
  %y = nn.matmul %x, %w {plan = {lhs_scale = 0.5 : f32, lhs_zero_point = 2 : i64, precision = "w8a8"}} : tensor<1x65537xf32>, tensor<65537x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

func.func @means_of_another_length(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8xf32>>
  // expected-error @below {{expects 'lhs_mean' of its plan to have a number for each input channel, but got 2}}
  %y = nn.matmul %x, %w {plan = {lhs_mean = array<f32: 1.0, 2.0>, lhs_scale = 0.5 : f32, lhs_zero_point = 2 : i64, precision = "w8a8"}} : tensor<4x8xf32>, tensor<8x8xf32>
  return %y : tensor<4x8xf32>
}
