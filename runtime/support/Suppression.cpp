//===- Suppression.cpp - non-maximum suppression --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of boxes that overlap too much only the one with the highest score stays.
//
//===----------------------------------------------------------------------===//

#include "runtime/support/order.h"

namespace sinter::support {
namespace {

/// Corners and area of a box.
struct Box {
  float top, left, bottom, right, area;
};

/// Boxes that stay, each field an array.
struct BoxList {
  float *top, *left, *bottom, *right, *area;

  BoxList(float *memory, int64_t room)
      : top(memory), left(top + room), bottom(left + room),
        right(bottom + room), area(right + room) {}

  void set(int64_t i, const Box &box) {
    top[i] = box.top;
    left[i] = box.left;
    bottom[i] = box.bottom;
    right[i] = box.right;
    area[i] = box.area;
  }

  /// Whether `box` overlaps one of the first `count` by more than `threshold`,
  /// as area of the intersection over area of the union. Boxes without area
  /// overlap nothing.
  bool overlaps(const Box &box, int64_t count, float threshold) const {
    constexpr int64_t block = 64;
    for (int64_t begin = 0; begin < count; begin += block) {
      int64_t end = begin + block < count ? begin + block : count;
      bool any = false;
      for (int64_t i = begin; i < end; ++i) {
        float high = box.top > top[i] ? box.top : top[i];
        float low = box.bottom < bottom[i] ? box.bottom : bottom[i];
        float west = box.left > left[i] ? box.left : left[i];
        float east = box.right < right[i] ? box.right : right[i];
        float shared = (low - high) * (east - west);
        bool meets =
            (low > high) & (east > west) & (box.area > 0) & (area[i] > 0);
        any |= meets & (shared / (box.area + area[i] - shared) > threshold);
      }
      if (any)
        return true;
    }
    return false;
  }
};

} // namespace

static Box readBox(const float *box, bool isCentered) {
  Box result;
  if (isCentered) { // x, y, width, height
    result.left = box[0] - box[2] / 2;
    result.right = box[0] + box[2] / 2;
    result.top = box[1] - box[3] / 2;
    result.bottom = box[1] + box[3] / 2;
  } else { // y, x of two opposite corners
    result.top = box[0] < box[2] ? box[0] : box[2];
    result.bottom = box[0] < box[2] ? box[2] : box[0];
    result.left = box[1] < box[3] ? box[1] : box[3];
    result.right = box[1] < box[3] ? box[3] : box[1];
  }
  result.area = (result.bottom - result.top) * (result.right - result.left);
  return result;
}

/// inputs: boxes [batches, n, 4], scores [batches, classes, n], the most boxes
/// of a class (int64), the overlap that is allowed (f32), the score that a box
/// must exceed (f32; not used where the integer says so). outputs: boxes that
/// stay [batches, classes, room] int64 by descending score, and their numbers
/// [batches, classes] int64. integers: whether boxes are given by their
/// centers, whether there is a least score. A unit is a class of a batch.
/// scratch: 16 n + 20 room bytes.
static int32_t suppress(const sinter_algorithm *call, int64_t first,
                        int64_t last, void *scratch) {
  using E = PackedEntry;
  int64_t classes = call->sizes[1][1], n = call->sizes[1][2];
  int64_t room = call->sizes[5][2];
  int64_t most = *getInput<int64_t>(call, 2);
  most = most < room ? most : room;
  float threshold = *getInput<float>(call, 3);
  bool isCentered = call->integers[0] != 0, hasLeast = call->integers[1] != 0;
  float least = hasLeast ? *getInput<float>(call, 4) : 0.0f;
  int64_t *kept = getOutput<int64_t>(call, 0);
  int64_t *counts = getOutput<int64_t>(call, 1);
  if (n > kMaxPositions)
    return 1;
  E *entries = static_cast<E *>(scratch);
  BoxList list(reinterpret_cast<float *>(entries + 2 * n), room);
  for (int64_t unit = first; unit < last; ++unit) {
    const float *boxes = getInput<float>(call, 0) + unit / classes * n * 4;
    const float *scores = getInput<float>(call, 1) + unit * n;
    int64_t candidates = 0, count = 0;
    for (int64_t i = 0; i < n; ++i) {
      entries[candidates] = E::make(Order<float>::getKey(scores[i]), i);
      candidates += !hasLeast | (scores[i] > least);
    }
    const E *sorted =
        most > 0 ? sortDescending(entries, entries + n, candidates) : entries;
    for (int64_t i = 0; i < candidates && count < most; ++i) {
      int64_t position = sorted[i].getPosition();
      Box box = readBox(boxes + position * 4, isCentered);
      if (list.overlaps(box, count, threshold))
        continue;
      list.set(count, box);
      kept[unit * room + count++] = position;
    }
    counts[unit] = count;
  }
  return 0;
}

/// inputs: the outputs of `suppress`; outputs: [batches * classes * room, 3]
/// int64 of batch, class, box, and [1] their number. One unit.
static int32_t listBoxes(const sinter_algorithm *call) {
  const int64_t *kept = getInput<int64_t>(call, 0);
  const int64_t *counts = getInput<int64_t>(call, 1);
  const int64_t *sizes = call->sizes[0];
  int64_t *rows = getOutput<int64_t>(call, 0), total = 0;
  for (int64_t unit = 0; unit < sizes[0] * sizes[1]; ++unit)
    for (int64_t i = 0; i < counts[unit]; ++i, ++total)
      if (rows) {
        rows[3 * total] = unit / sizes[1];
        rows[3 * total + 1] = unit % sizes[1];
        rows[3 * total + 2] = kept[unit * sizes[2] + i];
      }
  if (int64_t *result = getOutput<int64_t>(call, 1))
    *result = total;
  return 0;
}

} // namespace sinter::support

SINTER_ALGORITHM(suppress_boxes) {
  return sinter::support::suppress(call, first, last, scratch);
}
SINTER_ALGORITHM(list_boxes) { return sinter::support::listBoxes(call); }
