//===- Elementwise.cpp - how element-wise operations compute --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Elementwise.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/ElementwiseMath.h"
#include "passes/Lower/KernelBuilder.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace sinter;

//===----------------------------------------------------------------------===//
// Rows of the table
//===----------------------------------------------------------------------===//

using IntPredicate = arith::CmpIPredicate;
using FloatPredicate = arith::CmpFPredicate;

/// The larger; NaN wins. Which zero is given is left open: ordering them costs
/// more than the comparison.
static Value emitMaximum(const ValueEmitter &e, Value lhs, Value rhs) {
  if (e.isFloat())
    return arith::MaximumFOp::create(e.b, e.loc, lhs, rhs,
                                     arith::FastMathFlags::nsz);
  if (e.isUnsigned)
    return arith::MaxUIOp::create(e.b, e.loc, lhs, rhs);
  return arith::MaxSIOp::create(e.b, e.loc, lhs, rhs);
}

static Value emitMinimum(const ValueEmitter &e, Value lhs, Value rhs) {
  if (e.isFloat())
    return arith::MinimumFOp::create(e.b, e.loc, lhs, rhs,
                                     arith::FastMathFlags::nsz);
  if (e.isUnsigned)
    return arith::MinUIOp::create(e.b, e.loc, lhs, rhs);
  return arith::MinSIOp::create(e.b, e.loc, lhs, rhs);
}

static Value emitAbs(ValueEmitter &e, Operation *, ValueRange in) {
  if (e.isFloat())
    return math::AbsFOp::create(e.b, e.loc, in[0]);
  if (e.isUnsigned)
    return in[0];
  Value negative = arith::SubIOp::create(e.b, e.loc, e.constant(0.0), in[0]);
  return arith::MaxSIOp::create(e.b, e.loc, in[0], negative);
}

static Value emitNeg(ValueEmitter &e, Operation *, ValueRange in) {
  if (e.isFloat())
    return arith::NegFOp::create(e.b, e.loc, in[0]);
  return arith::SubIOp::create(e.b, e.loc, e.constant(0.0), in[0]);
}

static Value emitNot(ValueEmitter &e, Operation *, ValueRange in) {
  return arith::XOrIOp::create(e.b, e.loc, in[0], e.constant(APInt(1, 1)));
}

static Value emitRelu(ValueEmitter &e, Operation *, ValueRange in) {
  if (e.isFloat())
    return e.atLeast(in[0], e.constant(0.0));
  return e.isUnsigned ? in[0] : emitMaximum(e, in[0], e.constant(0.0));
}

static Value emitSign(ValueEmitter &e, Operation *, ValueRange in) {
  Value zero = e.constant(0.0), x = in[0];
  // Zero and NaN are their own sign.
  Value result = e.select(e.less(x, zero), e.constant(-1.0), x);
  return e.select(e.less(zero, x), e.constant(1.0), result);
}

static Value emitIsNan(ValueEmitter &e, Operation *, ValueRange in) {
  return arith::CmpFOp::create(e.b, e.loc, FloatPredicate::UNO, in[0], in[0]);
}

template <typename FloatOp, typename IntOp>
static Value emitArithmetic(ValueEmitter &e, Operation *, ValueRange in) {
  if (e.isFloat())
    return FloatOp::create(e.b, e.loc, in[0], in[1],
                           arith::FastMathFlags::contract);
  return IntOp::create(e.b, e.loc, in[0], in[1]);
}

template <typename FloatOp>
static Value emitFloatUnary(ValueEmitter &e, Operation *, ValueRange in) {
  return FloatOp::create(e.b, e.loc, in[0]);
}

template <typename IntOp>
static Value emitLogic(ValueEmitter &e, Operation *, ValueRange in) {
  return IntOp::create(e.b, e.loc, in[0], in[1]);
}

/// Quotient or remainder of integers where the divisor may be 0 (result 0) or
/// -1 (the quotient wraps, as the negation does).
static Value emitIntDivision(ValueEmitter &e, Value lhs, Value rhs,
                             bool remainder) {
  Value zero = e.constant(0.0), one = e.constant(1.0);
  Value isZero = e.equal(rhs, zero);
  Value divisor = e.select(isZero, one, rhs);
  Value result;
  if (e.isUnsigned) {
    result = remainder
                 ? arith::RemUIOp::create(e.b, e.loc, lhs, divisor).getResult()
                 : arith::DivUIOp::create(e.b, e.loc, lhs, divisor).getResult();
    return e.select(isZero, zero, result);
  }
  Value isMinusOne = e.equal(rhs, e.constant(-1.0));
  divisor = e.select(isMinusOne, one, divisor);
  if (remainder) {
    result = arith::RemSIOp::create(e.b, e.loc, lhs, divisor);
  } else {
    result = arith::DivSIOp::create(e.b, e.loc, lhs, divisor);
    Value negated = arith::SubIOp::create(e.b, e.loc, zero, lhs);
    result = e.select(isMinusOne, negated, result);
  }
  return e.select(isZero, zero, result);
}

static Value emitDiv(ValueEmitter &e, Operation *, ValueRange in) {
  if (e.isFloat())
    return arith::DivFOp::create(e.b, e.loc, in[0], in[1]);
  return emitIntDivision(e, in[0], in[1], /*remainder=*/false);
}

static Value emitMod(ValueEmitter &e, Operation *op, ValueRange in) {
  bool truncated = cast<nn::ModOp>(op).getFmod();
  Value rest = e.isFloat() ? emitFloatRemainder(e, in[0], in[1])
                           : emitIntDivision(e, in[0], in[1], true);
  if (truncated || (!e.isFloat() && e.isUnsigned))
    return rest;
  // The remainder takes the sign of the divisor.
  Value zero = e.constant(0.0);
  Value differs = arith::XOrIOp::create(e.b, e.loc, e.less(rest, zero),
                                        e.less(in[1], zero));
  Value needed = arith::AndIOp::create(
      e.b, e.loc, differs,
      arith::XOrIOp::create(e.b, e.loc, e.equal(rest, zero),
                            e.allTrue(e.equal(rest, zero).getType())));
  Value shifted =
      e.isFloat() ? arith::AddFOp::create(e.b, e.loc, rest, in[1]).getResult()
                  : arith::AddIOp::create(e.b, e.loc, rest, in[1]).getResult();
  return e.select(needed, shifted, rest);
}

static Value emitMax(ValueEmitter &e, Operation *, ValueRange in) {
  return emitMaximum(e, in[0], in[1]);
}

static Value emitMin(ValueEmitter &e, Operation *, ValueRange in) {
  return emitMinimum(e, in[0], in[1]);
}

static Value emitEqual(ValueEmitter &e, Operation *, ValueRange in) {
  return e.equal(in[0], in[1]);
}

static Value emitLess(ValueEmitter &e, Operation *, ValueRange in) {
  return e.less(in[0], in[1]);
}

static Value emitLessEqual(ValueEmitter &e, Operation *, ValueRange in) {
  if (e.isFloat())
    return arith::CmpFOp::create(e.b, e.loc, FloatPredicate::OLE, in[0], in[1]);
  return arith::CmpIOp::create(
      e.b, e.loc, e.isUnsigned ? IntPredicate::ule : IntPredicate::sle, in[0],
      in[1]);
}

/// A bound of nn.clamp as an integer of the type, saturated.
static APInt getIntegerBound(const APFloat &bound, unsigned width,
                             bool isUnsigned, bool roundUp) {
  llvm::APSInt value(width, isUnsigned);
  bool exact;
  bound.convertToInteger(
      value, roundUp ? APFloat::rmTowardPositive : APFloat::rmTowardNegative,
      &exact);
  return value;
}

static Value emitClamp(ValueEmitter &e, Operation *op, ValueRange in) {
  auto clamp = cast<nn::ClampOp>(op);
  const APFloat &low = clamp.getMin(), &high = clamp.getMax();
  Value result = in[0];
  if (e.isFloat()) {
    if (!(low.isInfinity() && low.isNegative()))
      result = e.atLeast(result, e.constant(low.convertToDouble()));
    if (!(high.isInfinity() && !high.isNegative()))
      result = e.atMost(result, e.constant(high.convertToDouble()));
    return result;
  }
  unsigned width = getElementTypeOrSelf(e.type).getIntOrFloatBitWidth();
  result = emitMaximum(
      e, result, e.constant(getIntegerBound(low, width, e.isUnsigned, true)));
  return emitMinimum(
      e, result, e.constant(getIntegerBound(high, width, e.isUnsigned, false)));
}

/// Whether `amount` shifts all `width` bits out. Negative amounts are large
/// ones.
static Value isBeyondWidth(ValueEmitter &e, Value amount, APInt width) {
  return arith::CmpIOp::create(e.b, e.loc, IntPredicate::uge, amount,
                               e.constant(width));
}

static Value emitShiftLeft(ValueEmitter &e, Operation *, ValueRange in) {
  unsigned width = getElementTypeOrSelf(e.type).getIntOrFloatBitWidth();
  Value zero = e.constant(0.0);
  Value beyond = isBeyondWidth(e, in[1], APInt(width, width));
  Value shifted =
      arith::ShLIOp::create(e.b, e.loc, in[0], e.select(beyond, zero, in[1]));
  return e.select(beyond, zero, shifted);
}

static Value emitShiftRight(ValueEmitter &e, Operation *, ValueRange in) {
  unsigned width = getElementTypeOrSelf(e.type).getIntOrFloatBitWidth();
  Value beyond = isBeyondWidth(e, in[1], APInt(width, width));
  if (!e.isUnsigned)
    return arith::ShRSIOp::create(
        e.b, e.loc, in[0],
        e.select(beyond, e.constant(APInt(width, width - 1)), in[1]));
  Value zero = e.constant(0.0);
  Value shifted =
      arith::ShRUIOp::create(e.b, e.loc, in[0], e.select(beyond, zero, in[1]));
  return e.select(beyond, zero, shifted);
}

static Value emitBitNot(ValueEmitter &e, Operation *, ValueRange in) {
  return arith::XOrIOp::create(e.b, e.loc, in[0], e.constant(-1.0));
}

static Value emitWhere(ValueEmitter &e, Operation *, ValueRange in) {
  return e.select(in[0], in[1], in[2]);
}

static Value emitPow(ValueEmitter &e, Operation *op, ValueRange in) {
  return emitPower(e, in[0], in[1], cast<nn::PowOp>(op).getRhs());
}

static Value emitExp(ValueEmitter &e, Operation *, ValueRange in) {
  return emitExponential(e, in[0]);
}
static Value emitLog(ValueEmitter &e, Operation *, ValueRange in) {
  return emitLogarithm(e, in[0]);
}
static Value emitErf(ValueEmitter &e, Operation *, ValueRange in) {
  return emitErrorFunction(e, in[0]);
}
static Value emitTanh(ValueEmitter &e, Operation *, ValueRange in) {
  return emitHyperbolicTangent(e, in[0]);
}
static Value emitSigmoid(ValueEmitter &e, Operation *, ValueRange in) {
  return emitLogistic(e, in[0]);
}
static Value emitSin(ValueEmitter &e, Operation *, ValueRange in) {
  return emitSine(e, in[0], /*cosine=*/false);
}
static Value emitCos(ValueEmitter &e, Operation *, ValueRange in) {
  return emitSine(e, in[0], /*cosine=*/true);
}

static Value emitQuantize(ValueEmitter &e, Operation *op, ValueRange in) {
  return emitQuantization(e, in[0], in[1], in[2],
                          getElementTypeOrSelf(op->getResult(0)));
}
static Value emitDequantize(ValueEmitter &e, Operation *, ValueRange in) {
  return emitDequantization(e, in[0], in[1], in[2]);
}

static Value emitBitCast(ValueEmitter &e, Operation *op, ValueRange in) {
  return emitBitConversion(e, in[0], getElementTypeOrSelf(op->getOperand(0)),
                           getElementTypeOrSelf(op->getResult(0)));
}

static Value emitCast(ValueEmitter &e, Operation *op, ValueRange in) {
  return emitConversion(e, in[0], getElementTypeOrSelf(op->getOperand(0)),
                        getElementTypeOrSelf(op->getResult(0)));
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {

using EmitFunction = Value (*)(ValueEmitter &, Operation *, ValueRange);

/// One element-wise operation.
struct Row {
  EmitFunction emit;
  bool expensive = false;
};

} // namespace

static const llvm::StringMap<Row> &getTable() {
  static const llvm::StringMap<Row> table = {
      {"nn.abs", {emitAbs}},
      {"nn.add", {emitArithmetic<arith::AddFOp, arith::AddIOp>}},
      {"nn.and", {emitLogic<arith::AndIOp>}},
      {"nn.bit_and", {emitLogic<arith::AndIOp>}},
      {"nn.bit_cast", {emitBitCast}},
      {"nn.bit_not", {emitBitNot}},
      {"nn.bit_or", {emitLogic<arith::OrIOp>}},
      {"nn.bit_xor", {emitLogic<arith::XOrIOp>}},
      {"nn.cast", {emitCast}},
      {"nn.ceil", {emitFloatUnary<math::CeilOp>}},
      {"nn.clamp", {emitClamp}},
      {"nn.cos", {emitCos, true}},
      {"nn.dequantize", {emitDequantize}},
      {"nn.div", {emitDiv, true}},
      {"nn.equal", {emitEqual}},
      {"nn.erf", {emitErf, true}},
      {"nn.exp", {emitExp, true}},
      {"nn.floor", {emitFloatUnary<math::FloorOp>}},
      {"nn.is_nan", {emitIsNan}},
      {"nn.less", {emitLess}},
      {"nn.less_equal", {emitLessEqual}},
      {"nn.log", {emitLog, true}},
      {"nn.max", {emitMax}},
      {"nn.min", {emitMin}},
      {"nn.mod", {emitMod, true}},
      {"nn.mul", {emitArithmetic<arith::MulFOp, arith::MulIOp>}},
      {"nn.neg", {emitNeg}},
      {"nn.not", {emitNot}},
      {"nn.or", {emitLogic<arith::OrIOp>}},
      {"nn.pow", {emitPow, true}},
      {"nn.quantize", {emitQuantize}},
      {"nn.relu", {emitRelu}},
      {"nn.round", {emitFloatUnary<math::RoundEvenOp>}},
      {"nn.shift_left", {emitShiftLeft}},
      {"nn.shift_right", {emitShiftRight}},
      {"nn.sigmoid", {emitSigmoid, true}},
      {"nn.sign", {emitSign}},
      {"nn.sin", {emitSin, true}},
      {"nn.sqrt", {emitFloatUnary<math::SqrtOp>, true}},
      {"nn.sub", {emitArithmetic<arith::SubFOp, arith::SubIOp>}},
      {"nn.tanh", {emitTanh, true}},
      {"nn.where", {emitWhere}},
      {"nn.xor", {emitLogic<arith::XOrIOp>}},
  };
  return table;
}

static const Row *lookup(Operation *op) {
  auto row = getTable().find(op->getName().getStringRef());
  return row == getTable().end() ? nullptr : &row->second;
}

bool sinter::isElementwise(Operation *op) { return op && lookup(op); }

bool sinter::isExpensive(Operation *op) {
  const Row *row = lookup(op);
  // The division by a constant scale is a product.
  if (auto quantize = dyn_cast<nn::QuantizeOp>(op))
    return !quantize.getScale().getDefiningOp<nn::WeightOp>();
  return row && row->expensive;
}

/// Operations that know elements of less than 8 bits, and small floats.
static bool takesSmallTypes(Operation *op) {
  return isa<nn::BitCastOp, nn::CastOp, nn::DequantizeOp, nn::QuantizeOp,
             nn::WhereOp>(op);
}

std::string sinter::getElementwiseObstacle(Operation *op) {
  for (Type type :
       llvm::concat<const Type>(SmallVector<Type>(op->getOperandTypes()),
                                SmallVector<Type>(op->getResultTypes()))) {
    Type element = getElementTypeOrSelf(type);
    bool known = element.isF32() || element.isF64() || element.isF16() ||
                 element.isBF16() || element.isInteger(1) ||
                 element.isInteger(8) || element.isInteger(16) ||
                 element.isInteger(32) || element.isInteger(64) ||
                 (takesSmallTypes(op) && element.getIntOrFloatBitWidth() <= 8);
    if (!known) {
      std::string text;
      llvm::raw_string_ostream(text)
          << "elements of type " << element
          << " are not computed; a cast to f32 or i32 before the node would be";
      return text;
    }
  }
  return {};
}

Value sinter::emitElementwise(OpBuilder &b, Location loc, Operation *op,
                              ValueRange operands) {
  // The condition of nn.where says nothing about the type computed in.
  unsigned typed = isa<nn::WhereOp>(op) ? 1 : 0;
  Type element = getElementTypeOrSelf(op->getOperand(typed));
  ValueEmitter e{b, loc, operands[typed].getType(),
                 element.isUnsignedInteger() || element.isInteger(1)};
  return lookup(op)->emit(e, op, operands);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Value sinter::emitCombine(OpBuilder &b, Location loc, nn::ReduceKind kind,
                          bool isUnsigned, Value lhs, Value rhs) {
  ValueEmitter e{b, loc, lhs.getType(), isUnsigned};
  switch (kind) {
  case nn::ReduceKind::Sum:
  case nn::ReduceKind::Mean:
    return emitArithmetic<arith::AddFOp, arith::AddIOp>(e, nullptr, {lhs, rhs});
  case nn::ReduceKind::Prod:
    return emitArithmetic<arith::MulFOp, arith::MulIOp>(e, nullptr, {lhs, rhs});
  case nn::ReduceKind::Max:
    return emitMaximum(e, lhs, rhs);
  case nn::ReduceKind::Min:
    return emitMinimum(e, lhs, rhs);
  }
  return lhs;
}

TypedAttr sinter::getNeutral(nn::ReduceKind kind, bool isUnsigned, Type type) {
  bool isMax = kind == nn::ReduceKind::Max, isMin = kind == nn::ReduceKind::Min;
  if (auto floatType = dyn_cast<FloatType>(type)) {
    const llvm::fltSemantics &semantics = floatType.getFloatSemantics();
    if (isMax || isMin)
      return FloatAttr::get(type, APFloat::getInf(semantics, isMax));
    return FloatAttr::get(type, kind == nn::ReduceKind::Prod ? 1.0 : 0.0);
  }
  unsigned width = type.getIntOrFloatBitWidth();
  // Truth values compare as 0 and 1.
  isUnsigned |= width == 1;
  APInt value(width, kind == nn::ReduceKind::Prod ? 1 : 0);
  if (isMax)
    value = isUnsigned ? APInt::getMinValue(width)
                       : APInt::getSignedMinValue(width);
  if (isMin)
    value = isUnsigned ? APInt::getMaxValue(width)
                       : APInt::getSignedMaxValue(width);
  return IntegerAttr::get(type, value);
}

Value sinter::emitCombineLanes(OpBuilder &b, Location loc, nn::ReduceKind kind,
                               bool isUnsigned, Value vector) {
  // Upper half with lower half, until one is left: a tree of fixed order.
  int64_t count = cast<VectorType>(vector.getType()).getNumElements();
  while (count > 1) {
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < count / 2; ++i) {
      low.push_back(i);
      high.push_back(i + count / 2);
    }
    Value lower = vector::ShuffleOp::create(b, loc, vector, vector, low);
    Value upper = vector::ShuffleOp::create(b, loc, vector, vector, high);
    vector = emitCombine(b, loc, kind, isUnsigned, lower, upper);
    count /= 2;
  }
  return vector::ExtractOp::create(b, loc, vector, ArrayRef<int64_t>{0});
}
