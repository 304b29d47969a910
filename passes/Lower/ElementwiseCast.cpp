//===- ElementwiseCast.cpp - conversions between element types ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/Lower/ElementwiseMath.h"
#include "passes/Lower/KernelBuilder.h"

using namespace mlir;
using namespace sinter;

/// Rounds a value computed in f32 to what `type` (f16, bf16) can hold.
static Value roundToStorage(ValueEmitter &e, Value x, Type type) {
  if (!type.isF16() && !type.isBF16())
    return x;
  Value narrow = arith::TruncFOp::create(e.b, e.loc, e.with(type), x);
  return arith::ExtFOp::create(e.b, e.loc, x.getType(), narrow);
}

/// Floating point to integer: towards zero, saturating, NaN to 0.
static Value emitFloatToInt(ValueEmitter &e, Value x, IntegerType to) {
  unsigned width = to.getWidth();
  bool isUnsigned = to.isUnsignedInteger();
  Type target = e.with(IntegerType::get(to.getContext(), width));
  // [low, high): the values whose truncation fits; both are powers of two or
  // zero, so exact in every format.
  double high = std::ldexp(1.0, isUnsigned ? width : width - 1);
  double low = isUnsigned ? 0.0 : -high;
  Value lowValue = e.constant(low), highValue = e.constant(high);
  Value fits = arith::AndIOp::create(
      e.b, e.loc,
      arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGE, x, lowValue),
      e.less(x, highValue));
  Value safe = e.select(fits, x, e.constant(0.0));
  Value result;
  if (width < 32) {
    // Through i32: there are vector instructions for it.
    Type wide = e.with(e.b.getI32Type());
    Value whole = arith::FPToSIOp::create(e.b, e.loc, wide, safe);
    result = arith::TruncIOp::create(e.b, e.loc, target, whole);
  } else if (isUnsigned) {
    result = arith::FPToUIOp::create(e.b, e.loc, target, safe);
  } else {
    result = arith::FPToSIOp::create(e.b, e.loc, target, safe);
  }
  ValueEmitter integers{e.b, e.loc, target, isUnsigned};
  APInt largest =
      isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  APInt smallest =
      isUnsigned ? APInt::getMinValue(width) : APInt::getSignedMinValue(width);
  Value isAbove = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGE,
                                        x, highValue);
  result = e.select(isAbove, integers.constant(largest), result);
  return e.select(e.less(x, lowValue), integers.constant(smallest), result);
}

static Value emitToFloat(ValueEmitter &e, Value x, Type from, Type to) {
  Type target = e.with(getComputeType(to));
  Value result = x;
  if (from.isInteger(1) || from.isUnsignedInteger())
    result = arith::UIToFPOp::create(e.b, e.loc, target, x);
  else if (isa<IntegerType>(from))
    result = arith::SIToFPOp::create(e.b, e.loc, target, x);
  else if (x.getType() == target)
    return roundToStorage(e, x, to);
  else if (getElementTypeOrSelf(target).isF64())
    return arith::ExtFOp::create(e.b, e.loc, target, x);
  else
    result = arith::TruncFOp::create(e.b, e.loc, target, x);
  return roundToStorage(e, result, to);
}

static Value emitIntToInt(ValueEmitter &e, Value x, Type from, Type to) {
  Type target = e.with(getComputeType(to));
  unsigned fromWidth = from.getIntOrFloatBitWidth();
  unsigned toWidth = to.getIntOrFloatBitWidth();
  if (fromWidth == toWidth)
    return x;
  if (fromWidth > toWidth)
    return arith::TruncIOp::create(e.b, e.loc, target, x);
  if (from.isInteger(1) || from.isUnsignedInteger())
    return arith::ExtUIOp::create(e.b, e.loc, target, x);
  return arith::ExtSIOp::create(e.b, e.loc, target, x);
}

Value sinter::emitConversion(ValueEmitter &e, Value x, Type from, Type to) {
  if (from == to)
    return x;
  if (to.isInteger(1)) {
    if (e.isFloat())
      return arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::UNE, x,
                                   e.constant(0.0));
    return arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ne, x,
                                 e.constant(0.0));
  }
  if (isa<FloatType>(to))
    return emitToFloat(e, x, from, to);
  if (isa<FloatType>(from))
    return emitFloatToInt(e, x, cast<IntegerType>(to));
  return emitIntToInt(e, x, from, to);
}

/// An integer of up to 32 bits as i32.
static Value widen(ValueEmitter &e, Value x, bool isUnsigned) {
  if (getElementTypeOrSelf(x).isInteger(32))
    return x;
  Type wide = e.with(e.b.getI32Type());
  if (isUnsigned)
    return arith::ExtUIOp::create(e.b, e.loc, wide, x);
  return arith::ExtSIOp::create(e.b, e.loc, wide, x);
}

Value sinter::emitQuantization(ValueEmitter &e, Value x, Value scale,
                               Value zeroPoint, Type to) {
  unsigned width = to.getIntOrFloatBitWidth();
  bool isUnsigned = to.isUnsignedInteger();
  Value zero = widen(e, zeroPoint, isUnsigned);
  Value offset = arith::SIToFPOp::create(e.b, e.loc, e.type, zero);
  // Saturating before rounding is the same, because the bounds are whole, and
  // keeps the conversion defined. Neither comparison holds for NaN.
  double least = isUnsigned ? 0.0 : -std::ldexp(1.0, width - 1);
  double most = std::ldexp(1.0, isUnsigned ? width : width - 1) - 1;
  Value low = e.sub(e.constant(least), offset);
  Value high = e.sub(e.constant(most), offset);
  Value quotient = e.div(x, scale);
  quotient = e.select(e.less(low, quotient), quotient, low);
  quotient = e.select(e.less(quotient, high), quotient, high);
  Value whole = math::RoundEvenOp::create(e.b, e.loc, quotient);
  Value integer = arith::FPToSIOp::create(e.b, e.loc, zero.getType(), whole);
  integer = arith::AddIOp::create(e.b, e.loc, integer, zero);
  return arith::TruncIOp::create(
      e.b, e.loc, e.with(IntegerType::get(to.getContext(), width)), integer);
}

Value sinter::emitDequantization(ValueEmitter &e, Value q, Value scale,
                                 Value zeroPoint) {
  Value difference = arith::SubIOp::create(
      e.b, e.loc, widen(e, q, e.isUnsigned), widen(e, zeroPoint, e.isUnsigned));
  Value real = arith::SIToFPOp::create(e.b, e.loc, scale.getType(), difference);
  return arith::MulFOp::create(e.b, e.loc, real, scale,
                               arith::FastMathFlags::contract);
}
