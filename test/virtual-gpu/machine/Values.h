//===- Values.h - number formats of the device ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_MACHINE_VALUES_H
#define SINTER_TEST_VIRTUALGPU_MACHINE_VALUES_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace sinter::vgpu {

template <typename To, typename From>
To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

/// IEEE 754 binary16.
struct Half {
  uint16_t bits;
};
/// The upper half of binary32.
struct Bfloat {
  uint16_t bits;
};
/// Two numbers in one register of 32 bits, the first in the low half.
template <typename T>
struct Two {
  T low, high;
};

inline float toFloat(Half value) {
  return static_cast<float>(bitCast<_Float16>(value.bits));
}
inline float toFloat(Bfloat value) {
  return bitCast<float>(static_cast<uint32_t>(value.bits) << 16);
}
inline float toFloat(float value) { return value; }
inline double toFloat(double value) { return value; }

/// Rounds to nearest, ties to even. A NaN becomes the canonical one.
template <typename T>
T roundTo(double value);
template <>
inline double roundTo<double>(double value) {
  return value;
}
template <>
inline float roundTo<float>(double value) {
  return static_cast<float>(value);
}
template <>
inline Half roundTo<Half>(double value) {
  if (value != value)
    return {0x7fff};
  return {bitCast<uint16_t>(static_cast<_Float16>(value))};
}
/// From binary32 in one step; from binary64 a double can lie next to a tie that
/// binary32 would round onto, so that case is told by the remainder.
template <>
inline Bfloat roundTo<Bfloat>(double value) {
  if (value != value)
    return {0x7fff};
  auto single = static_cast<float>(value);
  auto bits = bitCast<uint32_t>(single);
  if ((bits & 0xffff) == 0x8000 && static_cast<double>(single) != value) {
    bool isMore = std::fabs(value) > std::fabs(static_cast<double>(single));
    return {static_cast<uint16_t>((bits >> 16) + (isMore ? 1 : 0))};
  }
  return {static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

/// binary32 with 10 fraction bits kept, as tensor cores read it.
inline float toTf32(float value) {
  return bitCast<float>(bitCast<uint32_t>(value) & 0xffffe000u);
}

/// Subnormals become zero of the same sign (`.ftz`).
inline float flush(float value) {
  return std::fabs(value) < 0x1p-126f ? std::copysign(0.0f, value) : value;
}
inline Half flush(Half value) {
  return (value.bits & 0x7c00) == 0
             ? Half{static_cast<uint16_t>(value.bits & 0x8000)}
             : value;
}

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_MACHINE_VALUES_H
