//===- FlattenMatmuls.cpp - one product instead of a batch ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/Size.h"
#include "passes/Simplify/LabelledPatterns.h"
#include "passes/Simplify/Passes.h"
#include "passes/Simplify/Patterns.h"

#include "mlir/IR/Remarks.h"

namespace sinter {
#define GEN_PASS_DEF_FLATTENMATMULSPASS
#include "passes/Simplify/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

namespace {

remark::RemarkOpts getRemarkOptions() {
  return remark::RemarkOpts::name("FlattenMatmul").category("sinter-simplify");
}

/// ```mlir
/// %y = nn.matmul %x, %w : tensor<2x3x4xf32>, tensor<4x5xf32>
/// // ->
/// %a = nn.reshape %x : tensor<2x3x4xf32> to tensor<6x4xf32>
/// %b = nn.matmul %a, %w : tensor<6x4xf32>, tensor<4x5xf32>
/// %y = nn.reshape %b : tensor<6x5xf32> to tensor<2x3x5xf32>
/// ```
struct FlattenMatmul : OpRewritePattern<nn::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::MatmulOp op,
                                PatternRewriter &rewriter) const override {
    auto lhsType = cast<RankedTensorType>(op.getLhs().getType());
    auto rhsType = cast<RankedTensorType>(op.getRhs().getType());
    if (lhsType.getRank() <= 2 || rhsType.getRank() != 2)
      return failure();
    Location loc = op.getLoc();
    if (op.getLhs().getDefiningOp<nn::TransposeOp>())
      return rewriter.notifyMatchFailure(op,
                                         "the transpose would be materialized");
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(lhsType);
    nn::SizeAttr rows = nn::product(getContext(), ArrayRef(sizes).drop_back());
    auto flat =
        nn::makeTensorType({rows, sizes.back()}, lhsType.getElementType());
    Value lhs = nn::ReshapeOp::create(rewriter, loc, flat, op.getLhs());
    Value product = nn::MatmulOp::create(rewriter, loc, lhs, op.getRhs());
    remark::passed(loc, getRemarkOptions())
        << "one product of " + nn::toString(rows) + " rows";
    rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, op.getType(), product);
    return success();
  }
};

struct FlattenMatmulsPass
    : sinter::impl::FlattenMatmulsPassBase<FlattenMatmulsPass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FlattenMatmul>(&getContext());
    populateFoldConstantsPatterns(patterns);
    populateCanonicalizeMovementPatterns(patterns);
    populateSinkReshapesPatterns(patterns);
    if (failed(applyLabelledPatterns(getOperation(), std::move(patterns))))
      return signalPassFailure();
    getOperation().walk([](nn::MatmulOp op) {
      if (cast<RankedTensorType>(op.getRhs().getType()).getRank() == 2 &&
          cast<RankedTensorType>(op.getLhs().getType()).getRank() > 2)
        remark::missed(op.getLoc(), getRemarkOptions())
            << "kept as a batch: the left-hand side is read through a "
               "transpose";
    });
  }
};

} // namespace
