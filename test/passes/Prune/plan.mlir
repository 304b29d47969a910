// RUN: sinter-opt %s --sinter-prune-plan='prune=block:1x16:0.8' | FileCheck %s
// RUN: sinter-opt %s --sinter-prune-plan='prune=0.9 layers=first=2:4,f.rst=block:1x32:0.5,second=dense' | FileCheck %s --check-prefix=LAYERS
// RUN: sinter-opt %s --sinter-prune-plan | FileCheck %s --check-prefix=NONE

// CHECK-LABEL: func.func @layers
// CHECK:         nn.matmul
// CHECK-SAME:      plan = {prune = "block:1x16:0.8", prune_reason = "not measured", sparse = "blocks"}
// CHECK:         nn.conv
// CHECK-SAME:      plan = {precision = "fp32", prune = "block:1x16:0.8", prune_reason = "not measured", sparse = "blocks"}
// CHECK-NOT:     plan

// The last pattern that matches counts; what no pattern matches is pruned as everything else.
// LAYERS-LABEL: func.func @layers
// LAYERS:         nn.matmul
// LAYERS-SAME:      plan = {prune = "block:1x32:0.5", prune_reason = "not measured", sparse = "blocks"}
// LAYERS:         nn.conv
// LAYERS-SAME:      plan = {precision = "fp32"}
// LAYERS:         nn.matmul
// LAYERS-SAME:      plan = {prune = "0.9", prune_reason = "not measured", sparse = "elements"}

// NONE-NOT: prune
func.func @layers(%x: tensor<4x64xf32>, %i: tensor<1x8x8x32xf32>) -> (tensor<4x64xf32>, tensor<1x4x4x64xf32>, tensor<4x8xf32>, tensor<4x4xf32>) {
  %w = nn.weight #nn.weight<file {name = "w"} : tensor<64x64xf32>>
  %f = nn.weight #nn.weight<file {name = "f"} : tensor<64x32x1x1xf32>>
  %n = nn.weight #nn.weight<file {name = "n"} : tensor<64x8xf32>>
  %0 = nn.matmul %x, %w : tensor<4x64xf32>, tensor<64x64xf32> loc("first"("MatMul":0:0))
  %1 = nn.conv %i, %f strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] group 1 channels_last {plan = {precision = "fp32"}} : tensor<1x8x8x32xf32>, tensor<64x32x1x1xf32> loc("second"("Conv":0:1))
  // Too narrow for a block.
  %2 = nn.matmul %x, %n : tensor<4x64xf32>, tensor<64x8xf32> loc("third"("MatMul":0:2))
  // No weight.
  %t = nn.transpose %x [1, 0] : tensor<4x64xf32>
  %3 = nn.matmul %x, %t : tensor<4x64xf32>, tensor<64x4xf32>
  return %0, %1, %2, %3 : tensor<4x64xf32>, tensor<1x4x4x64xf32>, tensor<4x8xf32>, tensor<4x4xf32>
}
