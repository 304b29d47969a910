//===- ElementwiseMath.cpp - functions on vectors -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Arguments are reduced by Cody and Waite's method (W. J. Cody, W. Waite,
// Software Manual for the Elementary Functions, 1980) with the constants split
// so that the products are exact; then a series with as many terms as the
// precision needs. Rounding to an integer adds 1.5 * 2^(mantissa bits): defined
// for every input, NaN included, unlike a conversion.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ElementwiseMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/Lower/PointProgram.h"

using namespace mlir;
using namespace sinter;

//===----------------------------------------------------------------------===//
// ValueEmitter
//===----------------------------------------------------------------------===//

/// `value` as a constant of `type`, splat where that is a vector.
static Value makeConstant(const ValueEmitter &e, Type type, TypedAttr value) {
  if (auto vector = dyn_cast<VectorType>(type))
    value = DenseElementsAttr::get(vector, static_cast<Attribute>(value));
  return arith::ConstantOp::create(e.b, e.loc, value);
}

Value ValueEmitter::constant(double value) const {
  Type element = getElementTypeOrSelf(type);
  if (isFloat())
    return makeConstant(*this, type, FloatAttr::get(element, value));
  return constant(APInt(element.getIntOrFloatBitWidth(),
                        static_cast<uint64_t>(static_cast<int64_t>(value)),
                        /*isSigned=*/true, /*implicitTrunc=*/true));
}

Value ValueEmitter::constant(const APInt &value) const {
  return makeConstant(*this, type,
                      IntegerAttr::get(getElementTypeOrSelf(type), value));
}

Value ValueEmitter::equal(Value lhs, Value rhs) const {
  if (isa<FloatType>(getElementTypeOrSelf(lhs.getType())))
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, lhs, rhs);
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, lhs, rhs);
}

Value ValueEmitter::less(Value lhs, Value rhs) const {
  if (isa<FloatType>(getElementTypeOrSelf(lhs.getType())))
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, lhs, rhs);
  return arith::CmpIOp::create(b, loc,
                               isUnsigned ? arith::CmpIPredicate::ult
                                          : arith::CmpIPredicate::slt,
                               lhs, rhs);
}

Value ValueEmitter::select(Value condition, Value onTrue, Value onFalse) const {
  return arith::SelectOp::create(b, loc, condition, onTrue, onFalse);
}

Value ValueEmitter::allTrue(Type conditionType) const {
  return makeConstant(*this, conditionType, b.getBoolAttr(true));
}

Value ValueEmitter::add(Value lhs, Value rhs) const {
  return arith::AddFOp::create(b, loc, lhs, rhs);
}
Value ValueEmitter::sub(Value lhs, Value rhs) const {
  return arith::SubFOp::create(b, loc, lhs, rhs);
}
Value ValueEmitter::mul(Value lhs, Value rhs) const {
  return arith::MulFOp::create(b, loc, lhs, rhs);
}
Value ValueEmitter::div(Value lhs, Value rhs) const {
  return arith::DivFOp::create(b, loc, lhs, rhs);
}
Value ValueEmitter::fma(Value a, Value x, Value c) const {
  return math::FmaOp::create(b, loc, a, x, c);
}

Type ValueEmitter::with(Type element) const {
  if (auto vector = dyn_cast<VectorType>(type))
    return VectorType::get(vector.getShape(), element);
  return element;
}

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

namespace {

/// The floating point format computed in, and its integers of the same width.
struct Format {
  bool isDouble;
  unsigned width, mantissa;
  int64_t bias;
  Type integer;

  explicit Format(const ValueEmitter &e) {
    isDouble = getElementTypeOrSelf(e.type).isF64();
    width = isDouble ? 64 : 32;
    mantissa = isDouble ? 52 : 23;
    bias = isDouble ? 1023 : 127;
    integer = e.with(e.b.getIntegerType(width));
  }
};

/// An integer and the same value in floating point.
struct Rounded {
  Value integer, value;
};

} // namespace

static Value intConstant(const ValueEmitter &e, const Format &f,
                         int64_t value) {
  ValueEmitter integers{e.b, e.loc, f.integer};
  return integers.constant(APInt(f.width, static_cast<uint64_t>(value),
                                 /*isSigned=*/true, /*implicitTrunc=*/true));
}

static Value bitcast(const ValueEmitter &e, Type type, Value value) {
  return arith::BitcastOp::create(e.b, e.loc, type, value);
}

/// `x * factor` rounded to the nearest integer, for |result| < 2^(mantissa-1).
static Rounded roundScaled(const ValueEmitter &e, const Format &f, Value x,
                           double factor) {
  Value magic = e.constant(f.isDouble ? 0x1.8p52 : 0x1.8p23);
  Value shifted = e.fma(x, e.constant(factor), magic);
  Value integer = arith::SubIOp::create(
      e.b, e.loc, bitcast(e, f.integer, shifted), bitcast(e, f.integer, magic));
  return {integer, e.sub(shifted, magic)};
}

/// c[0] + x * (c[1] + x * (...)).
static Value polynomial(const ValueEmitter &e, Value x,
                        ArrayRef<double> coefficients) {
  Value sum = e.constant(coefficients.back());
  for (double c : llvm::reverse(coefficients.drop_back()))
    sum = e.fma(sum, x, e.constant(c));
  return sum;
}

/// 2^n for n in the range of normal exponents.
static Value powerOfTwo(const ValueEmitter &e, const Format &f, Value n) {
  Value biased =
      arith::AddIOp::create(e.b, e.loc, n, intConstant(e, f, f.bias));
  Value bits =
      arith::ShLIOp::create(e.b, e.loc, biased, intConstant(e, f, f.mantissa));
  return bitcast(e, e.type, bits);
}

static Value isAtLeast(const ValueEmitter &e, Value lhs, Value rhs) {
  return arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGE, lhs, rhs);
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

Value sinter::emitExponential(ValueEmitter &e, Value x) {
  Format f(e);
  // Beyond these bounds the result is 0 or infinity anyway.
  Value low = e.constant(f.isDouble ? -746.0 : -104.0);
  Value high = e.constant(f.isDouble ? 710.0 : 89.0);
  x = e.atMost(e.atLeast(x, low), high);

  Rounded n = roundScaled(e, f, x, 1.4426950408889634);
  double ln2High = f.isDouble ? 0x1.62e42fee00000p-1 : 0.693359375;
  double ln2Low = f.isDouble ? 1.90821492927058770002e-10 : -2.12194440e-4;
  Value r = e.fma(n.value, e.constant(-ln2High), x);
  r = e.fma(n.value, e.constant(-ln2Low), r);

  SmallVector<double> taylor{1.0};
  for (int k = 1; k <= (f.isDouble ? 13 : 7); ++k)
    taylor.push_back(taylor.back() / k);
  Value sum = polynomial(e, r, taylor);

  // Two factors, so that results near overflow and denormal ones come out.
  Value half =
      arith::ShRSIOp::create(e.b, e.loc, n.integer, intConstant(e, f, 1));
  Value rest = arith::SubIOp::create(e.b, e.loc, n.integer, half);
  return e.mul(e.mul(sum, powerOfTwo(e, f, half)), powerOfTwo(e, f, rest));
}

Value sinter::emitLogarithm(ValueEmitter &e, Value x) {
  Format f(e);
  double scale = f.isDouble ? 0x1p54 : 0x1p24;
  Value isTiny = e.less(x, e.constant(f.isDouble ? 0x1p-1022 : 0x1p-126));
  Value normal = e.select(isTiny, e.mul(x, e.constant(scale)), x);

  // normal = 2^n * m with m in [sqrt(1/2), sqrt(2)).
  Value bits = bitcast(e, f.integer, normal);
  Value root = bitcast(e, f.integer, e.constant(0.70710678118654752));
  Value above = arith::SubIOp::create(e.b, e.loc, bits, root);
  Value shift = intConstant(e, f, f.mantissa);
  Value n = arith::ShRSIOp::create(e.b, e.loc, above, shift);
  Value m = bitcast(
      e, e.type,
      arith::SubIOp::create(e.b, e.loc, bits,
                            arith::ShLIOp::create(e.b, e.loc, n, shift)));
  Value exponent = arith::SIToFPOp::create(e.b, e.loc, e.type, n);
  exponent = e.select(
      isTiny, e.sub(exponent, e.constant(f.isDouble ? 54.0 : 24.0)), exponent);

  // log(m) = 2 atanh(s), s = (m - 1) / (m + 1).
  Value one = e.constant(1.0);
  Value s = e.div(e.sub(m, one), e.add(m, one));
  Value square = e.mul(s, s);
  SmallVector<double> series;
  for (int k = 0; k < (f.isDouble ? 12 : 6); ++k)
    series.push_back(2.0 / (2 * k + 1));
  double ln2High = f.isDouble ? 0x1.62e42fee00000p-1 : 0.693359375;
  double ln2Low = f.isDouble ? 1.90821492927058770002e-10 : -2.12194440e-4;
  Value low = e.mul(exponent, e.constant(ln2Low));
  Value fraction = e.fma(s, polynomial(e, square, series), low);
  Value result = e.fma(exponent, e.constant(ln2High), fraction);

  double infinity = std::numeric_limits<double>::infinity();
  Value zero = e.constant(0.0);
  result = e.select(e.less(x, e.constant(infinity)), result, x);
  result = e.select(e.equal(x, zero), e.constant(-infinity), result);
  return e.select(e.less(x, zero),
                  e.constant(std::numeric_limits<double>::quiet_NaN()), result);
}

Value sinter::emitErrorFunction(ValueEmitter &e, Value x) {
  if (!Format(e).isDouble)
    return math::ErfOp::create(e.b, e.loc, x);
  // erf(x) = 2/sqrt(pi) exp(-x^2) sum 2^k x^(2k+1) / (2k+1)!!: all terms have
  // one sign. Beyond 6 the result rounds to 1.
  Value six = e.constant(6.0);
  Value bounded = arith::MaximumFOp::create(
      e.b, e.loc, arith::MinimumFOp::create(e.b, e.loc, x, six),
      e.constant(-6.0));
  Value square = e.mul(bounded, bounded);
  SmallVector<double> series{1.1283791670955126};
  for (int k = 1; k <= 130; ++k)
    series.push_back(series.back() * 2.0 / (2 * k + 1));
  Value sum = e.mul(bounded, polynomial(e, square, series));
  Value negative = arith::NegFOp::create(e.b, e.loc, square);
  return e.mul(sum, emitExponential(e, negative));
}

Value sinter::emitHyperbolicTangent(ValueEmitter &e, Value x) {
  if (!Format(e).isDouble)
    return math::TanhOp::create(e.b, e.loc, x);
  Value magnitude = math::AbsFOp::create(e.b, e.loc, x);
  Value one = e.constant(1.0);
  Value decay = emitExponential(e, e.mul(magnitude, e.constant(-2.0)));
  Value large = e.div(e.sub(one, decay), e.add(one, decay));
  // Lambert's continued fraction where the difference above would cancel.
  Value square = e.mul(magnitude, magnitude);
  Value fraction = e.constant(19.0);
  for (int k = 17; k >= 1; k -= 2)
    fraction = e.add(e.constant(k), e.div(square, fraction));
  Value small = e.div(magnitude, fraction);
  Value result =
      e.select(isAtLeast(e, magnitude, e.constant(0.625)), large, small);
  return math::CopySignOp::create(e.b, e.loc, result, x);
}

Value sinter::emitLogistic(ValueEmitter &e, Value x) {
  Value negative = arith::NegFOp::create(e.b, e.loc, x);
  Value one = e.constant(1.0);
  return e.div(one, e.add(one, emitExponential(e, negative)));
}

Value sinter::emitSine(ValueEmitter &e, Value x, bool cosine) {
  Format f(e);
  Rounded quadrant = roundScaled(e, f, x, 0.63661977236758134);
  // pi/2 in three parts of few bits each.
  SmallVector<double> parts =
      f.isDouble
          ? SmallVector<double>{0x1.921fb54400000p+0, 0x1.0b4611a600000p-34,
                                0x1.3198a2e037073p-69}
          : SmallVector<double>{0x1.921fb0p+0, 0x1.5110b4p-22,
                                0x1.18469898cc517p-48};
  Value r = x;
  for (double part : parts)
    r = e.fma(quadrant.value, e.constant(-part), r);

  Value square = e.mul(r, r);
  SmallVector<double> sines, cosines;
  double term = 1.0;
  for (int k = 0; k <= (f.isDouble ? 18 : 10); ++k) {
    term = k == 0 ? 1.0 : term / k;
    double sign = (k / 2) % 2 ? -1.0 : 1.0;
    (k % 2 ? sines : cosines).push_back(sign * term);
  }
  Value sine = e.mul(r, polynomial(e, square, sines));
  Value cosineValue = polynomial(e, square, cosines);

  Value one = intConstant(e, f, 1), two = intConstant(e, f, 2);
  Value turns = quadrant.integer;
  if (cosine)
    turns = arith::AddIOp::create(e.b, e.loc, turns, one);
  Value zero = intConstant(e, f, 0);
  ValueEmitter integers{e.b, e.loc, f.integer};
  Value isEven =
      integers.equal(arith::AndIOp::create(e.b, e.loc, turns, one), zero);
  Value isPositive =
      integers.equal(arith::AndIOp::create(e.b, e.loc, turns, two), zero);
  Value magnitude = e.select(isEven, sine, cosineValue);
  Value negated = arith::NegFOp::create(e.b, e.loc, magnitude);
  return e.select(isPositive, magnitude, negated);
}

Value sinter::emitPower(ValueEmitter &e, Value x, Value y, Value exponent) {
  if (auto constant =
          dyn_cast_or_null<FloatAttr>(getScalarConstant(exponent))) {
    double power = constant.getValueAsDouble();
    if (power == 1.0)
      return x;
    if (power == 2.0)
      return e.mul(x, x);
    if (power == 3.0)
      return e.mul(e.mul(x, x), x);
    if (power == -1.0)
      return e.div(e.constant(1.0), x);
  }
  double infinity = std::numeric_limits<double>::infinity();
  Value zero = e.constant(0.0), one = e.constant(1.0);
  Value magnitude = math::AbsFOp::create(e.b, e.loc, x);
  Value result = emitExponential(e, e.mul(y, emitLogarithm(e, magnitude)));

  // A negative base needs an integer exponent, whose parity gives the sign.
  Value half = e.mul(y, e.constant(0.5));
  auto isWhole = [&](Value value) {
    return e.equal(math::FloorOp::create(e.b, e.loc, value), value);
  };
  Value negated = arith::NegFOp::create(e.b, e.loc, result);
  Value signedResult = e.select(isWhole(half), result, negated);
  Value nan = e.constant(std::numeric_limits<double>::quiet_NaN());
  Value isZero = e.equal(x, zero);
  Value forNegative =
      e.select(isWhole(y), signedResult, e.select(isZero, result, nan));
  // -0 and -infinity count as negative: the sign bit decides.
  Value sign = math::CopySignOp::create(e.b, e.loc, one, x);
  Value isInfinite = e.equal(magnitude, e.constant(infinity));
  forNegative = e.select(isWhole(y), signedResult,
                         e.select(isInfinite, result, forNegative));
  result = e.select(e.less(sign, zero), forNegative, result);
  result = e.select(e.equal(y, zero), one, result);
  return e.select(e.equal(x, one), one, result);
}

Value sinter::emitFloatRemainder(ValueEmitter &e, Value x, Value y) {
  Value dividend = math::AbsFOp::create(e.b, e.loc, x);
  Value divisor = math::AbsFOp::create(e.b, e.loc, y);
  Value quotient = math::FloorOp::create(e.b, e.loc, e.div(dividend, divisor));
  Value negative = arith::NegFOp::create(e.b, e.loc, quotient);
  Value rest = e.fma(negative, divisor, dividend);
  // The rounded quotient may be off by one.
  rest = e.select(e.less(rest, e.constant(0.0)), e.add(rest, divisor), rest);
  rest = e.select(isAtLeast(e, rest, divisor), e.sub(rest, divisor), rest);
  rest = math::CopySignOp::create(e.b, e.loc, rest, x);
  Value infinite =
      e.equal(divisor, e.constant(std::numeric_limits<double>::infinity()));
  Value finite =
      e.less(dividend, e.constant(std::numeric_limits<double>::infinity()));
  return e.select(arith::AndIOp::create(e.b, e.loc, infinite, finite), x, rest);
}
