//===- VerifyVectors.cpp - nothing is slow silently -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Passes.h"

namespace sinter {
#define GEN_PASS_DEF_VERIFYVECTORSPASS
#include "passes/Lower/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

static bool isVector(Operation *op) {
  auto isVectorType = [](Type type) { return isa<VectorType>(type); };
  return llvm::any_of(op->getResultTypes(), isVectorType) ||
         llvm::any_of(op->getOperandTypes(), isVectorType);
}

namespace {

struct VerifyVectorsPass
    : sinter::impl::VerifyVectorsPassBase<VerifyVectorsPass> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    auto kind = func->getAttrOfType<kernel::KindAttr>("kernel.kind");
    if (!kind || kind.getValue() == kernel::Kind::Serial)
      return;
    func.walk([&](scf::ForOp loop) {
      bool hasVector = false, isInnermost = true;
      loop.getBody()->walk([&](Operation *op) {
        hasVector |= isVector(op);
        isInnermost &= !isa<scf::ForOp>(op);
      });
      if (!isInnermost || hasVector)
        return;
      loop.emitError() << "the innermost loop of kernel '" << func.getSymName()
                       << "' has no vector operation; this is a defect of "
                          "Sinter, not of the model: please report it";
      signalPassFailure();
    });
    markAllAnalysesPreserved();
  }
};

} // namespace
