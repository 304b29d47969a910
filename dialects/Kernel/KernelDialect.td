//===- KernelDialect.td - the kernel dialect ----------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_KERNEL_KERNELDIALECT_TD
#define SINTER_DIALECTS_KERNEL_KERNELDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::sinter::kernel";
  let summary = "fused groups, the kernels made of them, and the schedule that calls them";
  let description = [{
    Three forms, in the order of the phases:

    - *group* (after fuse): `kernel.group` holds the `nn` operations that will be one
      kernel, in a function that otherwise holds views (`nn.reshape`) and `nn.weight`;
    - *outlined*: each group is a `kernel.func`, called by `kernel.call`;
    - *placed*: the function has become a `kernel.schedule` of `kernel.launch`es on
      buffers with offsets in one arena.
  }];
  let dependentDialects = ["::sinter::nn::NNDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

class Kernel_Op<string mnemonic, list<Trait> traits = []>
    : Op<Kernel_Dialect, mnemonic, traits>;

#endif // SINTER_DIALECTS_KERNEL_KERNELDIALECT_TD
