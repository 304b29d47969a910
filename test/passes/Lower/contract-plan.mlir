// RUN: sinter-opt %s --pass-pipeline='builtin.module(kernel.func(sinter-outline-plan-tiles))' | FileCheck %s

// What takes no time is one unit.
// CHECK: kernel.func @tiny({{.*}} scratch = #nn.size<0>, tiles = #nn.size<1>
kernel.func @tiny(%a: tensor<14x40xf32>, %w: tensor<1x1x40x32xf32>) -> tensor<14x32xf32> attributes {kind = #kernel.kind<contract>} {
  %0 = kernel.unpack %w : tensor<1x1x40x32xf32> -> tensor<40x32xf32>
  %1 = nn.matmul %a, %0 : tensor<14x40xf32>, tensor<40x32xf32>
  kernel.yield %1 : tensor<14x32xf32>
}

// 4 blocks of 128 rows, 8 groups of 2 panels.
// CHECK: kernel.func @square({{.*}} scratch = #nn.size<0>, tiles = #nn.size<32>
kernel.func @square(%a: tensor<512x512xf32>, %w: tensor<1x16x512x32xf32>) -> tensor<512x512xf32> attributes {kind = #kernel.kind<contract>} {
  %0 = kernel.unpack %w : tensor<1x16x512x32xf32> -> tensor<512x512xf32>
  %1 = nn.matmul %a, %0 : tensor<512x512xf32>, tensor<512x512xf32>
  kernel.yield %1 : tensor<512x512xf32>
}

// A free number of rows is cut into blocks of a fixed height.
// CHECK: kernel.func @free({{.*}} scratch = #nn.size<0>, tiles = #nn.size<{{.*}}m{{.*}}floordiv{{.*}}>
kernel.func @free(%a: tensor<?x512xf32, #nn.dims<[m, 512]>>, %w: tensor<1x16x512x32xf32>) -> tensor<?x512xf32, #nn.dims<[m, 512]>> attributes {kind = #kernel.kind<contract>} {
  %0 = kernel.unpack %w : tensor<1x16x512x32xf32> -> tensor<512x512xf32>
  %1 = nn.matmul %a, %0 : tensor<?x512xf32, #nn.dims<[m, 512]>>, tensor<512x512xf32>
  kernel.yield %1 : tensor<?x512xf32, #nn.dims<[m, 512]>>
}

// The window of a padded convolution: 16 x 16 pixels of 4 channels.
// CHECK: kernel.func @window({{.*}} scratch = #nn.size<4096>, tiles = #nn.size<1>
kernel.func @window(%x: tensor<1x14x14x4xf32>, %w: tensor<1x1x3x3x4x32xf32>) -> tensor<1x14x14x32xf32> attributes {kind = #kernel.kind<contract>} {
  %0 = kernel.unpack %w : tensor<1x1x3x3x4x32xf32> -> tensor<32x4x3x3xf32>
  %1 = nn.conv %x, %0 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last : tensor<1x14x14x4xf32>, tensor<32x4x3x3xf32>
  kernel.yield %1 : tensor<1x14x14x32xf32>
}

// A tile of sums for the loop of a heavy epilogue.
// CHECK: kernel.func @heavy({{.*}} scratch = #nn.size<2048>
kernel.func @heavy(%a: tensor<14x40xf32>, %w: tensor<1x1x40x32xf32>) -> tensor<14x32xf32> attributes {kind = #kernel.kind<contract>} {
  %0 = kernel.unpack %w : tensor<1x1x40x32xf32> -> tensor<40x32xf32>
  %1 = nn.matmul %a, %0 : tensor<14x40xf32>, tensor<40x32xf32>
  %2 = nn.sigmoid %1 : tensor<14x32xf32>
  kernel.yield %2 : tensor<14x32xf32>
}

// A panel of a right operand that is read across: 16 x 32 elements.
// CHECK: kernel.func @panel({{.*}} scratch = #nn.size<2048>
kernel.func @panel(%a: tensor<14x16xf32>, %b: tensor<32x16xf32>) -> tensor<14x32xf32> attributes {kind = #kernel.kind<contract>} {
  %0 = nn.transpose %b [1, 0] : tensor<32x16xf32>
  %1 = nn.matmul %a, %0 : tensor<14x16xf32>, tensor<16x32xf32>
  kernel.yield %1 : tensor<14x32xf32>
}
