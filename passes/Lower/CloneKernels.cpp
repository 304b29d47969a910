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
    auto isWanted = [&](const InstructionSet &set) {
      return sets.empty() ? set.isDefault : llvm::is_contained(sets, set.name);
    };
    for (StringRef name : sets)
      if (!findInstructionSet(name)) {
        module.emitError("expects names of instruction sets, but got '")
            << name << "'";
        return signalPassFailure();
      }
    for (const InstructionSet &set : getInstructionSets()) {
      if (!isWanted(set))
        continue;
      const InstructionSet *base = findInstructionSet(set.base);
      bool hasBase = base && isWanted(*base);
      OpBuilder b(module.getContext());
      b.setInsertionPointToEnd(module.getBody());
      auto copy = ModuleOp::create(b, module.getLoc(), set.moduleName);
      copy->setAttr("kernel.target", b.getStringAttr(set.name));
      b.setInsertionPointToEnd(copy.getBody());
      for (kernel::FuncOp kernel : kernels)
        if (!hasBase || hasIntegerDot(kernel))
          b.clone(*kernel);
    }
  }
};

} // namespace
