//===- ElementwiseQuantize.cpp - real numbers as integers and back --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/ElementwiseMath.h"
#include "passes/Lower/KernelBuilder.h"

using namespace mlir;
using namespace sinter;

/// An integer of up to 32 bits as i32.
static Value widen(ValueEmitter &e, Value x, bool isUnsigned) {
  if (getElementTypeOrSelf(x).isInteger(32))
    return x;
  Type wide = e.with(e.b.getI32Type());
  if (isUnsigned)
    return arith::ExtUIOp::create(e.b, e.loc, wide, x);
  return arith::ExtSIOp::create(e.b, e.loc, wide, x);
}

/// The value of a constant, or of a vector of one.
static Attribute getSplat(Value value) {
  while (auto broadcast = value.getDefiningOp<vector::BroadcastOp>())
    value = broadcast.getSource();
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  if (!constant)
    return {};
  if (auto splat = dyn_cast<SplatElementsAttr>(constant.getValue()))
    return splat.getSplatValue<Attribute>();
  return constant.getValue();
}

/// A scale of f32 by which a product with the reciprocal can divide: all of
/// what is computed is a normal number.
static std::optional<float> getDivisor(Value scale) {
  auto splat = dyn_cast_or_null<FloatAttr>(getSplat(scale));
  if (!splat || !splat.getType().isF32())
    return std::nullopt;
  float value = splat.getValue().convertToFloat();
  if (value >= 0x1p-60f && value <= 0x1p60f)
    return value;
  return std::nullopt;
}

/// `x`, which lies in [low, high] * scale, over `scale`: the correctly rounded
/// quotient from the rounded reciprocal by one correction (P. Markstein,
/// "Computation of elementary functions on the IBM RISC System/6000 processor",
/// 1990, theorem 2).
static Value divideByConstant(ValueEmitter &e, Value x, float scale) {
  int exponent;
  Value reciprocal = e.constant(1.0f / scale);
  if (std::frexp(scale, &exponent) == 0.5f)
    return scale == 1 ? x : e.mul(x, reciprocal);
  Value quotient = arith::MulFOp::create(e.b, e.loc, x, reciprocal);
  Value negative = e.constant(-scale);
  Value rest = e.fma(quotient, negative, x);
  return e.fma(rest, reciprocal, quotient);
}

/// The nearest integer, halves to even, of `x` between -2^22 and 2^22, plus
/// `even`, modulo 2^16: the sum with 1.5 * 2^23 has it as the lowest bits.
static Value roundSmall(ValueEmitter &e, Value x, double even) {
  Value magic = e.constant(0x1.8p23 + even);
  Value sum = arith::AddFOp::create(e.b, e.loc, x, magic);
  return arith::BitcastOp::create(e.b, e.loc, e.with(e.b.getI32Type()), sum);
}

Value sinter::emitQuantization(ValueEmitter &e, Value x, Value scale,
                               Value zeroPoint, Type to) {
  unsigned width = to.getIntOrFloatBitWidth();
  bool isUnsigned = to.isUnsignedInteger();
  Value zero = widen(e, zeroPoint, isUnsigned);
  // Saturating before rounding is the same, because the bounds are whole, and
  // keeps the conversion defined. Neither comparison holds for NaN.
  double least = isUnsigned ? 0.0 : -std::ldexp(1.0, width - 1);
  double most = std::ldexp(1.0, isUnsigned ? width : width - 1) - 1;
  auto saturate = [&](Value value, Value low, Value high) {
    value = e.select(e.less(low, value), value, low);
    return e.select(e.less(value, high), value, high);
  };
  std::optional<float> divisor = getDivisor(scale);
  auto fixedZero = dyn_cast_or_null<IntegerAttr>(getSplat(zeroPoint));
  Value quotient;
  double even = 0;
  if (divisor && fixedZero) {
    double shift = isUnsigned ? double(fixedZero.getValue().getZExtValue())
                              : double(fixedZero.getValue().getSExtValue());
    // As factors of the scale: what saturates is a whole number again.
    float low = float(least - shift) * *divisor;
    float high = float(most - shift) * *divisor;
    x = saturate(x, e.constant(low), e.constant(high));
    quotient = divideByConstant(e, x, *divisor);
    // An even zero point leaves halves where they are.
    if (std::fmod(shift, 2) == 0)
      even = shift;
  } else {
    Value offset = arith::SIToFPOp::create(e.b, e.loc, e.type, zero);
    quotient = saturate(e.div(x, scale), e.sub(e.constant(least), offset),
                        e.sub(e.constant(most), offset));
  }
  Value integer;
  if (getElementTypeOrSelf(e.type).isF32()) {
    integer = roundSmall(e, quotient, even);
  } else {
    Value whole = math::RoundEvenOp::create(e.b, e.loc, quotient);
    integer = arith::FPToSIOp::create(e.b, e.loc, zero.getType(), whole);
  }
  if (even == 0)
    integer = arith::AddIOp::create(e.b, e.loc, integer, zero);
  return arith::TruncIOp::create(e.b, e.loc, e.with(getComputeType(to)),
                                 integer);
}

Value sinter::emitDequantization(ValueEmitter &e, Value q, Value scale,
                                 Value zeroPoint) {
  Value difference = arith::SubIOp::create(
      e.b, e.loc, widen(e, q, e.isUnsigned), widen(e, zeroPoint, e.isUnsigned));
  Value real = arith::SIToFPOp::create(e.b, e.loc, scale.getType(), difference);
  return arith::MulFOp::create(e.b, e.loc, real, scale,
                               arith::FastMathFlags::contract);
}
