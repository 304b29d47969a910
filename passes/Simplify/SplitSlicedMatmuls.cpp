//===- SplitSlicedMatmuls.cpp - one product for each slice ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Slices climb: before the transpose and the reshape above them, until they
// take columns of a product. A product of a slice of the weights then makes
// each of them, and no copy is left.
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/NodeLocation.h"
#include "passes/Simplify/Constants.h"
#include "passes/Simplify/LabelledPatterns.h"
#include "passes/Simplify/Passes.h"
#include "passes/Simplify/Patterns.h"
#include "passes/Simplify/ReshapeGroups.h"

#include "mlir/IR/Remarks.h"

namespace sinter {
#define GEN_PASS_DEF_SPLITSLICEDMATMULSPASS
#include "passes/Simplify/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

namespace {

bool hasOnlySliceUsers(Operation *op) {
  return llvm::all_of(op->getUsers(),
                      [](Operation *user) { return isa<nn::SliceOp>(user); });
}

bool hasUnitSteps(nn::SliceOp op) {
  return llvm::all_of(op.getSteps(), [](int64_t step) { return step == 1; });
}

Value createSlice(PatternRewriter &rewriter, Location loc, Value input,
                  ArrayRef<nn::SizeAttr> starts, ArrayRef<nn::SizeAttr> sizes,
                  ArrayRef<int64_t> steps) {
  MLIRContext *context = rewriter.getContext();
  return nn::SliceOp::create(
      rewriter, loc, input, nn::makeSizeArray(context, starts),
      nn::makeSizeArray(context, sizes), rewriter.getDenseI64ArrayAttr(steps));
}

/// `slice(transpose(x))` -> `transpose(slice(x))`.
struct MoveSliceBeforeTranspose : OpRewritePattern<nn::SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto transpose = op.getInput().getDefiningOp<nn::TransposeOp>();
    if (!transpose || !hasOnlySliceUsers(transpose))
      return failure();
    SmallVector<nn::SizeAttr> starts = nn::getSizes(op.getStarts());
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(op.getSizes());
    SmallVector<nn::SizeAttr> newStarts(starts.size()), newSizes(starts.size());
    SmallVector<int64_t> newSteps(starts.size());
    for (auto [i, dim] : llvm::enumerate(transpose.getPermutation())) {
      newStarts[dim] = starts[i];
      newSizes[dim] = sizes[i];
      newSteps[dim] = op.getSteps()[i];
    }
    Value slice = createSlice(rewriter, op.getLoc(), transpose.getInput(),
                              newStarts, newSizes, newSteps);
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(
        op, slice, transpose.getPermutationAttr());
    return success();
  }
};

/// `slice(reshape(x))` -> `reshape(slice(x))` where the slice takes the
/// outermost of the dimensions that one dimension of x was taken apart to.
/// ```mlir
/// %r = nn.reshape %x : tensor<6x24xf32> to tensor<6x3x8xf32>
/// %s = nn.slice %r starts [0, 1, 0] sizes [6, 1, 8]
/// // ->
/// %s = nn.slice %x starts [0, 8] sizes [6, 8]
/// %r = nn.reshape %s : tensor<6x8xf32> to tensor<6x1x8xf32>
/// ```
struct MoveSliceBeforeReshape : OpRewritePattern<nn::SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getInput().getDefiningOp<nn::ReshapeOp>();
    if (!reshape || !hasOnlySliceUsers(reshape) || !hasUnitSteps(op))
      return failure();
    SmallVector<nn::SizeAttr> from = nn::getSizes(reshape.getInput().getType());
    SmallVector<nn::SizeAttr> to = nn::getSizes(reshape.getType());
    auto groups = getReshapeGroups(reshape, from, to);
    if (!groups)
      return failure();
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(op.getSizes());
    SmallVector<nn::SizeAttr> starts = nn::getSizes(op.getStarts());
    SmallVector<nn::SizeAttr> newStarts(from.size(),
                                        nn::getSize(getContext(), 0));
    SmallVector<nn::SizeAttr> newSizes(from);
    for (const ReshapeGroup &group : *groups) {
      unsigned first = group.toBegin;
      while (first + 1 < group.toEnd && to[first].isConstant(1))
        ++first;
      for (unsigned dim : llvm::seq(first + 1, group.toEnd))
        if (sizes[dim] != to[dim])
          return rewriter.notifyMatchFailure(op,
                                             "takes parts within a dimension");
      if (sizes[first] == to[first])
        continue;
      if (group.fromEnd - group.fromBegin != 1)
        return rewriter.notifyMatchFailure(op,
                                           "takes a part of joined dimensions");
      nn::SizeAttr inner = nn::product(
          getContext(), ArrayRef(to).slice(first + 1, group.toEnd - first - 1));
      newStarts[group.fromBegin] = nn::mul(starts[first], inner);
      newSizes[group.fromBegin] = nn::mul(sizes[first], inner);
    }
    Value slice =
        createSlice(rewriter, op.getLoc(), reshape.getInput(), newStarts,
                    newSizes, SmallVector<int64_t>(from.size(), 1));
    rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, op.getType(), slice);
    return success();
  }
};

/// `slice(matmul(x, w) + b)` -> `matmul(x, slice(w)) + slice(b)` where all uses
/// are slices of columns, together no more than there are.
struct SplitSlicedMatmul : OpRewritePattern<nn::SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::SliceOp op,
                                PatternRewriter &rewriter) const override {
    Value product = op.getInput(), bias;
    if (auto add = product.getDefiningOp<nn::AddOp>()) {
      std::tie(product, bias) = splitWeightOperand(add);
      if (!product || product.getType() != add.getType() ||
          !product.hasOneUse())
        return failure();
    }
    auto matmul = product.getDefiningOp<nn::MatmulOp>();
    if (!matmul || !getWeight(matmul.getRhs()) ||
        cast<RankedTensorType>(matmul.getRhs().getType()).getRank() != 2)
      return failure();
    // In the body of a loop it would be computed again and again.
    if (matmul->getBlock() != op->getBlock())
      return failure();
    if (!takesColumnsOnce(op.getInput()))
      return rewriter.notifyMatchFailure(op,
                                         "other uses need the whole product");

    Location loc =
        nn::fuseLocations(getContext(), {matmul.getLoc(), op.getLoc()});
    Value weights = sliceLast(rewriter, loc, matmul.getRhs(), op);
    Value result =
        nn::MatmulOp::create(rewriter, loc, matmul.getLhs(), weights);
    if (bias)
      result = nn::AddOp::create(rewriter, loc, result,
                                 sliceLast(rewriter, loc, bias, op));
    remark::passed(op.getLoc(), remark::RemarkOpts::name("SplitSlicedMatmul")
                                    .category("sinter-simplify"))
        << "a product of its own instead of a slice";
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  /// Whether all users of `value` take columns, and none twice by their number.
  static bool takesColumnsOnce(Value value) {
    SmallVector<nn::SizeAttr> whole = nn::getSizes(value.getType());
    std::optional<int64_t> columns = whole.back().getConstant();
    int64_t taken = 0;
    for (Operation *user : value.getUsers()) {
      auto slice = dyn_cast<nn::SliceOp>(user);
      if (!slice || !hasUnitSteps(slice))
        return false;
      SmallVector<nn::SizeAttr> sizes = nn::getSizes(slice.getSizes());
      std::optional<int64_t> size = sizes.back().getConstant();
      if (!size || !nn::getSizes(slice.getStarts()).back().getConstant() ||
          ArrayRef(sizes).drop_back() != ArrayRef(whole).drop_back())
        return false;
      taken += *size;
    }
    return columns && taken <= *columns;
  }

  /// The columns that `op` takes of `weight`; all of what repeats along them.
  static Value sliceLast(PatternRewriter &rewriter, Location loc, Value weight,
                         nn::SliceOp op) {
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(weight.getType());
    if (sizes.empty() || sizes.back().isConstant(1))
      return weight;
    SmallVector<nn::SizeAttr> starts(sizes.size(),
                                     nn::getSize(op.getContext(), 0));
    starts.back() = nn::getSizes(op.getStarts()).back();
    sizes.back() = nn::getSizes(op.getSizes()).back();
    return createSlice(rewriter, loc, weight, starts, sizes,
                       SmallVector<int64_t>(sizes.size(), 1));
  }
};

struct SplitSlicedMatmulsPass
    : sinter::impl::SplitSlicedMatmulsPassBase<SplitSlicedMatmulsPass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MoveSliceBeforeReshape, MoveSliceBeforeTranspose,
                 SplitSlicedMatmul>(&getContext());
    populateFoldConstantsPatterns(patterns);
    populateCanonicalizeMovementPatterns(patterns);
    populateSinkReshapesPatterns(patterns);
    if (failed(applyLabelledPatterns(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
