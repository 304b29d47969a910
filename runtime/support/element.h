//===- element.h - element types of tensors ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The element types as they lie in memory, what they are computed in, and the
// macros that define a function for each of them.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_SUPPORT_ELEMENT_H
#define SINTER_SUPPORT_ELEMENT_H

#include "runtime/support/algorithm.h"

namespace sinter::support {

/// IEEE 754 binary16 in memory.
struct Half {
  uint16_t bits;
};
/// The upper half of a binary32.
struct BFloat16 {
  uint16_t bits;
};

template <typename T>
struct ComputeType {
  using Type = T;
};
template <>
struct ComputeType<Half> {
  using Type = float;
};
template <>
struct ComputeType<BFloat16> {
  using Type = float;
};
/// What elements of `T` are computed in.
template <typename T>
using Compute = typename ComputeType<T>::Type;

template <typename T>
inline T load(T value) {
  return value;
}
inline float load(Half value) {
  return static_cast<float>(__builtin_bit_cast(_Float16, value.bits));
}
inline float load(BFloat16 value) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(value.bits) << 16);
}

/// `value` as an element of `T`, rounded to the nearest, ties to even.
template <typename T>
inline T store(Compute<T> value) {
  return value;
}
template <>
inline Half store<Half>(float value) {
  return {__builtin_bit_cast(uint16_t, static_cast<_Float16>(value))};
}
template <>
inline BFloat16 store<BFloat16>(float value) {
  uint32_t bits = __builtin_bit_cast(uint32_t, value);
  if (value != value)
    return {static_cast<uint16_t>((bits >> 16) | 0x40)};
  return {static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)};
}

template <typename T>
inline bool isNaN(T value) {
  return value != value;
}

/// The data of an input or of an output.
template <typename T>
inline const T *getInput(const sinter_algorithm *call, int index) {
  return static_cast<const T *>(call->inputs[index]);
}
template <typename T>
inline T *getOutput(const sinter_algorithm *call, int index) {
  return static_cast<T *>(call->outputs[index]);
}

/// Product of `sizes[begin, end)`.
inline int64_t product(const int64_t *sizes, int64_t begin, int64_t end) {
  int64_t result = 1;
  for (int64_t i = begin; i < end; ++i)
    result *= sizes[i];
  return result;
}

/// Copies `count` elements between memory that does not overlap.
template <typename T>
inline void copy(const T *__restrict from, T *__restrict to, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    to[i] = from[i];
}
template <typename T>
inline void fill(T *to, T value, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    to[i] = value;
}

} // namespace sinter::support

/// `X(suffix, type)` for the types that are compared or computed with. A truth
/// value is a `ui8`.
#define SINTER_FOR_EACH_FLOAT(X)                                               \
  X(f16, ::sinter::support::Half)                                              \
  X(bf16, ::sinter::support::BFloat16)                                         \
  X(f32, float)                                                                \
  X(f64, double)
#define SINTER_FOR_EACH_INTEGER(X)                                             \
  X(i8, int8_t)                                                                \
  X(i16, int16_t)                                                              \
  X(i32, int32_t)                                                              \
  X(i64, int64_t)                                                              \
  X(ui8, uint8_t)                                                              \
  X(ui16, uint16_t)                                                            \
  X(ui32, uint32_t)                                                            \
  X(ui64, uint64_t)
#define SINTER_FOR_EACH_NUMBER(X)                                              \
  SINTER_FOR_EACH_FLOAT(X) SINTER_FOR_EACH_INTEGER(X)
/// `X(suffix, type)` for elements that only move, by their size.
#define SINTER_FOR_EACH_WIDTH(X)                                               \
  X(b8, uint8_t)                                                               \
  X(b16, uint16_t)                                                             \
  X(b32, uint32_t)                                                             \
  X(b64, uint64_t)

/// The head of the function `sinter_<name>_<suffix>`.
#define SINTER_ALGORITHM(name)                                                 \
  extern "C" int32_t sinter_##name(const sinter_algorithm *call,               \
                                   int64_t first, int64_t last, void *scratch)

#endif // SINTER_SUPPORT_ELEMENT_H
