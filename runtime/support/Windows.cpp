//===- Windows.cpp - windows that remember places, and their inverse ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/support/element.h"

namespace sinter::support {

/// More spatial dimensions than this are refused by the importer.
static constexpr int kMaxDims = 6;

/// Steps through row-major indices below `sizes`.
struct Counter {
  int64_t dims;
  const int64_t *sizes;
  int64_t index[kMaxDims] = {};

  Counter(int64_t dims, const int64_t *sizes) : dims(dims), sizes(sizes) {}
  void step() {
    for (int64_t d = dims - 1; d >= 0; --d) {
      if (++index[d] < sizes[d])
        return;
      index[d] = 0;
    }
  }
};

/// Where the greatest element of each window is.
/// input: x [batch, channels, spatial..]; output: places in the flattened x
/// (int64), the first of equal elements. integers: whether places count the
/// first spatial dimension fastest, then kernel, strides, begins of the pads,
/// dilations. A unit is a channel of a batch.
template <typename T>
static int32_t locateMaxima(const sinter_algorithm *call, int64_t first,
                            int64_t last) {
  int64_t dims = call->ranks[0] - 2;
  const int64_t *sizes = call->sizes[0] + 2, *outSizes = call->sizes[1] + 2;
  bool isColumnMajor = call->integers[0] != 0;
  const int64_t *kernel = call->integers + 1, *strides = kernel + dims;
  const int64_t *pads = strides + dims, *dilations = pads + dims;
  int64_t plane = product(sizes, 0, dims), window = product(kernel, 0, dims);
  int64_t results = product(outSizes, 0, dims);
  for (int64_t unit = first; unit < last; ++unit) {
    const T *x = getInput<T>(call, 0) + unit * plane;
    int64_t *places = getOutput<int64_t>(call, 0) + unit * results;
    Counter out(dims, outSizes);
    for (int64_t o = 0; o < results; ++o, out.step()) {
      bool any = false;
      T greatest = store<T>(0);
      int64_t place = 0;
      Counter element(dims, kernel);
      for (int64_t k = 0; k < window; ++k, element.step()) {
        int64_t offset = 0, number = 0, stride = 1;
        bool isInside = true;
        for (int64_t d = 0; d < dims; ++d) {
          int64_t i = out.index[d] * strides[d] - pads[d] +
                      element.index[d] * dilations[d];
          isInside &= i >= 0 && i < sizes[d];
          offset = offset * sizes[d] + i;
          number += i * stride;
          stride *= sizes[d];
        }
        if (!isInside || (any && !(load(x[offset]) > load(greatest))))
          continue;
        any = true;
        greatest = x[offset];
        place = isColumnMajor ? number : offset;
      }
      places[o] = unit * plane + place;
    }
  }
  return 0;
}

/// Writes elements to places of a tensor of zeros.
/// inputs: x, places (int64) of the same shape, which count in the shape that
/// windows cover; output: [batch, channels, spatial..], of that shape or
/// another one. integers: kernel, strides, begins of the pads, ends of the
/// pads. One unit.
template <typename T>
static int32_t maxUnpool(const sinter_algorithm *call) {
  const T *x = getInput<T>(call, 0);
  const int64_t *places = getInput<int64_t>(call, 1);
  T *out = getOutput<T>(call, 0);
  int64_t rank = call->ranks[0], dims = rank - 2;
  const int64_t *sizes = call->sizes[0], *outSizes = call->sizes[2];
  const int64_t *kernel = call->integers, *strides = kernel + dims;
  const int64_t *pads = strides + dims, *ends = pads + dims;
  int64_t covered[kMaxDims + 2], elements = 1;
  bool isSame = true;
  for (int64_t d = 0; d < rank; ++d) {
    int64_t i = d - 2;
    covered[d] =
        d < 2 ? sizes[d]
              : (sizes[d] - 1) * strides[i] + kernel[i] - pads[i] - ends[i];
    elements *= covered[d] > 0 ? covered[d] : 0;
    isSame &= covered[d] == outSizes[d];
  }
  int64_t count = product(sizes, 0, rank);
  fill<T>(out, T(), product(outSizes, 0, rank));
  for (int64_t i = 0; i < count; ++i) {
    int64_t place = places[i], rest = place, stride = 1;
    if (place < 0 || place >= elements)
      return 1;
    if (!isSame) {
      place = 0;
      for (int64_t d = rank - 1; d >= 0; --d) {
        int64_t index = rest % covered[d];
        rest /= covered[d];
        if (index >= outSizes[d])
          return 1;
        place += index * stride;
        stride *= outSizes[d];
      }
    }
    out[place] = x[i];
  }
  return 0;
}

/// Adds the columns of windows at the places that they came from.
/// inputs: x [batch, channels * window, positions], the sizes of the window
/// (int64); output: [batch, channels, image..]. integers: strides, begins of
/// the pads, ends of the pads, dilations. A unit is a channel of a batch.
template <typename T>
static int32_t col2im(const sinter_algorithm *call, int64_t first,
                      int64_t last) {
  int64_t dims = call->ranks[2] - 2;
  const int64_t *sizes = call->sizes[2] + 2;
  const int64_t *kernel = getInput<int64_t>(call, 1);
  const int64_t *strides = call->integers, *pads = strides + dims;
  const int64_t *ends = pads + dims, *dilations = ends + dims;
  int64_t counts[kMaxDims], positions = 1;
  for (int64_t d = 0; d < dims; ++d) {
    if (kernel[d] < 1 || kernel[d] > call->sizes[0][1])
      return 1;
    int64_t room =
        sizes[d] + pads[d] + ends[d] - dilations[d] * (kernel[d] - 1) - 1;
    counts[d] = room < 0 ? 0 : room / strides[d] + 1;
    positions *= counts[d];
  }
  int64_t plane = product(sizes, 0, dims), window = product(kernel, 0, dims);
  if (positions != call->sizes[0][2] ||
      window * call->sizes[2][1] != call->sizes[0][1])
    return 1;
  int64_t inner = counts[dims - 1], rows = inner ? positions / inner : 0;
  for (int64_t unit = first; unit < last; ++unit) {
    T *image = getOutput<T>(call, 0) + unit * plane;
    const T *columns = getInput<T>(call, 0) + unit * window * positions;
    fill<T>(image, T(), plane);
    Counter element(dims, kernel);
    for (int64_t k = 0; k < window; ++k, element.step()) {
      Counter row(dims - 1, counts);
      for (int64_t r = 0; r < rows; ++r, row.step()) {
        const T *from = columns + (k * rows + r) * inner;
        int64_t offset = 0;
        bool isInside = true;
        for (int64_t d = 0; d < dims - 1; ++d) {
          int64_t i = row.index[d] * strides[d] - pads[d] +
                      element.index[d] * dilations[d];
          isInside &= i >= 0 && i < sizes[d];
          offset = offset * sizes[d] + i;
        }
        if (!isInside)
          continue;
        int64_t size = sizes[dims - 1], stride = strides[dims - 1];
        int64_t start =
            element.index[dims - 1] * dilations[dims - 1] - pads[dims - 1];
        // The positions j with 0 <= start + j * stride < size.
        int64_t begin = start < 0 ? (-start + stride - 1) / stride : 0;
        int64_t end = size > start ? (size - start - 1) / stride + 1 : 0;
        end = end < inner ? end : inner;
        T *to = image + offset * size + start;
        for (int64_t j = begin; j < end; ++j)
          to[j * stride] = store<T>(
              static_cast<Compute<T>>(load(to[j * stride]) + load(from[j])));
      }
    }
  }
  return 0;
}

} // namespace sinter::support

using namespace sinter::support;

#define SINTER_POOL(suffix, type)                                              \
  SINTER_ALGORITHM(locate_maxima_##suffix) {                                   \
    return locateMaxima<type>(call, first, last);                              \
  }                                                                            \
  SINTER_ALGORITHM(col2im_##suffix) { return col2im<type>(call, first, last); }
SINTER_FOR_EACH_NUMBER(SINTER_POOL)

#define SINTER_UNPOOL(suffix, type)                                            \
  SINTER_ALGORITHM(max_unpool_##suffix) { return maxUnpool<type>(call); }
SINTER_FOR_EACH_WIDTH(SINTER_UNPOOL)
