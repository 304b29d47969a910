//===- ElementwiseCast.cpp - conversions between element types ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
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
  unsigned width = to.getWidth(), storageWidth = std::max(width, 8u);
  bool isUnsigned = to.isUnsignedInteger();
  Type target = e.with(getComputeType(to));
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
  largest = largest.zext(storageWidth);
  smallest = smallest.sext(storageWidth);
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
  else if (to.isF16() || to.isBF16()) // Rounded once, at the end.
    result = emitNarrowToOdd(e, x);
  else
    result = arith::TruncFOp::create(e.b, e.loc, target, x);
  return roundToStorage(e, result, to);
}

/// An integer of 8 bits as one of fewer: the low bits, extended by the sign.
static Value wrapToWidth(ValueEmitter &e, Value x, unsigned width,
                         bool isUnsigned) {
  ValueEmitter bytes{e.b, e.loc, x.getType()};
  if (isUnsigned)
    return arith::AndIOp::create(e.b, e.loc, x,
                                 bytes.constant(APInt(8, (1u << width) - 1)));
  Value spare = bytes.constant(APInt(8, 8 - width));
  Value high = arith::ShLIOp::create(e.b, e.loc, x, spare);
  return arith::ShRSIOp::create(e.b, e.loc, high, spare);
}

static Value emitIntToInt(ValueEmitter &e, Value x, Type from, Type to) {
  bool isUnsigned = from.isInteger(1) || from.isUnsignedInteger();
  Type target = e.with(getComputeType(to));
  unsigned fromWidth = getElementTypeOrSelf(x).getIntOrFloatBitWidth();
  unsigned toWidth = getElementTypeOrSelf(target).getIntOrFloatBitWidth();
  if (fromWidth > toWidth)
    x = arith::TruncIOp::create(e.b, e.loc, target, x);
  else if (fromWidth < toWidth && isUnsigned)
    x = arith::ExtUIOp::create(e.b, e.loc, target, x);
  else if (fromWidth < toWidth)
    x = arith::ExtSIOp::create(e.b, e.loc, target, x);
  unsigned width = to.getIntOrFloatBitWidth();
  bool fits = from.getIntOrFloatBitWidth() < width ||
              (from.getIntOrFloatBitWidth() == width &&
               isUnsigned == to.isUnsignedInteger());
  return width >= 8 || fits ? x
                            : wrapToWidth(e, x, width, to.isUnsignedInteger());
}

Value sinter::emitConversion(ValueEmitter &e, Value x, Type from, Type to) {
  if (from == to)
    return x;
  if (isSmallFloat(from)) {
    Value real = emitFromSmallFloat(e, x, from);
    ValueEmitter reals{e.b, e.loc, real.getType()};
    return emitConversion(reals, real, Float32Type::get(to.getContext()), to);
  }
  if (isSmallFloat(to)) {
    Value real = x;
    if (!e.isFloat())
      real = emitToFloat(e, x, from, Float64Type::get(to.getContext()));
    ValueEmitter reals{e.b, e.loc, real.getType()};
    return emitToSmallFloat(reals, real, to);
  }
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

Value sinter::emitBitConversion(ValueEmitter &e, Value x, Type from, Type to) {
  auto isHalf = [](Type type) { return type.isF16() || type.isBF16(); };
  if (isHalf(from))
    x = arith::TruncFOp::create(e.b, e.loc, e.with(from), x);
  if (isa<FloatType>(to) && !isSmallFloat(to)) {
    if (getElementTypeOrSelf(x) != to)
      x = arith::BitcastOp::create(e.b, e.loc, e.with(to), x);
    return isHalf(to) ? arith::ExtFOp::create(e.b, e.loc,
                                              e.with(getComputeType(to)), x)
                            .getResult()
                      : x;
  }
  // What has 8 bits or less is an integer in registers.
  if (isa<FloatType>(getElementTypeOrSelf(x)))
    return arith::BitcastOp::create(e.b, e.loc, e.with(getComputeType(to)), x);
  auto asInteger = [](Type type) -> Type {
    return isa<FloatType>(type) ? IntegerType::get(type.getContext(),
                                                   type.getIntOrFloatBitWidth(),
                                                   IntegerType::Unsigned)
                                : type;
  };
  return emitConversion(e, x, asInteger(from), asInteger(to));
}
