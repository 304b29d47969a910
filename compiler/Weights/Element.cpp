//===- Element.cpp - elements of weights as numbers -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/Element.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace sinter::weights;

namespace {

/// What is known about a kind of floats.
struct FloatRow {
  ElementKind kind;
  bool (*matches)(mlir::Type type);
  const llvm::fltSemantics &(*semantics)();
};

} // namespace

template <typename T>
static bool isOf(mlir::Type type) {
  return llvm::isa<T>(type);
}

static const FloatRow kFloats[] = {
    {ElementKind::F16, isOf<mlir::Float16Type>, llvm::APFloat::IEEEhalf},
    {ElementKind::BF16, isOf<mlir::BFloat16Type>, llvm::APFloat::BFloat},
    {ElementKind::F32, isOf<mlir::Float32Type>, llvm::APFloat::IEEEsingle},
    {ElementKind::F64, isOf<mlir::Float64Type>, llvm::APFloat::IEEEdouble},
    {ElementKind::F8E4M3FN, isOf<mlir::Float8E4M3FNType>,
     llvm::APFloat::Float8E4M3FN},
    {ElementKind::F8E4M3FNUZ, isOf<mlir::Float8E4M3FNUZType>,
     llvm::APFloat::Float8E4M3FNUZ},
    {ElementKind::F8E5M2, isOf<mlir::Float8E5M2Type>,
     llvm::APFloat::Float8E5M2},
    {ElementKind::F8E5M2FNUZ, isOf<mlir::Float8E5M2FNUZType>,
     llvm::APFloat::Float8E5M2FNUZ},
    {ElementKind::F8E8M0, isOf<mlir::Float8E8M0FNUType>,
     llvm::APFloat::Float8E8M0FNU},
    {ElementKind::F4E2M1, isOf<mlir::Float4E2M1FNType>,
     llvm::APFloat::Float4E2M1FN},
};

static const llvm::fltSemantics &getSemantics(ElementKind kind) {
  return llvm::find_if(kFloats,
                       [&](const FloatRow &row) { return row.kind == kind; })
      ->semantics();
}

std::optional<ElementKind> sinter::weights::getElementKind(mlir::Type type) {
  for (const FloatRow &row : kFloats)
    if (row.matches(type))
      return row.kind;
  auto integer = llvm::dyn_cast<mlir::IntegerType>(type);
  if (!integer)
    return std::nullopt;
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return ElementKind::I1;
  case 2:
    return isUnsigned ? ElementKind::U2 : ElementKind::I2;
  case 4:
    return isUnsigned ? ElementKind::U4 : ElementKind::I4;
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

unsigned sinter::weights::getElementBits(ElementKind kind) {
  switch (kind) {
  case ElementKind::I1:
    return 1;
  case ElementKind::I2:
  case ElementKind::U2:
    return 2;
  case ElementKind::I4:
  case ElementKind::U4:
  case ElementKind::F4E2M1:
    return 4;
  case ElementKind::F8E4M3FN:
  case ElementKind::F8E4M3FNUZ:
  case ElementKind::F8E5M2:
  case ElementKind::F8E5M2FNUZ:
  case ElementKind::F8E8M0:
  case ElementKind::I8:
  case ElementKind::U8:
    return 8;
  case ElementKind::F16:
  case ElementKind::BF16:
  case ElementKind::I16:
  case ElementKind::U16:
    return 16;
  case ElementKind::F32:
  case ElementKind::I32:
  case ElementKind::U32:
    return 32;
  case ElementKind::F64:
  case ElementKind::I64:
  case ElementKind::U64:
    return 64;
  }
  return 0;
}

unsigned sinter::weights::getElementBytes(ElementKind kind) {
  return (getElementBits(kind) + 7) / 8;
}

Domain sinter::weights::getDomain(ElementKind kind) {
  if (llvm::any_of(kFloats,
                   [&](const FloatRow &row) { return row.kind == kind; }))
    return Domain::Float;
  switch (kind) {
  case ElementKind::U2:
  case ElementKind::U4:
  case ElementKind::U8:
  case ElementKind::U16:
  case ElementKind::U32:
  case ElementKind::U64:
    return Domain::Unsigned;
  default:
    return Domain::Signed;
  }
}

/// The power of two that is not below the magnitude of `value`, by its exponent
/// in float8e8m0, saturated: nn.cast rounds up.
static uint8_t toPowerOfTwo(double value) {
  if (std::isnan(value))
    return 0xff;
  int exponent;
  double fraction = std::frexp(std::fabs(value), &exponent);
  if (fraction == 0)
    return 0;
  if (std::isinf(value))
    return 0xfe;
  // value = fraction * 2^exponent, fraction in [1/2, 1).
  int code = exponent - (fraction == 0.5) + 127;
  return static_cast<uint8_t>(std::clamp(code, 0, 0xfe));
}

/// The bits of `value` in a narrow float format, and back.
template <typename T>
static T toNarrow(double value, ElementKind kind) {
  if (kind == ElementKind::F8E8M0)
    return toPowerOfTwo(value);
  if (kind == ElementKind::F4E2M1) // Has neither infinity nor NaN.
    value = std::isnan(value) ? 0 : std::clamp(value, -6.0, 6.0);
  llvm::APFloat number(value);
  bool lost = false;
  number.convert(getSemantics(kind), llvm::APFloat::rmNearestTiesToEven, &lost);
  return static_cast<T>(number.bitcastToAPInt().getZExtValue());
}
static double fromNarrow(uint16_t bits, ElementKind kind) {
  unsigned width = getElementBits(kind);
  llvm::APFloat number(getSemantics(kind),
                       llvm::APInt(width, bits & ((1u << width) - 1)));
  // LLVM would make the NaN of float8e8m0 an infinity.
  if (number.isNaN())
    return std::numeric_limits<double>::quiet_NaN();
  bool lost = false;
  number.convert(llvm::APFloat::IEEEdouble(),
                 llvm::APFloat::rmNearestTiesToEven, &lost);
  return number.convertToDouble();
}

/// The low `width` bits of a byte as a number, as it lies in memory.
static uint8_t wrapSmall(uint64_t value, ElementKind kind) {
  unsigned spare = 8 - getElementBits(kind);
  auto low = static_cast<uint8_t>(value << spare);
  return getDomain(kind) == Domain::Signed
             ? static_cast<uint8_t>(static_cast<int8_t>(low) >> spare)
             : static_cast<uint8_t>(low >> spare);
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
  case ElementKind::BF16:
    return loadAs<uint16_t>(
        in, stride, count, out,
        [kind](Scalar &s, uint16_t v) { s.f = fromNarrow(v, kind); });
  case ElementKind::F8E4M3FN:
  case ElementKind::F8E4M3FNUZ:
  case ElementKind::F8E5M2:
  case ElementKind::F8E5M2FNUZ:
  case ElementKind::F8E8M0:
  case ElementKind::F4E2M1:
    return loadAs<uint8_t>(
        in, stride, count, out,
        [kind](Scalar &s, uint8_t v) { s.f = fromNarrow(v, kind); });
  case ElementKind::F32:
    return loadAs<float>(in, stride, count, out, asFloat);
  case ElementKind::F64:
    return loadAs<double>(in, stride, count, out, asFloat);
  case ElementKind::I1:
    return loadAs<uint8_t>(in, stride, count, out,
                           [](Scalar &s, uint8_t v) { s.i = v != 0; });
  case ElementKind::I2:
  case ElementKind::I4:
  case ElementKind::I8:
    return loadAs<int8_t>(in, stride, count, out, asSigned);
  case ElementKind::I16:
    return loadAs<int16_t>(in, stride, count, out, asSigned);
  case ElementKind::I32:
    return loadAs<int32_t>(in, stride, count, out, asSigned);
  case ElementKind::I64:
    return loadAs<int64_t>(in, stride, count, out, asSigned);
  case ElementKind::U2:
  case ElementKind::U4:
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
  case ElementKind::BF16:
    return storeAs<uint16_t>(in, count, out, [kind](Scalar s) {
      return toNarrow<uint16_t>(s.f, kind);
    });
  case ElementKind::F8E4M3FN:
  case ElementKind::F8E4M3FNUZ:
  case ElementKind::F8E5M2:
  case ElementKind::F8E5M2FNUZ:
  case ElementKind::F8E8M0:
  case ElementKind::F4E2M1:
    return storeAs<uint8_t>(in, count, out, [kind](Scalar s) {
      return toNarrow<uint8_t>(s.f, kind);
    });
  case ElementKind::I2:
  case ElementKind::I4:
  case ElementKind::U2:
  case ElementKind::U4:
    return storeAs<uint8_t>(in, count, out,
                            [kind](Scalar s) { return wrapSmall(s.u, kind); });
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

mlir::DenseElementsAttr
sinter::weights::makeDenseElements(mlir::RankedTensorType type,
                                   llvm::ArrayRef<char> bytes) {
  unsigned width = type.getElementTypeBitWidth();
  if (width == 1) {
    llvm::SmallVector<bool> bits(bytes.begin(), bytes.end());
    return mlir::DenseElementsAttr::get(type, bits);
  }
  if (width >= 8)
    return mlir::DenseElementsAttr::getFromRawBuffer(type, bytes);
  // An attribute has zeros above the bits of an element.
  llvm::SmallVector<char, 0> low(bytes.begin(), bytes.end());
  for (char &byte : low)
    byte = static_cast<char>(byte & ((1 << width) - 1));
  return mlir::DenseElementsAttr::getFromRawBuffer(type, low);
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
    return floatToInteger(value.f, getElementBits(to),
                          target == Domain::Unsigned);
  return result; // storeElements wraps.
}
