//===- MoveQuantization.cpp - movement on integers ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What only moves or compares elements does so on the integers, which are a
// quarter as large: dequantizations sink through it, quantizations rise.
//
//===----------------------------------------------------------------------===//

#include "passes/Quantize/Patterns.h"

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/NodeLocation.h"
#include "passes/Simplify/Constants.h"
#include "passes/Simplify/Patterns.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::quantize;

std::optional<Parameters> quantize::getParameters(Value scale,
                                                  Value zeroPoint) {
  std::optional<double> scaleValue = getUniformValue(scale);
  std::optional<double> zeroValue = getUniformValue(zeroPoint);
  bool isScalar =
      cast<RankedTensorType>(scale.getType()).getNumElements() == 1 &&
      cast<RankedTensorType>(zeroPoint.getType()).getNumElements() == 1;
  if (!scaleValue || !zeroValue || !isScalar || !(*scaleValue > 0))
    return std::nullopt;
  return Parameters{*scaleValue, static_cast<int64_t>(*zeroValue),
                    getElementTypeOrSelf(scale.getType()),
                    getElementTypeOrSelf(zeroPoint.getType())};
}

/// The operands of `op` whose elements it moves or takes the largest of; none
/// where it does something else.
static OperandRange getMovedOperands(Operation *op) {
  OperandRange operands = op->getOperands();
  if (isa<nn::TransposeOp, nn::ReshapeOp, nn::SliceOp, nn::BroadcastOp,
          nn::ConcatOp>(op))
    return operands;
  if (isa<nn::GatherOp, nn::GatherElementsOp, nn::PadOp>(op))
    return operands.take_front(1);
  if (auto pool = dyn_cast<nn::PoolOp>(op))
    return pool.getKind() == nn::ReduceKind::Max ? operands
                                                 : operands.take_front(0);
  if (auto reduce = dyn_cast<nn::ReduceOp>(op))
    return reduce.getKind() == nn::ReduceKind::Max ||
                   reduce.getKind() == nn::ReduceKind::Min
               ? operands
               : operands.take_front(0);
  if (auto resize = dyn_cast<nn::ResizeOp>(op))
    return resize.getMode() == nn::ResizeMode::Nearest ? operands
                                                       : operands.take_front(0);
  return operands.take_front(0);
}

static RankedTensorType withElement(Type type, Type elementType) {
  auto tensor = cast<RankedTensorType>(type);
  return RankedTensorType::get(tensor.getShape(), elementType,
                               tensor.getEncoding());
}

namespace {

/// ```mlir
/// %r = nn.reshape(nn.dequantize(%q, %s, %z)) -> nn.dequantize(nn.reshape(%q),
/// %s, %z)
/// ```
struct SinkDequantize : RewritePattern {
  explicit SinkDequantize(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    OperandRange moved = getMovedOperands(op);
    if (moved.empty())
      return failure();
    std::optional<Parameters> common;
    SmallVector<Value> integers;
    nn::DequantizeOp first;
    for (Value operand : moved) {
      auto dequantize = operand.getDefiningOp<nn::DequantizeOp>();
      if (!dequantize || getWeight(dequantize.getInput()))
        return failure();
      auto own =
          getParameters(dequantize.getScale(), dequantize.getZeroPoint());
      // Parameters may not enlarge the tensor.
      if (!own || (common && !(*common == *own)) ||
          nn::getSizes(dequantize.getType()) !=
              nn::getSizes(dequantize.getInput().getType()))
        return failure();
      common = own;
      integers.push_back(dequantize.getInput());
      if (!first)
        first = dequantize;
    }
    SmallVector<Value> operands(op->getOperands());
    llvm::copy(integers, operands.begin());
    if (auto pad = dyn_cast<nn::PadOp>(op)) {
      if (pad.getMode() == nn::PadMode::Constant &&
          getUniformValue(pad.getValue()) != 0.0)
        return failure();
      operands[1] =
          createScalar(rewriter, op->getLoc(),
                       static_cast<double>(common->zeroPoint), common->type);
    }
    Operation *copy =
        cloneWith(rewriter, op, operands,
                  withElement(op->getResult(0).getType(), common->type));
    rewriter.replaceOpWithNewOp<nn::DequantizeOp>(
        op, copy->getResult(0), first.getScale(), first.getZeroPoint());
    return success();
  }
};

/// ```mlir
/// %r = nn.quantize(nn.reshape(%x), %s, %z) -> nn.reshape(nn.quantize(%x, %s,
/// %z))
/// ```
struct RaiseQuantize : OpRewritePattern<nn::QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    Operation *mover = op.getInput().getDefiningOp();
    if (!mover || !mover->hasOneUse() ||
        !getParameters(op.getScale(), op.getZeroPoint()))
      return failure();
    // Nothing may be quantized that the mover leaves out.
    bool keepsAll = isa<nn::TransposeOp, nn::ReshapeOp>(mover) ||
                    (isa<nn::PoolOp, nn::ReduceOp>(mover) &&
                     !getMovedOperands(mover).empty());
    if (!keepsAll || getWeight(mover->getOperand(0)))
      return failure();
    rewriter.setInsertionPoint(mover);
    Value integers =
        nn::QuantizeOp::create(rewriter, op.getLoc(), mover->getOperand(0),
                               op.getScale(), op.getZeroPoint());
    rewriter.setInsertionPoint(op);
    Operation *copy = cloneWith(rewriter, mover, integers, op.getType());
    rewriter.replaceOp(op, copy->getResults());
    return success();
  }
};

/// Quantizing what was dequantized with the same parameters gives the same
/// integers.
struct CancelQuantize : OpRewritePattern<nn::QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(nn::QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto dequantize = op.getInput().getDefiningOp<nn::DequantizeOp>();
    if (!dequantize || dequantize.getInput().getType() != op.getType())
      return failure();
    auto own = getParameters(op.getScale(), op.getZeroPoint());
    auto other =
        getParameters(dequantize.getScale(), dequantize.getZeroPoint());
    if (!own || !other || !(*own == *other))
      return failure();
    rewriter.replaceOp(op, dequantize.getInput());
    return success();
  }
};

} // namespace

Value quantize::shiftSign(OpBuilder &builder, Location loc, Value integers) {
  Type from = getElementTypeOrSelf(integers.getType());
  bool isUnsigned = from.isUnsignedInteger();
  Type to = IntegerType::get(builder.getContext(), 8,
                             isUnsigned ? IntegerType::Signless
                                        : IntegerType::Unsigned);
  Value same = nn::CastOp::create(
      builder, loc, withElement(integers.getType(), to), integers);
  return nn::AddOp::create(
      builder, loc, same,
      createScalar(builder, loc, isUnsigned ? -128 : 128, to));
}

void quantize::populateMoveQuantizationPatterns(RewritePatternSet &patterns) {
  patterns.add<SinkDequantize, RaiseQuantize, CancelQuantize>(
      patterns.getContext());
}

//===----------------------------------------------------------------------===//
// Signed activations
//===----------------------------------------------------------------------===//

/// The dequantization that `use` is the input of, if its parameters are known.
static nn::DequantizeOp getReader(OpOperand &use) {
  auto reader = dyn_cast<nn::DequantizeOp>(use.getOwner());
  if (!reader || use.getOperandNumber() != 0 ||
      !getParameters(reader.getScale(), reader.getZeroPoint()))
    return {};
  return reader;
}

/// Whether `use` only moves the elements of its one operand.
static bool isMove(OpOperand &use) {
  Operation *op = use.getOwner();
  return op->getNumOperands() == 1 && getMovedOperands(op).size() == 1;
}

static bool isDequantized(Value integers) {
  return llvm::any_of(integers.getUses(), [](OpOperand &use) {
    return getReader(use) ||
           (isMove(use) && isDequantized(use.getOwner()->getResult(0)));
  });
}

/// Lets who reads the i8 `old` read `integers` instead, the same as ui8.
static void replaceSigned(RewriterBase &rewriter, Value old, Value integers) {
  Value back;
  for (OpOperand &use : llvm::make_early_inc_range(old.getUses())) {
    Operation *user = use.getOwner();
    rewriter.setInsertionPoint(user);
    Type byte = getElementTypeOrSelf(integers.getType());
    if (nn::DequantizeOp reader = getReader(use)) {
      auto own = getParameters(reader.getScale(), reader.getZeroPoint());
      Value zero =
          createScalar(rewriter, reader.getLoc(),
                       static_cast<double>(own->zeroPoint + 128), byte);
      rewriter.replaceOpWithNewOp<nn::DequantizeOp>(reader, integers,
                                                    reader.getScale(), zero);
    } else if (isMove(use)) {
      Value result = user->getResult(0);
      Operation *copy = cloneWith(rewriter, user, integers,
                                  withElement(result.getType(), byte));
      replaceSigned(rewriter, result, copy->getResult(0));
      rewriter.eraseOp(user);
    } else {
      if (!back) {
        rewriter.setInsertionPointAfterValue(integers);
        back = shiftSign(rewriter, user->getLoc(), integers);
      }
      rewriter.modifyOpInPlace(user, [&] { use.set(back); });
    }
  }
}

void quantize::makeUnsigned(Operation *root) {
  SmallVector<nn::QuantizeOp> signedOps;
  root->walk([&](nn::QuantizeOp op) {
    auto parameters = getParameters(op.getScale(), op.getZeroPoint());
    if (parameters && parameters->type.isSignlessInteger(8) &&
        isDequantized(op.getResult()))
      signedOps.push_back(op);
  });
  IRRewriter rewriter(root->getContext());
  Type byte = IntegerType::get(root->getContext(), 8, IntegerType::Unsigned);
  for (nn::QuantizeOp op : signedOps) {
    auto parameters = getParameters(op.getScale(), op.getZeroPoint());
    rewriter.setInsertionPoint(op);
    Value zero =
        createScalar(rewriter, op.getLoc(),
                     static_cast<double>(parameters->zeroPoint + 128), byte);
    Value integers = nn::QuantizeOp::create(rewriter, op.getLoc(),
                                            op.getInput(), op.getScale(), zero);
    replaceSigned(rewriter, op.getResult(), integers);
    rewriter.eraseOp(op);
  }
}
