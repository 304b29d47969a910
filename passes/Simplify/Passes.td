//===- Passes.td - simplification passes --------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_PASSES_TD
#define SINTER_PASSES_SIMPLIFY_PASSES_TD

include "mlir/Pass/PassBase.td"

class SimplifyPass<string verbObject>
    : Pass<"sinter-simplify-" # verbObject, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::sinter::nn::NNDialect"];
}

def FoldConstantsPass : SimplifyPass<"fold-constants"> {
  let summary = "turns operations on weights into weight expressions";
  let description = [{
    Replaces every `nn` operation whose operands are all `nn.weight` by one
    `nn.weight` whose expression names the operation. Small results whose leaves
    are all `dense` become `dense` at once. An operation whose result is more than
    64 KiB larger than its operands together (the broadcast of a scalar) stays.

    Needs: `nn` on tensors. Leaves: the same.

    ```mlir
    %w = nn.weight #nn.weight<file {name = "w"} : tensor<10x4xf32>>
    %t = nn.transpose %w [1, 0] : tensor<10x4xf32>
    // becomes
    %t = nn.weight #nn.weight<transpose(#nn.weight<file {name = "w"} : tensor<10x4xf32>>)
                              {permutation = array<i64: 1, 0>} : tensor<4x10xf32>>
    ```
  }];
}

def CanonicalizeOpsPass : SimplifyPass<"canonicalize-ops"> {
  let summary = "rewrites operations to the simplest form with the same meaning";
  let description = [{
    Element-wise: neutral operands go (`x + 0`, `x * 1`, `x / 1`), `pow` with a small
    constant exponent becomes products or a root, `sub` of a weight becomes `add`,
    chains of `clamp` and `relu` become one, casts without effect go. Movement:
    transposes and reshapes are joined or dropped, a transpose that moves only
    dimensions of size 1 is a reshape, slices of all go, a gather by a constant
    range is a slice, a broadcast that the consumer would do itself is dropped.

    Rounding: `x / c` becomes `x * (1/c)`, `(x * c) * d` becomes `x * (c * d)` for
    constant numbers, and so does a division by one number for each row: each may
    differ by one unit in the last place. `x + 0` may lose the sign of `-0.0`, and
    `pow(-inf, 0.5)` is NaN. Everything else is exact.

    Needs: `nn` on tensors. Leaves: the same.

    ```mlir
    %0 = nn.pow %x, %two : tensor<8xf32>, tensor<f32>
    // becomes
    %0 = nn.mul %x, %x : tensor<8xf32>, tensor<8xf32>
    ```
  }];
}

def FoldAffineIntoContractionPass : SimplifyPass<"fold-affine-into-contraction"> {
  let summary = "multiplies constant scales into the weights of contractions";
  let description = [{
    A multiplication by constants of each output channel after `nn.conv`,
    `nn.conv_transpose` or `nn.matmul` (also past the bias), or of each input
    channel before it, goes into the weight expression; an addition before it
    becomes a bias behind it where no padding takes part. The bias stays an
    `nn.add`, which the contraction's kernel does for nothing. Only where the
    intermediate value has one use.

    Needs: `nn` on tensors. Leaves: the same.

    ```mlir
    %0 = nn.conv %x, %w ...      // (conv(x, w) + b) * s + t
    %1 = nn.add %0, %b
    %2 = nn.mul %1, %s
    %3 = nn.add %2, %t
    // becomes
    %0 = nn.conv %x, %w_times_s ...
    %1 = nn.add %0, %b_times_s_plus_t
    ```
  }];
}

def FlattenMatmulsPass : SimplifyPass<"flatten-matmuls"> {
  let summary = "makes one matrix product of a batch that shares its right-hand side";
  let description = [{
    `nn.matmul` of rank above 2 by a matrix becomes a product of two matrices
    between reshapes. The reshape behind it then sinks through element-wise
    operations and reductions whose other operands follow as views, so that
    product, bias and activation stay one chain of rank 2.

    Needs: `nn` on tensors. Leaves: the same.

    ```mlir
    %0 = nn.matmul %x, %w : tensor<?x16x64xf32, #nn.dims<[n, 16, 64]>>, tensor<64x8xf32>
    // becomes
    %a = nn.reshape %x : ... to tensor<?x64xf32, #nn.dims<[n * 16, 64]>>
    %b = nn.matmul %a, %w : ..., tensor<64x8xf32>
    %0 = nn.reshape %b : ... to tensor<?x16x8xf32, #nn.dims<[n, 16, 8]>>
    ```
  }];
}

def SplitSlicedMatmulsPass : SimplifyPass<"split-sliced-matmuls"> {
  let summary = "computes slices of a product as products of slices of the weights";
  let description = [{
    Moves slices before reshapes and transposes, and where all uses of a product
    with constant weights (and of its bias) take columns of it, makes a product for
    each of them. Queries, keys and values that one product makes are then no copies.

    Needs: `nn` on tensors. Leaves: the same.

    ```mlir
    %0 = nn.matmul %x, %w : tensor<6x8xf32>, tensor<8x24xf32>
    %q = nn.slice %0 starts [#nn.size<0>, #nn.size<0>] sizes [#nn.size<6>, #nn.size<8>] steps [1, 1]
    %k = nn.slice %0 starts [#nn.size<0>, #nn.size<8>] sizes [#nn.size<6>, #nn.size<16>] steps [1, 1]
    // becomes
    %q = nn.matmul %x, %w_first_8 : tensor<6x8xf32>, tensor<8x8xf32>
    %k = nn.matmul %x, %w_last_16 : tensor<6x8xf32>, tensor<8x16xf32>
    ```
  }];
}

#endif // SINTER_PASSES_SIMPLIFY_PASSES_TD
