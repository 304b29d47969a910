//===- TopK.cpp - the greatest or least elements along an axis ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/support/order.h"

namespace sinter::support {

/// Elements that are compared with the least entry of the heap at once.
static constexpr int64_t kBlock = 64;
/// Rows so short are ranked by comparing all with all.
static constexpr int64_t kShort = 32;

/// The `k` greatest of `count` entries that `makeEntry` gives, in descending
/// order: a heap of those so far, which few elements enter.
template <typename E, typename GetKey>
static E *select(E *heap, int64_t count, int64_t k, GetKey getKey) {
  for (int64_t i = 0; i < k; ++i)
    heap[i] = E::make(getKey(i), i);
  makeHeap(heap, k);
  for (int64_t begin = k; begin < count; begin += kBlock) {
    int64_t end = begin + kBlock < count ? begin + kBlock : count;
    // A later element enters only if it is greater, not if it is equal.
    uint64_t least = heap[0].getKey();
    bool any = false;
    for (int64_t i = begin; i < end; ++i)
      any |= getKey(i) > least;
    if (!any)
      continue;
    for (int64_t i = begin; i < end; ++i)
      if (uint64_t key = getKey(i); key > heap[0].getKey()) {
        heap[0] = E::make(key, i);
        siftDown(heap, 0, k);
      }
  }
  sortHeap(heap, k);
  return heap;
}

/// The same for a short row: the place of an entry is the number of greater
/// ones.
template <typename E, typename GetKey>
static E *rankAll(E *best, int64_t count, int64_t k, GetKey getKey) {
  E entries[kShort];
  for (int64_t i = 0; i < count; ++i)
    entries[i] = E::make(getKey(i), i);
  for (int64_t i = 0; i < count; ++i) {
    int64_t greater = 0;
    for (int64_t j = 0; j < count; ++j)
      greater += entries[i] < entries[j];
    if (greater < k)
      best[greater] = entries[i];
  }
  return best;
}

/// input: x; outputs: values, positions (int64). integers: axis, whether the
/// greatest are wanted. A unit is a row along the axis. scratch: `k` entries of
/// 8 bytes (16 for elements of 8) where 8 k <= n, else 2 n.
template <typename T>
static int32_t topK(const sinter_algorithm *call, int64_t first, int64_t last,
                    void *scratch) {
  using E = Entry<T>;
  const T *x = getInput<T>(call, 0);
  T *values = getOutput<T>(call, 0);
  int64_t *positions = getOutput<int64_t>(call, 1);
  const int64_t *sizes = call->sizes[0];
  int64_t axis = call->integers[0], n = sizes[axis], k = call->sizes[1][axis];
  int64_t inner = product(sizes, axis + 1, call->ranks[0]);
  uint64_t flip = call->integers[1]  ? 0
                  : E::keyBits == 64 ? UINT64_MAX
                                     : UINT32_MAX;
  if (k > n || (E::keyBits == 32 && n > kMaxPositions))
    return 1;
  if (k <= 0)
    return 0;
  E *entries = static_cast<E *>(scratch);
  for (int64_t unit = first; unit < last; ++unit) {
    int64_t outer = inner == 1 ? unit : unit / inner;
    int64_t column = unit - outer * inner;
    const T *row = x + outer * n * inner + column;
    const E *best;
    auto rank = [&](auto stride) {
      auto getKey = [=](int64_t i) {
        return Order<T>::getKey(row[i * stride()]) ^ flip;
      };
      if (n <= kShort)
        return rankAll(entries, n, k, getKey);
      if (8 * k <= n)
        return select(entries, n, k, getKey);
      for (int64_t i = 0; i < n; ++i)
        entries[i] = E::make(getKey(i), i);
      return sortDescending(entries, entries + n, n);
    };
    best = inner == 1 ? rank([] { return int64_t(1); })
                      : rank([=] { return inner; });
    int64_t base = outer * k * inner + column;
    for (int64_t i = 0; i < k; ++i) {
      int64_t position = best[i].getPosition();
      if (values)
        values[base + i * inner] = row[position * inner];
      if (positions)
        positions[base + i * inner] = position;
    }
  }
  return 0;
}

} // namespace sinter::support

#define SINTER_TOP_K(suffix, type)                                             \
  SINTER_ALGORITHM(top_k_##suffix) {                                           \
    return sinter::support::topK<type>(call, first, last, scratch);            \
  }
SINTER_FOR_EACH_NUMBER(SINTER_TOP_K)
