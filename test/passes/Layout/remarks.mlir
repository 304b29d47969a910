// RUN: sinter-opt %s --pass-pipeline='builtin.module(func.func(sinter-simplify-flatten-matmuls,sinter-simplify-fold-affine-into-contraction,sinter-layout-make-channels-last,sinter-layout-cancel-transposes,sinter-layout-flatten-pointwise-convs))' --remarks-filter="sinter-.*" --remark-format=emitRemark -verify-diagnostics

func.func @decisions(%x: tensor<1x8x16x16xf32>, %s: tensor<2x3x4xf32>) -> (tensor<1x8x16x16xf32>, tensor<2x3x5xf32>, tensor<2x4x5xf32>) {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x3x3xf32>>
  %v = nn.weight #nn.weight<file {name = "v"} : tensor<8x8x1x1xf32>>
  %m = nn.weight #nn.weight<file {name = "m"} : tensor<4x5xf32>>
  %k = nn.weight #nn.weight<file {name = "k"} : tensor<3x5xf32>>
  %c = nn.weight #nn.weight<file {name = "c"} : tensor<8x1x1xf32>>
  // expected-remark @below {{Reason="its kernels read channels innermost", Remark="'conv' computes with the channels last"}}
  // expected-remark @below {{a transpose is left}}
  // expected-remark @below {{'reshape' of weights alone is evaluated}}
  // expected-remark @below {{'mul' of weights alone is evaluated}}
  %0 = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : tensor<1x8x16x16xf32>, tensor<8x8x3x3xf32>
  // expected-remark @below {{scale of the output channels went into the weights}}
  %1 = nn.mul %0, %c : tensor<1x8x16x16xf32>, tensor<8x1x1xf32>
  // expected-remark @below {{Reason="that moves the fewest bytes by transposes", Remark="'relu' computes with the channels last"}}
  %r = nn.relu %1 : tensor<1x8x16x16xf32>
  // expected-remark @below {{Reason="its kernels read channels innermost", Remark="'conv' computes with the channels last"}}
  // expected-remark @below {{a matrix product of 256 rows}}
  // expected-remark @below {{a transpose is left}}
  // expected-remark @below {{'reshape' of weights alone is evaluated}}
  // expected-remark @below {{'transpose' of weights alone is evaluated}}
  %2 = nn.conv %r, %v strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x8x16x16xf32>, tensor<8x8x1x1xf32>
  // expected-remark @below {{one product of 6 rows}}
  %3 = nn.matmul %s, %m : tensor<2x3x4xf32>, tensor<4x5xf32>
  // expected-remark @below {{a transpose is left}}
  %4 = nn.transpose %s [0, 2, 1] : tensor<2x3x4xf32>
  // expected-remark @below {{kept as a batch: the left-hand side is read through a transpose}}
  %5 = nn.matmul %4, %k : tensor<2x4x3xf32>, tensor<3x5xf32>
  return %2, %3, %5 : tensor<1x8x16x16xf32>, tensor<2x3x5xf32>, tensor<2x4x5xf32>
}
