//===- Scan.cpp - carrying along an axis ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/support/element.h"

namespace sinter::support {

/// Columns of a unit.
static constexpr int64_t kColumns = 64;

/// Sums and products so far, along an axis.
/// inputs: x = [outer, n, inner] and, where integers[0] is -1, the axis
/// (int64); output: as x. integers: axis, whether an element leaves out itself,
/// whether from the end, whether products. A unit is an outer place with up to
/// 64 columns, or all of them where the axis is an input.
template <typename T, bool isProduct>
static int32_t accumulate(const sinter_algorithm *call, int64_t first,
                          int64_t last) {
  using C = Compute<T>;
  const T *x = getInput<T>(call, 0);
  T *out = getOutput<T>(call, 0);
  const int64_t *sizes = call->sizes[0];
  int64_t axis = call->integers[0], rank = call->ranks[0];
  bool isInput = axis == -1;
  if (isInput) {
    axis = *getInput<int64_t>(call, 1);
    axis = axis < 0 ? axis + rank : axis;
    if (axis < 0 || axis >= rank)
      return 1;
  }
  int64_t n = sizes[axis];
  bool isExclusive = call->integers[1] != 0, isReverse = call->integers[2] != 0;
  int64_t inner = product(sizes, axis + 1, rank);
  int64_t blocks = (inner + kColumns - 1) / kColumns;
  if (isInput) // the only unit
    last = product(sizes, 0, axis) * blocks;
  for (int64_t unit = first; unit < last; ++unit) {
    int64_t low = unit % blocks * kColumns;
    int64_t columns = inner - low < kColumns ? inner - low : kColumns;
    int64_t base = unit / blocks * n * inner + low;
    C sums[kColumns];
    fill<C>(sums, isProduct ? 1 : 0, kColumns);
    for (int64_t i = 0; i < n; ++i) {
      int64_t row = base + (isReverse ? n - 1 - i : i) * inner;
      const T *__restrict from = x + row;
      T *__restrict to = out + row;
      for (int64_t j = 0; j < columns; ++j) {
        C value = load(from[j]), before = sums[j];
        C after = static_cast<C>(isProduct ? before * value : before + value);
        sums[j] = after;
        to[j] = store<T>(isExclusive ? before : after);
      }
    }
  }
  return 0;
}

/// Reverses the first elements of each sequence, as many as its length says.
/// inputs: x, lengths [batches] int64; output: as x. integers: the batch's axis
/// and that of time, which are 0 and 1 in some order. A unit is a place of the
/// first dimension.
template <typename T>
static int32_t reverseSequence(const sinter_algorithm *call, int64_t first,
                               int64_t last) {
  const T *x = getInput<T>(call, 0);
  const int64_t *lengths = getInput<int64_t>(call, 1);
  T *out = getOutput<T>(call, 0);
  const int64_t *sizes = call->sizes[0];
  bool batchIsFirst = call->integers[0] == 0;
  int64_t count = sizes[1], inner = product(sizes, 2, call->ranks[0]);
  int64_t steps = sizes[batchIsFirst ? 1 : 0];
  for (int64_t i = first; i < last; ++i)
    for (int64_t j = 0; j < count; ++j) {
      int64_t time = batchIsFirst ? j : i;
      int64_t length = lengths[batchIsFirst ? i : j];
      if (length < 0 || length > steps)
        return 1;
      int64_t source = time < length ? length - 1 - time : time;
      int64_t from = batchIsFirst ? i * count + source : source * count + j;
      copy(x + from * inner, out + (i * count + j) * inner, inner);
    }
  return 0;
}

/// How often each n-gram of a list occurs in each row of integers.
/// inputs: x [rows, n] int64, the n-grams one after the other (int64), where
/// each begins [grams + 1] and which output it counts for [grams] (int64), and
/// the weights [outputs] (f32); output: [rows, outputs] f32. integers: the
/// greatest distance between two elements plus 1, the mode (0: how often, 1:
/// the weight if it occurs, 2: how often times the weight), and the shortest
/// and the longest n-gram that are counted. A unit is a row.
static int32_t countGrams(const sinter_algorithm *call, int64_t first,
                          int64_t last) {
  const int64_t *pool = getInput<int64_t>(call, 1);
  const int64_t *begins = getInput<int64_t>(call, 2);
  const int64_t *columns = getInput<int64_t>(call, 3);
  const float *weights = getInput<float>(call, 4);
  int64_t n = call->sizes[0][1], grams = call->sizes[3][0];
  int64_t outputs = call->sizes[5][1], mode = call->integers[1];
  for (int64_t row = first; row < last; ++row) {
    const int64_t *x = getInput<int64_t>(call, 0) + row * n;
    float *out = getOutput<float>(call, 0) + row * outputs;
    fill(out, 0.0f, outputs);
    for (int64_t g = 0; g < grams; ++g) {
      int64_t length = begins[g + 1] - begins[g];
      if (length < call->integers[2] || length > call->integers[3])
        continue;
      const int64_t *gram = pool + begins[g];
      // A single element has no distance.
      int64_t distances = length == 1 ? 1 : call->integers[0];
      int64_t found = 0;
      for (int64_t distance = 1; distance <= distances; ++distance)
        for (int64_t i = 0; i + (length - 1) * distance < n; ++i) {
          bool same = true;
          for (int64_t k = 0; same && k < length; ++k)
            same = x[i + k * distance] == gram[k];
          found += same;
        }
      float weight = mode == 0 ? 1.0f : weights[columns[g]];
      if (mode != 1)
        out[columns[g]] += weight * static_cast<float>(found);
      else if (found > 0)
        out[columns[g]] = weight;
    }
  }
  return 0;
}

} // namespace sinter::support

using namespace sinter::support;

#define SINTER_ACCUMULATE(suffix, type)                                        \
  SINTER_ALGORITHM(accumulate_##suffix) {                                      \
    return call->integers[3] ? accumulate<type, true>(call, first, last)       \
                             : accumulate<type, false>(call, first, last);     \
  }
SINTER_FOR_EACH_NUMBER(SINTER_ACCUMULATE)

#define SINTER_REVERSE(suffix, type)                                           \
  SINTER_ALGORITHM(reverse_sequence_##suffix) {                                \
    return reverseSequence<type>(call, first, last);                           \
  }
SINTER_FOR_EACH_WIDTH(SINTER_REVERSE)

SINTER_ALGORITHM(count_grams) { return countGrams(call, first, last); }
