//===- Passes.td - outlining passes -------------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_OUTLINE_PASSES_TD
#define SINTER_PASSES_OUTLINE_PASSES_TD

include "mlir/Pass/PassBase.td"

def PackWeightsPass : Pass<"sinter-outline-pack-weights", "::mlir::func::FuncOp"> {
  let summary = "gives contractions their weights in the form they read";
  let description = [{
    Replaces the constant right-hand side or filter of the root of a `contract` or
    `window` group by a packed weight expression; inside the group
    `kernel.unpack` names the logical value. README.md of this folder defines the
    layouts.

    Needs: groups. Leaves: packed weights wherever the emitters ask for them.

    ```mlir
    %w = nn.weight #nn.weight<file {name = "fc"} : tensor<16x40xf32>>
    %y = kernel.group contract (%a = %x : tensor<8x16xf32>, %b = %w : tensor<16x40xf32>) ...
    // becomes
    %w = nn.weight #nn.weight<pack_matmul(#nn.weight<file {name = "fc"} : tensor<16x40xf32>>) {panel = 32 : i64} : tensor<1x2x16x32xf32>>
    %y = kernel.group contract (%a = %x : tensor<8x16xf32>, %b = %w : tensor<1x2x16x32xf32>) ... {
      %0 = kernel.unpack %b : tensor<1x2x16x32xf32> -> tensor<16x40xf32>
    ```
  }];
  let dependentDialects = ["::sinter::nn::NNDialect", "::sinter::kernel::KernelDialect"];
}

def NumberChecksPass : Pass<"sinter-outline-number-checks", "::mlir::ModuleOp"> {
  let summary = "numbers the operations that can fail on data";
  let description = [{
    Sets `check = N` on every `nn.gather` and `nn.gather_elements`, and on every
    group, view, loop, condition and `nn.bind_sizes` whose sizes data decides: they
    may turn out to be impossible. Makes the module's `nn.checks`: for each number
    the node, what is expected, and the remedy. The numbers follow those of `nn.assumptions`, so that one index names any check of
    the artifact.

    Needs: groups. Leaves: `nn.checks`, also when it is empty.
  }];
  let dependentDialects = ["::sinter::nn::NNDialect"];
}

def OutlineKernelsPass : Pass<"sinter-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "makes each group a kernel function and a call of it";
  let description = [{
    Groups, also those in the bodies of loops and conditions, with the same body (operations, attributes and types; not names and
    locations) share one `kernel.func`. Its location holds the nodes of all of
    them; a call keeps those of its own. Names are the operations and a number:
    `matmul_add_relu_7`.

    Needs: groups. Leaves: `kernel.func`, and functions of `kernel.call`,
    `nn.reshape` and `nn.weight`.

    Remarks (category `sinter-outline`): `OutlineKernels` analysis with the number
    of groups and of kernels.
  }];
  let dependentDialects = ["::sinter::nn::NNDialect", "::sinter::kernel::KernelDialect"];
}

def PlanTilesPass : Pass<"sinter-outline-plan-tiles", "::sinter::kernel::FuncOp"> {
  let summary = "sets the units of work of a kernel and the scratch each slot needs";
  let description = [{
    Sets `tiles` and `scratch` as the emitter of the kernel's kind says
    (passes/Lower/Tiling.h). Both are formulas of the free dimensions and the same
    for every instruction set.

    Needs: kernel functions. Leaves: `tiles` and `scratch` on each.
  }];
  let dependentDialects = ["::sinter::nn::NNDialect"];
}

#endif // SINTER_PASSES_OUTLINE_PASSES_TD
