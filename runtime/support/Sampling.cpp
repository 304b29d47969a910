//===- Sampling.cpp - reading between the elements ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values at places that are no whole numbers. The elements around a place
// (taps) and their weights are found once for a block of places, then used for
// every channel.
//
//===----------------------------------------------------------------------===//

#include "runtime/support/element.h"

namespace sinter::support {
namespace {

/// Places of a block.
constexpr int64_t kPlaces = 64;

/// What lies outside of the input.
enum Padding : int64_t { Zeros, Border, Reflection };

/// A coordinate that can become an integer: NaN is far outside.
template <typename C>
inline C bound(C x) {
  constexpr C far = 1 << 30;
  return x > -far ? (x < far ? x : far) : -far;
}

/// `x` reflected at the ends of [low, high] until it is inside.
template <typename C>
inline C reflect(C x, C low, C high) {
  C range = high - low;
  if (!(range > 0))
    return low;
  bool isBelow = x < low;
  if (!isBelow && !(x > high))
    return x;
  C beyond = isBelow ? low - x : x - high;
  int64_t turns = static_cast<int64_t>(beyond / range);
  C rest = beyond - static_cast<C>(turns) * range;
  bool fromLow = isBelow == (turns % 2 == 0);
  return fromLow ? low + rest : high - rest;
}

/// One axis of the input, and how places on it are read.
template <typename C>
struct Axis {
  int64_t size;
  Padding padding;
  C low, high; ///< the borders

  Axis(int64_t size, Padding padding, bool alignCorners)
      : size(size), padding(padding), low(alignCorners ? C(0) : C(-0.5)),
        high(static_cast<C>(size) - (alignCorners ? C(1) : C(0.5))) {}

  /// A coordinate brought inside as the padding says.
  C enter(C x) const {
    if (padding == Zeros || (x >= low && x <= high))
      return x;
    if (padding == Reflection)
      return reflect(x, low, high);
    C last = static_cast<C>(size - 1);
    return x < 0 ? C(0) : x > last ? last : x;
  }
  /// The element number `i`; -1 for a zero.
  int64_t resolve(int64_t i) const {
    if (i >= 0 && i < size)
      return i;
    if (padding == Zeros)
      return -1;
    if (padding == Border)
      return i < 0 ? 0 : size - 1;
    int64_t turned =
        static_cast<int64_t>(reflect(static_cast<C>(i), low, high));
    return turned < 0 ? 0 : turned < size ? turned : size - 1;
  }
};

/// Taps on one axis: `count` elements from `first` on, with weights.
template <typename C>
struct AxisTaps {
  int64_t first;
  C weights[4];

  AxisTaps(C x, int64_t count) {
    if (count == 1) {
      first = static_cast<int64_t>(__builtin_elementwise_rint(x));
      weights[0] = 1;
      return;
    }
    C floor = __builtin_elementwise_floor(x), t = x - floor;
    first = static_cast<int64_t>(floor);
    if (count == 2) {
      weights[0] = 1 - t;
      weights[1] = t;
      return;
    }
    // R. Keys, Cubic convolution interpolation for digital image processing,
    // IEEE Transactions on Acoustics, Speech, and Signal Processing 29 (1981).
    constexpr C a = C(-0.75);
    auto outer = [](C d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
    auto inner = [](C d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
    first -= 1;
    weights[0] = outer(1 + t);
    weights[1] = inner(t);
    weights[2] = inner(1 - t);
    weights[3] = outer(2 - t);
  }
};

/// Taps of a block of places: offsets in a plane (-1 for a zero) and weights,
/// [taps][kPlaces], in scratch memory of 16 * taps * kPlaces bytes.
template <typename C>
struct TapTable {
  int64_t taps;
  int64_t *offsets;
  C *weights;

  TapTable(void *scratch, int64_t taps)
      : taps(taps), offsets(static_cast<int64_t *>(scratch)),
        weights(reinterpret_cast<C *>(offsets + taps * kPlaces)) {}

  void clear() {
    fill<int64_t>(offsets, -1, taps * kPlaces);
    fill<C>(weights, 0, taps * kPlaces);
  }

  /// The sums over the taps in one plane.
  template <typename T>
  void read(const T *__restrict plane, C *__restrict sums) const {
    for (int64_t p = 0; p < kPlaces; ++p)
      sums[p] = 0;
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int64_t *__restrict from = offsets + tap * kPlaces;
      const C *__restrict by = weights + tap * kPlaces;
      for (int64_t p = 0; p < kPlaces; ++p)
        sums[p] += from[p] >= 0 ? by[p] * load(plane[from[p]]) : C(0);
    }
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// GridSample
//===----------------------------------------------------------------------===//

/// inputs: x [batch, channels, spatial..], grid [batch, places.., dims] of
/// Compute<T>, coordinates from -1 to 1, those of the last dimension first;
/// output: [batch, channels, places..]. integers: taps of an axis (1 nearest, 2
/// linear, 4 cubic), Padding, whether -1 and 1 are the centers of the outer
/// elements. A unit is a block of 64 places of a batch. scratch: 1024 bytes for
/// each of the taps ^ dims.
template <typename T>
static int32_t gridSample(const sinter_algorithm *call, int64_t first,
                          int64_t last, void *scratch) {
  using C = Compute<T>;
  constexpr int maxDims = 8;
  const int64_t *sizes = call->sizes[0];
  int32_t dims = call->ranks[0] - 2;
  int64_t perAxis = call->integers[0];
  auto padding = static_cast<Padding>(call->integers[1]);
  bool alignCorners = call->integers[2] != 0;
  int64_t channels = sizes[1], plane = product(sizes, 2, dims + 2);
  int64_t places = product(call->sizes[1], 1, call->ranks[1] - 1);
  int64_t blocks = (places + kPlaces - 1) / kPlaces, taps = 1;
  for (int32_t d = 0; d < dims; ++d)
    taps *= perAxis;
  if (dims > maxDims)
    return 1;
  TapTable<C> table(scratch, taps);
  for (int64_t unit = first; unit < last; ++unit) {
    int64_t batch = unit / blocks, low = unit % blocks * kPlaces;
    int64_t count = places - low < kPlaces ? places - low : kPlaces;
    const C *grid = getInput<C>(call, 1) + (batch * places + low) * dims;
    table.clear();
    for (int64_t p = 0; plane > 0 && p < count; ++p) {
      int64_t offsets[maxDims][4];
      C weights[maxDims][4];
      for (int32_t d = 0; d < dims; ++d) {
        Axis<C> axis(sizes[d + 2], padding, alignCorners);
        C g = grid[p * dims + dims - 1 - d] + 1;
        C length = static_cast<C>(axis.size);
        C x = bound(alignCorners ? g / 2 * (length - 1) : (g * length - 1) / 2);
        if (perAxis == 1)
          x = __builtin_elementwise_rint(x);
        AxisTaps<C> onAxis(axis.enter(x), perAxis);
        for (int64_t t = 0; t < perAxis; ++t) {
          offsets[d][t] = axis.resolve(onAxis.first + t);
          weights[d][t] = onAxis.weights[t];
        }
      }
      for (int64_t tap = 0; tap < taps; ++tap) {
        int64_t rest = tap, offset = 0, stride = 1;
        C weight = 1;
        bool isInside = true;
        for (int32_t d = dims - 1; d >= 0; --d) {
          int64_t t = rest % perAxis;
          rest /= perAxis;
          isInside &= offsets[d][t] >= 0;
          offset += offsets[d][t] * stride;
          stride *= sizes[d + 2];
          weight *= weights[d][t];
        }
        table.offsets[tap * kPlaces + p] = isInside ? offset : -1;
        table.weights[tap * kPlaces + p] = weight;
      }
    }
    for (int64_t c = 0; c < channels; ++c) {
      int64_t image = batch * channels + c;
      C sums[kPlaces];
      table.read(getInput<T>(call, 0) + image * plane, sums);
      T *out = getOutput<T>(call, 0) + image * places + low;
      for (int64_t p = 0; p < count; ++p)
        out[p] = store<T>(sums[p]);
    }
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// Regions of interest
//===----------------------------------------------------------------------===//

/// inputs: x [batch, channels, h, w], regions [n, 4] of Compute<T> (x and y of
/// two corners), the batch of each [n] int64; output: [n, channels, ph, pw].
/// integers: samples of a bin along an axis (0: as many as elements), whether
/// the greatest weighted element is taken instead of the mean, whether
/// coordinates are of corners of elements (half a pixel less). numbers: the
/// scale of coordinates. A unit is a bin of a region. scratch: 8 bytes for each
/// channel.
template <typename T>
static int32_t roiAlign(const sinter_algorithm *call, int64_t first,
                        int64_t last, void *scratch) {
  using C = Compute<T>;
  const int64_t *sizes = call->sizes[0], *outSizes = call->sizes[3];
  int64_t channels = sizes[1], height = sizes[2], width = sizes[3];
  int64_t binsHigh = outSizes[2], binsWide = outSizes[3];
  int64_t bins = binsHigh * binsWide, plane = height * width;
  bool isMax = call->integers[1] != 0, isHalf = call->integers[2] != 0;
  C scale = static_cast<C>(call->numbers[0]), shift = isHalf ? C(0.5) : C(0);
  C *sums = static_cast<C *>(scratch);
  for (int64_t unit = first; unit < last; ++unit) {
    int64_t region = unit / bins, bin = unit % bins;
    int64_t batch = getInput<int64_t>(call, 2)[region];
    if (batch < 0 || batch >= sizes[0] || plane == 0)
      return 1;
    const C *roi = getInput<C>(call, 1) + region * 4;
    C left = bound(roi[0] * scale - shift), top = bound(roi[1] * scale - shift);
    C wide = bound(roi[2] * scale - shift) - left;
    C high = bound(roi[3] * scale - shift) - top;
    if (!isHalf) {
      wide = wide > 1 ? wide : C(1);
      high = high > 1 ? high : C(1);
    }
    C binHigh = high / static_cast<C>(binsHigh);
    C binWide = wide / static_cast<C>(binsWide);
    auto countSamples = [&](C size) {
      return call->integers[0] > 0
                 ? call->integers[0]
                 : static_cast<int64_t>(__builtin_elementwise_ceil(size));
    };
    int64_t down = countSamples(binHigh), across = countSamples(binWide);
    C startY = top + static_cast<C>(bin / binsWide) * binHigh;
    C startX = left + static_cast<C>(bin % binsWide) * binWide;
    const T *image = getInput<T>(call, 0) + batch * channels * plane;
    bool isFirst = true;
    fill<C>(sums, 0, channels);
    for (int64_t i = 0; i < down; ++i)
      for (int64_t j = 0; j < across; ++j) {
        C y = startY +
              (static_cast<C>(i) + C(0.5)) * binHigh / static_cast<C>(down);
        C x = startX +
              (static_cast<C>(j) + C(0.5)) * binWide / static_cast<C>(across);
        int64_t offsets[4] = {0, 0, 0, 0};
        C weights[4] = {0, 0, 0, 0};
        if (y >= -1 && y <= static_cast<C>(height) && x >= -1 &&
            x <= static_cast<C>(width)) {
          y = y > 0 ? y : C(0);
          x = x > 0 ? x : C(0);
          int64_t y0 = static_cast<int64_t>(y), x0 = static_cast<int64_t>(x);
          bool atBottom = y0 >= height - 1, atRight = x0 >= width - 1;
          y0 = atBottom ? height - 1 : y0;
          x0 = atRight ? width - 1 : x0;
          C ly = atBottom ? C(0) : y - static_cast<C>(y0);
          C lx = atRight ? C(0) : x - static_cast<C>(x0);
          offsets[0] = y0 * width + x0;
          offsets[1] = offsets[0] + !atRight;
          offsets[2] = offsets[0] + (atBottom ? 0 : width);
          offsets[3] = offsets[2] + !atRight;
          weights[0] = (1 - ly) * (1 - lx);
          weights[1] = (1 - ly) * lx;
          weights[2] = ly * (1 - lx);
          weights[3] = ly * lx;
        }
        for (int64_t c = 0; c < channels; ++c) {
          const T *from = image + c * plane;
          C a = weights[0] * load(from[offsets[0]]);
          C b = weights[1] * load(from[offsets[1]]);
          C d = weights[2] * load(from[offsets[2]]);
          C e = weights[3] * load(from[offsets[3]]);
          if (isMax) {
            C greatest = a > b ? a : b;
            greatest = greatest > d ? greatest : d;
            greatest = greatest > e ? greatest : e;
            sums[c] = isFirst || greatest > sums[c] ? greatest : sums[c];
          } else {
            sums[c] += a + b + d + e;
          }
        }
        isFirst = false;
      }
    C count = static_cast<C>(down * across > 1 ? down * across : 1);
    T *out = getOutput<T>(call, 0) + region * channels * bins + bin;
    for (int64_t c = 0; c < channels; ++c)
      out[c * bins] = store<T>(isMax ? sums[c] : sums[c] / count);
  }
  return 0;
}

/// inputs: x [batch, channels, h, w], regions [n, 5] of Compute<T> (batch, x
/// and y of two corners); output: [n, channels, ph, pw], the greatest element
/// of each bin, 0 for an empty one. numbers: the scale of coordinates. A unit
/// is a channel of a region.
template <typename T>
static int32_t maxRoiPool(const sinter_algorithm *call, int64_t first,
                          int64_t last) {
  using C = Compute<T>;
  const int64_t *sizes = call->sizes[0], *outSizes = call->sizes[2];
  int64_t channels = sizes[1], height = sizes[2], width = sizes[3];
  int64_t binsHigh = outSizes[2], binsWide = outSizes[3];
  C scale = static_cast<C>(call->numbers[0]);
  // Halves away from zero.
  auto round = [&](C x) {
    C half = x < 0 ? C(-0.5) : C(0.5);
    return static_cast<int64_t>(bound(x * scale + half));
  };
  struct Range {
    int64_t begin, end;
  };
  auto getRange = [](int64_t bin, C size, int64_t start, int64_t limit) {
    C low = static_cast<C>(bin) * size, high = static_cast<C>(bin + 1) * size;
    int64_t begin =
        static_cast<int64_t>(__builtin_elementwise_floor(low)) + start;
    int64_t end =
        static_cast<int64_t>(__builtin_elementwise_ceil(high)) + start;
    auto clamp = [=](int64_t i) { return i < 0 ? 0 : i > limit ? limit : i; };
    return Range{clamp(begin), clamp(end)};
  };
  for (int64_t unit = first; unit < last; ++unit) {
    int64_t region = unit / channels, channel = unit % channels;
    const C *roi = getInput<C>(call, 1) + region * 5;
    int64_t batch = static_cast<int64_t>(bound(roi[0]));
    if (batch < 0 || batch >= sizes[0])
      return 1;
    int64_t left = round(roi[1]), top = round(roi[2]);
    int64_t wide = round(roi[3]) - left + 1, high = round(roi[4]) - top + 1;
    C binHigh = static_cast<C>(high > 1 ? high : 1) / static_cast<C>(binsHigh);
    C binWide = static_cast<C>(wide > 1 ? wide : 1) / static_cast<C>(binsWide);
    const T *plane =
        getInput<T>(call, 0) + (batch * channels + channel) * height * width;
    T *out = getOutput<T>(call, 0) + unit * binsHigh * binsWide;
    for (int64_t i = 0; i < binsHigh; ++i)
      for (int64_t j = 0; j < binsWide; ++j) {
        Range rows = getRange(i, binHigh, top, height);
        Range columns = getRange(j, binWide, left, width);
        bool isEmpty = rows.begin >= rows.end || columns.begin >= columns.end;
        C greatest =
            isEmpty ? C(0) : load(plane[rows.begin * width + columns.begin]);
        for (int64_t y = rows.begin; y < rows.end; ++y)
          for (int64_t x = columns.begin; x < columns.end; ++x) {
            C value = load(plane[y * width + x]);
            greatest = value > greatest ? value : greatest;
          }
        *out++ = store<T>(greatest);
      }
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// Deformable windows
//===----------------------------------------------------------------------===//

/// What the windows of a deformable convolution read (J. Dai et al., Deformable
/// convolutional networks, 2017), between the elements linearly and 0 outside.
/// inputs: x [batch, channels, h, w], offsets [batch, groups * kh * kw * 2, oh,
/// ow] of Compute<T>, and, where the integer says so, factors [batch, groups *
/// kh * kw, oh, ow]; output: [batch, channels, kh * kw, oh * ow]. integers:
/// groups, kh, kw, strides, begins of the pads, dilations, whether there are
/// factors. A unit is a block of 64 places of an element of the window of a
/// group of a batch. scratch: 4096 bytes.
template <typename T>
static int32_t deform(const sinter_algorithm *call, int64_t first, int64_t last,
                      void *scratch) {
  using C = Compute<T>;
  const int64_t *sizes = call->sizes[0], *integers = call->integers;
  const int64_t *offsetSizes = call->sizes[1];
  int64_t channels = sizes[1], height = sizes[2], width = sizes[3];
  int64_t groups = integers[0], window = integers[1] * integers[2];
  int64_t outHigh = offsetSizes[2], outWide = offsetSizes[3];
  int64_t places = outHigh * outWide;
  int64_t blocks = (places + kPlaces - 1) / kPlaces;
  int64_t perGroup = channels / groups;
  const C *offsets = getInput<C>(call, 1);
  const C *factors = integers[9] ? getInput<C>(call, 2) : nullptr;
  TapTable<C> table(scratch, 4);
  for (int64_t unit = first; unit < last; ++unit) {
    int64_t low = unit % blocks * kPlaces, rest = unit / blocks;
    int64_t element = rest % window, group = rest / window % groups;
    int64_t batch = rest / window / groups;
    int64_t count = places - low < kPlaces ? places - low : kPlaces;
    int64_t which = (batch * groups + group) * window + element;
    table.clear();
    for (int64_t p = 0; p < count; ++p) {
      int64_t place = low + p;
      int64_t row = place / outWide * integers[3] - integers[5] +
                    element / integers[2] * integers[7];
      int64_t column = place % outWide * integers[4] - integers[6] +
                       element % integers[2] * integers[8];
      C y = bound(static_cast<C>(row) + offsets[2 * which * places + place]);
      C x = bound(static_cast<C>(column) +
                  offsets[(2 * which + 1) * places + place]);
      C factor = factors ? factors[which * places + place] : C(1);
      AxisTaps<C> down(y, 2), across(x, 2);
      for (int64_t tap = 0; tap < 4; ++tap) {
        int64_t i = down.first + tap / 2, j = across.first + tap % 2;
        bool isInside = i >= 0 && i < height && j >= 0 && j < width;
        table.offsets[tap * kPlaces + p] = isInside ? i * width + j : -1;
        table.weights[tap * kPlaces + p] =
            down.weights[tap / 2] * across.weights[tap % 2] * factor;
      }
    }
    for (int64_t c = group * perGroup; c < (group + 1) * perGroup; ++c) {
      int64_t image = batch * channels + c;
      C sums[kPlaces];
      table.read(getInput<T>(call, 0) + image * height * width, sums);
      T *out =
          getOutput<T>(call, 0) + (image * window + element) * places + low;
      for (int64_t p = 0; p < count; ++p)
        out[p] = store<T>(sums[p]);
    }
  }
  return 0;
}

} // namespace sinter::support

using namespace sinter::support;

#define SINTER_SAMPLING(suffix, type)                                          \
  SINTER_ALGORITHM(grid_sample_##suffix) {                                     \
    return gridSample<type>(call, first, last, scratch);                       \
  }                                                                            \
  SINTER_ALGORITHM(roi_align_##suffix) {                                       \
    return roiAlign<type>(call, first, last, scratch);                         \
  }                                                                            \
  SINTER_ALGORITHM(max_roi_pool_##suffix) {                                    \
    return maxRoiPool<type>(call, first, last);                                \
  }                                                                            \
  SINTER_ALGORITHM(deform_##suffix) {                                          \
    return deform<type>(call, first, last, scratch);                           \
  }
SINTER_FOR_EACH_FLOAT(SINTER_SAMPLING)
