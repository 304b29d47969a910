// RUN: sinter-opt %s --sinter-quantize-form-integer --sinter-simplify-fold-constants | FileCheck %s

// The zero point of the input is in a correction of each column, both scales and
// that of the result are in one multiplier: 0.5 * 0.25 / 2 = 0.0625.

// CHECK-LABEL: func.func @matmul
// CHECK-SAME: (%[[A:.+]]: tensor<4x2xui8>)
func.func @matmul(%a: tensor<4x2xui8>) -> tensor<4x3xui8> {
  // CHECK-DAG: %[[B:.+]] = nn.weight #nn.weight<dense {value = dense<{{.*}}> : tensor<2x3xi8>}
  // CHECK-DAG: %[[C:.+]] = nn.weight #nn.weight<dense {value = dense<[-50, -70, -90]> : tensor<3xi32>}
  // CHECK-DAG: %[[M:.+]] = nn.weight #nn.weight<dense {value = dense<6.250000e-02> : tensor<f32>}
  // CHECK-DAG: %[[ONE:.+]] = nn.weight #nn.weight<dense {value = dense<1.000000e+00> : tensor<f32>}
  // CHECK-DAG: %[[Z:.+]] = nn.weight #nn.weight<dense {value = dense<7> : tensor<ui8>}
  // CHECK: %[[I:.+]] = nn.matmul %[[A]], %[[B]] : tensor<4x2xui8>, tensor<2x3xi8>
  // CHECK: %[[J:.+]] = nn.add %[[I]], %[[C]] : tensor<4x3xi32>, tensor<3xi32>
  // CHECK: %[[K:.+]] = nn.cast %[[J]] : tensor<4x3xi32> to tensor<4x3xf32>
  // CHECK: %[[L:.+]] = nn.mul %[[K]], %[[M]]
  // CHECK: %[[Q:.+]] = nn.quantize %[[L]], %[[ONE]], %[[Z]]
  // CHECK: return %[[Q]]
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %z = nn.weight #nn.weight<dense {value = dense<10> : tensor<ui8>} : tensor<ui8>>
  %u = nn.weight #nn.weight<dense {value = dense<2.0> : tensor<f32>} : tensor<f32>>
  %v = nn.weight #nn.weight<dense {value = dense<7> : tensor<ui8>} : tensor<ui8>>
  %w = nn.weight #nn.weight<dequantize(
      #nn.weight<dense {value = dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi8>} : tensor<2x3xi8>>,
      #nn.weight<dense {value = dense<0.25> : tensor<f32>} : tensor<f32>>,
      #nn.weight<dense {value = dense<0> : tensor<i8>} : tensor<i8>>) : tensor<2x3xf32>>
  %x = nn.dequantize %a, %s, %z : tensor<4x2xui8>, tensor<f32>, tensor<ui8>
  %y = nn.matmul %x, %w : tensor<4x2xf32>, tensor<2x3xf32>
  %q = nn.quantize %y, %u, %v : tensor<4x3xf32>, tensor<f32>, tensor<ui8>
  return %q : tensor<4x3xui8>
}

// Scales of the output channels, a bias, a limit that does not follow from the
// saturation (the zero point is not 0) and one that does.

// CHECK-LABEL: func.func @conv
// CHECK-SAME: (%[[A:.+]]: tensor<1x4x2xui8>)
func.func @conv(%a: tensor<1x4x2xui8>) -> (tensor<1x4x3xui8>, tensor<1x4x3xui8>) {
  // CHECK-DAG: %[[M:.+]] = nn.weight #nn.weight<dense {value = dense<[2.500000e-01, 5.000000e-01, 1.000000e+00]> : tensor<3xf32>}
  // CHECK-DAG: %[[BIAS:.+]] = nn.weight #nn.weight<dense {value = dense<[5.000000e-01, 1.000000e+00, 1.500000e+00]> : tensor<3xf32>}
  // CHECK: %[[I:.+]] = nn.conv %[[A]], %{{.+}} strides [1] pads [1, 1] dilations [1] group 1 channels_last pad_value 10 : tensor<1x4x2xui8>, tensor<3x2x3xi8>
  // CHECK: %[[J:.+]] = nn.add %[[I]], %{{.+}} : tensor<1x4x3xi32>, tensor<3xi32>
  // CHECK: %[[K:.+]] = nn.cast %[[J]]
  // CHECK: %[[L:.+]] = nn.mul %[[K]], %[[M]]
  // CHECK: %[[N:.+]] = nn.add %[[L]], %[[BIAS]]
  // CHECK: %[[R:.+]] = nn.relu %[[N]]
  // CHECK: nn.quantize %[[R]]
  // CHECK: %[[L2:.+]] = nn.mul
  // CHECK: nn.quantize %[[L2]]
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %z = nn.weight #nn.weight<dense {value = dense<10> : tensor<ui8>} : tensor<ui8>>
  %u = nn.weight #nn.weight<dense {value = dense<2.0> : tensor<f32>} : tensor<f32>>
  %v = nn.weight #nn.weight<dense {value = dense<7> : tensor<ui8>} : tensor<ui8>>
  %zero = nn.weight #nn.weight<dense {value = dense<0> : tensor<ui8>} : tensor<ui8>>
  %bias = nn.weight #nn.weight<dense {value = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>} : tensor<3xf32>>
  %w = nn.weight #nn.weight<dequantize(
      #nn.weight<dense {value = dense<1> : tensor<3x2x3xi8>} : tensor<3x2x3xi8>>,
      #nn.weight<dense {value = dense<[[[1.0]], [[2.0]], [[4.0]]]> : tensor<3x1x1xf32>} : tensor<3x1x1xf32>>,
      #nn.weight<dense {value = dense<0> : tensor<i8>} : tensor<i8>>) : tensor<3x2x3xf32>>
  %x = nn.dequantize %a, %s, %z : tensor<1x4x2xui8>, tensor<f32>, tensor<ui8>
  %0 = nn.conv %x, %w strides [1] pads [1, 1] dilations [1] group 1 channels_last : tensor<1x4x2xf32>, tensor<3x2x3xf32>
  %1 = nn.add %0, %bias : tensor<1x4x3xf32>, tensor<3xf32>
  %2 = nn.relu %1 : tensor<1x4x3xf32>
  %q = nn.quantize %2, %u, %v : tensor<1x4x3xf32>, tensor<f32>, tensor<ui8>
  %3 = nn.conv %x, %w strides [1] pads [1, 1] dilations [1] group 1 channels_last : tensor<1x4x2xf32>, tensor<3x2x3xf32>
  %4 = nn.clamp %3 range(0.0, 600.0) : tensor<1x4x3xf32>
  %r = nn.quantize %4, %u, %zero : tensor<1x4x3xf32>, tensor<f32>, tensor<ui8>
  return %q, %r : tensor<1x4x3xui8>, tensor<1x4x3xui8>
}

// Signed activations are quantized as unsigned; who else reads them sees them as
// before. Unsigned weights are shifted by 128.

// CHECK-LABEL: func.func @signs
func.func @signs(%x: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<4x2xi8>) {
  // CHECK-DAG: %[[Z:.+]] = nn.weight #nn.weight<dense {value = dense<125> : tensor<ui8>}
  // CHECK-DAG: %[[B:.+]] = nn.weight #nn.weight<dense {value = dense<{{\[\[}}-127, 0], [127, 2]]> : tensor<2x2xi8>}
  // CHECK-DAG: %[[C:.+]] = nn.weight #nn.weight<dense {value = dense<[0, -250]> : tensor<2xi32>}
  // CHECK: %[[Q:.+]] = nn.quantize %arg0, %{{.+}}, %[[Z]] : tensor<4x2xf32>, tensor<f32>, tensor<ui8>
  // CHECK: %[[SAME:.+]] = nn.cast %[[Q]] : tensor<4x2xui8> to tensor<4x2xi8>
  // CHECK: %[[OUT:.+]] = nn.add %[[SAME]]
  // CHECK: nn.matmul %[[Q]], %[[B]]
  // CHECK: nn.add %{{.+}}, %[[C]]
  // CHECK: return %{{.+}}, %[[OUT]]
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %z = nn.weight #nn.weight<dense {value = dense<-3> : tensor<i8>} : tensor<i8>>
  %w = nn.weight #nn.weight<dequantize(
      #nn.weight<dense {value = dense<[[1, 128], [255, 130]]> : tensor<2x2xui8>} : tensor<2x2xui8>>,
      #nn.weight<dense {value = dense<0.25> : tensor<f32>} : tensor<f32>>,
      #nn.weight<dense {value = dense<128> : tensor<ui8>} : tensor<ui8>>) : tensor<2x2xf32>>
  %q = nn.quantize %x, %s, %z : tensor<4x2xf32>, tensor<f32>, tensor<i8>
  %d = nn.dequantize %q, %s, %z : tensor<4x2xi8>, tensor<f32>, tensor<i8>
  %y = nn.matmul %d, %w : tensor<4x2xf32>, tensor<2x2xf32>
  return %y, %q : tensor<4x2xf32>, tensor<4x2xi8>
}

// The same through a transpose between the two.

// CHECK-LABEL: func.func @signs_moved
func.func @signs_moved(%x: tensor<2x4xf32>) -> tensor<4x2xf32> {
  // CHECK: %[[T:.+]] = nn.transpose %{{.+}} [1, 0] : tensor<2x4xui8>
  // CHECK: nn.matmul %[[T]], %{{.+}} : tensor<4x2xui8>, tensor<2x2xi8>
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %z = nn.weight #nn.weight<dense {value = dense<-3> : tensor<i8>} : tensor<i8>>
  %w = nn.weight #nn.weight<dequantize(
      #nn.weight<dense {value = dense<1> : tensor<2x2xi8>} : tensor<2x2xi8>>,
      #nn.weight<dense {value = dense<0.25> : tensor<f32>} : tensor<f32>>,
      #nn.weight<dense {value = dense<0> : tensor<i8>} : tensor<i8>>) : tensor<2x2xf32>>
  %q = nn.quantize %x, %s, %z : tensor<2x4xf32>, tensor<f32>, tensor<i8>
  %t = nn.transpose %q [1, 0] : tensor<2x4xi8>
  %d = nn.dequantize %t, %s, %z : tensor<4x2xi8>, tensor<f32>, tensor<i8>
  %y = nn.matmul %d, %w : tensor<4x2xf32>, tensor<2x2xf32>
  return %y : tensor<4x2xf32>
}

// What was done to a dequantized weight is done to its integers: a filter of 1x1
// became a matrix, and a factor went in.

// CHECK-LABEL: func.func @moved_weight
func.func @moved_weight(%a: tensor<4x2xui8>) -> tensor<4x3xf32> {
  // CHECK-DAG: %[[B:.+]] = nn.weight #nn.weight<dense {value = dense<{{\[\[}}1, 3, 5], [2, 4, 6]]> : tensor<2x3xi8>}
  // CHECK-DAG: %[[M:.+]] = nn.weight #nn.weight<dense {value = dense<[2.500000e+00, 5.000000e+00, 1.000000e+01]> : tensor<3xf32>}
  // CHECK: %[[I:.+]] = nn.matmul %arg0, %[[B]]
  // CHECK: %[[K:.+]] = nn.cast %[[I]]
  // CHECK: nn.mul %[[K]], %[[M]]
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %z = nn.weight #nn.weight<dense {value = dense<0> : tensor<ui8>} : tensor<ui8>>
  %w = nn.weight #nn.weight<mul(
      #nn.weight<transpose(#nn.weight<reshape(#nn.weight<dequantize(
        #nn.weight<dense {value = dense<[[[1], [2]], [[3], [4]], [[5], [6]]]> : tensor<3x2x1xi8>} : tensor<3x2x1xi8>>,
        #nn.weight<dense {value = dense<[[[1.0]], [[2.0]], [[4.0]]]> : tensor<3x1x1xf32>} : tensor<3x1x1xf32>>,
        #nn.weight<dense {value = dense<0> : tensor<3x1x1xi8>} : tensor<3x1x1xi8>>) : tensor<3x2x1xf32>>) : tensor<3x2xf32>>)
        {permutation = array<i64: 1, 0>} : tensor<2x3xf32>>,
      #nn.weight<dense {value = dense<5.0> : tensor<f32>} : tensor<f32>>) : tensor<2x3xf32>>
  %x = nn.dequantize %a, %s, %z : tensor<4x2xui8>, tensor<f32>, tensor<ui8>
  %y = nn.matmul %x, %w : tensor<4x2xf32>, tensor<2x3xf32>
  return %y : tensor<4x3xf32>
}

// Movement and maxima happen on integers; requantizing with the same parameters
// is nothing.

// CHECK-LABEL: func.func @movement
func.func @movement(%a: tensor<1x4x4x2xui8>) -> tensor<8x1xui8> {
  // CHECK: %[[P:.+]] = nn.pool  max %arg0 {{.*}} : tensor<1x4x4x2xui8>
  // CHECK: %[[R:.+]] = nn.reshape %[[P]] : tensor<1x2x2x2xui8> to tensor<8x1xui8>
  // CHECK: return %[[R]]
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %z = nn.weight #nn.weight<dense {value = dense<9> : tensor<ui8>} : tensor<ui8>>
  %x = nn.dequantize %a, %s, %z : tensor<1x4x4x2xui8>, tensor<f32>, tensor<ui8>
  %0 = nn.pool max %x window [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] channels_last : tensor<1x4x4x2xf32>
  %1 = nn.reshape %0 : tensor<1x2x2x2xf32> to tensor<8x1xf32>
  %q = nn.quantize %1, %s, %z : tensor<8x1xf32>, tensor<f32>, tensor<ui8>
  return %q : tensor<8x1xui8>
}

// A mean of integers is no integer; tensors of different scales do not join.

// CHECK-LABEL: func.func @stays
func.func @stays(%a: tensor<1x4x2xui8>, %b: tensor<1x4x2xui8>) -> (tensor<1x1x2xf32>, tensor<1x8x2xf32>) {
  // CHECK: %[[X:.+]] = nn.dequantize %arg0
  // CHECK: nn.reduce mean %[[X]]
  // CHECK: %[[Y:.+]] = nn.dequantize %arg1
  // CHECK: nn.concat %[[X]], %[[Y]]
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %t = nn.weight #nn.weight<dense {value = dense<0.25> : tensor<f32>} : tensor<f32>>
  %z = nn.weight #nn.weight<dense {value = dense<9> : tensor<ui8>} : tensor<ui8>>
  %x = nn.dequantize %a, %s, %z : tensor<1x4x2xui8>, tensor<f32>, tensor<ui8>
  %0 = nn.reduce mean %x axes [1] : tensor<1x4x2xf32>
  %y = nn.dequantize %b, %t, %z : tensor<1x4x2xui8>, tensor<f32>, tensor<ui8>
  %1 = nn.concat %x, %y axis 1 : tensor<1x4x2xf32>, tensor<1x4x2xf32>
  return %0, %1 : tensor<1x1x2xf32>, tensor<1x8x2xf32>
}

// The padding of the real zero is the zero point.

// CHECK-LABEL: func.func @pad
func.func @pad(%a: tensor<4xui8>) -> tensor<6xf32> {
  // CHECK: %[[Z:.+]] = nn.weight #nn.weight<dense {value = dense<9> : tensor<ui8>}
  // CHECK: %[[P:.+]] = nn.pad %arg0, %{{.+}} constant {{.*}} : tensor<4xui8>, tensor<ui8>
  // CHECK: nn.dequantize %[[P]]
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %z = nn.weight #nn.weight<dense {value = dense<9> : tensor<ui8>} : tensor<ui8>>
  %zero = nn.weight #nn.weight<dense {value = dense<0.0> : tensor<f32>} : tensor<f32>>
  %x = nn.dequantize %a, %s, %z : tensor<4xui8>, tensor<f32>, tensor<ui8>
  %0 = nn.pad %x, %zero constant before [#nn.size<1>] after [#nn.size<1>] : tensor<4xf32>, tensor<f32>
  return %0 : tensor<6xf32>
}
