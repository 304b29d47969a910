//===- FoldAffineIntoContraction.cpp - scales go into weights -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/NodeLocation.h"
#include "dialects/NN/Size.h"
#include "passes/Simplify/Constants.h"
#include "passes/Simplify/LabelledPatterns.h"
#include "passes/Simplify/Passes.h"
#include "passes/Simplify/Patterns.h"

#include "mlir/IR/Remarks.h"

namespace sinter {
#define GEN_PASS_DEF_FOLDAFFINEINTOCONTRACTIONPASS
#include "passes/Simplify/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

namespace {

/// A contraction with constant weights, seen the same way for all three kinds.
struct Contraction {
  Operation *op;
  Value input, weights;
  int64_t inputChannelDim, outputChannelDim; // of the input, of the result
  int64_t groups;

  static std::optional<Contraction> get(Operation *op) {
    std::optional<Contraction> result;
    if (auto matmul = dyn_cast_or_null<nn::MatmulOp>(op)) {
      int64_t lhsRank =
          cast<RankedTensorType>(matmul.getLhs().getType()).getRank();
      int64_t rank = cast<RankedTensorType>(matmul.getType()).getRank();
      result = Contraction{op,          matmul.getLhs(), matmul.getRhs(),
                           lhsRank - 1, rank - 1,        1};
    } else if (auto conv = dyn_cast_or_null<nn::ConvOp>(op)) {
      result = ofConvolution(conv);
    } else if (auto conv = dyn_cast_or_null<nn::ConvTransposeOp>(op)) {
      result = ofConvolution(conv);
    }
    if (!result || !getWeight(result->weights) ||
        !isa<FloatType>(getElementTypeOrSelf(result->weights.getType())))
      return std::nullopt;
    return result;
  }

  /// Number of elements of the scale's single non-trivial dimension; the scale
  /// must be a weight that varies along `dim` of `type` at most, and not
  /// enlarge it.
  static std::optional<int64_t> getScaleCount(Value scale, Type type,
                                              int64_t dim) {
    if (!getWeight(scale))
      return std::nullopt;
    ArrayRef<int64_t> shape =
        cast<RankedTensorType>(scale.getType()).getShape();
    int64_t rank = cast<RankedTensorType>(type).getRank();
    int64_t offset = rank - static_cast<int64_t>(shape.size());
    if (offset < 0)
      return std::nullopt;
    int64_t count = 1;
    for (auto [i, size] : llvm::enumerate(shape)) {
      if (size == 1)
        continue;
      if (offset + static_cast<int64_t>(i) != dim)
        return std::nullopt;
      count = size;
    }
    return count;
  }

  /// The weights times `scale` of each output channel (count elements or one).
  Value scaleOutputs(PatternRewriter &rewriter, Value scale,
                     int64_t count) const {
    ArrayRef<int64_t> shape =
        cast<RankedTensorType>(weights.getType()).getShape();
    SmallVector<int64_t> factor(shape.size(), 1);
    if (isa<nn::MatmulOp>(op)) {
      factor.back() = count;
    } else if (isa<nn::ConvOp>(op)) {
      factor[0] = count;
    } else if (count == 1 || groups == 1) {
      factor[1] = count;
    } else {
      return scaleGroupedTransposed(rewriter, scale, shape);
    }
    return multiply(rewriter, weights, scale, factor);
  }

  /// The weights times `scale` of each input channel; null where the layout of
  /// the weights does not let one product do it.
  Value scaleInputs(PatternRewriter &rewriter, Value scale,
                    int64_t count) const {
    ArrayRef<int64_t> shape =
        cast<RankedTensorType>(weights.getType()).getShape();
    SmallVector<int64_t> factor(shape.size(), 1);
    if (count == 1)
      return multiply(rewriter, weights, scale, factor);
    if (isa<nn::MatmulOp>(op))
      factor[shape.size() - 2] = count;
    else if (isa<nn::ConvTransposeOp>(op) ||
             (shape[1] == 1 && shape[0] == count))
      factor[0] = count; // one filter an input channel
    else if (groups == 1)
      factor[1] = count;
    else
      return {};
    return multiply(rewriter, weights, scale, factor);
  }

  /// Whether every result element is a sum over all input channels and over
  /// window elements that all lie in the input.
  bool isUnpaddedAndUngrouped() const {
    if (auto conv = dyn_cast<nn::ConvOp>(op))
      return groups == 1 &&
             llvm::all_of(conv.getPads(), [](int64_t pad) { return pad == 0; });
    auto type = cast<RankedTensorType>(weights.getType());
    return isa<nn::MatmulOp>(op) && type.getRank() == 2;
  }

  /// `values`, shaped as the weights, summed over all but the output channels,
  /// in the shape in which a bias of the result is. For matmul and conv.
  Value sumOverInputs(PatternRewriter &rewriter, Value values) const {
    Location loc = op->getLoc();
    auto type = cast<RankedTensorType>(values.getType());
    bool isMatmul = isa<nn::MatmulOp>(op);
    SmallVector<int64_t> axes{0};
    if (!isMatmul)
      axes.assign(llvm::to_vector(llvm::seq<int64_t>(1, type.getRank())));
    Value sum = nn::ReduceOp::create(
        rewriter, loc, values,
        nn::ReduceKindAttr::get(op->getContext(), nn::ReduceKind::Sum),
        rewriter.getDenseI64ArrayAttr(axes));
    SmallVector<int64_t> shape{type.getDimSize(isMatmul ? 1 : 0)};
    int64_t rank = cast<RankedTensorType>(op->getResult(0).getType()).getRank();
    shape.append(rank - 1 - outputChannelDim, 1);
    return nn::ReshapeOp::create(rewriter, loc, type.clone(shape), sum);
  }

  /// A copy of the operation with other input and weights, which also stands
  /// for `folded`.
  Value rebuild(PatternRewriter &rewriter, Value newInput, Value newWeights,
                Operation *folded) const {
    Operation *copy = cloneWith(rewriter, op, {newInput, newWeights},
                                op->getResult(0).getType());
    copy->setLoc(
        nn::fuseLocations(op->getContext(), {op->getLoc(), folded->getLoc()}));
    return copy->getResult(0);
  }

private:
  template <typename OpTy>
  static Contraction ofConvolution(OpTy conv) {
    int64_t rank = cast<RankedTensorType>(conv.getType()).getRank();
    int64_t dim = conv.getChannelsLast() ? rank - 1 : 1;
    return {conv,
            conv.getInput(),
            conv.getFilter(),
            dim,
            dim,
            static_cast<int64_t>(conv.getGroup())};
  }

  Value multiply(PatternRewriter &rewriter, Value value, Value scale,
                 ArrayRef<int64_t> factor) const {
    auto type = cast<RankedTensorType>(scale.getType()).clone(factor);
    Value shaped = nn::ReshapeOp::create(rewriter, op->getLoc(), type, scale);
    return nn::MulOp::create(rewriter, op->getLoc(), value, shaped);
  }

  /// Filter [in, out/group, ..]: output channel = group index * (out/group) +
  /// o, so the scale has the shape [group, 1, out/group, 1..] beside the filter
  /// as [group, in/group, out/group, ..].
  Value scaleGroupedTransposed(PatternRewriter &rewriter, Value scale,
                               ArrayRef<int64_t> shape) const {
    auto type = cast<RankedTensorType>(weights.getType());
    SmallVector<int64_t> split{groups, shape[0] / groups};
    llvm::append_range(split, shape.drop_front());
    SmallVector<int64_t> factor(split.size(), 1);
    factor[0] = groups;
    factor[2] = shape[1];
    Value splitWeights = nn::ReshapeOp::create(rewriter, op->getLoc(),
                                               type.clone(split), weights);
    Value scaled = multiply(rewriter, splitWeights, scale, factor);
    return nn::ReshapeOp::create(rewriter, op->getLoc(), type, scaled);
  }
};

remark::RemarkOpts getRemarkOptions() {
  return remark::RemarkOpts::name("FoldAffine").category("sinter-simplify");
}

/// `conv(x, w) * s` -> `conv(x, w * s)`, and past the bias
/// `(conv(x, w) + b) * s` -> `conv(x, w * s) + b * s`.
struct FoldScaleAfter : OpRewritePattern<nn::MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::MulOp op,
                                PatternRewriter &rewriter) const override {
    auto [scaled, scale] = splitWeightOperand(op);
    if (!scaled || scaled.getType() != op.getType())
      return failure();
    return fold(op, scaled, scale, rewriter);
  }

private:
  static LogicalResult fold(nn::MulOp op, Value scaled, Value scale,
                            PatternRewriter &rewriter) {
    Value product = scaled, bias;
    if (auto add = scaled.getDefiningOp<nn::AddOp>()) {
      std::tie(product, bias) = splitWeightOperand(add);
      if (!product || product.getType() != op.getType())
        return failure();
    }
    std::optional<Contraction> contraction =
        Contraction::get(product.getDefiningOp());
    // In the body of a loop it would be computed again and again.
    if (!contraction || contraction->op->getBlock() != op->getBlock())
      return failure();
    if (!scaled.hasOneUse() || !product.hasOneUse())
      return rewriter.notifyMatchFailure(
          op, "the unscaled value is used elsewhere");
    int64_t dim = contraction->outputChannelDim;
    auto count = Contraction::getScaleCount(scale, op.getType(), dim);
    if (!count ||
        (bias && !Contraction::getScaleCount(bias, op.getType(), dim)))
      return rewriter.notifyMatchFailure(
          op, "not constant for each output channel");
    Value weights = contraction->scaleOutputs(rewriter, scale, *count);
    Value result =
        contraction->rebuild(rewriter, contraction->input, weights, op);
    if (bias) {
      Value scaledBias = nn::MulOp::create(rewriter, op.getLoc(), bias, scale);
      result = nn::AddOp::create(rewriter, op.getLoc(), result, scaledBias);
    }
    remark::passed(op.getLoc(), getRemarkOptions())
        << "scale of the output channels went into the weights";
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// `(contraction + b) + t` -> `contraction + (b + t)`.
struct JoinBiases : OpRewritePattern<nn::AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::AddOp op,
                                PatternRewriter &rewriter) const override {
    auto [sum, second] = splitWeightOperand(op);
    auto inner = sum ? sum.getDefiningOp<nn::AddOp>() : nn::AddOp();
    if (!inner || !inner->hasOneUse())
      return failure();
    auto [product, first] = splitWeightOperand(inner);
    if (!product || product.getType() != op.getType())
      return failure();
    auto contraction = Contraction::get(product.getDefiningOp());
    if (!contraction)
      return failure();
    int64_t dim = contraction->outputChannelDim;
    if (!Contraction::getScaleCount(first, op.getType(), dim) ||
        !Contraction::getScaleCount(second, op.getType(), dim))
      return rewriter.notifyMatchFailure(
          op, "not constant for each output channel");
    Value bias = nn::AddOp::create(rewriter, op.getLoc(), first, second);
    auto sumOfBoth = rewriter.replaceOpWithNewOp<nn::AddOp>(op, product, bias);
    sumOfBoth->setLoc(nn::fuseLocations(
        getContext(), {inner->getLoc(), sumOfBoth->getLoc()}));
    return success();
  }
};

/// `conv(x * s, w)` -> `conv(x, s * w)`: padding is zero, so the scale of it is
/// too.
struct FoldScaleBefore : RewritePattern {
  explicit FoldScaleBefore(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    std::optional<Contraction> contraction = Contraction::get(op);
    if (!contraction)
      return failure();
    auto mul = contraction->input.getDefiningOp<nn::MulOp>();
    if (!mul || !mul->hasOneUse())
      return failure();
    auto [input, scale] = splitWeightOperand(mul);
    if (!input || input.getType() != mul.getType())
      return failure();
    auto count = Contraction::getScaleCount(scale, mul.getType(),
                                            contraction->inputChannelDim);
    if (!count)
      return rewriter.notifyMatchFailure(op,
                                         "not constant for each input channel");
    Value weights = contraction->scaleInputs(rewriter, scale, *count);
    if (!weights)
      return rewriter.notifyMatchFailure(op, "the scale spans several groups");
    remark::passed(op->getLoc(), getRemarkOptions())
        << "scale of the input channels went into the weights";
    rewriter.replaceOp(op, contraction->rebuild(rewriter, input, weights, mul));
    return success();
  }
};

/// `conv(x + t, w)` -> `conv(x, w) + sum(w * t)` where no padding takes part.
struct FoldShiftBefore : RewritePattern {
  explicit FoldShiftBefore(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    std::optional<Contraction> contraction = Contraction::get(op);
    if (!contraction || !contraction->isUnpaddedAndUngrouped())
      return failure();
    auto add = contraction->input.getDefiningOp<nn::AddOp>();
    if (!add || !add->hasOneUse())
      return failure();
    auto [input, shift] = splitWeightOperand(add);
    if (!input || input.getType() != add.getType())
      return failure();
    auto count = Contraction::getScaleCount(shift, add.getType(),
                                            contraction->inputChannelDim);
    if (!count)
      return rewriter.notifyMatchFailure(op,
                                         "not constant for each input channel");
    Value bias = contraction->sumOverInputs(
        rewriter, contraction->scaleInputs(rewriter, shift, *count));
    Value product =
        contraction->rebuild(rewriter, input, contraction->weights, add);
    remark::passed(op->getLoc(), getRemarkOptions())
        << "shift of the input channels went into a bias";
    rewriter.replaceOpWithNewOp<nn::AddOp>(op, product, bias);
    return success();
  }
};

struct FoldAffineIntoContractionPass
    : sinter::impl::FoldAffineIntoContractionPassBase<
          FoldAffineIntoContractionPass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldScaleAfter>(&getContext(), /*benefit=*/2);
    patterns.add<FoldScaleBefore, FoldShiftBefore>(&getContext());
    patterns.addWithLabel<JoinBiases>(
        {"takes the constant that the addition before it adds"}, &getContext());
    populateFoldConstantsPatterns(patterns);
    populateCanonicalizeMovementPatterns(patterns);
    if (failed(applyLabelledPatterns(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
