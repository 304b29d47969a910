//===- Element.cpp - elements of weights as numbers -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/Element.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APFloat.h"
#include <cmath>
#include <cstring>
#include <limits>

using namespace sinter::weights;

std::optional<ElementKind> sinter::weights::getElementKind(mlir::Type type) {
  if (type.isF16())
    return ElementKind::F16;
  if (type.isBF16())
    return ElementKind::BF16;
  if (type.isF32())
    return ElementKind::F32;
  if (type.isF64())
    return ElementKind::F64;
  auto integer = llvm::dyn_cast<mlir::IntegerType>(type);
  if (!integer)
    return std::nullopt;
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return ElementKind::I1;
  case 8:
    return isUnsigned ? ElementKind::U8 : ElementKind::I8;
  case 16:
    return isUnsigned ? ElementKind::U16 : ElementKind::I16;
  case 32:
    return isUnsigned ? ElementKind::U32 : ElementKind::I32;
  case 64:
    return isUnsigned ? ElementKind::U64 : ElementKind::I64;
  default:
    return std::nullopt;
  }
}

unsigned sinter::weights::getElementBytes(ElementKind kind) {
  switch (kind) {
  case ElementKind::I1:
  case ElementKind::I8:
  case ElementKind::U8:
    return 1;
  case ElementKind::F16:
  case ElementKind::BF16:
  case ElementKind::I16:
  case ElementKind::U16:
    return 2;
  case ElementKind::F32:
  case ElementKind::I32:
  case ElementKind::U32:
    return 4;
  case ElementKind::F64:
  case ElementKind::I64:
  case ElementKind::U64:
    return 8;
  }
  return 0;
}

Domain sinter::weights::getDomain(ElementKind kind) {
  switch (kind) {
  case ElementKind::F16:
  case ElementKind::BF16:
  case ElementKind::F32:
  case ElementKind::F64:
    return Domain::Float;
  case ElementKind::U8:
  case ElementKind::U16:
  case ElementKind::U32:
  case ElementKind::U64:
    return Domain::Unsigned;
  default:
    return Domain::Signed;
  }
}

/// The bits of `value` in a narrow float format, and back.
static uint16_t toHalf(double value, const llvm::fltSemantics &format) {
  llvm::APFloat number(value);
  bool lost = false;
  number.convert(format, llvm::APFloat::rmNearestTiesToEven, &lost);
  return static_cast<uint16_t>(number.bitcastToAPInt().getZExtValue());
}
static double fromHalf(uint16_t bits, const llvm::fltSemantics &format) {
  llvm::APFloat number(format, llvm::APInt(16, bits));
  bool lost = false;
  number.convert(llvm::APFloat::IEEEdouble(),
                 llvm::APFloat::rmNearestTiesToEven, &lost);
  return number.convertToDouble();
}

/// Calls `visit` with `count` elements of the stored type T.
template <typename T, typename Visit>
static void loadAs(const char *in, int64_t stride, int64_t count, Scalar *out,
                   Visit visit) {
  for (int64_t n = 0; n < count; ++n) {
    T value;
    std::memcpy(&value, in + n * stride * static_cast<int64_t>(sizeof(T)),
                sizeof(T));
    visit(out[n], value);
  }
}
template <typename T, typename Make>
static void storeAs(const Scalar *in, int64_t count, char *out, Make make) {
  for (int64_t n = 0; n < count; ++n) {
    T value = make(in[n]);
    std::memcpy(out + n * sizeof(T), &value, sizeof(T));
  }
}

void sinter::weights::loadElements(ElementKind kind, const char *in,
                                   int64_t stride, int64_t count, Scalar *out) {
  auto asFloat = [](Scalar &s, auto v) { s.f = v; };
  auto asSigned = [](Scalar &s, auto v) { s.i = v; };
  auto asUnsigned = [](Scalar &s, auto v) { s.u = v; };
  switch (kind) {
  case ElementKind::F16:
    return loadAs<uint16_t>(in, stride, count, out, [](Scalar &s, uint16_t v) {
      s.f = fromHalf(v, llvm::APFloat::IEEEhalf());
    });
  case ElementKind::BF16:
    return loadAs<uint16_t>(in, stride, count, out, [](Scalar &s, uint16_t v) {
      s.f = fromHalf(v, llvm::APFloat::BFloat());
    });
  case ElementKind::F32:
    return loadAs<float>(in, stride, count, out, asFloat);
  case ElementKind::F64:
    return loadAs<double>(in, stride, count, out, asFloat);
  case ElementKind::I1:
    return loadAs<uint8_t>(in, stride, count, out,
                           [](Scalar &s, uint8_t v) { s.i = v != 0; });
  case ElementKind::I8:
    return loadAs<int8_t>(in, stride, count, out, asSigned);
  case ElementKind::I16:
    return loadAs<int16_t>(in, stride, count, out, asSigned);
  case ElementKind::I32:
    return loadAs<int32_t>(in, stride, count, out, asSigned);
  case ElementKind::I64:
    return loadAs<int64_t>(in, stride, count, out, asSigned);
  case ElementKind::U8:
    return loadAs<uint8_t>(in, stride, count, out, asUnsigned);
  case ElementKind::U16:
    return loadAs<uint16_t>(in, stride, count, out, asUnsigned);
  case ElementKind::U32:
    return loadAs<uint32_t>(in, stride, count, out, asUnsigned);
  case ElementKind::U64:
    return loadAs<uint64_t>(in, stride, count, out, asUnsigned);
  }
}

void sinter::weights::storeElements(ElementKind kind, const Scalar *in,
                                    int64_t count, char *out) {
  switch (kind) {
  case ElementKind::F16:
    return storeAs<uint16_t>(in, count, out, [](Scalar s) {
      return toHalf(s.f, llvm::APFloat::IEEEhalf());
    });
  case ElementKind::BF16:
    return storeAs<uint16_t>(in, count, out, [](Scalar s) {
      return toHalf(s.f, llvm::APFloat::BFloat());
    });
  case ElementKind::F32:
    return storeAs<float>(in, count, out,
                          [](Scalar s) { return static_cast<float>(s.f); });
  case ElementKind::F64:
    return storeAs<double>(in, count, out, [](Scalar s) { return s.f; });
  case ElementKind::I1:
  case ElementKind::I8:
  case ElementKind::U8:
    return storeAs<uint8_t>(in, count, out,
                            [](Scalar s) { return static_cast<uint8_t>(s.u); });
  case ElementKind::I16:
  case ElementKind::U16:
    return storeAs<uint16_t>(
        in, count, out, [](Scalar s) { return static_cast<uint16_t>(s.u); });
  case ElementKind::I32:
  case ElementKind::U32:
    return storeAs<uint32_t>(
        in, count, out, [](Scalar s) { return static_cast<uint32_t>(s.u); });
  case ElementKind::I64:
  case ElementKind::U64:
    return storeAs<uint64_t>(in, count, out, [](Scalar s) { return s.u; });
  }
}

/// Truncates towards zero and saturates at the ends of a type of `bits` bits.
static Scalar floatToInteger(double value, unsigned bits, bool isUnsigned) {
  Scalar result{};
  if (std::isnan(value))
    return result;
  double upper = std::ldexp(1.0, isUnsigned ? bits : bits - 1),
         lower = isUnsigned ? 0.0 : -upper;
  double whole = std::trunc(value);
  if (whole >= upper) {
    result.u = isUnsigned
                   ? (bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1)
                   : (uint64_t(1) << (bits - 1)) - 1;
    return result;
  }
  if (whole <= lower)
    whole = lower;
  if (isUnsigned)
    result.u = static_cast<uint64_t>(whole);
  else
    result.i = static_cast<int64_t>(whole);
  return result;
}

Scalar sinter::weights::convertElement(Scalar value, ElementKind from,
                                       ElementKind to) {
  Domain source = getDomain(from), target = getDomain(to);
  Scalar result = value;
  if (to == ElementKind::I1) {
    result.i = source == Domain::Float ? value.f != 0 : value.u != 0;
    return result;
  }
  if (target == Domain::Float) {
    if (source == Domain::Signed)
      result.f = static_cast<double>(value.i);
    else if (source == Domain::Unsigned)
      result.f = static_cast<double>(value.u);
    return result;
  }
  if (source == Domain::Float)
    return floatToInteger(value.f, getElementBytes(to) * 8,
                          target == Domain::Unsigned);
  return result; // storeElements wraps.
}
