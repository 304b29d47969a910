//===- IntegerEpilogue.cpp - what follows a contraction of integers -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Quantize/Patterns.h"

#include "dialects/NN/NNShapes.h"
#include "passes/Simplify/Constants.h"
#include "passes/Simplify/Patterns.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace sinter;
using namespace sinter::quantize;

/// The limits that nn.relu or nn.clamp sets; nothing for other operations.
static std::optional<std::pair<double, double>> getLimits(Operation *op) {
  if (isa_and_nonnull<nn::ReluOp>(op))
    return std::pair(0.0, std::numeric_limits<double>::infinity());
  if (auto clamp = dyn_cast_or_null<nn::ClampOp>(op))
    return std::pair(clamp.getMin().convertToDouble(),
                     clamp.getMax().convertToDouble());
  return std::nullopt;
}

namespace {

/// Drops a limit that saturation implies: what it limits becomes the smallest,
/// or largest, integer either way.
/// ```mlir
/// nn.quantize(nn.relu(%x), %s, %zero : ui8)  ->  nn.quantize(%x, %s, %zero)
/// ```
struct DropImpliedLimit : OpRewritePattern<nn::QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto parameters = getParameters(op.getScale(), op.getZeroPoint());
    auto limits = getLimits(op.getInput().getDefiningOp());
    if (!parameters || !limits || !parameters->real.isF32())
      return failure();
    unsigned width = parameters->type.getIntOrFloatBitWidth();
    bool isUnsigned = parameters->type.isUnsignedInteger();
    double least = isUnsigned ? 0.0 : -std::ldexp(1.0, width - 1);
    double most = least + std::ldexp(1.0, width) - 1;
    auto quantize = [&](double value) {
      float quotient =
          static_cast<float>(value) / static_cast<float>(parameters->scale);
      double whole =
          std::nearbyint(quotient) + static_cast<double>(parameters->zeroPoint);
      return std::min(std::max(whole, least), most);
    };
    if (limits->first > limits->second || quantize(limits->first) != least ||
        quantize(limits->second) != most)
      return failure();
    Operation *limit = op.getInput().getDefiningOp();
    rewriter.modifyOpInPlace(
        op, [&] { op.getInputMutable().assign(limit->getOperand(0)); });
    return success();
  }
};

/// Divides by the scale of the quantization where it costs nothing: in the
/// multiplier of the columns, the bias and the limits.
/// ```mlir
/// %m = nn.mul %sum, %multiplier          // %sum: f32 of i32
/// %b = nn.add %m, %bias
/// %q = nn.quantize %b, %scale, %zero
/// // becomes, with weights divided by %scale
/// %m = nn.mul %sum, %multiplier'
/// %b = nn.add %m, %bias'
/// %q = nn.quantize %b, %one, %zero
/// ```
struct DivideMultiplier : OpRewritePattern<nn::QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto parameters = getParameters(op.getScale(), op.getZeroPoint());
    if (!parameters || parameters->scale == 1 || !parameters->real.isF32())
      return failure();
    // From the quantization up to the multiplication.
    SmallVector<Operation *> chain;
    Value value = op.getInput();
    for (;;) {
      Operation *def = value.getDefiningOp();
      if (!def || !value.hasOneUse())
        return failure();
      if (getLimits(def)) {
        chain.push_back(def);
        value = def->getOperand(0);
        continue;
      }
      if (!isa<nn::AddOp, nn::MulOp>(def))
        return failure();
      auto [variable, weight] = splitWeightOperand(def);
      if (!variable || variable.getType() != value.getType())
        return failure();
      chain.push_back(def);
      value = variable;
      auto cast = value.getDefiningOp<nn::CastOp>();
      if (isa<nn::MulOp>(def))
        if (cast && getElementTypeOrSelf(cast.getInput()).isInteger(32))
          break;
      if (isa<nn::MulOp>(def))
        return failure();
    }
    Location loc = op.getLoc();
    for (Operation *def : llvm::reverse(chain)) {
      rewriter.setInsertionPoint(def);
      Operation *scaled;
      if (isa<nn::ReluOp>(def)) {
        scaled = cloneWith(rewriter, def, value, def->getResult(0).getType());
      } else if (auto clamp = dyn_cast<nn::ClampOp>(def)) {
        scaled = nn::ClampOp::create(
            rewriter, clamp.getLoc(), value,
            APFloat(clamp.getMin().convertToDouble() / parameters->scale),
            APFloat(clamp.getMax().convertToDouble() / parameters->scale));
      } else {
        Value weight = splitWeightOperand(def).second;
        Value divided = nn::DivOp::create(rewriter, loc, weight, op.getScale());
        scaled = cloneWith(rewriter, def, {value, divided},
                           def->getResult(0).getType());
      }
      value = scaled->getResult(0);
    }
    rewriter.setInsertionPoint(op);
    Value one = createScalar(rewriter, loc, 1, parameters->real);
    rewriter.replaceOpWithNewOp<nn::QuantizeOp>(op, value, one,
                                                op.getZeroPoint());
    return success();
  }
};

} // namespace

void quantize::populateIntegerEpiloguePatterns(RewritePatternSet &patterns) {
  patterns.add<DropImpliedLimit, DivideMultiplier>(patterns.getContext());
  populateFoldConstantsPatterns(patterns);
}
