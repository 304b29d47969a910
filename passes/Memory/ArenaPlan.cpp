//===- ArenaPlan.cpp - places buffers in one arena ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Fixed sizes: dynamic storage allocation is NP-hard, but greedy best fit over
// a few orders comes within percents of the lower bound on the graphs of
// networks (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
// Inference", 2020). Free sizes: offsets that fit for one value of the
// dimensions may overlap for another, so whole slots are shared instead.
//
//===----------------------------------------------------------------------===//

#include "passes/Memory/ArenaPlan.h"

#include "dialects/NN/Size.h"
#include "passes/Memory/SizeOrder.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;

namespace sinter::memory {

int64_t alignBytes(int64_t size) {
  return static_cast<int64_t>(llvm::alignTo(size, alignment));
}

nn::SizeAttr alignBytes(nn::SizeAttr size) {
  if (nn::divideExactly(size, nn::getSize(size.getContext(), alignment)))
    return size;
  return nn::mul(nn::ceilDiv(size, alignment), alignment);
}

//===----------------------------------------------------------------------===//
// Fixed sizes
//===----------------------------------------------------------------------===//

/// Places the buffers one after the other, each into the smallest gap that
/// holds it between those that live at the same time, or after them.
static FixedPlan placeInOrder(ArrayRef<FixedBuffer> buffers,
                              ArrayRef<unsigned> order) {
  FixedPlan plan;
  plan.offsets.resize(buffers.size());
  // Indices of placed buffers, sorted by offset.
  SmallVector<unsigned> placed;
  for (unsigned index : order) {
    const FixedBuffer &buffer = buffers[index];
    int64_t bytes = alignBytes(buffer.bytes), end = 0;
    std::optional<std::pair<int64_t, int64_t>> best; // gap, offset
    for (unsigned other : placed) {
      if (!buffers[other].life.overlaps(buffer.life))
        continue;
      int64_t gap = plan.offsets[other] - end;
      if (gap >= bytes && (!best || gap < best->first))
        best = {gap, end};
      end =
          std::max(end, plan.offsets[other] + alignBytes(buffers[other].bytes));
    }
    plan.offsets[index] = best ? best->second : end;
    plan.bytes = std::max(plan.bytes, plan.offsets[index] + bytes);
    auto *place = llvm::upper_bound(placed, index, [&](unsigned a, unsigned b) {
      return plan.offsets[a] < plan.offsets[b];
    });
    placed.insert(place, index);
  }
  return plan;
}

/// Sums of live bytes, by launch.
static SmallVector<int64_t> sumLiveBytes(ArrayRef<FixedBuffer> buffers) {
  SmallVector<int64_t> sums;
  for (const FixedBuffer &buffer : buffers) {
    if (static_cast<int64_t>(sums.size()) <= buffer.life.last)
      sums.resize(buffer.life.last + 1, 0);
    for (int64_t at = buffer.life.first; at <= buffer.life.last; ++at)
      sums[at] += alignBytes(buffer.bytes);
  }
  return sums;
}

int64_t getLowerBound(ArrayRef<FixedBuffer> buffers) {
  int64_t bound = 0;
  for (int64_t sum : sumLiveBytes(buffers))
    bound = std::max(bound, sum);
  return bound;
}

FixedPlan planFixed(ArrayRef<FixedBuffer> buffers) {
  // What an order puts first: large buffers, early ones, long-lived large ones,
  // those that live where most is alive.
  SmallVector<int64_t> sums = sumLiveBytes(buffers);
  auto getPeak = [&](const FixedBuffer &buffer) {
    int64_t peak = 0;
    for (int64_t at = buffer.life.first; at <= buffer.life.last; ++at)
      peak = std::max(peak, sums[at]);
    return peak;
  };
  using Key = std::array<int64_t, 3>;
  SmallVector<llvm::function_ref<Key(const FixedBuffer &)>> keys;
  auto bySize = [](const FixedBuffer &b) {
    return Key{-b.bytes, b.life.first, b.life.last};
  };
  auto byStart = [](const FixedBuffer &b) {
    return Key{b.life.first, -b.bytes, -b.life.last};
  };
  auto byArea = [](const FixedBuffer &b) {
    return Key{-b.bytes * (b.life.last - b.life.first + 1), -b.bytes,
               b.life.first};
  };
  auto byPeak = [&](const FixedBuffer &b) {
    return Key{-getPeak(b), -b.bytes, b.life.first};
  };
  auto byEnd = [](const FixedBuffer &b) {
    return Key{-b.life.last, -b.bytes, b.life.first};
  };
  keys.append({bySize, byStart, byArea, byPeak, byEnd});

  std::optional<FixedPlan> best;
  for (auto getKey : keys) {
    SmallVector<unsigned> order(buffers.size());
    std::iota(order.begin(), order.end(), 0);
    llvm::stable_sort(order, [&](unsigned a, unsigned b) {
      return getKey(buffers[a]) < getKey(buffers[b]);
    });
    FixedPlan plan = placeInOrder(buffers, order);
    if (!best || plan.bytes < best->bytes)
      best = std::move(plan);
  }
  return std::move(*best);
}

//===----------------------------------------------------------------------===//
// Free sizes
//===----------------------------------------------------------------------===//

namespace {
/// A slot while it is being filled.
struct Slot {
  nn::SizeAttr bytes;
  SmallVector<Lifetime> lives;
};

/// What it costs to put a buffer into a slot; the smallest wins.
struct SlotCost {
  int64_t growth;  // estimated bytes by which the slot grows
  bool newFormula; // whether the slot's size becomes a maximum of unlike sizes
  int64_t unused;  // estimated bytes of the slot that the buffer leaves
  unsigned slot;

  bool operator<(const SlotCost &other) const {
    return std::tie(growth, newFormula, unused, slot) <
           std::tie(other.growth, other.newFormula, other.unused, other.slot);
  }
};
} // namespace

/// Fills slots with the buffers in the given order; `slots` gets the sizes.
static SmallVector<unsigned>
fillSlots(ArrayRef<FreeBuffer> buffers, ArrayRef<unsigned> order,
          llvm::function_ref<int64_t(nn::SizeAttr)> estimate,
          SmallVectorImpl<Slot> &slots) {
  SmallVector<unsigned> slotOf(buffers.size());
  for (unsigned index : order) {
    const FreeBuffer &buffer = buffers[index];
    std::optional<SlotCost> best;
    for (auto [number, slot] : llvm::enumerate(slots)) {
      if (llvm::any_of(slot.lives, [&](const Lifetime &life) {
            return life.overlaps(buffer.life);
          }))
        continue;
      nn::SizeAttr larger = getLarger(slot.bytes, buffer.bytes);
      int64_t size = estimate(larger);
      SlotCost cost{size - estimate(slot.bytes),
                    larger != slot.bytes && larger != buffer.bytes,
                    size - estimate(buffer.bytes),
                    static_cast<unsigned>(number)};
      if (!best || cost < *best)
        best = cost;
    }
    if (!best) {
      best = SlotCost{0, false, 0, static_cast<unsigned>(slots.size())};
      slots.push_back({buffer.bytes, {}});
    }
    Slot &slot = slots[best->slot];
    slot.bytes = getLarger(slot.bytes, buffer.bytes);
    slot.lives.push_back(buffer.life);
    slotOf[index] = best->slot;
  }
  return slotOf;
}

FreePlan planFree(MLIRContext *context, ArrayRef<FreeBuffer> buffers,
                  llvm::function_ref<int64_t(nn::SizeAttr)> estimate) {
  SmallVector<unsigned> bySize(buffers.size()), byStart(buffers.size());
  std::iota(bySize.begin(), bySize.end(), 0);
  std::iota(byStart.begin(), byStart.end(), 0);
  llvm::stable_sort(bySize, [&](unsigned a, unsigned b) {
    return estimate(buffers[a].bytes) > estimate(buffers[b].bytes);
  });
  llvm::stable_sort(byStart, [&](unsigned a, unsigned b) {
    return buffers[a].life.first < buffers[b].life.first;
  });

  std::optional<FreePlan> best;
  for (ArrayRef<unsigned> order : {ArrayRef(bySize), ArrayRef(byStart)}) {
    SmallVector<Slot> slots;
    FreePlan plan;
    plan.slots = fillSlots(buffers, order, estimate, slots);
    plan.bytes = nn::getSize(context, 0);
    for (const Slot &slot : slots) {
      plan.offsets.push_back(plan.bytes);
      plan.bytes = nn::add(plan.bytes, alignBytes(slot.bytes));
    }
    if (!best || estimate(plan.bytes) < estimate(best->bytes))
      best = std::move(plan);
  }
  return std::move(*best);
}

} // namespace sinter::memory
