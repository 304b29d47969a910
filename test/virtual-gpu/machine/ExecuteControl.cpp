//===- ExecuteControl.cpp - branches, calls and barriers ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "Executors.h"

using namespace sinter::vgpu;

void sinter::vgpu::executeNothing(Warp &, const Inst &, uint32_t) {}

void sinter::vgpu::executeBranch(Warp &warp, const Inst &inst, uint32_t mask) {
  warp.branch(mask, inst.target, inst.reconverge);
}

void sinter::vgpu::executeIndexedBranch(Warp &warp, const Inst &inst,
                                        uint32_t mask) {
  warp.require(inst.a, mask, "to choose a target");
  const Program &program = warp.block->program();
  std::vector<std::pair<uint32_t, uint32_t>> groups;
  if (uint32_t rest = warp.active() & ~mask)
    groups.push_back({rest, warp.pc + 1});
  for (uint32_t rest = mask; rest;) {
    int lane = firstLane(rest);
    uint64_t index = warp.value(inst.a, static_cast<uint32_t>(lane));
    if (index >= static_cast<uint64_t>(inst.imm))
      fail(FaultKind::InvalidInstruction,
           "index " + std::to_string(index) + " of " +
               std::to_string(inst.imm) + " targets",
           lane);
    uint32_t same = 0;
    for (uint32_t i = 0; i < kLanes; ++i)
      if ((rest >> i & 1) && warp.value(inst.a, i) == index)
        same |= 1u << i;
    groups.push_back({same, program.targets[inst.extra + index]});
    rest &= ~same;
  }
  if (groups.size() == 1)
    return warp.jump(groups[0].second);
  warp.branchMany(groups, inst.reconverge);
}

void sinter::vgpu::executeCall(Warp &warp, const Inst &inst, uint32_t mask) {
  warp.call(inst.target, mask);
}

void sinter::vgpu::executeCopyLocal(Warp &warp, const Inst &inst,
                                    uint32_t mask) {
  auto bytes = static_cast<uint32_t>(inst.imm);
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    View from = warp.block->local(lane, inst.target, bytes);
    View to = warp.block->local(lane, inst.extra, bytes);
    std::memcpy(to.data, from.data, bytes);
    std::memcpy(to.shadow, from.shadow, bytes);
  }
}

void sinter::vgpu::executeReturn(Warp &warp, const Inst &, uint32_t) {
  warp.returnFromCall();
}

void sinter::vgpu::executeExit(Warp &warp, const Inst &, uint32_t mask) {
  warp.end(mask);
}

void sinter::vgpu::executeTrap(Warp &, const Inst &, uint32_t mask) {
  fail(FaultKind::Trap, "the kernel stops itself", firstLane(mask));
}

void sinter::vgpu::executeBarrier(Warp &warp, const Inst &inst, uint32_t mask) {
  Block &block = *warp.block;
  uint32_t count = std::min(block.threadCount - warp.index * kLanes, kLanes);
  uint32_t all = count == kLanes ? kAllLanes : (1u << count) - 1;
  if (mask != all) {
    uint32_t ended = all & ~warp.live;
    int missing = firstLane(all & ~mask);
    fail(FaultKind::DivergentBarrier,
         std::string("this thread is not there: it ") +
             (ended >> missing & 1 ? "has ended" : "is on another path") +
             "; " + std::to_string(__builtin_popcount(mask)) + " of " +
             std::to_string(count) + " threads of the warp have come",
         missing);
  }
  auto lane = static_cast<uint32_t>(firstLane(mask));
  warp.require(inst.a, mask, "as the number of a barrier");
  uint64_t id = warp.value(inst.a, lane);
  uint64_t threads = inst.b ? warp.value(inst.b, lane) : 0;
  if (id >= 16)
    fail(FaultKind::InvalidInstruction,
         "barrier " + std::to_string(id) + "; there are 16", firstLane(mask));
  if (threads % kLanes != 0)
    fail(FaultKind::InvalidInstruction,
         std::to_string(threads) + " threads are no multiple of a warp",
         firstLane(mask));
  if (inst.flags & kBarrierReduces) {
    warp.require(inst.c, mask, "in the reduction of a barrier");
    uint32_t holds = warp.predicate(inst.c);
    holds = (inst.flags & kNegateC ? ~holds : holds) & mask;
    block.reduce(static_cast<uint32_t>(id),
                 static_cast<uint32_t>(__builtin_popcount(holds)));
  }
  block.arrive(static_cast<uint32_t>(id), static_cast<uint32_t>(threads),
               inst.flags & kBarrierWaits);
}

void sinter::vgpu::executeBarrierResult(Warp &warp, const Inst &inst,
                                        uint32_t mask) {
  Block &block = *warp.block;
  auto lane = static_cast<uint32_t>(firstLane(mask));
  uint32_t sum =
      block.reduction(static_cast<uint32_t>(warp.value(inst.a, lane)));
  uint64_t threads = inst.b ? warp.value(inst.b, lane) : block.threadCount;
  uint64_t result = inst.flags & kReducePopc  ? sum
                    : inst.flags & kReduceAnd ? sum == threads
                                              : sum != 0;
  for (uint32_t i = 0; i < kLanes; ++i)
    if (mask >> i & 1)
      warp.setValue(inst.dst, i, result);
  warp.define(inst.dst, mask);
}
