//===- ExecuteInteger.cpp - integer arithmetic and bits -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lanes.h"
#include <algorithm>
#include <limits>

using namespace sinter::vgpu;

namespace {

template <typename T>
using Bits = std::make_unsigned_t<T>;
/// Twice as wide, of the same sign.
template <typename T>
using Wide = std::conditional_t<
    sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>,
    std::conditional_t<
        sizeof(T) == 4,
        std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
        std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>>>;

// 16-bit operands are widened first, so that no product overflows an int.
template <typename T>
Bits<T> low(T a, T b) {
  return static_cast<Bits<T>>(uint64_t{static_cast<Bits<T>>(a)} *
                              static_cast<Bits<T>>(b));
}
template <typename T>
T add(T a, T b) {
  return static_cast<T>(static_cast<Bits<T>>(a) + static_cast<Bits<T>>(b));
}
template <typename T>
T sub(T a, T b) {
  return static_cast<T>(static_cast<Bits<T>>(a) - static_cast<Bits<T>>(b));
}
template <typename T>
T addSat(T a, T b) {
  int64_t sum = int64_t{a} + b;
  return static_cast<T>(std::clamp<int64_t>(sum, std::numeric_limits<T>::min(),
                                            std::numeric_limits<T>::max()));
}
template <typename T>
T subSat(T a, T b) {
  int64_t sum = int64_t{a} - b;
  return static_cast<T>(std::clamp<int64_t>(sum, std::numeric_limits<T>::min(),
                                            std::numeric_limits<T>::max()));
}
template <typename T>
T mulLo(T a, T b) {
  return static_cast<T>(low(a, b));
}
template <typename T>
T mulHi(T a, T b) {
  return static_cast<T>((Wide<T>{a} * Wide<T>{b}) >> (sizeof(T) * 8));
}
template <typename T>
Wide<T> mulWide(T a, T b) {
  return Wide<T>{a} * Wide<T>{b};
}
template <typename T>
T madLo(T a, T b, T c) {
  return add(mulLo(a, b), c);
}
template <typename T>
T madHi(T a, T b, T c) {
  return add(mulHi(a, b), c);
}
template <typename T>
Wide<T> madWide(T a, T b, Wide<T> c) {
  return add(mulWide(a, b), c);
}
/// The low 24 bits as a signed number.
int32_t low24(uint32_t a) { return static_cast<int32_t>(a << 8) >> 8; }
int32_t mul24(uint32_t a, uint32_t b) {
  return static_cast<int32_t>(int64_t{low24(a)} * low24(b));
}
uint32_t mul24u(uint32_t a, uint32_t b) {
  return static_cast<uint32_t>(uint64_t{a & 0xffffff} * (b & 0xffffff));
}
/// Division by zero gives all ones on the device; the quotient that overflows
/// wraps.
template <typename T>
T div(T a, T b) {
  if (b == 0)
    return static_cast<T>(~T{0});
  if (std::is_signed_v<T> && b == static_cast<T>(-1))
    return sub(T{0}, a);
  return static_cast<T>(a / b);
}
template <typename T>
T rem(T a, T b) {
  if (b == 0)
    return a;
  if (std::is_signed_v<T> && b == static_cast<T>(-1))
    return 0;
  return static_cast<T>(a % b);
}
template <typename T>
T min(T a, T b) {
  return a < b ? a : b;
}
template <typename T>
T max(T a, T b) {
  return a < b ? b : a;
}
template <typename T>
T minRelu(T a, T b) {
  return max<T>(min(a, b), 0);
}
template <typename T>
T maxRelu(T a, T b) {
  return max<T>(max(a, b), 0);
}
template <typename T>
T neg(T a) {
  return sub(T{0}, a);
}
template <typename T>
T absolute(T a) {
  return a < 0 ? neg(a) : a;
}
template <typename T>
T sad(T a, T b, T c) {
  return add(c, a < b ? sub(b, a) : sub(a, b));
}
template <typename T>
T bitAnd(T a, T b) {
  return a & b;
}
template <typename T>
T bitOr(T a, T b) {
  return a | b;
}
template <typename T>
T bitXor(T a, T b) {
  return a ^ b;
}
template <typename T>
T bitNot(T a) {
  return static_cast<T>(~a);
}
template <typename T>
T cnot(T a) {
  return a == 0;
}
template <typename T>
T shl(T a, uint32_t by) {
  return by >= sizeof(T) * 8 ? T{0} : static_cast<T>(a << by);
}
template <typename T>
T shr(T a, uint32_t by) {
  constexpr uint32_t width = sizeof(T) * 8;
  if (std::is_signed_v<T>)
    return static_cast<T>(a >> std::min(by, width - 1));
  return by >= width ? T{0} : static_cast<T>(a >> by);
}
template <typename T>
uint32_t popc(T a) {
  return static_cast<uint32_t>(__builtin_popcountll(a));
}
template <typename T>
uint32_t clz(T a) {
  return a ? static_cast<uint32_t>(__builtin_clzll(a)) - (64 - sizeof(T) * 8)
           : sizeof(T) * 8;
}
template <typename T>
T brev(T a) {
  T result = 0;
  for (uint32_t i = 0; i < sizeof(T) * 8; ++i)
    result |= static_cast<T>((a >> i & 1) << (sizeof(T) * 8 - 1 - i));
  return result;
}
/// The highest bit that differs from the sign, or all ones.
template <typename T>
uint32_t bfind(T a) {
  auto bits = static_cast<Bits<T>>(a < 0 ? ~a : a);
  return bits ? static_cast<uint32_t>(sizeof(T) * 8) - 1 - clz(bits) : ~0u;
}
template <typename T>
uint32_t bfindShift(T a) {
  uint32_t at = bfind(a);
  return at == ~0u ? at : static_cast<uint32_t>(sizeof(T) * 8) - 1 - at;
}
/// Bits [position, position + length) of `a`, sign-extended if `T` is signed
/// (PTX ISA, bfe).
template <typename T>
T bfe(T a, uint32_t position, uint32_t length) {
  constexpr uint32_t top = sizeof(T) * 8 - 1;
  position &= 0xff;
  length &= 0xff;
  bool isNegative =
      std::is_signed_v<T> && length != 0 &&
      (static_cast<Bits<T>>(a) >> std::min(position + length - 1, top) & 1);
  Bits<T> result = 0;
  for (uint32_t i = 0; i <= top; ++i) {
    bool bit = i < length && position + i <= top
                   ? static_cast<Bits<T>>(a) >> (position + i) & 1
                   : isNegative;
    result |= static_cast<Bits<T>>(Bits<T>{bit} << i);
  }
  return static_cast<T>(result);
}
uint32_t bmskClamp(uint32_t position, uint32_t length) {
  if (position >= 32 || length == 0)
    return 0;
  uint64_t ones = length >= 32 ? 0xffffffffull : (1ull << length) - 1;
  return static_cast<uint32_t>(ones << position);
}
template <bool isLeft, bool wraps>
uint32_t funnel(uint32_t lowWord, uint32_t highWord, uint32_t by) {
  by = wraps ? by & 31 : std::min(by, 32u);
  uint64_t both = uint64_t{highWord} << 32 | lowWord;
  return static_cast<uint32_t>(isLeft ? both << by >> 32 : both >> by);
}
/// Four products of bytes and a sum.
template <typename A, typename B>
int32_t dp4a(uint32_t a, uint32_t b, int32_t c) {
  auto sum = static_cast<uint32_t>(c);
  for (int i = 0; i < 4; ++i)
    sum += static_cast<uint32_t>(static_cast<A>(a >> (8 * i)) *
                                 static_cast<B>(b >> (8 * i)));
  return static_cast<int32_t>(sum);
}
/// Two products of 16 bits with two bytes of `b`.
template <typename A, typename B, int half>
int32_t dp2a(uint32_t a, uint32_t b, int32_t c) {
  auto sum = static_cast<uint32_t>(c);
  for (int i = 0; i < 2; ++i)
    sum += static_cast<uint32_t>(static_cast<A>(a >> (16 * i))) *
           static_cast<uint32_t>(
               static_cast<int32_t>(static_cast<B>(b >> (16 * half + 8 * i))));
  return static_cast<int32_t>(sum);
}
/// Bytes of the pair (b, a) by selector nibbles; bit 3 of a nibble replicates
/// the sign (PTX ISA, prmt).
uint32_t prmt(uint32_t a, uint32_t b, uint32_t selector) {
  uint64_t pair = uint64_t{b} << 32 | a;
  uint32_t result = 0;
  for (int i = 0; i < 4; ++i) {
    uint32_t nibble = selector >> (4 * i) & 15;
    auto byte = static_cast<uint32_t>(pair >> (8 * (nibble & 7)) & 0xff);
    if (nibble & 8)
      byte = byte & 0x80 ? 0xff : 0;
    result |= byte << (8 * i);
  }
  return result;
}

template <typename T>
void addCommon(ArithmeticTable &table, const std::string &type) {
  table["add." + type] = arithmetic<add<T>>();
  table["sub." + type] = arithmetic<sub<T>>();
  table["mul.lo." + type] = arithmetic<mulLo<T>>();
  table["mul.hi." + type] = arithmetic<mulHi<T>>();
  table["mad.lo." + type] = arithmetic<madLo<T>>();
  table["mad.hi." + type] = arithmetic<madHi<T>>();
  table["div." + type] = arithmetic<div<T>>();
  table["rem." + type] = arithmetic<rem<T>>();
  table["min." + type] = arithmetic<min<T>>();
  table["max." + type] = arithmetic<max<T>>();
  table["sad." + type] = arithmetic<sad<T>>();
  table["shr." + type] = arithmetic<shr<T>>();
}
template <typename T>
void addSigned(ArithmeticTable &table, const std::string &type) {
  table["neg." + type] = arithmetic<neg<T>>();
  table["abs." + type] = arithmetic<absolute<T>>();
}
template <typename T>
void addWide(ArithmeticTable &table, const std::string &type) {
  table["mul.wide." + type] = arithmetic<mulWide<T>>();
  table["mad.wide." + type] = arithmetic<madWide<T>>();
}
template <typename T>
void addLogic(ArithmeticTable &table, const std::string &type) {
  table["and." + type] = arithmetic<bitAnd<T>>();
  table["or." + type] = arithmetic<bitOr<T>>();
  table["xor." + type] = arithmetic<bitXor<T>>();
  table["not." + type] = arithmetic<bitNot<T>>();
  table["cnot." + type] = arithmetic<cnot<T>>();
  table["shl." + type] = arithmetic<shl<T>>();
  table["shr." + type] = arithmetic<shr<T>>();
}
template <typename S, typename U>
void addBits(ArithmeticTable &table, const std::string &width) {
  table["popc.b" + width] = arithmetic<popc<U>>();
  table["clz.b" + width] = arithmetic<clz<U>>();
  table["brev.b" + width] = arithmetic<brev<U>>();
  table["bfind.u" + width] = arithmetic<bfind<U>>();
  table["bfind.s" + width] = arithmetic<bfind<S>>();
  table["bfind.shiftamt.u" + width] = arithmetic<bfindShift<U>>();
  table["bfind.shiftamt.s" + width] = arithmetic<bfindShift<S>>();
  table["bfe.u" + width] = arithmetic<bfe<U>>();
  table["bfe.s" + width] = arithmetic<bfe<S>>();
}

} // namespace

void sinter::vgpu::addIntegerArithmetic(ArithmeticTable &table) {
  addCommon<uint16_t>(table, "u16");
  addCommon<int16_t>(table, "s16");
  addCommon<uint32_t>(table, "u32");
  addCommon<int32_t>(table, "s32");
  addCommon<uint64_t>(table, "u64");
  addCommon<int64_t>(table, "s64");
  addSigned<int16_t>(table, "s16");
  addSigned<int32_t>(table, "s32");
  addSigned<int64_t>(table, "s64");
  addWide<uint16_t>(table, "u16");
  addWide<int16_t>(table, "s16");
  addWide<uint32_t>(table, "u32");
  addWide<int32_t>(table, "s32");
  addLogic<uint16_t>(table, "b16");
  addLogic<uint32_t>(table, "b32");
  addLogic<uint64_t>(table, "b64");
  addBits<int32_t, uint32_t>(table, "32");
  addBits<int64_t, uint64_t>(table, "64");
  table["add.sat.s32"] = arithmetic<addSat<int32_t>>();
  table["sub.sat.s32"] = arithmetic<subSat<int32_t>>();
  table["min.relu.s32"] = arithmetic<minRelu<int32_t>>();
  table["max.relu.s32"] = arithmetic<maxRelu<int32_t>>();
  table["mul24.lo.s32"] = arithmetic<mul24>();
  table["mul24.lo.u32"] = arithmetic<mul24u>();
  table["bmsk.clamp.b32"] = arithmetic<bmskClamp>();
  table["shf.l.wrap.b32"] = arithmetic<funnel<true, true>>();
  table["shf.l.clamp.b32"] = arithmetic<funnel<true, false>>();
  table["shf.r.wrap.b32"] = arithmetic<funnel<false, true>>();
  table["shf.r.clamp.b32"] = arithmetic<funnel<false, false>>();
  table["dp4a.s32.s32"] = arithmetic<dp4a<int8_t, int8_t>>();
  table["dp4a.u32.u32"] = arithmetic<dp4a<uint8_t, uint8_t>>();
  table["dp4a.s32.u32"] = arithmetic<dp4a<int8_t, uint8_t>>();
  table["dp4a.u32.s32"] = arithmetic<dp4a<uint8_t, int8_t>>();
  table["dp2a.lo.s32.s32"] = arithmetic<dp2a<int16_t, int8_t, 0>>();
  table["dp2a.hi.s32.s32"] = arithmetic<dp2a<int16_t, int8_t, 1>>();
  table["dp2a.lo.u32.u32"] = arithmetic<dp2a<uint16_t, uint8_t, 0>>();
  table["dp2a.hi.u32.u32"] = arithmetic<dp2a<uint16_t, uint8_t, 1>>();
  table["prmt.b32"] = arithmetic<prmt>();
}

const ArithmeticTable &sinter::vgpu::arithmeticTable() {
  static const ArithmeticTable table = [] {
    ArithmeticTable made;
    addIntegerArithmetic(made);
    addFloatArithmetic(made);
    addHalfArithmetic(made);
    return made;
  }();
  return table;
}
