//===- SinkReshapes.cpp - reshapes move behind what they feed -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A reshape that raises the rank is moved behind the operation that uses it, so
// that a chain which began as a product of two matrices goes on with rank 2.
// The rank of some operation falls with each step, which bounds their number.
//
//===----------------------------------------------------------------------===//

#include "passes/Simplify/Constants.h"
#include "passes/Simplify/Patterns.h"
#include "passes/Simplify/ReshapeGroups.h"

#include "dialects/NN/Size.h"

using namespace mlir;
using namespace sinter;

namespace {

/// A reshape from `from` to `to` and how their dimensions belong together.
struct Regrouping {
  SmallVector<nn::SizeAttr> from, to;
  SmallVector<ReshapeGroup> groups;

  static std::optional<Regrouping> get(nn::ReshapeOp op) {
    Regrouping result{
        nn::getSizes(op.getInput().getType()), nn::getSizes(op.getType()), {}};
    auto groups = getReshapeGroups(op, result.from, result.to);
    if (!groups)
      return std::nullopt;
    result.groups = std::move(*groups);
    return result;
  }

  /// Whether the rank rises while the innermost dimension stays.
  bool raisesRank() const {
    return from.size() < to.size() && from.back() == to.back();
  }

  /// The type that `type`, which broadcasts to `to`, has to be reshaped to so
  /// that it broadcasts to `from` in the same way; null if there is none.
  RankedTensorType getTypeBefore(RankedTensorType type) const {
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(type);
    nn::SizeAttr one = nn::getSize(type.getContext(), 1);
    sizes.insert(sizes.begin(), to.size() - sizes.size(), one);
    SmallVector<nn::SizeAttr> before;
    for (const ReshapeGroup &group : groups) {
      auto range = llvm::seq(group.toBegin, group.toEnd);
      bool isFull =
          llvm::all_of(range, [&](unsigned d) { return sizes[d] == to[d]; });
      bool isOne =
          llvm::all_of(range, [&](unsigned d) { return sizes[d] == one; });
      if (!isFull && !isOne)
        return {};
      for (unsigned d : llvm::seq(group.fromBegin, group.fromEnd))
        before.push_back(isFull ? from[d] : one);
    }
    // Leading dimensions of size 1 say nothing: a bias keeps rank 1.
    ArrayRef<nn::SizeAttr> kept(before);
    while (kept.size() > 1 && kept.front() == one)
      kept = kept.drop_front();
    return nn::makeTensorType(kept, type.getElementType());
  }
};

/// ```mlir
/// %r = nn.reshape %x : tensor<6x8xf32> to tensor<2x3x8xf32>
/// %y = nn.add %r, %bias : tensor<2x3x8xf32>, tensor<8xf32>
/// // ->
/// %a = nn.add %x, %bias : tensor<6x8xf32>, tensor<8xf32>
/// %y = nn.reshape %a : tensor<6x8xf32> to tensor<2x3x8xf32>
/// ```
/// With no other operand than constants the rank need not rise.
struct SinkReshapeBelowElementwise : RewritePattern {
  explicit SinkReshapeBelowElementwise(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!op->hasTrait<nn::OpTrait::Elementwise>())
      return failure();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    llvm::SmallPtrSet<Value, 4> variable;
    for (Value operand : op->getOperands())
      if (!getWeight(operand))
        variable.insert(operand);
    for (Value operand : op->getOperands()) {
      auto reshape = operand.getDefiningOp<nn::ReshapeOp>();
      if (!reshape || nn::getSizes(operand.getType()) != nn::getSizes(type))
        continue;
      std::optional<Regrouping> regrouping = Regrouping::get(reshape);
      if (!regrouping || !(variable.size() == 1 || regrouping->raisesRank()))
        continue;
      if (succeeded(sink(op, reshape, *regrouping, rewriter)))
        return success();
    }
    return failure();
  }

private:
  /// Whether a new reshape would give `operand` the type `before`: it is no
  /// weight, and no reshape of such a value that would cancel.
  static bool needsView(Value operand, RankedTensorType before) {
    if (operand.getType() == before || getWeight(operand))
      return false;
    auto reshape = operand.getDefiningOp<nn::ReshapeOp>();
    return !reshape || reshape.getInput().getType() != before;
  }

  static LogicalResult sink(Operation *op, nn::ReshapeOp reshape,
                            const Regrouping &regrouping,
                            PatternRewriter &rewriter) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    // A value that is used elsewhere too is in memory anyway: then the
    // operation stays beside its other operands, with which it may share a
    // loop.
    bool isChain = reshape->hasOneUse() && reshape.getInput().hasOneUse();
    SmallVector<RankedTensorType> types;
    for (Value operand : op->getOperands()) {
      auto operandType = cast<RankedTensorType>(operand.getType());
      RankedTensorType before = operand == reshape.getResult()
                                    ? reshape.getInput().getType()
                                    : regrouping.getTypeBefore(operandType);
      if (!before)
        return rewriter.notifyMatchFailure(
            op, "an operand cannot follow as a view");
      if (!isChain && needsView(operand, before))
        return rewriter.notifyMatchFailure(op, "would only move a view");
      types.push_back(before);
    }
    SmallVector<Value> operands;
    for (auto [operand, before] : llvm::zip_equal(op->getOperands(), types)) {
      if (operand == reshape.getResult())
        operands.push_back(reshape.getInput());
      else if (operand.getType() == before)
        operands.push_back(operand);
      else
        operands.push_back(
            nn::ReshapeOp::create(rewriter, op->getLoc(), before, operand));
    }
    Operation *copy =
        cloneWith(rewriter, op, operands,
                  nn::makeTensorType(regrouping.from, type.getElementType()));
    rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, type, copy->getResult(0));
    return success();
  }
};

/// The same below a reduction over whole groups of dimensions.
struct SinkReshapeBelowReduce : OpRewritePattern<nn::ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ReduceOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getInput().getDefiningOp<nn::ReshapeOp>();
    if (!reshape)
      return failure();
    std::optional<Regrouping> regrouping = Regrouping::get(reshape);
    if (!regrouping || !regrouping->raisesRank())
      return failure();
    SmallVector<int64_t> axes;
    for (const ReshapeGroup &group : regrouping->groups) {
      auto range = llvm::seq<int64_t>(group.toBegin, group.toEnd);
      auto isReduced = [&](int64_t d) {
        return llvm::is_contained(op.getAxes(), d);
      };
      if (llvm::none_of(range, isReduced))
        continue;
      if (!llvm::all_of(range, isReduced))
        return rewriter.notifyMatchFailure(op, "reduces a part of a dimension");
      llvm::append_range(axes,
                         llvm::seq<int64_t>(group.fromBegin, group.fromEnd));
    }
    Value reduced = nn::ReduceOp::create(rewriter, op.getLoc(),
                                         reshape.getInput(), op.getKindAttr(),
                                         rewriter.getDenseI64ArrayAttr(axes));
    rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, op.getType(), reduced);
    return success();
  }
};

} // namespace

void sinter::populateSinkReshapesPatterns(RewritePatternSet &patterns) {
  patterns.add<SinkReshapeBelowElementwise, SinkReshapeBelowReduce>(
      patterns.getContext());
}
