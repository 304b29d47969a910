//===- ExecuteMove.cpp - moves, selections and bit fields -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "Executors.h"
#include <algorithm>

using namespace sinter::vgpu;

/// dst = a in the lanes of `mask`, with what is undefined of a.
static void copySlot(Warp &warp, const Slot &to, const Slot &from,
                     uint32_t mask) {
  if (!to)
    return;
  if (to.bits == 1) {
    uint32_t &bits = *warp.lanes<uint32_t>(to);
    bits = (bits & ~mask) | (warp.predicate(from) & mask);
  } else if (to.bits == 64) {
    uint64_t values[kLanes];
    std::memcpy(values, warp.lanes<uint64_t>(from), sizeof values);
    keep(warp.lanes<uint64_t>(to), values, mask);
  } else {
    uint32_t values[kLanes];
    std::memcpy(values, warp.lanes<uint32_t>(from), sizeof values);
    keep(warp.lanes<uint32_t>(to), values, mask);
  }
  uint32_t undefined = warp.undefined(from) & mask;
  warp.define(to, mask);
  if (undefined == 0)
    return;
  warp.copyOrigin(to, from);
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    if (undefined >> lane & 1)
      warp.setUndefinedBytes(to, lane, warp.undefinedBytes(from, lane));
}

void sinter::vgpu::executeMove(Warp &warp, const Inst &inst, uint32_t mask) {
  copySlot(warp, inst.dst, inst.a, mask);
}

void sinter::vgpu::executePack(Warp &warp, const Inst &inst, uint32_t mask) {
  const Slot *parts = &warp.block->program().slots[inst.extra];
  uint32_t width = inst.dst.bits / inst.count;
  uint32_t anyUndefined = 0;
  for (uint32_t i = 0; i < inst.count; ++i)
    anyUndefined |= warp.undefined(parts[i]);
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    uint64_t value = 0;
    uint8_t undefined = 0;
    for (uint32_t i = 0; i < inst.count; ++i) {
      value |= (warp.value(parts[i], lane) & (~uint64_t{0} >> (64 - width)))
               << (width * i);
      undefined |= static_cast<uint8_t>(
          (warp.undefinedBytes(parts[i], lane) & ((1u << width / 8) - 1))
          << (width / 8 * i));
    }
    warp.setValue(inst.dst, lane, value);
    if (anyUndefined)
      warp.setUndefinedBytes(inst.dst, lane, undefined);
  }
  if (!anyUndefined)
    return warp.define(inst.dst, mask);
  for (uint32_t i = 0; i < inst.count; ++i)
    if (warp.undefined(parts[i]) & mask)
      warp.copyOrigin(inst.dst, parts[i]);
}

void sinter::vgpu::executeUnpack(Warp &warp, const Inst &inst, uint32_t mask) {
  const Slot *parts = &warp.block->program().slots[inst.extra];
  uint32_t width = inst.a.bits / inst.count;
  uint32_t anyUndefined = warp.undefined(inst.a) & mask;
  uint64_t values[kLanes];
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    values[lane] = warp.value(inst.a, lane);
  uint8_t undefined[kLanes] = {};
  if (anyUndefined)
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      undefined[lane] = warp.undefinedBytes(inst.a, lane);
  for (uint32_t i = 0; i < inst.count; ++i) {
    if (!parts[i])
      continue;
    for (uint32_t lane = 0; lane < kLanes; ++lane) {
      if (!(mask >> lane & 1))
        continue;
      warp.setValue(parts[i], lane, values[lane] >> (width * i));
      if (anyUndefined)
        warp.setUndefinedBytes(
            parts[i], lane,
            static_cast<uint8_t>(undefined[lane] >> (width / 8 * i) &
                                 ((1u << width / 8) - 1)));
    }
    if (anyUndefined)
      warp.copyOrigin(parts[i], inst.a);
    else
      warp.define(parts[i], mask);
  }
}

void sinter::vgpu::executeSelect(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t unknown = warp.undefined(inst.c) & mask;
  uint32_t holds = warp.predicate(inst.c);
  if (inst.flags & 1)
    holds = ~holds;
  // Two moves; the first must not spoil the second one's source.
  if (inst.dst.id == inst.b.id && inst.dst.id != 0) {
    copySlot(warp, inst.dst, inst.b, mask & ~holds);
    copySlot(warp, inst.dst, inst.a, mask & holds);
  } else {
    copySlot(warp, inst.dst, inst.a, mask & holds);
    copySlot(warp, inst.dst, inst.b, mask & ~holds);
  }
  if (!unknown)
    return;
  // Which of the two it is, nothing tells: the result is not defined.
  warp.copyOrigin(inst.dst, inst.c);
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    if (unknown >> lane & 1)
      warp.setUndefinedBytes(inst.dst, lane, 0xff);
}

void sinter::vgpu::executeInsertBits(Warp &warp, const Inst &inst,
                                     uint32_t mask) {
  const Slot *sources = &warp.block->program().slots[inst.extra];
  uint32_t width = inst.dst.bits;
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    uint64_t field = warp.value(sources[0], lane);
    uint64_t into = warp.value(sources[1], lane);
    uint64_t position = warp.value(sources[2], lane) & 0xff;
    uint64_t length = warp.value(sources[3], lane) & 0xff;
    uint64_t ones = length >= 64 ? ~uint64_t{0} : (uint64_t{1} << length) - 1;
    if (position < width)
      into = (into & ~(ones << position)) | (field & ones) << position;
    warp.setValue(inst.dst, lane, into);
  }
  Inst flow = inst; // four sources, two at a time
  flow.a = sources[0];
  flow.b = sources[1];
  flow.c = sources[2];
  warp.propagate(flow, mask);
  if (uint32_t undefined = warp.undefined(sources[3]) & mask)
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      if (undefined >> lane & 1)
        warp.setUndefinedBytes(inst.dst, lane, 0xff);
}

void sinter::vgpu::executeLogic3(Warp &warp, const Inst &inst, uint32_t mask) {
  const auto *a = warp.lanes<uint32_t>(inst.a);
  const auto *b = warp.lanes<uint32_t>(inst.b);
  const auto *c = warp.lanes<uint32_t>(inst.c);
  uint32_t results[kLanes] = {};
  for (uint32_t row = 0; row < 8; ++row) {
    if (!(inst.imm >> row & 1))
      continue;
    uint32_t flipA = row & 4 ? 0 : ~0u, flipB = row & 2 ? 0 : ~0u,
             flipC = row & 1 ? 0 : ~0u;
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      results[lane] |=
          (a[lane] ^ flipA) & (b[lane] ^ flipB) & (c[lane] ^ flipC);
  }
  keep(warp.lanes<uint32_t>(inst.dst), results, mask);
  warp.propagate(inst, mask);
}

void sinter::vgpu::executeAddOffset(Warp &warp, const Inst &inst,
                                    uint32_t mask) {
  const auto *a = warp.lanes<uint64_t>(inst.a);
  uint64_t results[kLanes];
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    results[lane] = a[lane] + static_cast<uint64_t>(inst.imm);
  keep(warp.lanes<uint64_t>(inst.dst), results, mask);
  warp.propagate(inst, mask);
}

void sinter::vgpu::executePredicate(Warp &warp, const Inst &inst,
                                    uint32_t mask) {
  uint32_t a = warp.predicate(inst.a), b = inst.b ? warp.predicate(inst.b) : 0;
  a = inst.flags & kNegateA ? ~a : a;
  b = inst.flags & kNegateB ? ~b : b;
  uint32_t undefinedA = warp.undefined(inst.a),
           undefinedB = warp.undefined(inst.b);
  uint32_t result = a;
  switch (inst.flags & kPredicateKind) {
  case kPredicateNot:
    result = ~a;
    break;
  case kPredicateAnd:
    result = a & b;
    break;
  case kPredicateOr:
    result = a | b;
    break;
  case kPredicateXor:
    result = a ^ b;
    break;
  default:
    break;
  }
  uint32_t &bits = *warp.lanes<uint32_t>(inst.dst);
  bits = (bits & ~mask) | (result & mask);
  warp.propagate(inst, mask);
  // A defined operand that decides alone makes the result defined.
  uint32_t decided = 0;
  if ((inst.flags & kPredicateKind) == kPredicateAnd)
    decided = (~undefinedA & ~a) | (~undefinedB & ~b);
  if ((inst.flags & kPredicateKind) == kPredicateOr)
    decided = (~undefinedA & a) | (~undefinedB & b);
  warp.define(inst.dst, mask & decided);
}
