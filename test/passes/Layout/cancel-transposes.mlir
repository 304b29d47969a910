// RUN: sinter-opt %s --pass-pipeline='builtin.module(func.func(sinter-layout-cancel-transposes))' | FileCheck %s

// From an image to a sequence: the convolution's order is the sequence's.
// CHECK-LABEL: @image_to_sequence
// CHECK-SAME: (%[[X:.+]]: tensor<1x7x7x8xf32>)
func.func @image_to_sequence(%x: tensor<1x7x7x8xf32>) -> tensor<1x49x8xf32> {
  // CHECK-NEXT: %[[R:.+]] = nn.reshape %[[X]] : tensor<1x7x7x8xf32> to tensor<1x49x8xf32>
  // CHECK-NEXT: return %[[R]]
  %0 = nn.transpose %x [0, 3, 1, 2] : tensor<1x7x7x8xf32>
  %1 = nn.reshape %0 : tensor<1x8x7x7xf32> to tensor<1x8x49xf32>
  %2 = nn.transpose %1 [0, 2, 1] : tensor<1x8x49xf32>
  return %2 : tensor<1x49x8xf32>
}

// And back, with free sizes.
// CHECK-LABEL: @sequence_to_image
func.func @sequence_to_image(%x: tensor<?x?x8xf32, #nn.dims<[n, h * w, 8]>>) -> tensor<?x?x?x8xf32, #nn.dims<[n, h, w, 8]>> {
  // CHECK-NEXT: nn.reshape
  // CHECK-NEXT: return
  %0 = nn.transpose %x [0, 2, 1] : tensor<?x?x8xf32, #nn.dims<[n, h * w, 8]>>
  %1 = nn.reshape %0 : tensor<?x8x?xf32, #nn.dims<[n, 8, h * w]>> to tensor<?x8x?x?xf32, #nn.dims<[n, 8, h, w]>>
  %2 = nn.transpose %1 [0, 2, 3, 1] : tensor<?x8x?x?xf32, #nn.dims<[n, 8, h, w]>>
  return %2 : tensor<?x?x?x8xf32, #nn.dims<[n, h, w, 8]>>
}

// A channel shuffle with the channels last moves the two channel dimensions only.
// CHECK-LABEL: @channel_shuffle
func.func @channel_shuffle(%x: tensor<1x7x5x8xf32>) -> tensor<1x7x5x8xf32> {
  // CHECK-NEXT: nn.reshape %{{.+}} to tensor<1x7x5x2x4xf32>
  // CHECK-NEXT: nn.transpose %{{.+}} [0, 1, 2, 4, 3]
  // CHECK-NEXT: nn.reshape %{{.+}} to tensor<1x7x5x8xf32>
  // CHECK-NEXT: return
  %0 = nn.transpose %x [0, 3, 1, 2] : tensor<1x7x5x8xf32>
  %1 = nn.reshape %0 : tensor<1x8x7x5xf32> to tensor<1x2x4x7x5xf32>
  %2 = nn.transpose %1 [0, 2, 1, 3, 4] : tensor<1x2x4x7x5xf32>
  %3 = nn.reshape %2 : tensor<1x4x2x7x5xf32> to tensor<1x8x7x5xf32>
  %4 = nn.transpose %3 [0, 2, 3, 1] : tensor<1x8x7x5xf32>
  return %4 : tensor<1x7x5x8xf32>
}

// CHECK-LABEL: @scale_stays_with_its_producer
func.func @scale_stays_with_its_producer(%x: tensor<2x3x4xf32>) -> tensor<2x4x3xf32> {
  // CHECK: %[[M:.+]] = nn.mul %{{.+}}, %{{.+}} : tensor<2x3x4xf32>, tensor<f32>
  // CHECK: nn.transpose %[[M]] [0, 2, 1]
  %s = nn.weight #nn.weight<dense {value = dense<0.5> : tensor<f32>} : tensor<f32>>
  %0 = nn.transpose %x [0, 2, 1] : tensor<2x3x4xf32>
  %1 = nn.mul %0, %s : tensor<2x4x3xf32>, tensor<f32>
  return %1 : tensor<2x4x3xf32>
}

// A bias along the moved dimension follows as an expression.
// CHECK-LABEL: @bias_follows
func.func @bias_follows(%x: tensor<2x3x4xf32>) -> tensor<2x4x3xf32> {
  // CHECK: nn.add %{{.+}}, %{{.+}} : tensor<2x3x4xf32>, tensor<3x1xf32>
  %b = nn.weight #nn.weight<file {name = "b"} : tensor<3xf32>>
  %0 = nn.transpose %x [0, 2, 1] : tensor<2x3x4xf32>
  %1 = nn.add %0, %b : tensor<2x4x3xf32>, tensor<3xf32>
  return %1 : tensor<2x4x3xf32>
}

// Sinking would make two transposes of one.
// CHECK-LABEL: @shared_transpose_stays
func.func @shared_transpose_stays(%x: tensor<2x3x4xf32>) -> (tensor<2x4x3xf32>, tensor<2x4x3xf32>) {
  // CHECK-COUNT-1: nn.transpose
  // CHECK-NOT: nn.transpose
  %0 = nn.transpose %x [0, 2, 1] : tensor<2x3x4xf32>
  %1 = nn.exp %0 : tensor<2x4x3xf32>
  return %0, %1 : tensor<2x4x3xf32>, tensor<2x4x3xf32>
}

// Heads and sequence lie apart: the reshape cannot join them before the transpose.
// CHECK-LABEL: @heads_stay
func.func @heads_stay(%x: tensor<2x4x3x5xf32>) -> tensor<2x3x20xf32> {
  // CHECK: nn.transpose %{{.+}} [0, 2, 1, 3]
  // CHECK: nn.reshape
  %0 = nn.transpose %x [0, 2, 1, 3] : tensor<2x4x3x5xf32>
  %1 = nn.reshape %0 : tensor<2x3x4x5xf32> to tensor<2x3x20xf32>
  return %1 : tensor<2x3x20xf32>
}
