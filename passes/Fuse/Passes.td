//===- Passes.td - fusion passes ----------------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_PASSES_TD
#define SINTER_PASSES_FUSE_PASSES_TD

include "mlir/Pass/PassBase.td"

def FormGroupsPass : Pass<"sinter-fuse-form-groups", "::mlir::func::FuncOp"> {
  let summary = "puts every operation into the group that will be one kernel";
  let description = [{
    Partitions the `nn` operations of a graph function into `kernel.group`s, in
    this order of preference: contractions and windows take the element-wise work
    that follows them; reductions along trailing dimensions gather softmax and
    normalizations around them; other reductions take what feeds and follows
    them; what is left becomes loops over one index space. README.md of this
    folder has the grammar of each kind.

    Needs: `nn` operations in one block. Leaves: `kernel.group`, `nn.reshape`,
    `nn.weight` and the return. Where a single operation that one would like to see
    fused is alone, a missed remark has the reason.

    ```mlir
    %0 = nn.matmul %x, %w : tensor<8x16xf32>, tensor<16x4xf32>
    %1 = nn.relu %0 : tensor<8x4xf32>
    // becomes
    %1 = kernel.group contract (%a = %x : tensor<8x16xf32>, %b = %w : tensor<16x4xf32>) -> tensor<8x4xf32> {
      %2 = nn.matmul %a, %b : tensor<8x16xf32>, tensor<16x4xf32>
      %3 = nn.relu %2 : tensor<8x4xf32>
      kernel.yield %3 : tensor<8x4xf32>
    }
    ```

    Remarks (category `sinter-fuse`): `FormGroup` passed for each group, missed for
    each operation that stays alone.
  }];
  let options = [
    Option<"enabled", "fuse", "bool", /*default=*/"true",
           "Fuse; otherwise every operation has a group of its own">,
  ];
  let dependentDialects = ["::sinter::nn::NNDialect", "::sinter::kernel::KernelDialect"];
}

#endif // SINTER_PASSES_FUSE_PASSES_TD
