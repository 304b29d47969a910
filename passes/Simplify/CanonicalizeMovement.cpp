//===- CanonicalizeMovement.cpp - simpler data movement -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/Size.h"
#include "passes/Simplify/Constants.h"
#include "passes/Simplify/Patterns.h"
#include "passes/Simplify/ReshapeGroups.h"

using namespace mlir;
using namespace sinter;

namespace {

/// ```mlir
/// %a = nn.transpose %x [0, 2, 1]
/// %b = nn.transpose %a [0, 2, 1]   ->   %x
/// ```
struct JoinTransposes : OpRewritePattern<nn::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<nn::TransposeOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> permutation;
    for (int64_t dim : op.getPermutation())
      permutation.push_back(inner.getPermutation()[dim]);
    rewriter.replaceOpWithNewOp<nn::TransposeOp>(
        op, inner.getInput(), rewriter.getDenseI64ArrayAttr(permutation));
    return success();
  }
};

/// A transpose that keeps the order of all dimensions but those of size 1 is a
/// reshape; one that keeps the order of all goes.
struct TurnTransposeIntoReshape : OpRewritePattern<nn::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    if (llvm::is_sorted(op.getPermutation())) {
      rewriter.replaceOp(op, op.getInput());
      return success();
    }
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(op.getInput().getType());
    int64_t last = -1;
    for (int64_t dim : op.getPermutation()) {
      if (sizes[dim].isConstant(1))
        continue;
      if (dim < last)
        return failure();
      last = dim;
    }
    rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, op.getType(), op.getInput());
    return success();
  }
};

/// `reshape(reshape(x))` -> `reshape(x)`; a reshape to the same shape goes.
struct JoinReshapes : OpRewritePattern<nn::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getInput().getType() == op.getType()) {
      rewriter.replaceOp(op, op.getInput());
      return success();
    }
    auto inner = op.getInput().getDefiningOp<nn::ReshapeOp>();
    if (!inner)
      return failure();
    rewriter.replaceOpWithNewOp<nn::ReshapeOp>(op, op.getType(),
                                               inner.getInput());
    return success();
  }
};

/// A resize gives its result the sizes that the model assumes it to have.
/// ```mlir
/// %r = nn.resize .. %x : .. to tensor<?xf32, #nn.dims<[(h floordiv 2) * 2]>>
/// %y = nn.reshape %r : .. to tensor<?xf32, #nn.dims<[h]>>
/// // ->
/// %y = nn.resize .. %x : .. to tensor<?xf32, #nn.dims<[h]>>
/// ```
struct RenameSizesOfResize : OpRewritePattern<nn::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto resize = op.getInput().getDefiningOp<nn::ResizeOp>();
    if (!resize || !resize->hasOneUse() || !isRenaming(op))
      return failure();
    Operation *copy =
        cloneWith(rewriter, resize, resize.getInput(), op.getType());
    rewriter.replaceOp(op, copy->getResult(0));
    return success();
  }
};

/// A slice that takes all in order goes.
struct DropFullSlice : OpRewritePattern<nn::SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::SliceOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getInput().getType() != op.getType())
      return failure();
    bool isFull =
        llvm::all_of(op.getSteps(), [](int64_t s) { return s == 1; }) &&
        llvm::all_of(op.getStarts().getAsRange<nn::SizeAttr>(),
                     [](nn::SizeAttr s) { return s.isConstant(0); });
    if (!isFull)
      return failure();
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
};

/// A concat of one tensor goes, and so do empty operands of a longer one.
struct DropTrivialConcat : OpRewritePattern<nn::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::ConcatOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> kept;
    for (Value input : op.getInputs())
      if (!nn::getSizes(input.getType())[op.getAxis()].isConstant(0))
        kept.push_back(input);
    if (kept.size() == 1 && kept.front().getType() == op.getType()) {
      rewriter.replaceOp(op, kept.front());
      return success();
    }
    if (kept.empty() || kept.size() == op.getInputs().size())
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getInputsMutable().assign(kept); });
    return success();
  }
};

/// An element-wise operation broadcasts by itself: it takes the input of a
/// broadcast wherever its own shape stays. Below an operation of one operand
/// the broadcast moves behind it, which then computes fewer elements.
struct TakeInputOfBroadcast : RewritePattern {
  explicit TakeInputOfBroadcast(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!op->hasTrait<nn::OpTrait::Elementwise>())
      return failure();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    for (OpOperand &operand : op->getOpOperands()) {
      auto broadcast = operand.get().getDefiningOp<nn::BroadcastOp>();
      if (!broadcast)
        continue;
      Value input = broadcast.getInput();
      if (op->getNumOperands() == 1) {
        auto small = nn::makeTensorType(nn::getSizes(input.getType()),
                                        type.getElementType());
        Operation *copy = cloneWith(rewriter, op, input, small);
        rewriter.replaceOpWithNewOp<nn::BroadcastOp>(op, type,
                                                     copy->getResult(0));
        return success();
      }
      if (!keepsShape(op, operand.getOperandNumber(), input))
        continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(input); });
      return success();
    }
    return failure();
  }

private:
  /// Whether the result of `op` has the same sizes with `input` as operand
  /// `index`.
  static bool keepsShape(Operation *op, unsigned index, Value input) {
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(input.getType());
    for (OpOperand &operand : op->getOpOperands()) {
      if (operand.getOperandNumber() == index)
        continue;
      auto joined =
          nn::broadcastSizes(sizes, nn::getSizes(operand.get().getType()));
      if (!joined)
        return false;
      sizes = *joined;
    }
    return sizes == nn::getSizes(op->getResult(0).getType());
  }
};

/// ```mlir
/// %y = nn.add %x, %w : tensor<2x8xf32>, tensor<1x8xf32>
/// // -> with a reshape of %w
/// %y = nn.add %x, %v : tensor<2x8xf32>, tensor<8xf32>
/// ```
/// for weights, so that one constant has one shape wherever it is used.
struct DropLeadingOnesOfWeight : RewritePattern {
  explicit DropLeadingOnesOfWeight(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!op->hasTrait<nn::OpTrait::Elementwise>())
      return failure();
    for (OpOperand &operand : op->getOpOperands()) {
      auto type = cast<RankedTensorType>(operand.get().getType());
      if (!getWeight(operand.get()) || type.getRank() == 0 ||
          type.getDimSize(0) != 1)
        continue;
      auto hasFullRank = [&](Value other) {
        return !getWeight(other) &&
               cast<RankedTensorType>(other.getType()).getRank() >=
                   type.getRank();
      };
      if (!llvm::any_of(op->getOperands(), hasFullRank))
        continue;
      ArrayRef<int64_t> shape =
          type.getShape().drop_while([](int64_t size) { return size == 1; });
      Value reshaped = nn::ReshapeOp::create(rewriter, op->getLoc(),
                                             type.clone(shape), operand.get());
      rewriter.modifyOpInPlace(op, [&] { operand.set(reshaped); });
      return success();
    }
    return failure();
  }
};

/// The constant run of indices `first, first + 1, ..` that `indices` holds, in
/// range of `size`.
std::optional<std::pair<int64_t, int64_t>> getConstantRun(Value indices,
                                                          nn::SizeAttr size) {
  std::optional<SmallVector<int64_t>> values = getIntegers(indices);
  if (!values || values->empty())
    return std::nullopt;
  int64_t first = values->front();
  if (first < 0) {
    if (!size.getConstant())
      return std::nullopt;
    first += *size.getConstant();
  }
  int64_t count = values->size();
  if (first < 0 || first + count > nn::getRange(size).first)
    return std::nullopt;
  for (auto [i, value] : llvm::enumerate(*values))
    if (value != values->front() + static_cast<int64_t>(i) ||
        (value < 0) != (values->front() < 0))
      return std::nullopt;
  return std::pair(first, count);
}

/// ```mlir
/// %y = nn.gather %x, %two axis 1 : tensor<4x8xf32>, tensor<i64>
/// // ->
/// %s = nn.slice %x starts [0, 2] sizes [4, 1] steps [1, 1]
/// %y = nn.reshape %s : tensor<4x1xf32> to tensor<4xf32>
/// ```
struct TurnGatherIntoSlice : OpRewritePattern<nn::GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::GatherOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(op.getInput().getType());
    int64_t axis = op.getAxis();
    auto run = getConstantRun(op.getIndices(), sizes[axis]);
    if (!run)
      return failure();
    MLIRContext *context = getContext();
    SmallVector<Attribute> starts(sizes.size(), nn::getSize(context, 0));
    SmallVector<Attribute> taken(sizes.begin(), sizes.end());
    starts[axis] = nn::getSize(context, run->first);
    taken[axis] = nn::getSize(context, run->second);
    Value slice = nn::SliceOp::create(
        rewriter, op.getLoc(), op.getInput(), rewriter.getArrayAttr(starts),
        rewriter.getArrayAttr(taken),
        rewriter.getDenseI64ArrayAttr(SmallVector<int64_t>(sizes.size(), 1)));
    if (slice.getType() != op.getType())
      slice = nn::ReshapeOp::create(rewriter, op.getLoc(), op.getType(), slice);
    rewriter.replaceOp(op, slice);
    return success();
  }
};

} // namespace

void sinter::populateCanonicalizeMovementPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<DropLeadingOnesOfWeight, RenameSizesOfResize>(context);
  patterns.addWithLabel<DropFullSlice>({"takes all and goes"}, context);
  patterns.addWithLabel<DropTrivialConcat>(
      {"of one tensor goes, and empty operands do"}, context);
  patterns.addWithLabel<JoinReshapes>(
      {"changes no shape, or is one step with the reshape before it"}, context);
  patterns.addWithLabel<JoinTransposes>(
      {"is one step with the transpose before it, or cancels with it"},
      context);
  patterns.addWithLabel<TakeInputOfBroadcast>(
      {"repeats its operand itself instead of reading a repeated copy"},
      context);
  patterns.addWithLabel<TurnGatherIntoSlice>(
      {"takes neighbours in order and becomes a slice"}, context);
  patterns.addWithLabel<TurnTransposeIntoReshape>(
      {"moves no element in memory and becomes a reshape"}, context);
}
