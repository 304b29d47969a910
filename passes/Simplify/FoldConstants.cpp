//===- FoldConstants.cpp - operations on weights to expressions -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Simplify/Constants.h"
#include "passes/Simplify/LabelledPatterns.h"
#include "passes/Simplify/Passes.h"
#include "passes/Simplify/Patterns.h"

namespace sinter {
#define GEN_PASS_DEF_FOLDCONSTANTSPASS
#include "passes/Simplify/Passes.h.inc"
} // namespace sinter

using namespace mlir;

namespace {

/// ```mlir
/// %r = nn.anything(%weight, ..)   ->   %r = nn.weight #nn.weight<anything(..)>
/// ```
struct FoldOperationOnWeights : RewritePattern {
  explicit FoldOperationOnWeights(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/10, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    sinter::nn::WeightAttr weight = sinter::foldToWeight(op);
    if (!weight)
      return failure();
    rewriter.replaceOpWithNewOp<sinter::nn::WeightOp>(op, weight);
    return success();
  }
};

struct FoldConstantsPass
    : sinter::impl::FoldConstantsPassBase<FoldConstantsPass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    sinter::populateFoldConstantsPatterns(patterns);
    if (failed(
            sinter::applyLabelledPatterns(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

void sinter::populateFoldConstantsPatterns(RewritePatternSet &patterns) {
  patterns.addWithLabel<FoldOperationOnWeights>(
      {"of weights alone is evaluated when the artifact is written"},
      patterns.getContext());
}
