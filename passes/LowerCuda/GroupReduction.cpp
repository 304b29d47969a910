//===- GroupReduction.cpp - reductions across threads ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/GroupReduction.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;

/// Elements up to which a warp is enough: 64 rounds.
static constexpr int64_t warpElements = 2048;

int64_t sinter::cuda::chooseGroup(nn::SizeAttr elements) {
  return nn::getRange(elements).second <= warpElements ? warpSize : blockSize;
}

ThreadGroup ThreadGroup::make(DeviceBuilder &kb, int64_t threads,
                              nn::SizeAttr units) {
  int64_t groups = blockSize / threads;
  kb.setLaunch(nn::ceilDiv(units, groups));
  Value size = kb.index(threads);
  Value unit = kb.add(kb.mul(kb.getBlock(), kb.index(groups)),
                      kb.div(kb.getThread(), size));
  if (groups == 1)
    return {threads, kb.getBlock(), kb.getThread()};
  return {threads, unit, kb.rem(kb.getThread(), size)};
}

Value sinter::cuda::combineInGroup(DeviceBuilder &kb, const ThreadGroup &group,
                                   const Reduction &reduction, Value value,
                                   StringRef name) {
  for (int64_t distance = warpSize / 2; distance > 0; distance /= 2)
    value = reduction.combine(value, kb.shuffle(value, distance));
  if (!group.isBlock())
    return value;
  int64_t warps = group.threads / warpSize;
  // Truth values are kept as bytes.
  Type type = value.getType();
  Type stored = getStorageType(type);
  Value shared = kb.makeShared(name, stored, warps);
  Value warp = kb.div(group.member, kb.index(warpSize));
  Value isFirst =
      kb.equal(kb.rem(group.member, kb.index(warpSize)), kb.index(0));
  kb.ifThen(isFirst, [&] { kb.storeScalar(value, shared, type, warp); });
  kb.barrier();
  value = kb.loadScalar(shared, type, kb.index(0));
  for (int64_t other = 1; other < warps; ++other)
    value =
        reduction.combine(value, kb.loadScalar(shared, type, kb.index(other)));
  return value;
}
