// RUN: sinter-opt %s --sinter-quantize-apply --split-input-file | FileCheck %s

// A planned product: its input and weight pass through integers; the plan is used up.
// CHECK-LABEL: func.func @matmul
// CHECK-SAME: %[[X:[^ ]+]]: tensor<4x8xf32>
func.func @matmul(%x: tensor<4x8xf32>) -> tensor<4x16xf32> {
  // CHECK-DAG: %[[SCALE:.+]] = nn.weight #nn.weight<dense {value = dense<2.500000e-01> : tensor<f32>}
  // CHECK-DAG: %[[ZERO:.+]] = nn.weight #nn.weight<dense {value = dense<3> : tensor<ui8>}
  // CHECK-DAG: %[[Q:.+]] = nn.quantize %[[X]], %[[SCALE]], %[[ZERO]]
  // CHECK-DAG: %[[D:.+]] = nn.dequantize %[[Q]], %[[SCALE]], %[[ZERO]]
  // The scale of a column is its largest magnitude over 127.
  // CHECK-DAG: %[[WD:.+]] = nn.weight #nn.weight<dequantize(#nn.weight<quantize(#nn.weight<file {name = "w"} : tensor<8x16xf32>>, #nn.weight<max(#nn.weight<div(#nn.weight<reduce(#nn.weight<abs(#nn.weight<file {name = "w"} {{.*}} {axes = array<i64: 0>, kind = {{.*}}max{{.*}}} : tensor<1x16xf32>>{{.*}} : tensor<8x16xi8>>{{.*}} : tensor<8x16xf32>>
  // CHECK: nn.matmul %[[D]], %[[WD]] : tensor<4x8xf32>, tensor<8x16xf32>
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x16xf32>>
  %y = nn.matmul %x, %w {plan = {lhs_scale = 0.25 : f32, lhs_zero_point = 3 : i64, precision = "w8a8", reason = "test"}} : tensor<4x8xf32>, tensor<8x16xf32>
  return %y : tensor<4x16xf32>
}

// -----

// What is planned as fp32, or not at all, stays; keys of others stay in the plan.
// CHECK-LABEL: func.func @left
func.func @left(%x: tensor<4x8xf32>) -> (tensor<4x16xf32>, tensor<4x16xf32>) {
  // CHECK-NOT: nn.quantize
  // CHECK: nn.matmul {{.*}} {plan = {prune = "2:4"}}
  // CHECK: nn.matmul %{{[^ ]+}}, %{{[^ ]+}} : tensor<4x8xf32>
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x16xf32>>
  %y = nn.matmul %x, %w {plan = {precision = "fp32", prune = "2:4", reason = "test"}} : tensor<4x8xf32>, tensor<8x16xf32>
  %z = nn.matmul %x, %w : tensor<4x8xf32>, tensor<8x16xf32>
  return %y, %z : tensor<4x16xf32>, tensor<4x16xf32>
}

// -----

// Two layers with one input share its rounding; an element-wise user takes the rounded value too, a layer in fp32 and
// the result of the model do not.
// CHECK-LABEL: func.func @shared
// CHECK-SAME: %[[X:[^ ]+]]: tensor<4x8xf32>
func.func @shared(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  // CHECK: %[[R:.+]] = nn.relu %[[X]]
  // CHECK: %[[Q:.+]] = nn.quantize %[[R]]
  // CHECK-NEXT: %[[D:.+]] = nn.dequantize %[[Q]]
  // CHECK-NOT: nn.quantize
  // CHECK: %[[A:.+]] = nn.matmul %[[D]], %
  // CHECK: %[[B:.+]] = nn.matmul %[[D]], %
  // CHECK: %[[C:.+]] = nn.matmul %[[R]], %
  // CHECK: %[[S:.+]] = nn.add %[[A]], %[[D]]
  // CHECK: return %[[S]], %[[B]], %[[C]], %[[D2:.+]], %[[R]]
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8xf32>>
  %r = nn.relu %x : tensor<4x8xf32>
  %a = nn.matmul %r, %w {plan = {lhs_scale = 0.25 : f32, lhs_zero_point = 0 : i64, precision = "w8a8"}} : tensor<4x8xf32>, tensor<8x8xf32>
  %b = nn.matmul %r, %w {plan = {lhs_scale = 0.25 : f32, lhs_zero_point = 0 : i64, precision = "w8a8"}} : tensor<4x8xf32>, tensor<8x8xf32>
  %c = nn.matmul %r, %w {plan = {precision = "fp32"}} : tensor<4x8xf32>, tensor<8x8xf32>
  %s = nn.add %a, %r : tensor<4x8xf32>, tensor<4x8xf32>
  %e = nn.exp %r : tensor<4x8xf32>
  return %s, %b, %c, %e, %r : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// Rounding goes above what rearranges values, where the producer's kernel can do it.
// CHECK-LABEL: func.func @rearranged
func.func @rearranged(%x: tensor<1x6x6x8xf32>) -> tensor<9x16xf32> {
  // CHECK: %[[R:.+]] = nn.relu
  // CHECK: %[[Q:.+]] = nn.quantize %[[R]]
  // CHECK: %[[D:.+]] = nn.dequantize %[[Q]]
  // CHECK: %[[P:.+]] = nn.pool max %[[D]]
  // CHECK: %[[F:.+]] = nn.reshape %[[P]]
  // CHECK: nn.matmul %[[F]]
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x16xf32>>
  %r = nn.relu %x : tensor<1x6x6x8xf32>
  %p = nn.pool max %r window [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] channels_last : tensor<1x6x6x8xf32>
  %f = nn.reshape %p : tensor<1x3x3x8xf32> to tensor<9x8xf32>
  %y = nn.matmul %f, %w {plan = {lhs_scale = 0.25 : f32, lhs_zero_point = 0 : i64, precision = "w8a8"}} : tensor<9x8xf32>, tensor<8x16xf32>
  return %y : tensor<9x16xf32>
}

// -----

// The result of the kernel, bias and activation included, on a grid of its own.
// CHECK-LABEL: func.func @result
func.func @result(%x: tensor<4x8xf32>) -> tensor<4x1xf32> {
  // CHECK: %[[M:.+]] = nn.matmul
  // CHECK: %[[A:.+]] = nn.add %[[M]]
  // CHECK: %[[R:.+]] = nn.relu %[[A]]
  // CHECK: %[[Q:.+]] = nn.quantize %[[R]]
  // CHECK: %[[D:.+]] = nn.dequantize %[[Q]]
  // CHECK: nn.reduce mean %[[D]]
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x16xf32>>
  %b = nn.weight #nn.weight<file {name = "b"} : tensor<16xf32>>
  %y = nn.matmul %x, %w {plan = {lhs_scale = 0.25 : f32, lhs_zero_point = 0 : i64, precision = "w8a8", result_scale = 0.5 : f32, result_zero_point = 7 : i64}} : tensor<4x8xf32>, tensor<8x16xf32>
  %a = nn.add %y, %b : tensor<4x16xf32>, tensor<16xf32>
  %r = nn.relu %a : tensor<4x16xf32>
  %m = nn.reduce mean %r axes [1] : tensor<4x16xf32>
  return %m : tensor<4x1xf32>
}

// -----

// Bias correction: (weight - rounded weight) times the means, summed, goes into the bias.
// CHECK-LABEL: func.func @correction
func.func @correction(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x3xf32> {
  // CHECK: %[[C:.+]] = nn.conv
  // CHECK: %[[BIAS:.+]] = nn.weight #nn.weight<add(#nn.weight<file {name = "b"} : tensor<3xf32>>, #nn.weight<reshape(#nn.weight<reduce(#nn.weight<mul(#nn.weight<sub(#nn.weight<file {name = "w"} {{.*}}dense<{{\[\[\[\[}}1.000000e+00]], {{\[\[}}2.000000e+00]]]]>
  // CHECK-NEXT: nn.add %[[C]], %[[BIAS]]
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<3x2x3x3xf32>>
  %b = nn.weight #nn.weight<file {name = "b"} : tensor<3xf32>>
  %y = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last {plan = {lhs_mean = array<f32: 1.0, 2.0>, lhs_scale = 0.25 : f32, lhs_zero_point = 0 : i64, precision = "w8a8"}} : tensor<1x4x4x2xf32>, tensor<3x2x3x3xf32>
  %a = nn.add %y, %b : tensor<1x4x4x3xf32>, tensor<3xf32>
  return %a : tensor<1x4x4x3xf32>
}

// -----

// Without a bias the correction becomes one; the means of a group meet its outputs.
// CHECK-LABEL: func.func @grouped
func.func @grouped(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x4xf32> {
  // CHECK: %[[BIAS:.+]] = nn.weight #nn.weight<reshape({{.*}}dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}1.000000e+00]]], {{\[\[\[}}2.000000e+00]]], {{\[\[\[}}2.000000e+00]]]]>{{.*}} : tensor<4xf32>>
  // CHECK: %[[C:.+]] = nn.conv
  // CHECK-NEXT: nn.add %[[C]], %[[BIAS]]
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4x1x3x3xf32>>
  %y = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 2 channels_last {plan = {lhs_mean = array<f32: 1.0, 2.0>, lhs_scale = 0.25 : f32, lhs_zero_point = 0 : i64, precision = "w8a8"}} : tensor<1x4x4x2xf32>, tensor<4x1x3x3xf32>
  return %y : tensor<1x4x4x4xf32>
}
