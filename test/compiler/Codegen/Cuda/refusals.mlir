// RUN: sinter-ptx --refusals %s | FileCheck %s

// Each kernel without code, with its nodes and what to do.
// CHECK: argmax_7: cannot generate code for 'nn.relu' (node argmax_7) of type 'tensor<4x4xf32>': there is no algorithm for it; compile for the processor
// CHECK-NOT: relu_1
kernel.func @bad(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {kind = #kernel.kind<serial>} {
  %0 = nn.relu %x : tensor<4x4xf32> loc(#node)
  kernel.yield %0 : tensor<4x4xf32>
} loc(#node)
kernel.func @good(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {kind = #kernel.kind<loop>} {
  %0 = nn.relu %x : tensor<4x4xf32>
  kernel.yield %0 : tensor<4x4xf32>
} loc("relu_1"("Relu":0:1))
#node = loc("argmax_7"("ArgMax":0:7))
