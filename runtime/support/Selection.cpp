//===- Selection.cpp - elements whose number depends on the data ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Results have room for the most elements that there can be; a result of one
// int64 says how many there are. What lies behind them is undefined.
//
//===----------------------------------------------------------------------===//

#include "runtime/support/order.h"

namespace sinter::support {

/// The places of the elements that are not zero.
/// input: x; outputs: [rank, elements] int64, a row for each dimension, in
/// row-major order of the places; [1] the number of places. One unit.
template <typename T>
static int32_t nonZero(const sinter_algorithm *call) {
  const T *x = getInput<T>(call, 0);
  int64_t *places = getOutput<int64_t>(call, 0);
  int64_t *total = getOutput<int64_t>(call, 1);
  const int64_t *sizes = call->sizes[0];
  int32_t rank = call->ranks[0];
  int64_t elements = product(sizes, 0, rank), count = 0;
  // As places of flat elements first, without a branch: a place that does not
  // stay is overwritten by the next.
  if (rank <= 1) {
    for (int64_t i = 0; i < elements; ++i) {
      if (places && rank == 1)
        places[count] = i;
      count += load(x[i]) != 0;
    }
  } else {
    int64_t last = sizes[rank - 1];
    for (int64_t row = 0; last > 0 && row < elements / last; ++row) {
      int64_t begin = count;
      int64_t *columns = places ? places + (rank - 1) * elements : nullptr;
      for (int64_t j = 0; j < last; ++j) {
        if (columns)
          columns[count] = j;
        count += load(x[row * last + j]) != 0;
      }
      int64_t rest = row;
      for (int32_t d = rank - 2; places && d >= 0; --d) {
        fill(places + d * elements + begin, rest % sizes[d], count - begin);
        rest /= sizes[d];
      }
    }
  }
  if (total)
    *total = count;
  return 0;
}

//===----------------------------------------------------------------------===//
// Unique
//===----------------------------------------------------------------------===//

/// Rows of `width` elements, compared from the first element on.
template <typename T>
struct Rows {
  const T *data;
  int64_t width;
  /// Negative, 0, positive: row `a` is less than, equal to, greater than `b`.
  int compare(int64_t a, int64_t b) const {
    for (int64_t i = 0; i < width; ++i) {
      uint64_t left = Order<T>::getKey(data[a * width + i]);
      uint64_t right = Order<T>::getKey(data[b * width + i]);
      if (left != right)
        return left < right ? -1 : 1;
    }
    return 0;
  }
};

/// Sorts positions of rows, equal ones in their order, by merging. Returns
/// `order` or `other`, where the result is.
template <typename T>
static int64_t *sortRows(const Rows<T> &rows, int64_t *order, int64_t *other,
                         int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    order[i] = i;
  for (int64_t width = 1; width < count; width *= 2) {
    for (int64_t low = 0; low < count; low += 2 * width) {
      int64_t middle = low + width < count ? low + width : count;
      int64_t high = middle + width < count ? middle + width : count;
      int64_t left = low, right = middle;
      for (int64_t i = low; i < high; ++i) {
        bool takeLeft =
            left < middle &&
            (right == high || rows.compare(order[left], order[right]) <= 0);
        other[i] = order[takeLeft ? left++ : right++];
      }
    }
    int64_t *merged = other;
    other = order;
    order = merged;
  }
  return order;
}

/// Positions of single elements in ascending order, by their keys.
template <typename T>
static int64_t *sortElements(const T *x, int64_t *order, int64_t *other,
                             int64_t count) {
  using E = Entry<T>;
  // Entries are at most two positions wide: each list takes one of both.
  E *entries = reinterpret_cast<E *>(order);
  for (int64_t i = 0; i < count; ++i)
    entries[i] = E::make(~Order<T>::getKey(x[i]), i);
  entries = sortDescending(entries, reinterpret_cast<E *>(other), count);
  int64_t *positions = reinterpret_cast<int64_t *>(entries);
  for (int64_t i = 0; i < count; ++i)
    positions[i] = entries[i].getPosition();
  return positions;
}

/// The different rows of x = [n, width].
/// input: x; outputs: [n] the position of the first of each, [n] which of the
/// different ones each row is, [n] how often each occurs, [1] how many there
/// are (all int64). integers: whether they are sorted (else in the order of
/// their first occurrence). One unit. scratch: 48 n bytes.
template <typename T>
static int32_t unique(const sinter_algorithm *call, void *scratch) {
  const T *x = getInput<T>(call, 0);
  int64_t n = call->sizes[0][0];
  int64_t width = product(call->sizes[0], 1, call->ranks[0]);
  if (n > kMaxPositions)
    return 1;
  int64_t *firsts = getOutput<int64_t>(call, 0);
  int64_t *inverse = getOutput<int64_t>(call, 1);
  int64_t *counts = getOutput<int64_t>(call, 2);
  int64_t *order = static_cast<int64_t *>(scratch), *other = order + 2 * n;
  // Of each row the first that is equal, and the number of a first one.
  int64_t *firstOf = other + 2 * n, *numberOf = firstOf + n;
  Rows<T> rows{x, width};
  order = width == 1 ? sortElements(x, order, other, n)
                     : sortRows(rows, order, other, n);
  int64_t total = 0;
  for (int64_t i = 0, first = 0; i < n; ++i) {
    if (i == 0 || rows.compare(order[i - 1], order[i]) != 0) {
      first = order[i];
      numberOf[first] = total++;
    }
    firstOf[order[i]] = first;
  }
  if (!call->integers[0]) {
    int64_t next = 0;
    for (int64_t i = 0; i < n; ++i)
      if (firstOf[i] == i)
        numberOf[i] = next++;
  }
  if (counts)
    fill<int64_t>(counts, 0, total);
  for (int64_t i = 0; i < n; ++i) {
    int64_t number = numberOf[firstOf[i]];
    if (firsts && firstOf[i] == i)
      firsts[number] = i;
    if (inverse)
      inverse[i] = number;
    if (counts)
      ++counts[number];
  }
  if (int64_t *result = getOutput<int64_t>(call, 3))
    *result = total;
  return 0;
}

} // namespace sinter::support

using namespace sinter::support;

#define SINTER_SELECTION(suffix, type)                                         \
  SINTER_ALGORITHM(non_zero_##suffix) { return nonZero<type>(call); }          \
  SINTER_ALGORITHM(unique_##suffix) { return unique<type>(call, scratch); }
SINTER_FOR_EACH_NUMBER(SINTER_SELECTION)
