// RUN: sinter-opt %s -split-input-file -verify-diagnostics

func.func @pool_c1(%x: tensor<1x4x8xf32>) {
  // expected-error @below {{'nn.pool' op expects kind max or mean, but got prod}}
  %0 = nn.pool prod %x window [2] strides [1] pads [0, 0] dilations [1] : tensor<1x4x8xf32>
  return
}

// -----

func.func @pool_c2_strides(%x: tensor<1x4x8xf32>) {
  // expected-error @below {{'nn.pool' op expects 1 strides for 1 spatial dimensions, but got 2}}
  %0 = nn.pool max %x window [2] strides [1, 1] pads [0, 0] dilations [1] : tensor<1x4x8xf32>
  return
}

// -----

func.func @pool_c2_window(%x: tensor<1x4x8xf32>) {
  // expected-error @below {{'nn.pool' op expects a positive window size for each of 1 spatial dimensions, but got [0]}}
  %0 = nn.pool max %x window [0] strides [1] pads [0, 0] dilations [1] : tensor<1x4x8xf32>
  return
}

// -----

func.func @pool_c3(%x: tensor<4x8xf32>) {
  // expected-error @below {{'nn.pool' op expects an input of rank 3 or more, but got 'tensor<4x8xf32>'}}
  %0 = nn.pool max %x window [] strides [] pads [] dilations [] : tensor<4x8xf32>
  return
}

// -----

func.func @pool_huge_window(%x: tensor<1x4x8xf32>) {
  // expected-error @below {{'nn.pool' op expects sizes that fit in 64 bits, but got a result of shape [1, 4, unknown]}}
  %0 = nn.pool max %x window [9223372036854775807] strides [1] pads [0, 0] dilations [4] : tensor<1x4x8xf32>
  return
}

// -----

func.func @resize_c1(%x: tensor<1x4x8xf32>) {
  // expected-error @below {{'nn.resize' op expects a scale for each of 3 dimensions, but got 1}}
  %0 = nn.resize nearest %x asymmetric floor scales [2.0] : tensor<1x4x8xf32> to tensor<1x4x16xf32>
  return
}

// -----

func.func @resize_c2(%x: tensor<1x4x8xf32>) {
  // expected-error @below {{'nn.resize' op expects a result of the input's rank and element type, but got 'tensor<1x4x16xf64>' from 'tensor<1x4x8xf32>'}}
  %0 = nn.resize nearest %x asymmetric floor scales [1.0, 1.0, 2.0] : tensor<1x4x8xf32> to tensor<1x4x16xf64>
  return
}
