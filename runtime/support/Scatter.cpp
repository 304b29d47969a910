//===- Scatter.cpp - writing by index -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The result is the data with some elements replaced by, or combined with, the
// updates. Updates of the same element are applied in the order in which they
// lie in memory.
//
//===----------------------------------------------------------------------===//

#include "runtime/support/element.h"

namespace sinter::support {

/// How an update meets what is there; the integers of `integers`.
enum Combine : int64_t { Replace, Add, Multiply, Maximum, Minimum };

template <Combine how, typename T>
inline T combine(T present, T update) {
  if constexpr (how == Replace) {
    return update;
  } else {
    auto a = load(present), b = load(update);
    using C = Compute<T>;
    if constexpr (how == Add)
      return store<T>(static_cast<C>(a + b));
    if constexpr (how == Multiply)
      return store<T>(static_cast<C>(a * b));
    // A NaN stays, as NumPy's maximum and minimum say.
    if constexpr (how == Maximum)
      return isNaN(a) || a > b ? present : update;
    return isNaN(a) || a < b ? present : update;
  }
}

/// `index` counted from the front; negative if it is out of range.
inline int64_t resolve(int64_t index, int64_t size) {
  index = index < 0 ? index + size : index;
  return index < size ? index : -1;
}

/// Whether all indices are the same, as where a vector of them was expanded.
template <typename Index>
inline bool isUniform(const Index *indices, int64_t count) {
  Index differences = 0;
  for (int64_t i = 0; i < count; ++i)
    differences |= indices[i] ^ indices[0];
  return differences == 0;
}

//===----------------------------------------------------------------------===//
// Along an axis
//===----------------------------------------------------------------------===//

/// Columns of a unit, and those of the units that are taken at once.
static constexpr int64_t kUnitColumns = 16, kColumns = 64;

/// Data as [outer, n, inner] with the axis in the middle. The indices may be
/// shorter in the other dimensions.
class AxisForm {
public:
  explicit AxisForm(const sinter_algorithm *call)
      : rank(call->ranks[0]), axis(call->integers[0]), sizes(call->sizes[0]),
        indexSizes(call->sizes[1]), n(sizes[axis]), m(indexSizes[axis]),
        inner(product(sizes, axis + 1, rank)),
        indexInner(product(indexSizes, axis + 1, rank)) {}

  int32_t rank;
  int64_t axis;
  const int64_t *sizes, *indexSizes;
  int64_t n, m, inner, indexInner;

  /// The place in dimensions [begin, end) of the indices of the place `flat` in
  /// the same of the data; negative where the indices do not reach it.
  int64_t getPlace(int64_t flat, int64_t begin, int64_t end) const {
    int64_t place = 0, stride = 1;
    for (int64_t d = end - 1; d >= begin; --d) {
      int64_t i = flat % sizes[d];
      flat /= sizes[d];
      if (i >= indexSizes[d])
        return -1;
      place += i * stride;
      stride *= indexSizes[d];
    }
    return place;
  }
};

/// inputs: data, indices, updates; output: data's copy. integers: axis,
/// Combine, bytes of an index. A unit is an outer place with up to 16 columns.
template <Combine how, typename T, typename Index>
static int32_t scatterElements(const sinter_algorithm *call, int64_t first,
                               int64_t last) {
  AxisForm form(call);
  const T *data = getInput<T>(call, 0), *updates = getInput<T>(call, 2);
  const Index *indices = getInput<Index>(call, 1);
  T *out = getOutput<T>(call, 0);
  int64_t inner = form.inner;
  int64_t blocks = (inner + kUnitColumns - 1) / kUnitColumns;
  for (int64_t unit = first, next; unit < last; unit = next) {
    int64_t outer = unit / blocks, block = unit % blocks;
    int64_t taken = kColumns / kUnitColumns;
    taken = taken < blocks - block ? taken : blocks - block;
    taken = taken < last - unit ? taken : last - unit;
    next = unit + taken;
    int64_t low = block * kUnitColumns, columns = taken * kUnitColumns;
    columns = columns < inner - low ? columns : inner - low;
    int64_t base = outer * form.n * inner + low;
    if (columns == inner)
      copy(data + base, out + base, form.n * inner);
    else
      for (int64_t i = 0; i < form.n; ++i)
        copy(data + base + i * inner, out + base + i * inner, columns);

    int64_t indexOuter = form.getPlace(outer, 0, form.axis);
    if (indexOuter < 0)
      continue;
    int64_t places[kColumns];
    bool isWhole = inner == form.indexInner;
    for (int64_t j = 0; j < columns; ++j)
      places[j] =
          isWhole ? low + j : form.getPlace(low + j, form.axis + 1, form.rank);
    for (int64_t i = 0; i < form.m; ++i) {
      int64_t row = (indexOuter * form.m + i) * form.indexInner;
      if (isWhole && isUniform(indices + row + low, columns)) {
        int64_t index = resolve(indices[row + low], form.n);
        if (index < 0)
          return 1;
        T *__restrict to = out + base + index * inner;
        const T *__restrict from = updates + row + low;
        for (int64_t j = 0; j < columns; ++j)
          to[j] = combine<how>(to[j], from[j]);
        continue;
      }
      for (int64_t j = 0; j < columns; ++j) {
        if (places[j] < 0)
          continue;
        int64_t index = resolve(indices[row + places[j]], form.n);
        if (index < 0)
          return 1;
        T &element = out[base + index * inner + j];
        element = combine<how>(element, updates[row + places[j]]);
      }
    }
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// By tuples of indices
//===----------------------------------------------------------------------===//

/// Parts into which the leading places are cut.
static constexpr int64_t kParts = 32;

/// inputs: data, indices, updates; output: data's copy. integers: unused,
/// Combine, bytes of an index. A unit is one of 32 parts of the leading
/// dimensions, those that the tuples index.
template <Combine how, typename T, typename Index>
static int32_t scatterND(const sinter_algorithm *call, int64_t first,
                         int64_t last) {
  const T *data = getInput<T>(call, 0), *updates = getInput<T>(call, 2);
  const Index *indices = getInput<Index>(call, 1);
  T *out = getOutput<T>(call, 0);
  const int64_t *sizes = call->sizes[0];
  int64_t depth = call->sizes[1][call->ranks[1] - 1];
  int64_t tuples = product(call->sizes[1], 0, call->ranks[1] - 1);
  int64_t rows = product(sizes, 0, depth);
  int64_t slice = product(sizes, depth, call->ranks[0]);
  int64_t begin = rows * first / kParts, end = rows * last / kParts;
  copy(data + begin * slice, out + begin * slice, (end - begin) * slice);
  for (int64_t t = 0; t < tuples; ++t) {
    int64_t row = 0;
    for (int64_t d = 0; d < depth; ++d) {
      int64_t index = resolve(indices[t * depth + d], sizes[d]);
      if (index < 0)
        return 1;
      row = row * sizes[d] + index;
    }
    if (row < begin || row >= end)
      continue;
    T *__restrict to = out + row * slice;
    const T *__restrict from = updates + t * slice;
    for (int64_t i = 0; i < slice; ++i)
      to[i] = combine<how>(to[i], from[i]);
  }
  return 0;
}

/// Calls `function<how, T, Index>` for what `integers` says.
#define SINTER_BY_INDEX(function, how, type)                                   \
  (call->integers[2] == 4 ? function<how, type, int32_t>(call, first, last)    \
                          : function<how, type, int64_t>(call, first, last))

template <typename T>
static int32_t scatterElementsBy(const sinter_algorithm *call, int64_t first,
                                 int64_t last) {
  switch (call->integers[1]) {
  case Add:
    return SINTER_BY_INDEX(scatterElements, Add, T);
  case Multiply:
    return SINTER_BY_INDEX(scatterElements, Multiply, T);
  case Maximum:
    return SINTER_BY_INDEX(scatterElements, Maximum, T);
  default:
    return SINTER_BY_INDEX(scatterElements, Minimum, T);
  }
}

template <typename T>
static int32_t scatterNDBy(const sinter_algorithm *call, int64_t first,
                           int64_t last) {
  switch (call->integers[1]) {
  case Add:
    return SINTER_BY_INDEX(scatterND, Add, T);
  case Multiply:
    return SINTER_BY_INDEX(scatterND, Multiply, T);
  case Maximum:
    return SINTER_BY_INDEX(scatterND, Maximum, T);
  default:
    return SINTER_BY_INDEX(scatterND, Minimum, T);
  }
}

//===----------------------------------------------------------------------===//
// A cache
//===----------------------------------------------------------------------===//

/// inputs: cache, update, and the first row to write of each batch (int64, may
/// be missing: 0); output: the cache's copy. integers: axis, whether rows go on
/// at the start after the last one. A unit is a place before the axis.
template <typename T>
static int32_t updateCache(const sinter_algorithm *call, int64_t first,
                           int64_t last, bool hasStarts) {
  const T *cache = getInput<T>(call, 0), *update = getInput<T>(call, 1);
  T *out = getOutput<T>(call, 0);
  const int64_t *sizes = call->sizes[0];
  int64_t axis = call->integers[0], n = sizes[axis];
  int64_t m = call->sizes[1][axis];
  int64_t inner = product(sizes, axis + 1, call->ranks[0]);
  int64_t perBatch = product(sizes, 1, axis);
  for (int64_t unit = first; unit < last; ++unit) {
    int64_t start = hasStarts ? getInput<int64_t>(call, 2)[unit / perBatch] : 0;
    bool isCircular = call->integers[1] != 0;
    if (start < 0 || (!isCircular && start + m > n) || (n == 0 && m > 0))
      return 1;
    T *base = out + unit * n * inner;
    copy(cache + unit * n * inner, base, n * inner);
    for (int64_t i = 0; i < m; ++i)
      copy(update + (unit * m + i) * inner, base + (start + i) % n * inner,
           inner);
  }
  return 0;
}

} // namespace sinter::support

using namespace sinter::support;

#define SINTER_SCATTER_REPLACE(suffix, type)                                   \
  SINTER_ALGORITHM(scatter_elements_##suffix) {                                \
    return SINTER_BY_INDEX(scatterElements, Replace, type);                    \
  }                                                                            \
  SINTER_ALGORITHM(scatter_nd_##suffix) {                                      \
    return SINTER_BY_INDEX(scatterND, Replace, type);                          \
  }                                                                            \
  SINTER_ALGORITHM(tensor_scatter_##suffix) {                                  \
    return updateCache<type>(call, first, last, false);                        \
  }                                                                            \
  SINTER_ALGORITHM(tensor_scatter_at_##suffix) {                               \
    return updateCache<type>(call, first, last, true);                         \
  }
SINTER_FOR_EACH_WIDTH(SINTER_SCATTER_REPLACE)

#define SINTER_SCATTER_COMBINE(suffix, type)                                   \
  SINTER_ALGORITHM(scatter_elements_##suffix) {                                \
    return scatterElementsBy<type>(call, first, last);                         \
  }                                                                            \
  SINTER_ALGORITHM(scatter_nd_##suffix) {                                      \
    return scatterNDBy<type>(call, first, last);                               \
  }
SINTER_FOR_EACH_NUMBER(SINTER_SCATTER_COMBINE)
