// RUN: sinter-opt %s -split-input-file -verify-diagnostics

func.func @reduce_c1_range(%x: tensor<3x4xf32>) {
  // expected-error @below {{'nn.reduce' op expects ascending axes less than the rank 2, but got 2 after 1}}
  %0 = nn.reduce sum %x axes [1, 2] : tensor<3x4xf32>
  return
}

// -----

func.func @reduce_c1_order(%x: tensor<3x4xf32>) {
  // expected-error @below {{'nn.reduce' op expects ascending axes less than the rank 2, but got 0 after 1}}
  %0 = nn.reduce sum %x axes [1, 0] : tensor<3x4xf32>
  return
}

// -----

func.func @reduce_c1_negative(%x: tensor<3x4xf32>) {
  // expected-error @below {{'nn.reduce' op expects ascending axes less than the rank 2, but got -1 after -1}}
  %0 = nn.reduce sum %x axes [-1] : tensor<3x4xf32>
  return
}

// -----

func.func @arg_reduce_c1(%x: tensor<3x4xf32>) {
  // expected-error @below {{'nn.arg_reduce' op expects 'axis' to be at least 0 and less than the rank 2, but got 2}}
  %0 = nn.arg_reduce max %x axis 2 : tensor<3x4xf32>
  return
}

// -----

func.func @arg_reduce_c2(%x: tensor<3x4xf32>) {
  // expected-error @below {{'nn.arg_reduce' op expects kind max or min, but got sum}}
  %0 = nn.arg_reduce sum %x axis 1 : tensor<3x4xf32>
  return
}
