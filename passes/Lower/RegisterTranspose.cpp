//===- RegisterTranspose.cpp - transposes vectors in registers ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/RegisterTranspose.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace {

class Transposer {
public:
  Transposer(OpBuilder &b, Location loc, ArrayRef<Value> rows)
      : b(b), loc(loc), vectors(rows.begin(), rows.end()),
        count(static_cast<int64_t>(rows.size())) {}

  SmallVector<Value> run() {
    for (int64_t first = 0; first < count; first += 4)
      transposeQuarters(first);
    for (int64_t distance = 4; distance < count; distance *= 2)
      for (int64_t i = 0; i < count; ++i)
        if ((i & distance) == 0)
          exchangeBlocks(i, distance);
    return vectors;
  }

private:
  /// The vector whose lane l is that of `pick(l)`: lanes of lhs, then of rhs.
  Value shuffle(Value lhs, Value rhs, function_ref<int64_t(int64_t)> pick) {
    SmallVector<int64_t> mask;
    for (int64_t lane = 0; lane < count; ++lane)
      mask.push_back(pick(lane));
    return vector::ShuffleOp::create(b, loc, lhs, rhs, mask);
  }

  /// Lane l of vectors [first, first + 4): each run of 4 lanes is transposed.
  void transposeQuarters(int64_t first) {
    // Interleaves runs of `width` lanes of the lower or upper half of quarters.
    auto interleave = [&](Value lhs, Value rhs, int64_t width, bool upper) {
      return shuffle(lhs, rhs, [&](int64_t lane) {
        int64_t quarter = lane / 4 * 4, place = lane % 4;
        int64_t run = place / width, inRun = place % width;
        int64_t source = quarter + (upper ? 2 : 0) + run / 2 * width + inRun;
        return source + (run % 2 ? count : 0);
      });
    };
    Value *v = &vectors[first];
    Value low01 = interleave(v[0], v[1], 1, false);
    Value high01 = interleave(v[0], v[1], 1, true);
    Value low23 = interleave(v[2], v[3], 1, false);
    Value high23 = interleave(v[2], v[3], 1, true);
    v[0] = interleave(low01, low23, 2, false);
    v[1] = interleave(low01, low23, 2, true);
    v[2] = interleave(high01, high23, 2, false);
    v[3] = interleave(high01, high23, 2, true);
  }

  /// Vectors i and i + distance exchange blocks of `distance` lanes.
  void exchangeBlocks(int64_t i, int64_t distance) {
    Value lower = vectors[i], upper = vectors[i + distance];
    vectors[i] = shuffle(lower, upper, [&](int64_t lane) {
      return lane & distance ? lane - distance + count : lane;
    });
    vectors[i + distance] = shuffle(lower, upper, [&](int64_t lane) {
      return lane & distance ? lane + count : lane + distance;
    });
  }

  OpBuilder &b;
  Location loc;
  SmallVector<Value> vectors;
  int64_t count;
};

} // namespace

SmallVector<Value> sinter::emitRegisterTranspose(OpBuilder &b, Location loc,
                                                 ArrayRef<Value> rows) {
  return Transposer(b, loc, rows).run();
}
