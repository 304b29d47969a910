//===- Value.cpp - tensors and sequences outside the runtime -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/files/Value.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace sinter::files {

static const TypeInfo typeTable[] = {
    {ElementType::F32, "float32", 32, "<f4"},
    {ElementType::U8, "uint8", 8, "|u1"},
    {ElementType::I8, "int8", 8, "|i1"},
    {ElementType::U16, "uint16", 16, "<u2"},
    {ElementType::I16, "int16", 16, "<i2"},
    {ElementType::I32, "int32", 32, "<i4"},
    {ElementType::I64, "int64", 64, "<i8"},
    {ElementType::String, "string", 0, nullptr},
    {ElementType::Bool, "bool", 8, "|b1"},
    {ElementType::F16, "float16", 16, "<f2"},
    {ElementType::F64, "float64", 64, "<f8"},
    {ElementType::U32, "uint32", 32, "<u4"},
    {ElementType::U64, "uint64", 64, "<u8"},
    {ElementType::Complex64, "complex64", 64, "<c8"},
    {ElementType::Complex128, "complex128", 128, "<c16"},
    {ElementType::BF16, "bfloat16", 16, nullptr},
    {ElementType::F8E4M3FN, "float8_e4m3fn", 8, nullptr},
    {ElementType::F8E4M3FNUZ, "float8_e4m3fnuz", 8, nullptr},
    {ElementType::F8E5M2, "float8_e5m2", 8, nullptr},
    {ElementType::F8E5M2FNUZ, "float8_e5m2fnuz", 8, nullptr},
    {ElementType::U4, "uint4", 4, nullptr},
    {ElementType::I4, "int4", 4, nullptr},
    {ElementType::F4E2M1, "float4_e2m1fn", 4, nullptr},
    {ElementType::F8E8M0, "float8_e8m0fnu", 8, nullptr},
    {ElementType::U2, "uint2", 2, nullptr},
    {ElementType::I2, "int2", 2, nullptr},
};

const TypeInfo *getTypeInfo(ElementType type) {
  for (const TypeInfo &info : typeTable)
    if (info.type == type)
      return &info;
  return nullptr;
}

std::optional<ElementType> getTypeOfNpy(const std::string &descriptor) {
  for (const TypeInfo &info : typeTable) {
    if (!info.npy)
      continue;
    // One-byte types may carry any byte order mark.
    if (descriptor == info.npy ||
        (info.bits == 8 && descriptor.substr(1) == info.npy + 1))
      return info.type;
  }
  return std::nullopt;
}

std::string getTypeName(ElementType type) {
  if (const TypeInfo *info = getTypeInfo(type))
    return info->name;
  return "type " + std::to_string(static_cast<int>(type));
}

namespace {
/// How a float of 8 bits or less is written: a sign, exponent and mantissa.
struct SmallFloat {
  ElementType type;
  unsigned bits, mantissa;
  int bias;
  /// What the bits beyond those of the largest number mean.
  enum { Finite, NanOnly, InfinityAndNan, NanIsMinusZero, PowersOfTwo } kind;
};
} // namespace

static const SmallFloat *getSmallFloat(ElementType type) {
  static const SmallFloat formats[] = {
      {ElementType::F8E4M3FN, 8, 3, 7, SmallFloat::NanOnly},
      {ElementType::F8E4M3FNUZ, 8, 3, 8, SmallFloat::NanIsMinusZero},
      {ElementType::F8E5M2, 8, 2, 15, SmallFloat::InfinityAndNan},
      {ElementType::F8E5M2FNUZ, 8, 2, 16, SmallFloat::NanIsMinusZero},
      {ElementType::F4E2M1, 4, 1, 1, SmallFloat::Finite},
      {ElementType::F8E8M0, 8, 0, 127, SmallFloat::PowersOfTwo},
  };
  for (const SmallFloat &format : formats)
    if (format.type == type)
      return &format;
  return nullptr;
}

static double readSmallFloat(const SmallFloat &format, unsigned code) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (format.kind == SmallFloat::PowersOfTwo)
    return code == 0xff ? nan
                        : std::ldexp(1.0, static_cast<int>(code) - format.bias);
  unsigned signBit = 1u << (format.bits - 1), rest = code & (signBit - 1);
  unsigned exponent = rest >> format.mantissa;
  unsigned fraction = rest & ((1u << format.mantissa) - 1);
  unsigned highest = (signBit - 1) >> format.mantissa;
  if ((format.kind == SmallFloat::NanIsMinusZero && code == signBit) ||
      (format.kind == SmallFloat::NanOnly && rest == signBit - 1))
    return nan;
  double magnitude =
      exponent ? std::ldexp((1u << format.mantissa) + fraction,
                            static_cast<int>(exponent - format.mantissa) -
                                format.bias)
               : std::ldexp(fraction, 1 - format.bias -
                                          static_cast<int>(format.mantissa));
  if (format.kind == SmallFloat::InfinityAndNan && exponent == highest)
    magnitude = fraction ? nan : std::numeric_limits<double>::infinity();
  return code & signBit ? -magnitude : magnitude;
}

/// The code of the number that is nearest to `number`, of two the even one.
static unsigned writeSmallFloat(const SmallFloat &format, double number) {
  unsigned best = 0;
  double bestError = std::numeric_limits<double>::infinity();
  for (unsigned code = 0; code < 1u << format.bits; ++code) {
    double value = readSmallFloat(format, code);
    if (std::isnan(number) && std::isnan(value))
      return code;
    double error = std::fabs(value - number);
    if (error < bestError || (error == bestError && code % 2 == 0 &&
                              std::signbit(value) == std::signbit(number))) {
      best = code;
      bestError = error;
    }
  }
  return best;
}

bool isFloat(ElementType type) {
  return type == ElementType::F32 || type == ElementType::F64 ||
         type == ElementType::F16 || type == ElementType::BF16 ||
         getSmallFloat(type);
}

std::optional<int64_t> countElements(const std::vector<int64_t> &dims) {
  int64_t count = 1;
  for (int64_t dim : dims) {
    if (dim < 0)
      return std::nullopt;
    if (__builtin_mul_overflow(count, dim, &count) || count > (1ll << 62))
      return std::nullopt;
  }
  return count;
}

std::string describeDims(const std::vector<int64_t> &dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i)
    text += (i ? "," : "") + std::to_string(dims[i]);
  return text + "]";
}

std::string describeTensor(ElementType type, const std::vector<int64_t> &dims) {
  return getTypeName(type) + describeDims(dims);
}

/// Widens an IEEE half; exact.
static float halfToFloat(uint16_t half) {
  uint32_t sign = (half & 0x8000u) << 16;
  uint32_t exponent = (half >> 10) & 0x1f, fraction = half & 0x3ff;
  if (exponent == 0) { // zero or denormal
    float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign ? -magnitude : magnitude;
  }
  uint32_t bits = sign |
                  (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) |
                  fraction << 13;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

/// Rounds to an IEEE half, ties to even; too large becomes infinity.
static uint16_t floatToHalf(float number) {
  uint32_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  uint16_t sign = bits >> 16 & 0x8000;
  float magnitude = std::fabs(number);
  if (std::isnan(number))
    return sign | 0x7e00;
  if (magnitude >= 65520.0f)
    return sign | 0x7c00;
  if (magnitude < 6.103515625e-05f) // below the smallest normal half
    return sign |
           static_cast<uint16_t>(std::nearbyint(std::ldexp(magnitude, 24)));
  uint32_t rounded = (bits & 0x7fffffff) + 0xfff + (bits >> 13 & 1);
  return sign | static_cast<uint16_t>((rounded >> 13) - (112u << 10));
}

static uint16_t floatToBfloat(float number) {
  uint32_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  if (std::isnan(number))
    return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

template <typename T>
static T load(const Value &value, size_t index) {
  T result;
  std::memcpy(&result, value.bytes.data() + index * sizeof(T), sizeof(T));
  return result;
}

template <typename T>
static void store(Value &value, size_t index, T element) {
  std::memcpy(value.bytes.data() + index * sizeof(T), &element, sizeof(T));
}

/// The bits of element `index` of a type of 8 bits or less.
static unsigned loadBits(const Value &value, size_t index, unsigned bits) {
  size_t place = index * bits;
  return value.bytes[place / 8] >> place % 8 & ((1u << bits) - 1);
}

static void storeBits(Value &value, size_t index, unsigned bits,
                      unsigned element) {
  size_t place = index * bits;
  unsigned mask = ((1u << bits) - 1) << place % 8;
  uint8_t &byte = value.bytes[place / 8];
  byte = static_cast<uint8_t>((byte & ~mask) | (element << place % 8 & mask));
}

double getElement(const Value &value, size_t index) {
  switch (value.type) {
  case ElementType::F32:
    return load<float>(value, index);
  case ElementType::F64:
    return load<double>(value, index);
  case ElementType::F16:
    return halfToFloat(load<uint16_t>(value, index));
  case ElementType::BF16: {
    uint32_t bits = static_cast<uint32_t>(load<uint16_t>(value, index)) << 16;
    float result;
    std::memcpy(&result, &bits, sizeof result);
    return result;
  }
  case ElementType::I8:
    return load<int8_t>(value, index);
  case ElementType::I16:
    return load<int16_t>(value, index);
  case ElementType::I32:
    return load<int32_t>(value, index);
  case ElementType::I64:
    return static_cast<double>(load<int64_t>(value, index));
  case ElementType::Bool:
  case ElementType::U8:
    return load<uint8_t>(value, index);
  case ElementType::U16:
    return load<uint16_t>(value, index);
  case ElementType::U32:
    return load<uint32_t>(value, index);
  case ElementType::U64:
    return static_cast<double>(load<uint64_t>(value, index));
  case ElementType::F8E4M3FN:
  case ElementType::F8E4M3FNUZ:
  case ElementType::F8E5M2:
  case ElementType::F8E5M2FNUZ:
  case ElementType::F8E8M0:
  case ElementType::F4E2M1: {
    const SmallFloat &format = *getSmallFloat(value.type);
    return readSmallFloat(format, loadBits(value, index, format.bits));
  }
  case ElementType::U2:
    return loadBits(value, index, 2);
  case ElementType::U4:
    return loadBits(value, index, 4);
  case ElementType::I2: // The sign is at the top.
    return static_cast<double>(loadBits(value, index, 2) ^ 2u) - 2;
  case ElementType::I4:
    return static_cast<double>(loadBits(value, index, 4) ^ 8u) - 8;
  case ElementType::Undefined:
  case ElementType::String:
  case ElementType::Complex64:
  case ElementType::Complex128:
    break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

void setElement(Value &value, size_t index, double number) {
  switch (value.type) {
  case ElementType::F32:
    return store(value, index, static_cast<float>(number));
  case ElementType::F64:
    return store(value, index, number);
  case ElementType::F16:
    return store(value, index, floatToHalf(static_cast<float>(number)));
  case ElementType::BF16:
    return store(value, index, floatToBfloat(static_cast<float>(number)));
  case ElementType::Bool:
    return store<uint8_t>(value, index, number != 0);
  case ElementType::I8:
    return store(value, index, static_cast<int8_t>(number));
  case ElementType::I16:
    return store(value, index, static_cast<int16_t>(number));
  case ElementType::I32:
    return store(value, index, static_cast<int32_t>(number));
  case ElementType::I64:
    return store(value, index, static_cast<int64_t>(number));
  case ElementType::U8:
    return store(value, index, static_cast<uint8_t>(number));
  case ElementType::U16:
    return store(value, index, static_cast<uint16_t>(number));
  case ElementType::U32:
    return store(value, index, static_cast<uint32_t>(number));
  case ElementType::U64:
    return store(value, index, static_cast<uint64_t>(number));
  case ElementType::F8E4M3FN:
  case ElementType::F8E4M3FNUZ:
  case ElementType::F8E5M2:
  case ElementType::F8E5M2FNUZ:
  case ElementType::F8E8M0:
  case ElementType::F4E2M1: {
    const SmallFloat &format = *getSmallFloat(value.type);
    return storeBits(value, index, format.bits,
                     writeSmallFloat(format, number));
  }
  case ElementType::U2:
  case ElementType::I2:
    return storeBits(value, index, 2,
                     static_cast<unsigned>(static_cast<int64_t>(number)));
  case ElementType::U4:
  case ElementType::I4:
    return storeBits(value, index, 4,
                     static_cast<unsigned>(static_cast<int64_t>(number)));
  case ElementType::Undefined:
  case ElementType::String:
  case ElementType::Complex64:
  case ElementType::Complex128:
    return;
  }
}

Statistics computeStatistics(const Value &value) {
  Statistics result;
  double sum = 0;
  size_t count = static_cast<size_t>(countElements(value.dims).value_or(0));
  for (size_t i = 0; i < count; ++i) {
    double element = getElement(value, i);
    if (std::isnan(element)) {
      ++result.nans;
      continue;
    }
    result.min = result.count ? std::min(result.min, element) : element;
    result.max = result.count ? std::max(result.max, element) : element;
    sum += element;
    ++result.count;
  }
  if (result.count)
    result.mean = sum / static_cast<double>(result.count);
  return result;
}

} // namespace sinter::files
