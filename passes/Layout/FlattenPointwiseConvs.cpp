//===- FlattenPointwiseConvs.cpp - 1x1 convolutions as products -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/Size.h"
#include "passes/Layout/Passes.h"
#include "passes/Simplify/Constants.h"
#include "passes/Simplify/LabelledPatterns.h"
#include "passes/Simplify/Patterns.h"

#include "mlir/IR/Remarks.h"

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

/// The permutation between [n, c, spatial..] and [n, spatial.., c].
SmallVector<int64_t> getPermutation(int64_t rank, bool toChannelsLast) {
  SmallVector<int64_t> permutation = {0};
  for (int64_t dim = 1; dim < rank; ++dim)
    permutation.push_back(toChannelsLast ? dim % (rank - 1) + 1
                                         : (dim + rank - 3) % (rank - 1) + 1);
  return permutation;
}

/// Whether `value` goes only to a transpose to channels first, through
/// element-wise operations on nothing else that varies.
bool endsChannelsFirst(Value value) {
  SmallVector<int64_t> first =
      getPermutation(cast<RankedTensorType>(value.getType()).getRank(), false);
  while (value.hasOneUse()) {
    Operation *user = *value.user_begin();
    if (auto transpose = dyn_cast<nn::TransposeOp>(user))
      return transpose.getPermutation() == ArrayRef(first);
    if (!user->hasTrait<nn::OpTrait::Elementwise>() ||
        llvm::any_of(user->getOperands(), [&](Value operand) {
          return operand != value && !getWeight(operand);
        }))
      return false;
    value = user->getResult(0);
  }
  return false;
}

/// Between channels-first values nothing has to move: the filter multiplies
/// from the left.
/// ```mlir
/// %t = nn.transpose %x [0, 2, 3, 1] : tensor<1x8x7x7xf32>
/// %y = nn.conv %t, %w .. channels_last : .., tensor<16x8x1x1xf32>
/// // ->
/// %a = nn.reshape %x : tensor<1x8x7x7xf32> to tensor<1x8x49xf32>
/// %b = nn.matmul %w2, %a : tensor<16x8xf32>, tensor<1x8x49xf32>
/// %c = nn.reshape %b : tensor<1x16x49xf32> to tensor<1x16x7x7xf32>
/// %y = nn.transpose %c [0, 2, 3, 1] : tensor<1x16x7x7xf32>
/// ```
struct KeepChannelsFirst : OpRewritePattern<nn::ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ConvOp op,
                                PatternRewriter &rewriter) const override {
    auto transpose = op.getInput().getDefiningOp<nn::TransposeOp>();
    if (!transpose || !isPointwise(op) || !getWeight(op.getFilter()))
      return failure();
    auto type = cast<RankedTensorType>(transpose.getInput().getType());
    SmallVector<int64_t> last = getPermutation(type.getRank(), true);
    if (transpose.getPermutation() != ArrayRef(last) ||
        !endsChannelsFirst(op.getResult()))
      return rewriter.notifyMatchFailure(op, "one side is channels last");
    Location loc = op.getLoc();
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(type);
    nn::SizeAttr pixels =
        nn::product(getContext(), ArrayRef(sizes).drop_front(2));
    if (pixels.isUnknown())
      return rewriter.notifyMatchFailure(op, "the number of pixels overflows");
    Type element = type.getElementType();
    auto flat = nn::makeTensorType({sizes[0], sizes[1], pixels}, element);
    auto filterType = cast<RankedTensorType>(op.getFilter().getType());
    auto matrix = filterType.clone(filterType.getShape().take_front(2));
    sizes[1] = nn::getSize(getContext(), filterType.getDimSize(0));

    Value input =
        nn::ReshapeOp::create(rewriter, loc, flat, transpose.getInput());
    Value filter = nn::ReshapeOp::create(rewriter, loc, matrix, op.getFilter());
    Value product = nn::MatmulOp::create(rewriter, loc, filter, input);
    product = nn::ReshapeOp::create(
        rewriter, loc, nn::makeTensorType(sizes, element), product);
    remark::passed(loc, remark::RemarkOpts::name("FlattenPointwiseConv")
                            .category("sinter-layout"))
        << "a matrix product of " + nn::toString(sizes[1]) +
               " rows, channels first as its neighbours";
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(
        op, product, rewriter.getDenseI64ArrayAttr(last));
    return success();
  }
};

struct FlattenPointwiseConvsPass
    : sinter::impl::FlattenPointwiseConvsPassBase<FlattenPointwiseConvsPass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FlattenPointwiseConv, KeepChannelsFirst>(&getContext());
    populateFoldConstantsPatterns(patterns);
    populateCanonicalizeMovementPatterns(patterns);
    populateSinkReshapesPatterns(patterns);
    if (failed(applyLabelledPatterns(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
