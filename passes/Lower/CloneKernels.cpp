//===- CloneKernels.cpp - a module of kernels for each instruction set ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

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
    constexpr std::pair<StringLiteral, StringLiteral> targets[] = {
        {"x86_64_v3", "x86-64-v3"}, {"x86_64_v4", "x86-64-v4"}};
    for (auto [name, target] : targets) {
      OpBuilder b(module.getContext());
      b.setInsertionPointToEnd(module.getBody());
      auto copy = ModuleOp::create(b, module.getLoc(), name);
      copy->setAttr("kernel.target", b.getStringAttr(target));
      b.setInsertionPointToEnd(copy.getBody());
      for (kernel::FuncOp kernel : kernels)
        b.clone(*kernel);
    }
  }
};

} // namespace
