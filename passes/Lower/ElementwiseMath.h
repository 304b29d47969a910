//===- ElementwiseMath.h - functions on vectors -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Transcendental functions and conversions as arithmetic on vectors or scalars,
// without any call into a library.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_ELEMENTWISEMATH_H
#define SINTER_PASSES_LOWER_ELEMENTWISEMATH_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"

namespace sinter {

/// What every row of the table of element-wise operations builds with: `type`
/// is the vector or scalar type that is computed in.
struct ValueEmitter {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type type;
  bool isUnsigned = false;

  bool isFloat() const {
    return mlir::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(type));
  }
  /// Constants of `type`.
  mlir::Value constant(double value) const;
  mlir::Value constant(const llvm::APInt &value) const;
  mlir::Value equal(mlir::Value lhs, mlir::Value rhs) const;
  mlir::Value less(mlir::Value lhs, mlir::Value rhs) const;
  mlir::Value select(mlir::Value condition, mlir::Value onTrue,
                     mlir::Value onFalse) const;
  /// The constant true of a type of i1.
  mlir::Value allTrue(mlir::Type conditionType) const;
  /// Floating point arithmetic that may be contracted.
  mlir::Value add(mlir::Value lhs, mlir::Value rhs) const;
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs) const;
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs) const;
  mlir::Value div(mlir::Value lhs, mlir::Value rhs) const;
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c) const;
  /// The larger, the smaller of a float and a bound that is not NaN; a NaN
  /// stays NaN. One instruction, where the general maximum needs three.
  mlir::Value atLeast(mlir::Value x, mlir::Value bound) const {
    return select(less(x, bound), bound, x);
  }
  mlir::Value atMost(mlir::Value x, mlir::Value bound) const {
    return select(less(bound, x), bound, x);
  }
  /// `type` with elements of `element`.
  mlir::Type with(mlir::Type element) const;
};

/// Functions of floating point values (f32, f64).
mlir::Value emitExponential(ValueEmitter &e, mlir::Value x);
mlir::Value emitLogarithm(ValueEmitter &e, mlir::Value x);
mlir::Value emitErrorFunction(ValueEmitter &e, mlir::Value x);
mlir::Value emitHyperbolicTangent(ValueEmitter &e, mlir::Value x);
mlir::Value emitLogistic(ValueEmitter &e, mlir::Value x);
mlir::Value emitSine(ValueEmitter &e, mlir::Value x, bool cosine);
/// `x` to the power of `y`; `exponent` is the tensor that `y` comes from: small
/// constant exponents become products.
mlir::Value emitPower(ValueEmitter &e, mlir::Value x, mlir::Value y,
                      mlir::Value exponent);
/// Remainder with the sign of `x`; exact while |x / y| < 2^24 (f64: 2^53).
mlir::Value emitFloatRemainder(ValueEmitter &e, mlir::Value x, mlir::Value y);

/// What nn.quantize and nn.dequantize say. `to` is the tensor element type that
/// is made; the types of the others are compute types, and `e.isUnsigned` tells
/// how the integers of a dequantization are read.
mlir::Value emitQuantization(ValueEmitter &e, mlir::Value x, mlir::Value scale,
                             mlir::Value zeroPoint, mlir::Type to);
mlir::Value emitDequantization(ValueEmitter &e, mlir::Value q,
                               mlir::Value scale, mlir::Value zeroPoint);

/// Converts between tensor element types as nn.cast says.
mlir::Value emitConversion(ValueEmitter &e, mlir::Value x, mlir::Type from,
                           mlir::Type to);
/// Reads the bits of `from` as `to`, as nn.bit_cast says.
mlir::Value emitBitConversion(ValueEmitter &e, mlir::Value x, mlir::Type from,
                              mlir::Type to);

/// An f64 as f32 so that rounding once more is as rounding once: what is lost
/// sets the lowest bit (rounding to odd; S. Boldo and G. Melquiond, "Emulation
/// of a FMA and correctly rounded sums", 2008).
mlir::Value emitNarrowToOdd(ValueEmitter &e, mlir::Value x);
/// Whether `type` is a float of 8 bits or less, whose compute type is i8.
bool isSmallFloat(mlir::Type type);
/// The f32 that the bits `x` (i8) in the format `from`, a small float, mean.
mlir::Value emitFromSmallFloat(ValueEmitter &e, mlir::Value x, mlir::Type from);
/// The bits (i8) of `x`, of type f32 or f64, rounded to a small float.
mlir::Value emitToSmallFloat(ValueEmitter &e, mlir::Value x, mlir::Type to);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_ELEMENTWISEMATH_H
