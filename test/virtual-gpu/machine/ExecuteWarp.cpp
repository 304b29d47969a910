//===- ExecuteWarp.cpp - exchange between the lanes of a warp -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "Executors.h"

using namespace sinter::vgpu;

void sinter::vgpu::requireTogether(Warp &warp, uint32_t members,
                                   uint32_t mask) {
  if (uint32_t missing = members & warp.live & ~mask)
    fail(FaultKind::DivergentWarp,
         "this thread is named in the mask " + hex(members) +
             " but is on another path",
         firstLane(missing));
}

/// The member mask that every running lane gives, checked.
static uint32_t memberMask(Warp &warp, const Slot &slot, uint32_t mask) {
  warp.require(slot, mask, "as the mask of lanes");
  auto members = static_cast<uint32_t>(
      warp.value(slot, static_cast<uint32_t>(firstLane(mask))));
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    if ((mask >> lane & 1) && !(warp.value(slot, lane) >> lane & 1))
      fail(FaultKind::DivergentWarp, "this thread is not in its own mask",
           static_cast<int>(lane));
  requireTogether(warp, members, mask);
  return members;
}

void sinter::vgpu::executeShuffle(Warp &warp, const Inst &inst, uint32_t mask) {
  const std::vector<Slot> &slots = warp.block->program().slots;
  const Slot &found = slots[inst.extra];
  memberMask(warp, slots[inst.extra + 1], mask);
  warp.require(inst.b, mask, "as the lane of a shuffle");
  warp.require(inst.c, mask, "as the width of a shuffle");
  uint32_t in[kLanes];
  uint8_t undefined[kLanes];
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    in[lane] = warp.lanes<uint32_t>(inst.a)[lane];
    undefined[lane] = warp.undefinedBytes(inst.a, lane);
  }
  uint32_t undefinedSource = warp.undefined(inst.a);
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    // PTX ISA, shfl.sync: b and c as 5 bits of a lane, and a segment mask.
    auto b = static_cast<int>(warp.value(inst.b, lane) & 31);
    auto c = static_cast<int>(warp.value(inst.c, lane));
    int clamp = c & 31, segment = c >> 8 & 31, self = static_cast<int>(lane);
    int most = (self & segment) | (clamp & ~segment);
    int least = self & segment;
    int from = self;
    bool isInside = false;
    switch (inst.flags) {
    case kShuffleUp:
      from = self - b;
      isInside = from >= most;
      break;
    case kShuffleDown:
      from = self + b;
      isInside = from <= most;
      break;
    case kShuffleXor:
      from = self ^ b;
      isInside = from <= most;
      break;
    default:
      from = least | (b & ~segment);
      isInside = from <= most;
      break;
    }
    if (!isInside)
      from = self;
    bool isThere = mask >> from & 1;
    if (inst.dst) {
      warp.setValue(inst.dst, lane, in[from]);
      // The value of a lane that takes no part is not defined.
      warp.setUndefinedBytes(inst.dst, lane,
                             isThere ? undefined[from] : uint8_t{0xff});
      if (!isThere)
        warp.setOrigin(inst.dst);
    }
    if (found) {
      warp.setValue(found, lane, isInside);
      warp.setUndefinedBytes(found, lane, 0);
    }
  }
  if (inst.dst && (undefinedSource & mask))
    warp.copyOrigin(inst.dst, inst.a);
}

void sinter::vgpu::executeVote(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t members = memberMask(warp, inst.c, mask) & mask;
  warp.require(inst.a, mask, "in a vote");
  uint32_t holds = warp.predicate(inst.a);
  if ((inst.flags & kNegateA) != 0)
    holds = ~holds;
  holds &= members;
  uint64_t result = 0;
  switch (inst.flags & 3) {
  case kVoteAll:
    result = holds == members;
    break;
  case kVoteAny:
    result = holds != 0;
    break;
  case kVoteUni:
    result = holds == 0 || holds == members;
    break;
  default:
    result = holds;
    break;
  }
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    if (mask >> lane & 1)
      warp.setValue(inst.dst, lane, result);
  warp.define(inst.dst, mask);
}

void sinter::vgpu::executeRedux(Warp &warp, const Inst &inst, uint32_t mask) {
  memberMask(warp, inst.c, mask);
  warp.require(inst.a, mask, "in a reduction");
  const auto *a = warp.lanes<uint32_t>(inst.a);
  uint32_t result = 0;
  bool isFirst = true;
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    uint32_t value = a[lane];
    auto s = static_cast<int32_t>(value), best = static_cast<int32_t>(result);
    if (isFirst)
      result = value;
    else if (inst.flags == kReduxAdd)
      result += value;
    else if (inst.flags == kReduxMinU)
      result = std::min(result, value);
    else if (inst.flags == kReduxMaxU)
      result = std::max(result, value);
    else if (inst.flags == kReduxMinS)
      result = static_cast<uint32_t>(std::min(best, s));
    else if (inst.flags == kReduxMaxS)
      result = static_cast<uint32_t>(std::max(best, s));
    else if (inst.flags == kReduxAnd)
      result &= value;
    else if (inst.flags == kReduxOr)
      result |= value;
    else
      result ^= value;
    isFirst = false;
  }
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    if (mask >> lane & 1)
      warp.setValue(inst.dst, lane, result);
  warp.define(inst.dst, mask);
}

void sinter::vgpu::executeMatchAny(Warp &warp, const Inst &inst,
                                   uint32_t mask) {
  memberMask(warp, inst.c, mask);
  warp.require(inst.a, mask, "in a match");
  uint64_t values[kLanes];
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    values[lane] = warp.value(inst.a, lane);
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    uint32_t same = 0;
    for (uint32_t other = 0; other < kLanes; ++other)
      if ((mask >> other & 1) && values[other] == values[lane])
        same |= 1u << other;
    warp.setValue(inst.dst, lane, same);
  }
  warp.define(inst.dst, mask);
}

void sinter::vgpu::executeActiveMask(Warp &warp, const Inst &inst,
                                     uint32_t mask) {
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    if (mask >> lane & 1)
      warp.setValue(inst.dst, lane, mask);
  warp.define(inst.dst, mask);
}

void sinter::vgpu::executeWarpSync(Warp &warp, const Inst &inst,
                                   uint32_t mask) {
  memberMask(warp, inst.a, mask);
  warp.block->shared.joinLanes(warp.index);
}
