// RUN: sinter-opt %s --sinter-quantize-form-integer --remarks-filter=sinter-quantize --remark-format=emitRemark 2>&1 | FileCheck %s

// Every contraction with a quantized operand says whether it computes on integers,
// and why not.

func.func @reasons(%a: tensor<4x2xui8>, %b: tensor<2x3xui8>, %h: tensor<4x2xui16>, %f: tensor<4x2xf32>, %long: tensor<1x70000xui8>,
                   %image: tensor<1x4x2xui8>, %rows: tensor<4x1xf32>)
    -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<1x3xf32>, tensor<1x5x3xf32>, tensor<4x3xf32>) {
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %z = nn.weight #nn.weight<dense {value = dense<0> : tensor<ui8>} : tensor<ui8>>
  %zh = nn.weight #nn.weight<dense {value = dense<0> : tensor<ui16>} : tensor<ui16>>
  %w = nn.weight #nn.weight<dequantize(#nn.weight<file {name = "w"} : tensor<2x3xi8>>,
      #nn.weight<dense {value = dense<0.25> : tensor<f32>} : tensor<f32>>,
      #nn.weight<dense {value = dense<0> : tensor<i8>} : tensor<i8>>) : tensor<2x3xf32>>
  %x = nn.dequantize %a, %s, %z : tensor<4x2xui8>, tensor<f32>, tensor<ui8>

  // CHECK: remark: [Passed] FormInteger
  // CHECK-SAME: computes on integers
  %0 = nn.matmul %x, %w : tensor<4x2xf32>, tensor<2x3xf32>

  // CHECK: remark: [Missed] FormInteger
  // CHECK-SAME: its weights are not quantized
  %w1 = nn.weight #nn.weight<file {name = "w1"} : tensor<2x3xf32>>
  %1 = nn.matmul %x, %w1 : tensor<4x2xf32>, tensor<2x3xf32>

  // CHECK: remark: [Missed] FormInteger
  // CHECK-SAME: its input is not quantized
  %2 = nn.matmul %f, %w : tensor<4x2xf32>, tensor<2x3xf32>

  // CHECK: remark: [Missed] FormInteger
  // CHECK-SAME: its right operand is computed by the model
  %y = nn.dequantize %b, %s, %z : tensor<2x3xui8>, tensor<f32>, tensor<ui8>
  %3 = nn.matmul %x, %y : tensor<4x2xf32>, tensor<2x3xf32>

  // CHECK: remark: [Missed] FormInteger
  // CHECK-SAME: its input is not of 8 bits
  %xh = nn.dequantize %h, %s, %zh : tensor<4x2xui16>, tensor<f32>, tensor<ui16>
  %4 = nn.matmul %xh, %w : tensor<4x2xf32>, tensor<2x3xf32>

  // CHECK: remark: [Missed] FormInteger
  // CHECK-SAME: its input has more than one scale
  %xr = nn.dequantize %a, %rows, %z : tensor<4x2xui8>, tensor<4x1xf32>, tensor<ui8>
  %5 = nn.matmul %xr, %w : tensor<4x2xf32>, tensor<2x3xf32>

  // CHECK: remark: [Missed] FormInteger
  // CHECK-SAME: its weights have a zero point that is not the middle of their range
  %w6 = nn.weight #nn.weight<dequantize(#nn.weight<file {name = "w6"} : tensor<2x3xui8>>,
      #nn.weight<dense {value = dense<0.25> : tensor<f32>} : tensor<f32>>,
      #nn.weight<dense {value = dense<127> : tensor<ui8>} : tensor<ui8>>) : tensor<2x3xf32>>
  %6 = nn.matmul %x, %w6 : tensor<4x2xf32>, tensor<2x3xf32>

  // CHECK: remark: [Missed] FormInteger
  // CHECK-SAME: the scale of its weights varies along what is summed
  %w7 = nn.weight #nn.weight<dequantize(#nn.weight<file {name = "w7"} : tensor<2x3xi8>>,
      #nn.weight<dense {value = dense<[[0.25], [0.5]]> : tensor<2x1xf32>} : tensor<2x1xf32>>,
      #nn.weight<dense {value = dense<0> : tensor<i8>} : tensor<i8>>) : tensor<2x3xf32>>
  %7 = nn.matmul %x, %w7 : tensor<4x2xf32>, tensor<2x3xf32>

  // CHECK: remark: [Missed] FormInteger
  // CHECK-SAME: a sum of 70000 products may overflow i32 (at most 65793)
  %w8 = nn.weight #nn.weight<dequantize(#nn.weight<file {name = "w8"} : tensor<70000x3xi8>>,
      #nn.weight<dense {value = dense<0.25> : tensor<f32>} : tensor<f32>>,
      #nn.weight<dense {value = dense<0> : tensor<i8>} : tensor<i8>>) : tensor<70000x3xf32>>
  %xl = nn.dequantize %long, %s, %z : tensor<1x70000xui8>, tensor<f32>, tensor<ui8>
  %8 = nn.matmul %xl, %w8 : tensor<1x70000xf32>, tensor<70000x3xf32>

  // CHECK: remark: [Missed] FormInteger
  // CHECK-SAME: transposed convolutions have no kernel on integers
  %w9 = nn.weight #nn.weight<dequantize(#nn.weight<file {name = "w9"} : tensor<2x3x2xi8>>,
      #nn.weight<dense {value = dense<0.25> : tensor<f32>} : tensor<f32>>,
      #nn.weight<dense {value = dense<0> : tensor<i8>} : tensor<i8>>) : tensor<2x3x2xf32>>
  %xi = nn.dequantize %image, %s, %z : tensor<1x4x2xui8>, tensor<f32>, tensor<ui8>
  %9 = nn.conv_transpose %xi, %w9 strides [1] pads [0, 0] dilations [1] output_padding [0] group 1 channels_last
    : tensor<1x4x2xf32>, tensor<2x3x2xf32>

  // CHECK-NOT: remark
  %10 = nn.matmul %f, %w1 : tensor<4x2xf32>, tensor<2x3xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<1x3xf32>, tensor<1x5x3xf32>, tensor<4x3xf32>
}
