//===- CloneForCuda.cpp - a module of kernels for CUDA --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/Passes.h"

namespace sinter {
#define GEN_PASS_DEF_CLONEFORCUDAPASS
#include "passes/LowerCuda/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

namespace {

struct CloneForCudaPass : sinter::impl::CloneForCudaPassBase<CloneForCudaPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto targets = module->getAttrOfType<ArrayAttr>("sinter.targets");
    OpBuilder b(module.getContext());
    if (!targets || !llvm::is_contained(targets, b.getStringAttr("cuda")))
      return;
    SmallVector<kernel::FuncOp> kernels(module.getOps<kernel::FuncOp>());
    b.setInsertionPointToEnd(module.getBody());
    auto copy = ModuleOp::create(b, module.getLoc(), "cuda");
    copy->setAttr("kernel.target", b.getStringAttr("cuda"));
    b.setInsertionPointToEnd(copy.getBody());
    for (kernel::FuncOp kernel : kernels)
      b.clone(*kernel);
  }
};

} // namespace
