// RUN: sinter-opt %s --pass-pipeline='builtin.module(func.func(sinter-simplify-fold-affine-into-contraction))' | FileCheck %s

// CHECK-LABEL: @batch_norm_behind_bias
func.func @batch_norm_behind_bias(%x: tensor<1x3x8x8xf32>) -> tensor<1x16x8x8xf32> {
  // CHECK-DAG: %[[B:.+]] = nn.weight #nn.weight<add(#nn.weight<mul(#nn.weight<file {name = "b"}{{.*}} #nn.weight<file {name = "s"}{{.*}} #nn.weight<file {name = "t"}
  // CHECK-DAG: %[[W:.+]] = nn.weight #nn.weight<mul({{.*}}#nn.weight<reshape(#nn.weight<file {name = "s"}{{.*}} : tensor<16x1x1x1xf32>>{{.*}} : tensor<16x3x3x3xf32>>
  // CHECK: %[[C:.+]] = nn.conv %{{.+}}, %[[W]]
  // CHECK: %[[R:.+]] = nn.add %[[C]], %[[B]]
  // CHECK: return %[[R]]
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x3x3x3xf32>>
  %b = nn.weight #nn.weight<file {name = "b"} : tensor<16x1x1xf32>>
  %s = nn.weight #nn.weight<file {name = "s"} : tensor<16x1x1xf32>>
  %t = nn.weight #nn.weight<file {name = "t"} : tensor<16x1x1xf32>>
  %0 = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : tensor<1x3x8x8xf32>, tensor<16x3x3x3xf32>
  %1 = nn.add %b, %0 : tensor<16x1x1xf32>, tensor<1x16x8x8xf32>
  %2 = nn.mul %1, %s : tensor<1x16x8x8xf32>, tensor<16x1x1xf32>
  %3 = nn.add %2, %t : tensor<1x16x8x8xf32>, tensor<16x1x1xf32>
  return %3 : tensor<1x16x8x8xf32>
}

// CHECK-LABEL: @channels_last
func.func @channels_last(%x: tensor<1x8x8x3xf32>) -> tensor<1x8x8x16xf32> {
  // CHECK: nn.weight #nn.weight<mul({{.*}}#nn.weight<reshape(#nn.weight<file {name = "s"} : tensor<16xf32>>) : tensor<16x1x1x1xf32>>
  // CHECK-NOT: nn.mul
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x3x1x1xf32>>
  %s = nn.weight #nn.weight<file {name = "s"} : tensor<16xf32>>
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x8x8x3xf32>, tensor<16x3x1x1xf32>
  %1 = nn.mul %0, %s : tensor<1x8x8x16xf32>, tensor<16xf32>
  return %1 : tensor<1x8x8x16xf32>
}

// Output channels of a grouped transposed filter [in, out/group, ..] lie in groups.
// CHECK-LABEL: @conv_transpose_grouped
func.func @conv_transpose_grouped(%x: tensor<1x4x8x8xf32>) -> tensor<1x6x16x16xf32> {
  // CHECK: #nn.weight<reshape(#nn.weight<file {name = "s"} : tensor<6x1x1xf32>>) : tensor<2x1x3x1x1xf32>>
  // CHECK: nn.conv_transpose
  // CHECK-NOT: nn.mul
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4x3x2x2xf32>>
  %s = nn.weight #nn.weight<file {name = "s"} : tensor<6x1x1xf32>>
  %0 = nn.conv_transpose %x, %w strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] output_padding [0, 0] group 2 : tensor<1x4x8x8xf32>, tensor<4x3x2x2xf32>
  %1 = nn.mul %0, %s : tensor<1x6x16x16xf32>, tensor<6x1x1xf32>
  return %1 : tensor<1x6x16x16xf32>
}

// CHECK-LABEL: @matmul_before_and_after
func.func @matmul_before_and_after(%x: tensor<4x8xf32>) -> tensor<4x6xf32> {
  // CHECK-DAG: #nn.weight<reshape(#nn.weight<file {name = "before"} : tensor<8xf32>>) : tensor<8x1xf32>>
  // CHECK-DAG: #nn.weight<dense {value = dense<5.000000e-01>
  // CHECK: nn.matmul %{{.+}}, %{{.+}} : tensor<4x8xf32>, tensor<8x6xf32>
  // CHECK-NEXT: return
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x6xf32>>
  %before = nn.weight #nn.weight<file {name = "before"} : tensor<8xf32>>
  %half = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %0 = nn.mul %x, %before : tensor<4x8xf32>, tensor<8xf32>
  %1 = nn.matmul %0, %w : tensor<4x8xf32>, tensor<8x6xf32>
  %2 = nn.mul %1, %half : tensor<4x6xf32>, tensor<f32>
  return %2 : tensor<4x6xf32>
}

// A scale of the input of a padded convolution: the padding is zero all the same.
// CHECK-LABEL: @depthwise_before
func.func @depthwise_before(%x: tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32> {
  // CHECK: #nn.weight<reshape(#nn.weight<file {name = "s"} : tensor<8x1x1xf32>>) : tensor<8x1x1x1xf32>>
  // CHECK-NOT: nn.mul %
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x1x3x3xf32>>
  %s = nn.weight #nn.weight<file {name = "s"} : tensor<8x1x1xf32>>
  %0 = nn.mul %x, %s : tensor<1x8x4x4xf32>, tensor<8x1x1xf32>
  %1 = nn.conv %0, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 8 : tensor<1x8x4x4xf32>, tensor<8x1x3x3xf32>
  return %1 : tensor<1x8x4x4xf32>
}

// CHECK-LABEL: @other_use_stays
func.func @other_use_stays(%x: tensor<4x8xf32>) -> (tensor<4x6xf32>, tensor<4x6xf32>) {
  // CHECK: nn.mul
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x6xf32>>
  %s = nn.weight #nn.weight<file {name = "s"} : tensor<6xf32>>
  %0 = nn.matmul %x, %w : tensor<4x8xf32>, tensor<8x6xf32>
  %1 = nn.mul %0, %s : tensor<4x6xf32>, tensor<6xf32>
  return %0, %1 : tensor<4x6xf32>, tensor<4x6xf32>
}

// Varies along the rows, not along the output channels.
// CHECK-LABEL: @row_scale_stays
func.func @row_scale_stays(%x: tensor<4x8xf32>) -> tensor<4x6xf32> {
  // CHECK: nn.mul
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x6xf32>>
  %s = nn.weight #nn.weight<file {name = "s"} : tensor<4x1xf32>>
  %0 = nn.matmul %x, %w : tensor<4x8xf32>, tensor<8x6xf32>
  %1 = nn.mul %0, %s : tensor<4x6xf32>, tensor<4x1xf32>
  return %1 : tensor<4x6xf32>
}

// Rounds differently: integers stay as they are.
// CHECK-LABEL: @integers_stay
func.func @integers_stay(%x: tensor<4x8xi32>) -> tensor<4x6xi32> {
  // CHECK: nn.mul
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x6xi32>>
  %s = nn.weight #nn.weight<file {name = "s"} : tensor<6xi32>>
  %0 = nn.matmul %x, %w : tensor<4x8xi32>, tensor<8x6xi32>
  %1 = nn.mul %0, %s : tensor<4x6xi32>, tensor<6xi32>
  return %1 : tensor<4x6xi32>
}

// A shift of the input becomes a bias, which joins the one that is there.
// CHECK-LABEL: @shift_before
func.func @shift_before(%x: tensor<1x3x8x8xf32>) -> tensor<1x16x8x8xf32> {
  // CHECK-DAG: %[[B:.+]] = nn.weight #nn.weight<add({{.*}}#nn.weight<reduce(#nn.weight<mul(
  // CHECK-DAG: nn.conv %arg0
  // CHECK: nn.add %{{.+}}, %[[B]]
  // CHECK-NEXT: return
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x3x1x1xf32>>
  %b = nn.weight #nn.weight<file {name = "b"} : tensor<16x1x1xf32>>
  %t = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %0 = nn.add %x, %t : tensor<1x3x8x8xf32>, tensor<f32>
  %1 = nn.conv %0, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x3x8x8xf32>, tensor<16x3x1x1xf32>
  %2 = nn.add %1, %b : tensor<1x16x8x8xf32>, tensor<16x1x1xf32>
  return %2 : tensor<1x16x8x8xf32>
}

// The padding is not shifted.
// CHECK-LABEL: @shift_before_padding_stays
func.func @shift_before_padding_stays(%x: tensor<1x3x8x8xf32>) -> tensor<1x16x8x8xf32> {
  // CHECK: nn.add %arg0
  // CHECK: nn.conv
  // CHECK-NEXT: return
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x3x3x3xf32>>
  %t = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %0 = nn.add %x, %t : tensor<1x3x8x8xf32>, tensor<f32>
  %1 = nn.conv %0, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : tensor<1x3x8x8xf32>, tensor<16x3x3x3xf32>
  return %1 : tensor<1x16x8x8xf32>
}
