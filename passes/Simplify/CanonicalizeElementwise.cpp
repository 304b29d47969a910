//===- CanonicalizeElementwise.cpp - simpler element-wise operations ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NodeLocation.h"
#include "passes/Simplify/Constants.h"
#include "passes/Simplify/Patterns.h"

#include "mlir/IR/TypeUtilities.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace sinter;

namespace {

bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value.getType()));
}

/// `x op neutral` -> `x`, where the constant does not enlarge `x`.
/// ```mlir
/// %r = nn.add %x, %zero   ->   %x
/// ```
template <typename OpTy>
struct DropNeutralOperand : OpRewritePattern<OpTy> {
  DropNeutralOperand(MLIRContext *context, double neutral, bool onlyRight)
      : OpRewritePattern<OpTy>(context), neutral(neutral),
        onlyRight(onlyRight) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    for (auto [kept, constant] : {std::pair(op.getLhs(), op.getRhs()),
                                  std::pair(op.getRhs(), op.getLhs())}) {
      if (kept.getType() == op.getType() &&
          getUniformValue(constant) == neutral) {
        rewriter.replaceOp(op, kept);
        return success();
      }
      if (onlyRight)
        break;
    }
    return failure();
  }

  double neutral;
  bool onlyRight;
};

/// `x / c` -> `x * (1 / c)` for a uniform c whose reciprocal is a normal
/// number. The product may differ from the quotient by one unit in the last
/// place.
struct MultiplyByReciprocal : OpRewritePattern<nn::DivOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::DivOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<double> divisor = getUniformValue(op.getRhs());
    if (!isFloat(op.getRhs()) || !divisor || getWeight(op.getLhs()))
      return failure();
    // 2^-100 .. 2^100 leaves room for the exponents of every type but the
    // 16-bit float, whose narrow range is checked by itself.
    bool narrow = getElementTypeOrSelf(op.getType()).isF16();
    double limit = std::ldexp(1.0, narrow ? 13 : 100);
    if (std::fabs(*divisor) > limit || std::fabs(*divisor) < 1 / limit)
      return rewriter.notifyMatchFailure(op, "the reciprocal would lose range");
    auto type = cast<RankedTensorType>(op.getRhs().getType());
    Value scalar = createScalar(rewriter, op.getLoc(), 1.0 / *divisor,
                                type.getElementType());
    if (op.getLhs().getType() == op.getType()) {
      rewriter.replaceOpWithNewOp<nn::MulOp>(op, op.getLhs(), scalar);
      return success();
    }
    if (type.getNumElements() != 1)
      return rewriter.notifyMatchFailure(op, "the divisor shapes the result");
    Value shaped = nn::ReshapeOp::create(rewriter, op.getLoc(), type, scalar);
    rewriter.replaceOpWithNewOp<nn::MulOp>(op, op.getLhs(), shaped);
    return success();
  }
};

/// `x / y` -> `x * (1 / y)` where y is one number for a whole row of x, as in a
/// softmax: a division for each row instead of one for each element.
struct MultiplyByReciprocalOfRow : OpRewritePattern<nn::DivOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::DivOp op,
                                PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getLhs().getType());
    auto divisor = cast<RankedTensorType>(op.getRhs().getType());
    if (!isFloat(op.getRhs()) || getWeight(op.getRhs()) ||
        type != op.getType() || divisor.getRank() == 0 ||
        divisor.getShape().back() != 1 || type.getShape().back() == 1)
      return failure();
    Value one = createScalar(rewriter, op.getLoc(), 1.0, type.getElementType());
    Value inverse = nn::DivOp::create(rewriter, op.getLoc(), one, op.getRhs());
    rewriter.replaceOpWithNewOp<nn::MulOp>(op, op.getLhs(), inverse);
    return success();
  }
};

/// `(x * c) * d` -> `x * (c * d)` for constant numbers.
struct JoinFactors : OpRewritePattern<nn::MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::MulOp op,
                                PatternRewriter &rewriter) const override {
    auto [product, second] = splitWeightOperand(op);
    auto inner = product ? product.getDefiningOp<nn::MulOp>() : nn::MulOp();
    if (!inner || !inner->hasOneUse() || !isFloat(product))
      return failure();
    auto [input, first] = splitWeightOperand(inner);
    if (!input || input.getType() != op.getType() || !isConstantScalar(first) ||
        !isConstantScalar(second))
      return failure();
    Value factor = nn::MulOp::create(rewriter, op.getLoc(), first, second);
    auto joined = rewriter.replaceOpWithNewOp<nn::MulOp>(op, input, factor);
    joined->setLoc(
        nn::fuseLocations(getContext(), {inner->getLoc(), joined->getLoc()}));
    return success();
  }
};

/// `x - w` -> `x + (-w)` for a weight w, so that later folds see one form.
struct AddNegatedWeight : OpRewritePattern<nn::SubOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::SubOp op,
                                PatternRewriter &rewriter) const override {
    if (!getWeight(op.getRhs()) || getWeight(op.getLhs()) ||
        !isFloat(op.getRhs()))
      return failure();
    Value negated = nn::NegOp::create(rewriter, op.getLoc(), op.getRhs());
    rewriter.replaceOpWithNewOp<nn::AddOp>(op, op.getLhs(), negated);
    return success();
  }
};

/// `pow(x, c)` for c in {1, 2, 3, 0.5, -0.5, -1} -> products, roots, quotients.
struct ExpandSmallPower : OpRewritePattern<nn::PowOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::PowOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<double> exponent = getUniformValue(op.getRhs());
    Value x = op.getLhs();
    if (!exponent || x.getType() != op.getType())
      return failure();
    Location loc = op.getLoc();
    Type type = cast<RankedTensorType>(x.getType()).getElementType();
    auto invert = [&](Value value) -> Value {
      return nn::DivOp::create(rewriter, loc,
                               createScalar(rewriter, loc, 1.0, type), value);
    };
    Value result;
    if (*exponent == 1.0)
      result = x;
    else if (*exponent == 2.0)
      result = nn::MulOp::create(rewriter, loc, x, x);
    else if (*exponent == 3.0)
      result = nn::MulOp::create(rewriter, loc,
                                 nn::MulOp::create(rewriter, loc, x, x), x);
    else if (*exponent == 0.5)
      result = nn::SqrtOp::create(rewriter, loc, x);
    else if (*exponent == -0.5)
      result = invert(nn::SqrtOp::create(rewriter, loc, x));
    else if (*exponent == -1.0)
      result = invert(x);
    else
      return rewriter.notifyMatchFailure(op, "no shorter form of the exponent");
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// `where(true, a, b)` -> `a`, `where(false, a, b)` -> `b`.
struct ChooseConstantBranch : OpRewritePattern<nn::WhereOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::WhereOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<double> condition = getUniformValue(op.getCondition());
    if (!condition)
      return failure();
    Value chosen = *condition != 0 ? op.getOnTrue() : op.getOnFalse();
    if (chosen.getType() != op.getType())
      chosen =
          nn::BroadcastOp::create(rewriter, op.getLoc(), op.getType(), chosen);
    rewriter.replaceOp(op, chosen);
    return success();
  }
};

/// Whether every value of `from` is a value of `to`.
bool holdsEveryValue(Type from, Type to) {
  auto fromInt = dyn_cast<IntegerType>(from), toInt = dyn_cast<IntegerType>(to);
  auto fromFloat = dyn_cast<FloatType>(from), toFloat = dyn_cast<FloatType>(to);
  // Small floats lack an infinity, a zero or a sign.
  if (toFloat && toFloat.getWidth() < 16)
    return false;
  if (fromInt && fromInt.getWidth() == 1)
    return true;
  if (fromFloat && toFloat) {
    const llvm::fltSemantics &a = fromFloat.getFloatSemantics();
    const llvm::fltSemantics &b = toFloat.getFloatSemantics();
    return llvm::APFloat::semanticsPrecision(a) <=
               llvm::APFloat::semanticsPrecision(b) &&
           llvm::APFloat::semanticsMaxExponent(a) <=
               llvm::APFloat::semanticsMaxExponent(b);
  }
  if (fromInt && toFloat) // f16 ends at 65504: 11 bits of precision are safe
    return fromInt.getWidth() <= toFloat.getFPMantissaWidth();
  if (!fromInt || !toInt || toInt.getWidth() == 1)
    return false;
  if (fromInt.isUnsigned() == toInt.isUnsigned())
    return fromInt.getWidth() <= toInt.getWidth();
  return fromInt.isUnsigned() && fromInt.getWidth() < toInt.getWidth();
}

/// A cast to the same type goes; `cast(cast(x))` skips an exact step.
struct JoinCasts : OpRewritePattern<nn::CastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::CastOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getInput().getType() == op.getType()) {
      rewriter.replaceOp(op, op.getInput());
      return success();
    }
    auto inner = op.getInput().getDefiningOp<nn::CastOp>();
    if (!inner ||
        !holdsEveryValue(getElementTypeOrSelf(inner.getInput().getType()),
                         getElementTypeOrSelf(inner.getType())))
      return failure();
    rewriter.replaceOpWithNewOp<nn::CastOp>(op, op.getType(), inner.getInput());
    return success();
  }
};

/// Bounds of a clamp or relu as numbers: what it limits and to what range.
struct Limits {
  Value input;
  double low, high;
};

std::optional<Limits> getLimits(Operation *op) {
  if (auto clamp = dyn_cast_or_null<nn::ClampOp>(op))
    return Limits{clamp.getInput(), clamp.getMin().convertToDouble(),
                  clamp.getMax().convertToDouble()};
  if (auto relu = dyn_cast_or_null<nn::ReluOp>(op))
    return Limits{relu.getInput(), 0.0, INFINITY};
  return std::nullopt;
}

/// clamp and relu of clamp or relu -> one of them.
template <typename OpTy>
struct JoinLimits : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    std::optional<Limits> outer = getLimits(op);
    std::optional<Limits> inner = getLimits(op.getInput().getDefiningOp());
    if (!inner || !isFloat(op.getInput()) || inner->low > inner->high ||
        outer->low > outer->high)
      return failure();
    double low = std::clamp(inner->low, outer->low, outer->high);
    double high = std::clamp(inner->high, outer->low, outer->high);
    if (low == 0.0 && high == INFINITY)
      rewriter.replaceOpWithNewOp<nn::ReluOp>(op, inner->input);
    else
      rewriter.replaceOpWithNewOp<nn::ClampOp>(op, inner->input,
                                               rewriter.getF64FloatAttr(low),
                                               rewriter.getF64FloatAttr(high));
    return success();
  }
};

/// `max(x, 0)` -> `relu(x)`; `max` and `min` by a constant -> `clamp`.
template <typename OpTy>
struct LimitByConstant : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    for (auto [input, constant] : {std::pair(op.getLhs(), op.getRhs()),
                                   std::pair(op.getRhs(), op.getLhs())}) {
      std::optional<double> bound = getUniformValue(constant);
      if (!bound || std::isnan(*bound) || !isFloat(input) ||
          input.getType() != op.getType())
        continue;
      bool isMax = std::is_same_v<OpTy, nn::MaxOp>;
      if (isMax && *bound == 0.0)
        rewriter.replaceOpWithNewOp<nn::ReluOp>(op, input);
      else
        rewriter.replaceOpWithNewOp<nn::ClampOp>(
            op, input, rewriter.getF64FloatAttr(isMax ? *bound : -INFINITY),
            rewriter.getF64FloatAttr(isMax ? INFINITY : *bound));
      return success();
    }
    return failure();
  }
};

} // namespace

void sinter::populateCanonicalizeElementwisePatterns(
    RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  StringRef neutral = "changes nothing and goes";
  patterns.addWithLabel<DropNeutralOperand<nn::AddOp>>({neutral}, context, 0.0,
                                                       /*onlyRight=*/false);
  patterns.addWithLabel<DropNeutralOperand<nn::MulOp>>({neutral}, context, 1.0,
                                                       /*onlyRight=*/false);
  patterns.addWithLabel<DropNeutralOperand<nn::SubOp>>({neutral}, context, 0.0,
                                                       /*onlyRight=*/true);
  patterns.addWithLabel<DropNeutralOperand<nn::DivOp>>({neutral}, context, 1.0,
                                                       /*onlyRight=*/true);
  patterns.addWithLabel<JoinFactors>(
      {"takes the constant factor of the product before it"}, context);
  patterns.addWithLabel<MultiplyByReciprocalOfRow>(
      {"becomes a product with one reciprocal a row"}, context);
  patterns.addWithLabel<MultiplyByReciprocal>(
      {"by a constant becomes a product with its reciprocal"}, context);
  patterns.addWithLabel<AddNegatedWeight>(
      {"of a weight becomes an addition of the negated weight"}, context);
  patterns.addWithLabel<ChooseConstantBranch>(
      {"has a constant condition and becomes the branch it chooses"}, context);
  patterns.addWithLabel<ExpandSmallPower>(
      {"of a small exponent becomes products, roots or quotients"}, context);
  patterns.addWithLabel<JoinCasts>(
      {"changes no type, or is one step with the cast before it"}, context);
  patterns.addWithLabel<JoinLimits<nn::ClampOp>, JoinLimits<nn::ReluOp>>(
      {"becomes one limit with the one before it"}, context);
  patterns.addWithLabel<LimitByConstant<nn::MaxOp>, LimitByConstant<nn::MinOp>>(
      {"with a constant becomes a relu or clamp"}, context);
}
