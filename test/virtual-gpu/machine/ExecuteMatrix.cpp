//===- ExecuteMatrix.cpp - mma.sync ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// D = A * B + C of a warp, with the fragments of the PTX ISA. All shapes with
// M = 16 and N = 8 follow one rule: a register holds P elements that follow
// each other along k; lane = 4 * group + t has in register r
//
//   of A: row group + 8 * (r & 1), columns t * P + 4 * P * (r / 2) + [0, P)
//   of B: rows t * P + 4 * P * r + [0, P), column group
//   of C: row group + 8 * (r / 2), column 2 * t + (r & 1)
//
// Products are exact; the sum of floating-point products is taken in binary64
// and rounded once, where devices round more often and not all the same.
//
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "Executors.h"

using namespace sinter::vgpu;

namespace {

constexpr uint32_t kRows = 16, kColumns = 8, kMaxDepth = 32;

/// How many elements a register holds, and how each becomes a number.
template <typename T>
struct Element {
  static constexpr uint32_t perRegister = 4 / sizeof(T);
  using Sum = std::conditional_t<std::is_integral_v<T>, int32_t, double>;
  static Sum get(uint32_t bits, uint32_t i) {
    T value;
    bits >>= i * 8 * sizeof(T);
    std::memcpy(&value, &bits, sizeof value);
    if constexpr (std::is_integral_v<T>)
      return value;
    else if constexpr (std::is_same_v<T, float>)
      return static_cast<double>(toTf32(value));
    else
      return static_cast<double>(toFloat(value));
  }
};

/// Rows of A and columns of B that hold something undefined.
struct Undefined {
  uint32_t rows = 0, columns = 0;
  const Slot *from = nullptr;
};

void note(Warp &warp, const Slot &slot, Undefined &undefined, bool isA,
          uint32_t halfRows) {
  uint32_t lanes = warp.undefined(slot);
  if (!lanes)
    return;
  undefined.from = &slot;
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    if (lanes >> lane & 1)
      (isA ? undefined.rows : undefined.columns) |= 1u << (lane / 4 + halfRows);
}

/// The sum with the accumulator, as the result type has it.
template <typename D, typename Sum>
uint32_t accumulate(Sum product, uint32_t old, uint32_t flags) {
  if constexpr (std::is_same_v<D, int32_t>) {
    int64_t sum = int64_t{static_cast<int32_t>(old)} + product;
    if (flags & kMatrixSaturates)
      sum = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum;
    return static_cast<uint32_t>(sum);
  } else if constexpr (std::is_same_v<D, Half>) {
    Half half{static_cast<uint16_t>(old)};
    return roundTo<Half>(product + toFloat(half)).bits;
  } else {
    return bitCast<uint32_t>(static_cast<float>(product + bitCast<float>(old)));
  }
}

template <typename A, typename B, uint32_t bRegisters, typename D>
void multiply(Warp &warp, const Inst &inst, uint32_t mask) {
  requireTogether(warp, kAllLanes, mask);
  constexpr uint32_t per = Element<A>::perRegister;
  constexpr uint32_t depth = 4 * per * bRegisters;
  constexpr uint32_t aRegisters = 2 * bRegisters;
  constexpr bool isHalf = std::is_same_v<D, Half>;
  constexpr uint32_t dRegisters = isHalf ? 2 : 4;
  using Sum = typename Element<A>::Sum;
  const Slot *d = &warp.block->program().slots[inst.extra];
  const Slot *a = d + dRegisters, *b = a + aRegisters, *c = b + bRegisters;

  Sum left[kRows][kMaxDepth];
  Sum right[kMaxDepth][kColumns];
  Undefined undefined;
  for (uint32_t r = 0; r < aRegisters; ++r) {
    const auto *bits = warp.lanes<uint32_t>(a[r]);
    note(warp, a[r], undefined, true, 8 * (r & 1));
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      for (uint32_t i = 0; i < per; ++i)
        left[lane / 4 + 8 * (r & 1)][lane % 4 * per + 4 * per * (r / 2) + i] =
            Element<A>::get(bits[lane], i);
  }
  for (uint32_t r = 0; r < bRegisters; ++r) {
    const auto *bits = warp.lanes<uint32_t>(b[r]);
    note(warp, b[r], undefined, false, 0);
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      for (uint32_t i = 0; i < per; ++i)
        right[lane % 4 * per + 4 * per * r + i][lane / 4] =
            Element<B>::get(bits[lane], i);
  }
  // |sum| < 32 * 255 * 255: exact in 32 bits.
  Sum product[kRows][kColumns] = {};
  for (uint32_t row = 0; row < kRows; ++row)
    for (uint32_t k = 0; k < depth; ++k)
      for (uint32_t column = 0; column < kColumns; ++column)
        product[row][column] += left[row][k] * right[k][column];

  // A register of binary16 results holds two of them.
  constexpr uint32_t perResult = isHalf ? 2 : 1;
  uint32_t results[dRegisters][kLanes];
  uint8_t undefinedBytes[dRegisters][kLanes];
  uint32_t anyUndefined = undefined.rows | undefined.columns;
  for (uint32_t r = 0; r < dRegisters; ++r) {
    const auto *old = warp.lanes<uint32_t>(c[r]);
    if (warp.undefined(c[r])) {
      undefined.from = &c[r];
      anyUndefined = 1;
    }
    for (uint32_t lane = 0; lane < kLanes; ++lane) {
      uint32_t packed = 0;
      uint8_t bytes = warp.undefinedBytes(c[r], lane) ? 15 : 0;
      for (uint32_t i = 0; i < perResult; ++i) {
        uint32_t element = r * perResult + i;
        uint32_t row = lane / 4 + 8 * (element / 2);
        uint32_t column = lane % 4 * 2 + (element & 1);
        packed |= accumulate<D>(product[row][column], old[lane] >> (16 * i),
                                inst.flags)
                  << (16 * i);
        if ((undefined.rows >> row & 1) || (undefined.columns >> column & 1))
          bytes = 15;
      }
      results[r][lane] = packed;
      undefinedBytes[r][lane] = bytes;
    }
  }
  for (uint32_t r = 0; r < dRegisters; ++r) {
    std::memcpy(warp.lanes<uint32_t>(d[r]), results[r], sizeof results[r]);
    if (!anyUndefined) {
      warp.define(d[r], mask);
      continue;
    }
    // The origin first: the result may be the accumulator itself.
    warp.copyOrigin(d[r], *undefined.from);
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      warp.setUndefinedBytes(d[r], lane, undefinedBytes[r][lane]);
  }
}

template <typename A, typename B, uint32_t bRegisters, typename D>
MatrixForm form() {
  uint32_t results = std::is_same_v<D, Half> ? 2 : 4;
  return {multiply<A, B, bRegisters, D>, results, 2 * bRegisters, bRegisters,
          results};
}

} // namespace

const MatrixForm *sinter::vgpu::findMatrix(std::string_view key) {
  static const std::map<std::string_view, MatrixForm> table = {
      {"m16n8k8.f32.f16.f16.f32", form<Half, Half, 1, float>()},
      {"m16n8k16.f32.f16.f16.f32", form<Half, Half, 2, float>()},
      {"m16n8k8.f16.f16.f16.f16", form<Half, Half, 1, Half>()},
      {"m16n8k16.f16.f16.f16.f16", form<Half, Half, 2, Half>()},
      {"m16n8k8.f32.bf16.bf16.f32", form<Bfloat, Bfloat, 1, float>()},
      {"m16n8k16.f32.bf16.bf16.f32", form<Bfloat, Bfloat, 2, float>()},
      {"m16n8k4.f32.tf32.tf32.f32", form<float, float, 1, float>()},
      {"m16n8k8.f32.tf32.tf32.f32", form<float, float, 2, float>()},
      {"m16n8k16.s32.s8.s8.s32", form<int8_t, int8_t, 1, int32_t>()},
      {"m16n8k32.s32.s8.s8.s32", form<int8_t, int8_t, 2, int32_t>()},
      {"m16n8k16.s32.u8.u8.s32", form<uint8_t, uint8_t, 1, int32_t>()},
      {"m16n8k32.s32.u8.u8.s32", form<uint8_t, uint8_t, 2, int32_t>()},
      {"m16n8k16.s32.u8.s8.s32", form<uint8_t, int8_t, 1, int32_t>()},
      {"m16n8k32.s32.u8.s8.s32", form<uint8_t, int8_t, 2, int32_t>()},
      {"m16n8k16.s32.s8.u8.s32", form<int8_t, uint8_t, 1, int32_t>()},
      {"m16n8k32.s32.s8.u8.s32", form<int8_t, uint8_t, 2, int32_t>()}};
  auto it = table.find(key);
  return it == table.end() ? nullptr : &it->second;
}
