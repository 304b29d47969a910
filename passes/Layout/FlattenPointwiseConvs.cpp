//===- FlattenPointwiseConvs.cpp - 1x1 convolutions as products -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/Size.h"
#include "passes/Layout/Passes.h"
#include "passes/Simplify/Constants.h"
#include "passes/Simplify/Patterns.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace sinter {
#define GEN_PASS_DEF_FLATTENPOINTWISECONVSPASS
#include "passes/Layout/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

namespace {

/// Whether every element of the result depends on one position of the input.
bool isPointwise(nn::ConvOp op) {
  auto isOne = [](int64_t value) { return value == 1; };
  auto filter = cast<RankedTensorType>(op.getFilter().getType());
  return op.getChannelsLast() && op.getGroup() == 1 &&
         llvm::all_of(filter.getShape().drop_front(2), isOne) &&
         llvm::all_of(op.getStrides(), isOne) &&
         llvm::all_of(op.getPads(), [](int64_t value) { return value == 0; });
}

/// ```mlir
/// %y = nn.conv %x, %w .. channels_last : tensor<1x7x7x8xf32>,
/// tensor<16x8x1x1xf32>
/// // ->
/// %a = nn.reshape %x : tensor<1x7x7x8xf32> to tensor<49x8xf32>
/// %b = nn.matmul %a, %wt : tensor<49x8xf32>, tensor<8x16xf32>
/// %y = nn.reshape %b : tensor<49x16xf32> to tensor<1x7x7x16xf32>
/// ```
struct FlattenPointwiseConv : OpRewritePattern<nn::ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ConvOp op,
                                PatternRewriter &rewriter) const override {
    if (!isPointwise(op) || !getWeight(op.getFilter()))
      return failure();
    if (op.getInput().getDefiningOp<nn::TransposeOp>())
      return rewriter.notifyMatchFailure(op,
                                         "the transpose would be materialized");
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getInput().getType());
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(type);
    nn::SizeAttr rows = nn::product(getContext(), ArrayRef(sizes).drop_back());
    if (rows.isUnknown())
      return rewriter.notifyMatchFailure(op, "the number of rows overflows");
    auto flat = nn::makeTensorType({rows, sizes.back()}, type.getElementType());
    auto filterType = cast<RankedTensorType>(op.getFilter().getType());
    auto matrix = filterType.clone(filterType.getShape().take_front(2));

    Value input = nn::ReshapeOp::create(rewriter, loc, flat, op.getInput());
    Value filter = nn::ReshapeOp::create(rewriter, loc, matrix, op.getFilter());
    filter = nn::TransposeOp::create(rewriter, loc, filter,
                                     rewriter.getDenseI64ArrayAttr({1, 0}));
    Value product = nn::MatmulOp::create(rewriter, loc, input, filter);
    remark::passed(loc, remark::RemarkOpts::name("FlattenPointwiseConv")
                            .category("sinter-layout"))
        << "a matrix product of " + nn::toString(rows) + " rows";
    rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, op.getType(), product);
    return success();
  }
};

struct FlattenPointwiseConvsPass
    : sinter::impl::FlattenPointwiseConvsPassBase<FlattenPointwiseConvsPass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FlattenPointwiseConv>(&getContext());
    populateFoldConstantsPatterns(patterns);
    populateCanonicalizeMovementPatterns(patterns);
    populateSinkReshapesPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
