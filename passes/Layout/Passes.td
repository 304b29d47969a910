//===- Passes.td - layout passes ----------------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LAYOUT_PASSES_TD
#define SINTER_PASSES_LAYOUT_PASSES_TD

include "mlir/Pass/PassBase.td"

class LayoutPass<string verbObject>
    : Pass<"sinter-layout-" # verbObject, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::sinter::nn::NNDialect"];
}

def MakeChannelsLastPass : LayoutPass<"make-channels-last"> {
  let summary = "computes convolutions and pooling with the channels innermost";
  let description = [{
    Every `nn.conv`, `nn.conv_transpose` and `nn.pool` becomes `channels_last`. For
    each operation around them that can work in both orders (element-wise, concat,
    slice, pad, reduce, resize, ...) the order is chosen such that the bytes moved
    by the remaining `nn.transpose`s are least: a minimum cut between what needs one
    order and what needs the other. Sizes that depend on free dimensions are
    estimated at their optimum.

    Needs: `nn` on tensors. Leaves: all convolutions and pools `channels_last`.

    ```mlir
    %0 = nn.conv %x, %w strides [1, 1] ...
    %1 = nn.relu %0
    %2 = nn.pool max %1 ...
    // becomes
    %t = nn.transpose %x [0, 2, 3, 1]
    %0 = nn.conv %t, %w strides [1, 1] ... channels_last
    %1 = nn.relu %0
    %2 = nn.pool max %1 ... channels_last
    %3 = nn.transpose %2 [0, 3, 1, 2]
    ```
  }];
}

def CancelTransposesPass : LayoutPass<"cancel-transposes"> {
  let summary = "moves transposes until they meet and cancel";
  let description = [{
    Joins transposes, moves them behind reshapes that keep their dimensions apart
    and behind element-wise operations on one variable operand, and joins them
    across a reshape. The number of transposes never rises. Each one that is left
    is a missed remark.

    Needs: `nn` on tensors. Leaves: the same.

    ```mlir
    %0 = nn.transpose %x [0, 3, 1, 2] : tensor<1x7x7x8xf32>
    %1 = nn.reshape %0 : tensor<1x8x7x7xf32> to tensor<1x8x49xf32>
    %2 = nn.transpose %1 [0, 2, 1] : tensor<1x8x49xf32>
    // becomes
    %2 = nn.reshape %x : tensor<1x7x7x8xf32> to tensor<1x49x8xf32>
    ```
  }];
}

def FlattenPointwiseConvsPass : LayoutPass<"flatten-pointwise-convs"> {
  let summary = "turns convolutions with a window of one element into matrix products";
  let description = [{
    A `channels_last` convolution with all window sizes and strides 1, no padding and
    one group is a product of [n * spatial, c] by a matrix. The reshape behind it
    sinks through its epilogue as in `sinter-simplify-flatten-matmuls`. Between a
    transpose from channels first and one back to it, the filter multiplies from
    the left instead, and both transposes cancel.

    Needs: `nn` on tensors. Leaves: the same.

    ```mlir
    %y = nn.conv %x, %w ... channels_last : tensor<1x7x7x8xf32>, tensor<16x8x1x1xf32>
    // becomes
    %a = nn.reshape %x : tensor<1x7x7x8xf32> to tensor<49x8xf32>
    %b = nn.matmul %a, %wt : tensor<49x8xf32>, tensor<8x16xf32>
    %y = nn.reshape %b : tensor<49x16xf32> to tensor<1x7x7x16xf32>
    ```
  }];
}

#endif // SINTER_PASSES_LAYOUT_PASSES_TD
