//===- ExecuteConvert.cpp - cvt -------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Executors.h"
#include <limits>

using namespace sinter::vgpu;

namespace {

double roundIntegral(double value, uint32_t flags) {
  switch (flags & kRoundMask) {
  case kRoundNearest:
    return std::nearbyint(value);
  case kRoundDown:
    return std::floor(value);
  case kRoundUp:
    return std::ceil(value);
  default:
    return std::trunc(value);
  }
}

/// The neighbour of a rounded number towards zero, if it went away from it.
template <typename T>
T towardsZero(T rounded, double exact) {
  if (std::fabs(static_cast<double>(toFloat(rounded))) <= std::fabs(exact))
    return rounded;
  auto bits = bitCast<std::conditional_t<
      sizeof(T) == 2, uint16_t,
      std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>(rounded);
  return bitCast<T>(static_cast<decltype(bits)>(bits - 1));
}

template <typename D>
D fromDouble(double value, uint32_t flags) {
  if (flags & kSaturate)
    value = value > 0 ? std::fmin(value, 1.0) : 0.0;
  if ((flags & kRelu) && value < 0)
    value = 0;
  if constexpr (std::is_same_v<D, float>)
    if (flags & kFlush)
      return flush(roundTo<float>(value));
  D rounded = roundTo<D>(value);
  return (flags & kRoundMask) == kRoundZero ? towardsZero(rounded, value)
                                            : rounded;
}

template <typename D, typename S>
D convertOne(S source, uint32_t flags) {
  if constexpr (std::is_integral_v<S> && std::is_integral_v<D>) {
    if (flags & kSaturate) {
      // Compared in a type that holds both ranges.
      using Big = __int128;
      Big value = source;
      Big least = std::numeric_limits<D>::min();
      Big most = std::numeric_limits<D>::max();
      return static_cast<D>(value < least  ? least
                            : value > most ? most
                                           : value);
    }
    return static_cast<D>(source);
  } else if constexpr (std::is_integral_v<S>) {
    // To binary32 in one rounding; the smaller types through it are exact for
    // what they can hold.
    if constexpr (std::is_same_v<D, float>)
      return static_cast<float>(source);
    else
      return fromDouble<D>(static_cast<double>(source), flags);
  } else if constexpr (std::is_integral_v<D>) {
    double value = static_cast<double>(toFloat(source));
    if constexpr (std::is_same_v<S, float>)
      if (flags & kFlush)
        value = static_cast<double>(flush(source));
    if (value != value)
      return 0;
    value = roundIntegral(value, flags);
    // The limits of 64-bit integers round up to powers of two.
    if (value >= std::ldexp(1.0, std::numeric_limits<D>::digits))
      return std::numeric_limits<D>::max();
    if (value <= static_cast<double>(std::numeric_limits<D>::min()))
      return std::numeric_limits<D>::min();
    return static_cast<D>(value);
  } else {
    double value = static_cast<double>(toFloat(source));
    if constexpr (std::is_same_v<S, float>)
      if (flags & kFlush)
        value = static_cast<double>(flush(source));
    if (flags & kToIntegral)
      return fromDouble<D>(roundIntegral(value, flags), flags & ~kRoundMask);
    return fromDouble<D>(value, flags);
  }
}

/// The bits of a result in a register that may be wider: integers are extended
/// as their type says.
template <typename D>
uint64_t extended(D value) {
  if constexpr (std::is_integral_v<D>)
    return static_cast<uint64_t>(static_cast<int64_t>(value));
  else
    return toStored(value);
}

template <typename D, typename S>
void convert(Warp &warp, const Inst &inst, uint32_t mask) {
  uint64_t results[kLanes];
  // A register may be wider than the type that is read from it.
  if (inst.a.bits == 64) {
    const auto *a = warp.lanes<uint64_t>(inst.a);
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      results[lane] = extended(convertOne<D>(
          fromStored<S>(static_cast<Stored<S>>(a[lane])), inst.flags));
  } else {
    const auto *a = warp.lanes<uint32_t>(inst.a);
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      results[lane] = extended(convertOne<D>(
          fromStored<S>(static_cast<Stored<S>>(a[lane])), inst.flags));
  }
  if (inst.dst.bits == 64) {
    keep(warp.lanes<uint64_t>(inst.dst), results, mask);
  } else {
    uint32_t narrow[kLanes];
    uint32_t used = inst.dst.bits == 16 ? 0xffff : ~0u;
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      narrow[lane] = static_cast<uint32_t>(results[lane]) & used;
    keep(warp.lanes<uint32_t>(inst.dst), narrow, mask);
  }
  // Only the bytes that are read count: a byte of a register that was loaded in
  // part may be taken out of it.
  uint32_t undefined = warp.undefined(inst.a) & mask;
  if (__builtin_expect(undefined == 0, 1))
    return warp.define(inst.dst, mask);
  constexpr auto read = static_cast<uint8_t>((1u << sizeof(S)) - 1);
  uint32_t concerned = 0;
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    if ((undefined >> lane & 1) && (warp.undefinedBytes(inst.a, lane) & read))
      concerned |= 1u << lane;
  warp.define(inst.dst, mask & ~concerned);
  if (concerned)
    warp.propagate(inst, concerned);
}

template <typename D>
Execute fromType(Type from) {
  switch (from) {
  case Type::U8:
    return convert<D, uint8_t>;
  case Type::S8:
    return convert<D, int8_t>;
  case Type::U16:
    return convert<D, uint16_t>;
  case Type::S16:
    return convert<D, int16_t>;
  case Type::U32:
    return convert<D, uint32_t>;
  case Type::S32:
    return convert<D, int32_t>;
  case Type::U64:
    return convert<D, uint64_t>;
  case Type::S64:
    return convert<D, int64_t>;
  case Type::F16:
    return convert<D, Half>;
  case Type::BF16:
    return convert<D, Bfloat>;
  case Type::F32:
    return convert<D, float>;
  case Type::F64:
    return convert<D, double>;
  default:
    return nullptr;
  }
}

template <typename T>
void convertPair(Warp &warp, const Inst &inst, uint32_t mask) {
  const auto *high = warp.lanes<uint32_t>(inst.a);
  const auto *low = warp.lanes<uint32_t>(inst.b);
  uint32_t results[kLanes];
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    results[lane] =
        toStored(Two<T>{convertOne<T>(bitCast<float>(low[lane]), inst.flags),
                        convertOne<T>(bitCast<float>(high[lane]), inst.flags)});
  keep(warp.lanes<uint32_t>(inst.dst), results, mask);
  warp.propagate(inst, mask);
}

} // namespace

Execute sinter::vgpu::findConvert(Type to, Type from) {
  switch (to) {
  case Type::U8:
    return fromType<uint8_t>(from);
  case Type::S8:
    return fromType<int8_t>(from);
  case Type::U16:
    return fromType<uint16_t>(from);
  case Type::S16:
    return fromType<int16_t>(from);
  case Type::U32:
    return fromType<uint32_t>(from);
  case Type::S32:
    return fromType<int32_t>(from);
  case Type::U64:
    return fromType<uint64_t>(from);
  case Type::S64:
    return fromType<int64_t>(from);
  case Type::F16:
    return fromType<Half>(from);
  case Type::BF16:
    return fromType<Bfloat>(from);
  case Type::F32:
    return fromType<float>(from);
  case Type::F64:
    return fromType<double>(from);
  default:
    return nullptr;
  }
}

Execute sinter::vgpu::findConvertPair(Type to) {
  return to == Type::F16    ? convertPair<Half>
         : to == Type::BF16 ? convertPair<Bfloat>
                            : nullptr;
}

void sinter::vgpu::executeToTf32(Warp &warp, const Inst &inst, uint32_t mask) {
  const auto *a = warp.lanes<uint32_t>(inst.a);
  uint32_t results[kLanes];
  bool toEven = (inst.flags & kRoundMask) == kRoundNearest;
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    uint32_t bits = a[lane];
    bool isFinite = (bits & 0x7f800000) != 0x7f800000;
    uint32_t add = toEven ? 0xfff + (bits >> 13 & 1) : 0x1000;
    results[lane] = isFinite ? (bits + add) & 0xffffe000u : bits;
  }
  keep(warp.lanes<uint32_t>(inst.dst), results, mask);
  warp.propagate(inst, mask);
}
