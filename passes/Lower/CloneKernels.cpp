//===- CloneKernels.cpp - a module of kernels for each instruction set ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/InstructionSet.h"
#include "passes/Lower/Passes.h"

namespace sinter {
#define GEN_PASS_DEF_CLONEKERNELSPASS
#include "passes/Lower/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

namespace {

struct CloneKernelsPass : sinter::impl::CloneKernelsPassBase<CloneKernelsPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<kernel::FuncOp> kernels(module.getOps<kernel::FuncOp>());
    for (const InstructionSet &set : getInstructionSets()) {
      if (!set.isDefault && !llvm::is_contained(more, set.name))
        continue;
      OpBuilder b(module.getContext());
      b.setInsertionPointToEnd(module.getBody());
      auto copy = ModuleOp::create(b, module.getLoc(), set.moduleName);
      copy->setAttr("kernel.target", b.getStringAttr(set.name));
      b.setInsertionPointToEnd(copy.getBody());
      for (kernel::FuncOp kernel : kernels)
        if (!set.onlyIntegerDot || hasIntegerDot(kernel))
          b.clone(*kernel);
    }
  }
};

} // namespace
