//===- CanonicalizeOps.cpp - the simplest form of each operation ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNDialect.h"
#include "passes/Simplify/LabelledPatterns.h"
#include "passes/Simplify/Passes.h"
#include "passes/Simplify/Patterns.h"

namespace sinter {
#define GEN_PASS_DEF_CANONICALIZEOPSPASS
#include "passes/Simplify/Passes.h.inc"
} // namespace sinter

using namespace mlir;

Operation *sinter::cloneWith(RewriterBase &rewriter, Operation *op,
                             ValueRange operands, Type resultType) {
  Operation *copy = rewriter.clone(*op);
  rewriter.modifyOpInPlace(copy, [&] {
    copy->setOperands(operands);
    copy->getResult(0).setType(resultType);
  });
  return copy;
}

namespace {

struct CanonicalizeOpsPass
    : sinter::impl::CanonicalizeOpsPassBase<CanonicalizeOpsPass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    sinter::populateFoldConstantsPatterns(patterns);
    sinter::populateCanonicalizeElementwisePatterns(patterns);
    sinter::populateCanonicalizeMovementPatterns(patterns);
    if (failed(
            sinter::applyLabelledPatterns(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
