//===- ElementwiseSmallFloat.cpp - floats of 8 bits and less --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The formats of "OCP 8-bit Floating Point Specification (OFP8)" 1.0, 2023, of
// "OCP Microscaling Formats (MX) Specification" 1.0, 2023, and the FNUZ ones of
// B. Noune et al., "8-bit Numerical Formats for Deep Neural Networks", 2022.
// Integer arithmetic on the bits of f32 makes and reads them.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Lower/ElementwiseMath.h"
#include "passes/Lower/KernelBuilder.h"
#include <cmath>

using namespace mlir;
using namespace sinter;

namespace {

/// A format: a sign, exponent bits, `mantissa` bits.
struct Format {
  unsigned bits, mantissa;
  int bias;
  unsigned largest;  ///< Bits of the largest finite value.
  unsigned overflow; ///< Bits of what larger values become.
  unsigned nan;      ///< Bits of NaN.
  /// The only NaN has the bits of -0, and there is no -0.
  bool isUnsignedZero = false;
};

constexpr unsigned kMantissa = 23, kBias = 127; // of f32

} // namespace

static Format getFormat(Type type) {
  if (isa<Float8E4M3FNType>(type))
    return {8, 3, 7, 0x7e, 0x7f, 0x7f};
  if (isa<Float8E4M3FNUZType>(type))
    return {8, 3, 8, 0x7f, 0x80, 0x80, true};
  if (isa<Float8E5M2Type>(type))
    return {8, 2, 15, 0x7b, 0x7c, 0x7e};
  if (isa<Float8E5M2FNUZType>(type))
    return {8, 2, 16, 0x7f, 0x80, 0x80, true};
  return {4, 1, 1, 0x7, 0x7, 0x0}; // f4E2M1FN
}

bool sinter::isSmallFloat(Type type) {
  return isa<FloatType>(type) && type.getIntOrFloatBitWidth() <= 8;
}

namespace {

/// Arithmetic on the 32 bits of each element.
struct Words {
  ValueEmitter &e;
  ValueEmitter words;

  explicit Words(ValueEmitter &e)
      : e(e), words{e.b, e.loc, e.with(e.b.getI32Type()), true} {}

  Value constant(uint32_t value) {
    return words.constant(llvm::APInt(32, value));
  }
  Value andOp(Value lhs, uint32_t rhs) {
    return arith::AndIOp::create(e.b, e.loc, lhs, constant(rhs));
  }
  Value orOp(Value lhs, Value rhs) {
    return arith::OrIOp::create(e.b, e.loc, lhs, rhs);
  }
  Value add(Value lhs, Value rhs) {
    return arith::AddIOp::create(e.b, e.loc, lhs, rhs);
  }
  Value add(Value lhs, uint32_t rhs) { return add(lhs, constant(rhs)); }
  Value left(Value x, unsigned places) {
    return arith::ShLIOp::create(e.b, e.loc, x, constant(places));
  }
  Value right(Value x, unsigned places) {
    return arith::ShRUIOp::create(e.b, e.loc, x, constant(places));
  }
  Value above(Value x, uint32_t limit) {
    return arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ugt, x,
                                 constant(limit));
  }
  Value equal(Value x, uint32_t other) {
    return words.equal(x, constant(other));
  }
  Value select(Value condition, uint32_t onTrue, Value onFalse) {
    return words.select(condition, constant(onTrue), onFalse);
  }
  Value toFloat(Value bits) {
    return arith::BitcastOp::create(e.b, e.loc, e.with(e.b.getF32Type()), bits);
  }
  Value toBits(Value real) {
    return arith::BitcastOp::create(e.b, e.loc, words.type, real);
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// 2^(code - 127); the lowest is below the normal numbers of f32.
static Value emitFromPowerOfTwo(Words &w, Value code) {
  Value bits = w.left(code, kMantissa);
  bits = w.select(w.equal(code, 0), 1u << (kMantissa - 1), bits);
  return w.toFloat(w.select(w.equal(code, 0xff), 0x7fc00000, bits));
}

Value sinter::emitFromSmallFloat(ValueEmitter &e, Value x, Type from) {
  Words w(e);
  Value code = arith::ExtUIOp::create(e.b, e.loc, w.words.type, x);
  if (isa<Float8E8M0FNUType>(from))
    return emitFromPowerOfTwo(w, code);
  Format format = getFormat(from);
  Value magnitude = w.andOp(code, (1u << (format.bits - 1)) - 1);
  // With the fields where f32 has them the exponent is too small by the
  // difference of the biases; the product corrects it, below the normal
  // numbers too.
  ValueEmitter reals{e.b, e.loc, e.with(e.b.getF32Type())};
  Value real = w.toFloat(w.left(magnitude, kMantissa - format.mantissa));
  real = arith::MulFOp::create(
      e.b, e.loc, real,
      reals.constant(std::ldexp(1.0, int(kBias) - format.bias)));
  Value bits = w.toBits(real);
  if (isa<Float8E5M2Type>(from)) {
    bits = w.select(w.equal(magnitude, format.overflow), 0x7f800000, bits);
    bits = w.select(w.above(magnitude, format.overflow), 0x7fc00000, bits);
  } else if (isa<Float8E4M3FNType>(from)) {
    bits = w.select(w.equal(magnitude, format.nan), 0x7fc00000, bits);
  }
  Value sign = w.left(w.right(code, format.bits - 1), 31);
  bits = w.orOp(bits, sign);
  if (format.isUnsignedZero)
    bits = w.select(w.equal(code, format.nan), 0x7fc00000, bits);
  return w.toFloat(bits);
}

//===----------------------------------------------------------------------===//
// Making
//===----------------------------------------------------------------------===//

Value sinter::emitNarrowToOdd(ValueEmitter &e, Value x) {
  Words w(e);
  Type f32 = e.with(e.b.getF32Type());
  Value narrow = arith::TruncFOp::create(e.b, e.loc, f32, x);
  Value back = arith::ExtFOp::create(e.b, e.loc, x.getType(), narrow);
  auto magnitude = [&](Value value, Type type) -> Value {
    ValueEmitter at{e.b, e.loc, type};
    Value negative = arith::NegFOp::create(e.b, e.loc, value);
    return e.select(at.less(value, at.constant(0.0)), negative, value);
  };
  Value given = magnitude(x, x.getType()), found = magnitude(back, x.getType());
  Value bits = w.toBits(narrow);
  // Rounded away from zero: one step back.
  Value away = e.less(given, found);
  bits = w.words.select(away, w.add(bits, 0xffffffffu), bits);
  Value isExact = e.equal(x, back);
  Value isNan =
      arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::UNO, x, x);
  Value odd = w.orOp(bits, w.constant(1));
  bits = w.words.select(arith::OrIOp::create(e.b, e.loc, isExact, isNan), bits,
                        odd);
  return w.toFloat(bits);
}

/// The exponent of the power of two that is not below the magnitude.
static Value emitToPowerOfTwo(Words &w, Value magnitude, Value isNan) {
  Value code = w.right(w.add(magnitude, (1u << kMantissa) - 1), kMantissa);
  code = w.select(w.above(code, 0xfe), 0xfe, code);
  // Up to 2^-127, which is no normal number of f32.
  Value isLeast =
      w.words.less(magnitude, w.constant((1u << (kMantissa - 1)) + 1));
  code = w.select(isLeast, 0, code);
  return w.select(isNan, 0xff, code);
}

/// The magnitude of a finite or infinite f32, rounded to the format.
static Value emitMagnitude(ValueEmitter &e, Words &w, Value magnitude,
                           const Format &format) {
  // Normal numbers: round the mantissa to nearest, halves to even; a carry
  // goes into the exponent, whose bias is changed.
  unsigned lost = kMantissa - format.mantissa;
  Value even = w.andOp(w.right(magnitude, lost), 1);
  Value normal =
      w.right(w.add(w.add(magnitude, even), (1u << (lost - 1)) - 1), lost);
  normal = w.add(normal, 0u - ((kBias - format.bias) << format.mantissa));
  // Below: a sum with 2^23 steps rounds to whole steps.
  ValueEmitter reals{e.b, e.loc, e.with(e.b.getF32Type())};
  int leastExponent = 1 - format.bias;
  double steps =
      std::ldexp(1.0, leastExponent - int(format.mantissa) + int(kMantissa));
  Value sum = arith::AddFOp::create(e.b, e.loc, w.toFloat(magnitude),
                                    reals.constant(steps));
  Value subnormal = arith::SubIOp::create(e.b, e.loc, w.toBits(sum),
                                          w.toBits(reals.constant(steps)));
  Value isNormal = w.above(
      magnitude,
      (static_cast<uint32_t>(leastExponent + int(kBias)) << kMantissa) - 1);
  return w.words.select(isNormal, normal, subnormal);
}

Value sinter::emitToSmallFloat(ValueEmitter &e, Value x, Type to) {
  if (getElementTypeOrSelf(x).isF64()) {
    Value narrow = emitNarrowToOdd(e, x);
    ValueEmitter reals{e.b, e.loc, narrow.getType()};
    return emitToSmallFloat(reals, narrow, to);
  }
  Words w(e);
  Value bits = w.toBits(x);
  Value magnitude = w.andOp(bits, 0x7fffffff);
  Value isNan = w.above(magnitude, 0x7f800000), code;
  if (isa<Float8E8M0FNUType>(to)) {
    code = emitToPowerOfTwo(w, magnitude, isNan);
  } else {
    Format format = getFormat(to);
    Value rounded = emitMagnitude(e, w, magnitude, format);
    code = w.select(w.above(rounded, format.largest), format.overflow, rounded);
    code = w.select(isNan, format.nan, code);
    Value sign = w.left(w.right(bits, 31), format.bits - 1);
    // A NaN with the bits of -0 has no other sign, nor has 0.
    if (format.isUnsignedZero)
      sign = w.select(w.equal(code, 0), 0, sign);
    code = w.orOp(code, sign);
  }
  return arith::TruncIOp::create(e.b, e.loc, e.with(e.b.getI8Type()), code);
}
