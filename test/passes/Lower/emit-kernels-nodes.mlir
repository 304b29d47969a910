// RUN: not sinter-opt %s --sinter-lower-emit-kernels 2>&1 | FileCheck %s

// An error names the nodes of the model.
// CHECK: error: cannot generate code for 'nn.pool' (node pool1) of type 'tensor<1x4x7x7xf32>': pooling in a window kernel must be channels last
module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} {
  kernel.func @pool(%a: tensor<1x4x8x8xf32>) -> tensor<1x4x7x7xf32> attributes {kind = #kernel.kind<window>} {
    %0 = nn.pool max %a window [2, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] : tensor<1x4x8x8xf32> loc("pool1"("MaxPool":0:3))
    kernel.yield %0 : tensor<1x4x7x7xf32>
  }
}
