//===- order.h - the order of elements as unsigned integers -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Elements become unsigned keys with the same order, so that sorting and
// selecting are written once, and a key with a position is one entry.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_SUPPORT_ORDER_H
#define SINTER_SUPPORT_ORDER_H

#include "runtime/support/element.h"

namespace sinter::support {

/// Integers keep their order; so do numbers, where -0 is 0 and every NaN is
/// greater than all else, as NumPy sorts.
template <typename T>
struct Order {
  static constexpr bool isWide = sizeof(T) == 8;
  static constexpr bool isSigned = static_cast<T>(-1) < static_cast<T>(0);
  static uint64_t getKey(T value) {
    if constexpr (isWide)
      return static_cast<uint64_t>(value) ^ (isSigned ? uint64_t(1) << 63 : 0);
    else
      return static_cast<uint32_t>(value) ^ (isSigned ? uint32_t(1) << 31 : 0);
  }
};
template <>
struct Order<float> {
  static constexpr bool isWide = false;
  static uint64_t getKey(float value) {
    uint32_t bits = __builtin_bit_cast(uint32_t, value + 0.0f);
    uint32_t flip = static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31);
    return isNaN(value) ? UINT32_MAX : bits ^ (flip | (uint32_t(1) << 31));
  }
};
template <>
struct Order<double> {
  static constexpr bool isWide = true;
  static uint64_t getKey(double value) {
    uint64_t bits = __builtin_bit_cast(uint64_t, value + 0.0);
    uint64_t flip = static_cast<uint64_t>(static_cast<int64_t>(bits) >> 63);
    return isNaN(value) ? UINT64_MAX : bits ^ (flip | (uint64_t(1) << 63));
  }
};
template <>
struct Order<Half> {
  static constexpr bool isWide = false;
  static uint64_t getKey(Half value) {
    return Order<float>::getKey(load(value));
  }
};
template <>
struct Order<BFloat16> {
  static constexpr bool isWide = false;
  static uint64_t getKey(BFloat16 value) {
    return Order<float>::getKey(load(value));
  }
};

/// A key of 32 bits and a position below 2^32 in one integer: of equal keys the
/// earlier position is the greater entry.
struct PackedEntry {
  uint64_t bits;
  static PackedEntry make(uint64_t key, int64_t position) {
    return {key << 32 | static_cast<uint32_t>(~position)};
  }
  uint64_t getKey() const { return bits >> 32; }
  int64_t getPosition() const { return static_cast<uint32_t>(~bits); }
  bool operator<(PackedEntry other) const { return bits < other.bits; }
  static constexpr int keyBits = 32;
};

/// The same for keys of 64 bits.
struct WideEntry {
  uint64_t key;
  int64_t position;
  static WideEntry make(uint64_t key, int64_t position) {
    return {key, position};
  }
  uint64_t getKey() const { return key; }
  int64_t getPosition() const { return position; }
  bool operator<(WideEntry other) const {
    return key != other.key ? key < other.key : position > other.position;
  }
  static constexpr int keyBits = 64;
};

template <bool isWide>
struct EntryType {
  using Type = PackedEntry;
};
template <>
struct EntryType<true> {
  using Type = WideEntry;
};
/// The entries for elements of `T`.
template <typename T>
using Entry = typename EntryType<Order<T>::isWide>::Type;
/// Positions that an entry can have.
constexpr int64_t kMaxPositions = int64_t(1) << 32;

/// Restores the heap with the least entry at the top below `root`.
template <typename E>
inline void siftDown(E *heap, int64_t root, int64_t count) {
  E moved = heap[root];
  for (int64_t child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && heap[child + 1] < heap[child])
      ++child;
    if (!(heap[child] < moved))
      break;
    heap[root] = heap[child];
  }
  heap[root] = moved;
}

template <typename E>
inline void makeHeap(E *heap, int64_t count) {
  for (int64_t root = count / 2 - 1; root >= 0; --root)
    siftDown(heap, root, count);
}

/// Makes a heap a list in descending order.
template <typename E>
inline void sortHeap(E *heap, int64_t count) {
  for (int64_t last = count - 1; last > 0; --last) {
    E least = heap[0];
    heap[0] = heap[last];
    heap[last] = least;
    siftDown(heap, 0, last);
  }
}

/// Sorts `entries`, given in ascending positions, by descending keys with equal
/// ones in that order: least significant digit first. `other` is as long; the
/// result is where the returned pointer says.
template <typename E>
inline E *sortDescending(E *entries, E *other, int64_t count) {
  for (int shift = 0; shift < E::keyBits; shift += 8) {
    int64_t places[256];
    for (int64_t &place : places)
      place = 0;
    for (int64_t i = 0; i < count; ++i)
      ++places[entries[i].getKey() >> shift & 255];
    int64_t next = 0;
    bool isSorted = false;
    for (int digit = 255; digit >= 0; --digit) {
      int64_t size = places[digit];
      isSorted |= size == count;
      places[digit] = next;
      next += size;
    }
    if (isSorted)
      continue;
    for (int64_t i = 0; i < count; ++i)
      other[places[entries[i].getKey() >> shift & 255]++] = entries[i];
    E *sorted = other;
    other = entries;
    entries = sorted;
  }
  return entries;
}

} // namespace sinter::support

#endif // SINTER_SUPPORT_ORDER_H
