// RUN: sinter-opt %s --pass-pipeline='builtin.module(func.func(sinter-layout-flatten-pointwise-convs))' | FileCheck %s

// CHECK-LABEL: @pointwise
func.func @pointwise(%x: tensor<?x7x7x8xf32, #nn.dims<[n, 7, 7, 8]>>, %r: tensor<?x7x7x16xf32, #nn.dims<[n, 7, 7, 16]>>) -> tensor<?x7x7x16xf32, #nn.dims<[n, 7, 7, 16]>> {
  // CHECK-DAG: %[[W:.+]] = nn.weight #nn.weight<transpose(#nn.weight<reshape(#nn.weight<file {name = "w"} : tensor<16x8x1x1xf32>>) : tensor<16x8xf32>>) {permutation = array<i64: 1, 0>} : tensor<8x16xf32>>
  // CHECK-DAG: nn.matmul %{{.+}}, %[[W]]
  // CHECK: nn.add {{.*}} tensor<?x16xf32{{.*}} tensor<16xf32>
  // CHECK: nn.add {{.*}} tensor<?x16xf32{{.*}} tensor<?x16xf32
  // CHECK: nn.relu {{.*}} tensor<?x16xf32
  // CHECK: nn.reshape {{.*}} to tensor<?x7x7x16xf32
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x8x1x1xf32>>
  %b = nn.weight #nn.weight<file {name = "b"} : tensor<16xf32>>
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<?x7x7x8xf32, #nn.dims<[n, 7, 7, 8]>>, tensor<16x8x1x1xf32>
  %1 = nn.add %0, %b : tensor<?x7x7x16xf32, #nn.dims<[n, 7, 7, 16]>>, tensor<16xf32>
  %2 = nn.add %1, %r : tensor<?x7x7x16xf32, #nn.dims<[n, 7, 7, 16]>>, tensor<?x7x7x16xf32, #nn.dims<[n, 7, 7, 16]>>
  %3 = nn.relu %2 : tensor<?x7x7x16xf32, #nn.dims<[n, 7, 7, 16]>>
  return %3 : tensor<?x7x7x16xf32, #nn.dims<[n, 7, 7, 16]>>
}

// CHECK-LABEL: @strided_stays
func.func @strided_stays(%x: tensor<1x8x8x8xf32>) -> tensor<1x4x4x16xf32> {
  // CHECK: nn.conv
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x8x1x1xf32>>
  %0 = nn.conv %x, %w strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x8x8x8xf32>, tensor<16x8x1x1xf32>
  return %0 : tensor<1x4x4x16xf32>
}

// CHECK-LABEL: @window_stays
func.func @window_stays(%x: tensor<1x8x8x8xf32>) -> tensor<1x6x6x16xf32> {
  // CHECK: nn.conv
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x8x3x3xf32>>
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x8x8x8xf32>, tensor<16x8x3x3xf32>
  return %0 : tensor<1x6x6x16xf32>
}

// CHECK-LABEL: @padded_or_grouped_stays
func.func @padded_or_grouped_stays(%x: tensor<1x8x8x8xf32>) -> (tensor<1x10x10x16xf32>, tensor<1x8x8x16xf32>) {
  // CHECK-COUNT-2: nn.conv
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x8x1x1xf32>>
  %g = nn.weight #nn.weight<file {name = "g"} : tensor<16x4x1x1xf32>>
  %0 = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last : tensor<1x8x8x8xf32>, tensor<16x8x1x1xf32>
  %1 = nn.conv %x, %g strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 2 channels_last : tensor<1x8x8x8xf32>, tensor<16x4x1x1xf32>
  return %0, %1 : tensor<1x10x10x16xf32>, tensor<1x8x8x16xf32>
}

// The kernel of the convolution reads through the transpose.
// CHECK-LABEL: @transposed_input_stays
func.func @transposed_input_stays(%x: tensor<1x8x4x4xf32>) -> tensor<1x4x4x16xf32> {
  // CHECK: nn.conv
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x8x1x1xf32>>
  %t = nn.transpose %x [0, 2, 3, 1] : tensor<1x8x4x4xf32>
  %0 = nn.conv %t, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x4x4x8xf32>, tensor<16x8x1x1xf32>
  return %0 : tensor<1x4x4x16xf32>
}

// Channels first on both sides: the filter multiplies from the left.
// CHECK-LABEL: @channels_first(
// CHECK-SAME: %[[X:[^:]+]]: tensor<2x8x4x4xf32>
func.func @channels_first(%x: tensor<2x8x4x4xf32>) -> tensor<2x16x4x4xf32> {
  // CHECK-DAG: %[[A:.+]] = nn.reshape %[[X]] : tensor<2x8x4x4xf32> to tensor<2x8x16xf32>
  // CHECK-DAG: %[[W:.+]] = nn.weight {{.*}} tensor<16x8xf32>>
  // CHECK: %[[Y:.+]] = nn.matmul %[[W]], %[[A]]
  // CHECK-NOT: nn.conv
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x8x1x1xf32>>
  %b = nn.weight #nn.weight<file {name = "b"} : tensor<16xf32>>
  %t = nn.transpose %x [0, 2, 3, 1] : tensor<2x8x4x4xf32>
  %0 = nn.conv %t, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<2x4x4x8xf32>, tensor<16x8x1x1xf32>
  %1 = nn.add %0, %b : tensor<2x4x4x16xf32>, tensor<16xf32>
  %2 = nn.relu %1 : tensor<2x4x4x16xf32>
  %3 = nn.transpose %2 [0, 3, 1, 2] : tensor<2x4x4x16xf32>
  return %3 : tensor<2x16x4x4xf32>
}

// Somebody else reads the result channels last.
// CHECK-LABEL: @two_readers
func.func @two_readers(%x: tensor<1x8x4x4xf32>) -> (tensor<1x16x4x4xf32>, tensor<1x4x4x16xf32>) {
  // CHECK: nn.conv
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<16x8x1x1xf32>>
  %t = nn.transpose %x [0, 2, 3, 1] : tensor<1x8x4x4xf32>
  %0 = nn.conv %t, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x4x4x8xf32>, tensor<16x8x1x1xf32>
  %1 = nn.transpose %0 [0, 3, 1, 2] : tensor<1x4x4x16xf32>
  return %1, %0 : tensor<1x16x4x4xf32>, tensor<1x4x4x16xf32>
}
