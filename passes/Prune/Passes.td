//===- Passes.td - pruning passes ---------------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_PRUNE_PASSES_TD
#define SINTER_PASSES_PRUNE_PASSES_TD

include "mlir/Pass/PassBase.td"

def PrunePlanPass : Pass<"sinter-prune-plan", "::mlir::ModuleOp"> {
  let summary = "decides which weights are pruned and which kernels are sparse";
  let description = [{
    Sets the keys `prune`, `sparse` and `prune_reason` in the attribute `plan` of
    matrix products and pointwise convolutions with a constant weight of floats
    (README.md of this folder defines the keys). Without the option `prune` only
    weights that have zeros already are looked at. A layer is left alone, with a
    remark, where the pattern does not fit its shape, or where its sparse kernel was
    measured and is not faster by 5 % than the dense one, or where `sinter.targets`
    holds `cuda`, for which there are no sparse kernels.

    Needs: the form after `simplify`. Leaves: the same.

    Remarks (category `sinter-prune`): `PlanPruning` passed or missed for each layer
    that was to be pruned or has zeros, with the times measured.

    ```mlir
    %y = nn.matmul %x, %w : tensor<196x768xf32>, tensor<768x768xf32>
    // becomes, for prune=block:1x16:0.8
    %y = nn.matmul %x, %w {plan = {prune = "block:1x16:0.8", prune_reason = "...", sparse = "blocks"}} : ...
    ```
  }];
  let dependentDialects = ["::sinter::nn::NNDialect"];
  let options = [
    Option<"prune", "prune", "std::string", "", "how weights are pruned: 0.8, 2:4, block:1x16:0.8 or dense; empty: not at all">,
    ListOption<"layers", "layers", "std::string", "REGEX=PRUNE for the nodes that match; the last match counts">
  ];
}

def PruneApplyPass : Pass<"sinter-prune-apply", "::mlir::ModuleOp"> {
  let summary = "prunes weights and asks for sparse kernels as planned";
  let description = [{
    Replaces the weight by a `prune_blocks` or `prune_groups` expression where
    `plan` says so, and sets `sparse = {form, count}` on the contraction where it
    is to have a sparse kernel. Takes its keys out of `plan`.

    Needs: the form after `plan`. Leaves: the same, without the keys.

    Remarks (category `sinter-prune`): `ApplyPruning` passed for each weight that
    is pruned, with the share of zeros and the relative norm that was removed.

    ```mlir
    %y = nn.matmul %x, %w {plan = {prune = "block:1x16:0.8", sparse = "blocks"}} : tensor<196x768xf32>, tensor<768x768xf32>
    // becomes
    %p = nn.weight #nn.weight<prune_blocks(...) {column_axis = 1, keep = 7373, row_axis = 0, width = 16} : tensor<768x768xf32>>
    %y = nn.matmul %x, %p {sparse = {count = 7373 : i64, form = "blocks"}} : tensor<196x768xf32>, tensor<768x768xf32>
    ```
  }];
  let dependentDialects = ["::sinter::nn::NNDialect"];
}

#endif // SINTER_PASSES_PRUNE_PASSES_TD
