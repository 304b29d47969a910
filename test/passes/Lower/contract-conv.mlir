// RUN: sinter-opt %s --split-input-file --sinter-lower-emit-kernels --canonicalize --cse | FileCheck %s

// With padding a unit copies the input it needs to scratch; lines beyond the
// edges are zero. The filter's row and the channels are one loop.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @padded(
  // CHECK-SAME: %[[X:[^:]+]]: memref<?xf32>, %[[W:[^:]+]]: memref<?xf32>
  // CHECK: %[[WINDOW:.+]] = memref.view
  // CHECK: scf.if
  // CHECK: vector.load %[[X]]
  // CHECK: vector.store {{.*}}, %[[WINDOW]]
  // CHECK: else
  // CHECK: vector.store %cst{{.*}}, %[[WINDOW]]
  // CHECK: %{{.+}}:28 = scf.for %{{.+}} = %c0 to %c3 step
  // CHECK: %{{.+}}:28 = scf.for %{{.+}} = %c0 to %c48 step
  // CHECK: vector.load %[[W]]
  // CHECK: memref.load %[[WINDOW]]
  kernel.func @padded(%x: tensor<1x14x14x16xf32>, %w: tensor<1x1x3x3x16x32xf32>) -> tensor<1x14x14x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x1x3x3x16x32xf32> -> tensor<32x16x3x3xf32>
    %1 = nn.conv %x, %0 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last : tensor<1x14x14x16xf32>, tensor<32x16x3x3xf32>
    kernel.yield %1 : tensor<1x14x14x32xf32>
  }
}

// -----

// Without padding the input is read where it is, also channels first.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @in_place(
  // CHECK-SAME: %[[X:[^:]+]]: memref<?xf32>
  // CHECK-NOT: memref.view
  // CHECK: memref.load %[[X]]
  kernel.func @in_place(%x: tensor<1x3x30x30xf32>, %w: tensor<1x1x3x3x3x32xf32>) -> tensor<1x28x28x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x1x3x3x3x32xf32> -> tensor<32x3x3x3xf32>
    %1 = nn.transpose %x [0, 2, 3, 1] : tensor<1x3x30x30xf32>
    %2 = nn.conv %1, %0 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x30x30x3xf32>, tensor<32x3x3x3xf32>
    kernel.yield %2 : tensor<1x28x28x32xf32>
  }
}

// -----

// Lines of 7 pixels: a tile spans two of the seven, one is left over.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @short_lines(
  // CHECK: %{{.+}}:28 = scf.for
  // CHECK: %{{.+}}:14 = scf.for
  kernel.func @short_lines(%x: tensor<1x7x7x16xf32>, %w: tensor<1x1x3x3x16x32xf32>) -> tensor<1x7x7x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x1x3x3x16x32xf32> -> tensor<32x16x3x3xf32>
    %1 = nn.conv %x, %0 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last : tensor<1x7x7x16xf32>, tensor<32x16x3x3xf32>
    kernel.yield %1 : tensor<1x7x7x32xf32>
  }

  // A 1x1 filter makes all pixels of the image one line: 49 = 13 + 3 * 12.
  // CHECK-LABEL: func.func @pointwise(
  // CHECK-NOT: memref.view
  // CHECK: %{{.+}}:26 = scf.for
  // CHECK: %{{.+}}:24 = scf.for
  kernel.func @pointwise(%x: tensor<1x7x7x16xf32>, %w: tensor<1x1x1x1x16x32xf32>) -> tensor<1x7x7x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x1x1x1x16x32xf32> -> tensor<32x16x1x1xf32>
    %1 = nn.conv %x, %0 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last : tensor<1x7x7x16xf32>, tensor<32x16x1x1xf32>
    kernel.yield %1 : tensor<1x7x7x32xf32>
  }
}

// -----

// Each of the four residues of a stride of 2 is a convolution of its own, here
// with one filter element, from the input in place.
module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} {
  // CHECK-LABEL: func.func @twice(
  // CHECK-NOT: memref.view
  // CHECK-COUNT-4: %{{.+}}:28 = scf.for %{{.+}} = %c0 to %c16 step
  // CHECK-NOT: :28 = scf.for
  kernel.func @twice(%x: tensor<1x14x14x16xf32>, %w: tensor<1x1x2x2x16x32xf32>) -> tensor<1x28x28x32xf32> attributes {kind = #kernel.kind<contract>} {
    %0 = kernel.unpack %w : tensor<1x1x2x2x16x32xf32> -> tensor<16x32x2x2xf32>
    %1 = nn.conv_transpose %x, %0 strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] output_padding [0, 0] group 1 channels_last : tensor<1x14x14x16xf32>, tensor<16x32x2x2xf32>
    kernel.yield %1 : tensor<1x28x28x32xf32>
  }
}
