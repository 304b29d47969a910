// RUN: sinter-opt %s -split-input-file --pass-pipeline='builtin.module(func.func(sinter-layout-make-channels-last,sinter-layout-cancel-transposes))' | FileCheck %s

// One transpose in, one out; all between has the channels last.
// CHECK-LABEL: @residual_block
func.func @residual_block(%x: tensor<1x8x16x16xf32>) -> tensor<1x8x8x8xf32> {
  // CHECK: %[[T:.+]] = nn.transpose %{{.+}} [0, 2, 3, 1]
  // CHECK: nn.conv %[[T]], {{.*}} channels_last : tensor<1x16x16x8xf32>
  // CHECK: nn.add {{.*}} tensor<1x16x16x8xf32>, tensor<8xf32>
  // CHECK: nn.add {{.*}} tensor<1x16x16x8xf32>, tensor<1x16x16x8xf32>
  // CHECK: nn.relu
  // CHECK: nn.pool max {{.*}} channels_last
  // CHECK: nn.transpose %{{.+}} [0, 3, 1, 2]
  // CHECK-NOT: nn.transpose
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x3x3xf32>>
  %b = nn.weight #nn.weight<file {name = "b"} : tensor<8x1x1xf32>>
  %0 = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : tensor<1x8x16x16xf32>, tensor<8x8x3x3xf32>
  %1 = nn.add %0, %b : tensor<1x8x16x16xf32>, tensor<8x1x1xf32>
  %2 = nn.add %1, %x : tensor<1x8x16x16xf32>, tensor<1x8x16x16xf32>
  %3 = nn.relu %2 : tensor<1x8x16x16xf32>
  %4 = nn.pool max %3 window [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : tensor<1x8x16x16xf32>
  return %4 : tensor<1x8x8x8xf32>
}

// -----

// Squeeze and excite: what is [n, c, 1, 1] needs a reshape at most.
// CHECK-LABEL: @squeeze_excite
func.func @squeeze_excite(%x: tensor<1x8x16x16xf32>) -> tensor<1x8x16x16xf32> {
  // CHECK-COUNT-1: nn.transpose %{{.+}} [0, 2, 3, 1]
  // CHECK: nn.reduce mean %{{.+}} axes [1, 2]
  // CHECK: nn.mul {{.*}} tensor<1x16x16x8xf32>, tensor<1x1x1x8xf32>
  // CHECK-COUNT-1: nn.transpose %{{.+}} [0, 3, 1, 2]
  // CHECK-NOT: nn.transpose
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x3x3xf32>>
  %v = nn.weight #nn.weight<file {name = "v"} : tensor<8x8x1x1xf32>>
  %0 = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : tensor<1x8x16x16xf32>, tensor<8x8x3x3xf32>
  %1 = nn.reduce mean %0 axes [2, 3] : tensor<1x8x16x16xf32>
  %2 = nn.conv %1, %v strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x8x1x1xf32>, tensor<8x8x1x1xf32>
  %3 = nn.sigmoid %2 : tensor<1x8x1x1xf32>
  %4 = nn.mul %0, %3 : tensor<1x8x16x16xf32>, tensor<1x8x1x1xf32>
  return %4 : tensor<1x8x16x16xf32>
}

// -----

// Every operation that speaks of dimensions follows.
// CHECK-LABEL: @axes_follow
func.func @axes_follow(%x: tensor<1x8x16x16xf32>) -> tensor<2x1x20x20xi64> {
  // CHECK: nn.conv_transpose {{.*}} channels_last : tensor<1x16x16x8xf32>
  // CHECK: nn.slice %{{.+}} starts [#nn.size<0>, #nn.size<2>, #nn.size<0>, #nn.size<4>] sizes [#nn.size<1>, #nn.size<16>, #nn.size<16>, #nn.size<4>] steps [1, 1, 2, 1]
  // CHECK: nn.concat %{{.+}}, %{{.+}} axis 3
  // CHECK: nn.pad {{.*}} before [#nn.size<0>, #nn.size<1>, #nn.size<2>, #nn.size<0>] after [#nn.size<0>, #nn.size<3>, #nn.size<2>, #nn.size<0>]
  // CHECK: nn.resize nearest {{.*}} scales [1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00]
  // CHECK: nn.broadcast {{.*}} to tensor<2x20x20x8xf32>
  // CHECK: nn.arg_reduce max %{{.+}} axis 3
  // CHECK-NOT: nn.transpose
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x2x2xf32>>
  %z = nn.weight #nn.weight<dense {value = dense<0.0> : tensor<f32>} : tensor<f32>>
  %0 = nn.conv_transpose %x, %w strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] output_padding [0, 0] group 1 : tensor<1x8x16x16xf32>, tensor<8x8x2x2xf32>
  %1 = nn.slice %0 starts [#nn.size<0>, #nn.size<4>, #nn.size<2>, #nn.size<0>] sizes [#nn.size<1>, #nn.size<4>, #nn.size<16>, #nn.size<16>] steps [1, 1, 1, 2] : tensor<1x8x32x32xf32>
  %2 = nn.concat %1, %1 axis 1 : tensor<1x4x16x16xf32>, tensor<1x4x16x16xf32>
  %3 = nn.pad %2, %z constant before [#nn.size<0>, #nn.size<0>, #nn.size<1>, #nn.size<2>] after [#nn.size<0>, #nn.size<0>, #nn.size<3>, #nn.size<2>] : tensor<1x8x16x16xf32>, tensor<f32>
  %4 = nn.resize nearest %3 asymmetric floor scales [1.0, 1.0, 1.0, 1.0] : tensor<1x8x20x20xf32> to tensor<1x8x20x20xf32>
  %5 = nn.broadcast %4 : tensor<1x8x20x20xf32> to tensor<2x8x20x20xf32>
  %6 = nn.arg_reduce max %5 axis 1 : tensor<2x8x20x20xf32>
  return %6 : tensor<2x1x20x20xi64>
}

// -----

// A model that has its transposes already: they meet ours and go.
// CHECK-LABEL: @explicit_channels_last
func.func @explicit_channels_last(%x: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  // CHECK-NOT: nn.transpose
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<4x4x3x3xf32>>
  %0 = nn.transpose %x [0, 3, 1, 2] : tensor<1x8x8x4xf32>
  %1 = nn.conv %0, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : tensor<1x4x8x8xf32>, tensor<4x4x3x3xf32>
  %2 = nn.relu %1 : tensor<1x4x8x8xf32>
  %3 = nn.transpose %2 [0, 2, 3, 1] : tensor<1x4x8x8xf32>
  return %3 : tensor<1x8x8x4xf32>
}

// -----

// The cut goes where the tensor is small, here behind the reduction over c.
// CHECK-LABEL: @cheapest_place
func.func @cheapest_place(%x: tensor<1x8x16x16xf32>, %y: tensor<1x4x16x16xf32>) -> tensor<1x4x16x16xf32> {
  // CHECK: nn.conv
  // CHECK: nn.reduce sum %{{.+}} axes [3]
  // CHECK-NOT: nn.transpose
  // CHECK: nn.mul {{.*}} : tensor<1x4x16x16xf32>, tensor<1x1x16x16xf32>
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x3x3xf32>>
  %0 = nn.conv %x, %w strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 : tensor<1x8x16x16xf32>, tensor<8x8x3x3xf32>
  %1 = nn.reduce sum %0 axes [1] : tensor<1x8x16x16xf32>
  %2 = nn.mul %y, %1 : tensor<1x4x16x16xf32>, tensor<1x1x16x16xf32>
  return %2 : tensor<1x4x16x16xf32>
}

// -----

// Nothing that wants another order: nothing changes. The same for a second run.
// CHECK-LABEL: @no_convolution
func.func @no_convolution(%x: tensor<1x8x16x16xf32>) -> tensor<1x8x16x16xf32> {
  // CHECK-NEXT: nn.relu %{{.+}} : tensor<1x8x16x16xf32>
  // CHECK-NEXT: return
  %0 = nn.relu %x : tensor<1x8x16x16xf32>
  return %0 : tensor<1x8x16x16xf32>
}

// -----

// Free sizes and one spatial dimension.
// CHECK-LABEL: @free_sizes
func.func @free_sizes(%x: tensor<?x8x?xf32, #nn.dims<[n, 8, t]>>) -> tensor<?x8x?xf32, #nn.dims<[n, 8, t]>> {
  // CHECK: nn.transpose %{{.+}} [0, 2, 1]
  // CHECK: nn.conv {{.*}} channels_last : tensor<?x?x8xf32, #nn.dims<[n, t, 8]>>
  // CHECK: nn.transpose %{{.+}} [0, 2, 1]
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x3xf32>>
  %0 = nn.conv %x, %w strides [1] pads [1, 1] dilations [1] group 1 : tensor<?x8x?xf32, #nn.dims<[n, 8, t]>>, tensor<8x8x3xf32>
  return %0 : tensor<?x8x?xf32, #nn.dims<[n, 8, t]>>
}

// -----

// A reshape that only writes a size in another way, as the model assumes, does not
// stand in the way.
module attributes {nn.assumptions = [{lhs = #nn.size<(h floordiv 2) * 2>, rhs = #nn.size<h>}]} {
  // CHECK-LABEL: @renamed_size
  func.func @renamed_size(%x: tensor<1x8x?x4xf32, #nn.dims<[1, 8, (h floordiv 2) * 2, 4]>>) -> tensor<1x8x?x4xf32, #nn.dims<[1, 8, h, 4]>> {
    // CHECK-COUNT-2: nn.transpose
    // CHECK-NOT: nn.transpose
    %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x1x1xf32>>
    %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x8x?x4xf32, #nn.dims<[1, 8, (h floordiv 2) * 2, 4]>>, tensor<8x8x1x1xf32>
    %1 = nn.reshape %0 : tensor<1x8x?x4xf32, #nn.dims<[1, 8, (h floordiv 2) * 2, 4]>> to tensor<1x8x?x4xf32, #nn.dims<[1, 8, h, 4]>>
    %2 = nn.conv %1, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x8x?x4xf32, #nn.dims<[1, 8, h, 4]>>, tensor<8x8x1x1xf32>
    return %2 : tensor<1x8x?x4xf32, #nn.dims<[1, 8, h, 4]>>
  }
}

// -----

// This one takes elements of different channels together.
// CHECK-LABEL: @mixing_reshape
func.func @mixing_reshape(%x: tensor<1x8x4x4xf32>) -> tensor<1x4x8x4xf32> {
  // CHECK-COUNT-4: nn.transpose %
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x1x1xf32>>
  %v = nn.weight #nn.weight<file {name = "v"} : tensor<4x4x1x1xf32>>
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>
  %1 = nn.reshape %0 : tensor<1x8x4x4xf32> to tensor<1x4x8x4xf32>
  %2 = nn.conv %1, %v strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x4x8x4xf32>, tensor<4x4x1x1xf32>
  return %2 : tensor<1x4x8x4xf32>
}

// -----

// The body of a loop is a block of its own: what goes in and out has the order of
// the model.
// CHECK-LABEL: @loop
func.func @loop(%x: tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32> {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<8x8x1x1xf32>>
  // CHECK:       nn.conv %{{.+}} channels_last
  // CHECK:       %[[IN:.+]] = nn.transpose %{{.+}} [0, 3, 1, 2] : tensor<1x4x4x8xf32>
  // CHECK:       nn.loop {{.*}} carried(%[[IN]]
  // CHECK:       ^bb0(%[[ARG:.+]]: tensor<1x8x4x4xf32>):
  // CHECK-NEXT:    nn.transpose %[[ARG]] [0, 2, 3, 1]
  // CHECK-NEXT:    nn.conv %{{.+}} channels_last
  // CHECK-NEXT:    nn.relu
  // CHECK-NEXT:    %[[OUT:.+]] = nn.transpose %{{.+}} [0, 3, 1, 2]
  // CHECK-NEXT:    %[[SUM:.+]] = nn.add %[[OUT]], %[[IN]]
  // CHECK-NEXT:    nn.yield carried(%[[SUM]]
  %0 = nn.conv %x, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>
  %1 = nn.loop index "?t" count <3> executed "?e" carried(%0 : tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32> {
  ^bb0(%arg: tensor<1x8x4x4xf32>):
    %2 = nn.conv %arg, %w strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>
    %3 = nn.relu %2 : tensor<1x8x4x4xf32>
    %4 = nn.add %3, %0 : tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>
    nn.yield carried(%4 : tensor<1x8x4x4xf32>)
  }
  return %1 : tensor<1x8x4x4xf32>
}
