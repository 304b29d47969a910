//===- Lanes.h - one scalar function on 32 lanes ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `arithmetic<f>()` makes an instruction of a scalar function: its argument
// types say how the bits of the registers are read. All 32 lanes are computed,
// in a loop the compiler vectorises, and those of the mask are kept: the
// function must be defined for every input.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_MACHINE_LANES_H
#define SINTER_TEST_VIRTUALGPU_MACHINE_LANES_H

#include "Values.h"
#include "Warp.h"
#include <map>

namespace sinter::vgpu {

/// What the file of registers holds for a value of `T`.
template <typename T>
using Stored = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;

template <typename T>
T fromStored(Stored<T> bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
template <typename T>
Stored<T> toStored(T value) {
  Stored<T> bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

/// Keeps `results` in the lanes of `mask`.
template <typename T>
void keep(T *to, const T (&results)[kLanes], uint32_t mask) {
  if (mask == kAllLanes) {
    std::memcpy(to, results, sizeof results);
    return;
  }
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    to[lane] = mask >> lane & 1 ? results[lane] : to[lane];
}

/// How a constant is turned into bits for an operand.
enum class Literal : uint8_t { Integer, Half, Single, Double };

/// An entry of an instruction table.
struct Arithmetic {
  Execute execute = nullptr;
  uint8_t resultBits = 0;
  uint8_t sourceCount = 0;
  uint8_t sourceBits[3] = {};
  Literal literals[3] = {};
};
using ArithmeticTable = std::map<std::string, Arithmetic, std::less<>>;

template <typename T>
constexpr uint8_t bitsOf() {
  return sizeof(T) * 8;
}
template <typename T>
constexpr Literal literalOf() {
  if (std::is_same_v<T, double>)
    return Literal::Double;
  if (std::is_same_v<T, float>)
    return Literal::Single;
  return std::is_same_v<T, Half> ? Literal::Half : Literal::Integer;
}

template <auto function>
struct LaneFunction;

template <typename R, typename A, R (*function)(A)>
struct LaneFunction<function> {
  static void run(Warp &warp, const Inst &inst, uint32_t mask) {
    const auto *a = warp.lanes<Stored<A>>(inst.a);
    alignas(64) Stored<R> results[kLanes];
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      results[lane] = toStored(function(fromStored<A>(a[lane])));
    keep(warp.lanes<Stored<R>>(inst.dst), results, mask);
    warp.propagate(inst, mask);
  }
  static Arithmetic entry() {
    return {run, bitsOf<R>(), 1, {bitsOf<A>()}, {literalOf<A>()}};
  }
};

template <typename R, typename A, typename B, R (*function)(A, B)>
struct LaneFunction<function> {
  static void run(Warp &warp, const Inst &inst, uint32_t mask) {
    const auto *a = warp.lanes<Stored<A>>(inst.a);
    const auto *b = warp.lanes<Stored<B>>(inst.b);
    alignas(64) Stored<R> results[kLanes];
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      results[lane] =
          toStored(function(fromStored<A>(a[lane]), fromStored<B>(b[lane])));
    keep(warp.lanes<Stored<R>>(inst.dst), results, mask);
    warp.propagate(inst, mask);
  }
  static Arithmetic entry() {
    return {run,
            bitsOf<R>(),
            2,
            {bitsOf<A>(), bitsOf<B>()},
            {literalOf<A>(), literalOf<B>()}};
  }
};

template <typename R, typename A, typename B, typename C,
          R (*function)(A, B, C)>
struct LaneFunction<function> {
  static void run(Warp &warp, const Inst &inst, uint32_t mask) {
    const auto *a = warp.lanes<Stored<A>>(inst.a);
    const auto *b = warp.lanes<Stored<B>>(inst.b);
    const auto *c = warp.lanes<Stored<C>>(inst.c);
    alignas(64) Stored<R> results[kLanes];
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      results[lane] =
          toStored(function(fromStored<A>(a[lane]), fromStored<B>(b[lane]),
                            fromStored<C>(c[lane])));
    keep(warp.lanes<Stored<R>>(inst.dst), results, mask);
    warp.propagate(inst, mask);
  }
  static Arithmetic entry() {
    return {run,
            bitsOf<R>(),
            3,
            {bitsOf<A>(), bitsOf<B>(), bitsOf<C>()},
            {literalOf<A>(), literalOf<B>(), literalOf<C>()}};
  }
};

/// The instruction that applies `function` to each lane.
template <auto function>
Arithmetic arithmetic() {
  return LaneFunction<function>::entry();
}

/// Arithmetic instructions by opcode and the modifiers that matter, such as
/// "add.s32" and "fma.ftz.f32"; see `Decoder::arithmeticKey`.
const ArithmeticTable &arithmeticTable();
void addIntegerArithmetic(ArithmeticTable &table);
void addFloatArithmetic(ArithmeticTable &table);
void addHalfArithmetic(ArithmeticTable &table);

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_MACHINE_LANES_H
