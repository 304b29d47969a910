//===- ExecuteAsync.cpp - cp.async and matrix loads -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A cp.async is checked when it is issued and does its work when a wait needs
// it: no earlier than the PTX ISA promises. Until then its target is in flight,
// and no thread may touch it.
//
//===----------------------------------------------------------------------===//

#include "MemoryAccess.h"

using namespace sinter::vgpu;

void sinter::vgpu::executeAsyncCopy(Warp &warp, const Inst &inst,
                                    uint32_t mask) {
  Block &block = *warp.block;
  uint32_t bytes = inst.size;
  uint64_t targets[kLanes], sources[kLanes];
  gatherAddresses(warp, inst.a, inst.imm, mask, targets);
  gatherAddresses(warp, inst.b, inst.offsetB, mask, sources);
  warp.require(inst.c, mask, "as the length of a copy");
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    auto lane = static_cast<uint32_t>(firstLane(rest));
    uint32_t sourceBytes =
        inst.c ? static_cast<uint32_t>(warp.value(inst.c, lane)) : bytes;
    if (sourceBytes > bytes)
      fail(FaultKind::InvalidInstruction,
           "a copy of " + std::to_string(bytes) + " bytes reads " +
               std::to_string(sourceBytes),
           static_cast<int>(lane));
    View target = block.resolve(Space::Shared, lane, targets[lane], bytes);
    checkWrite(warp, Space::Shared, lane, targets[lane], bytes, target);
    // The source must be aligned even where nothing is read.
    View source = block.resolve(Space::Global, lane, sources[lane],
                                sourceBytes ? bytes : 1);
    if (checkRead(warp, Space::Global, lane, sources[lane], sourceBytes,
                  source))
      fail(FaultKind::Uninitialised,
           "the source at " + hex(sources[lane]) +
               " holds bytes that nothing has written",
           static_cast<int>(lane));
    block.shared.note(warp.index, lane, targets[lane], bytes,
                      SharedMemory::Access::Write, inst.line);
    for (uint32_t i = 0; i < bytes; ++i)
      target.shadow[i] |= kInFlight;
    warp.pending.push_back({targets[lane], sources[lane], bytes, sourceBytes,
                            lane, warp.committedGroups[lane]});
  }
}

void sinter::vgpu::executeAsyncCommit(Warp &warp, const Inst &, uint32_t mask) {
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    warp.committedGroups[lane] += mask >> lane & 1;
}

static void land(Warp &warp, const PendingCopy &copy, uint32_t line) {
  Block &block = *warp.block;
  View target = block.shared.view(copy.shared);
  View source = block.memory.view(copy.global);
  std::memset(target.shadow, kDefined, copy.bytes);
  block.shared.note(warp.index, copy.lane, copy.shared, copy.bytes,
                    SharedMemory::Access::Write, line);
  if (copy.sourceBytes)
    checkRead(warp, Space::Global, copy.lane, copy.global, copy.sourceBytes,
              source);
  std::memset(target.data, 0, copy.bytes);
  std::memcpy(target.data, source.data, copy.sourceBytes);
}

void sinter::vgpu::executeAsyncWait(Warp &warp, const Inst &inst,
                                    uint32_t mask) {
  size_t kept = 0;
  for (size_t i = 0; i < warp.pending.size(); ++i) {
    PendingCopy copy = warp.pending[i];
    int64_t newest = warp.committedGroups[copy.lane];
    // Group g of `newest` committed ones has newest - g - 1 younger ones.
    bool isDue = (mask >> copy.lane & 1) &&
                 (inst.imm < 0 ||
                  (copy.group < newest && newest - copy.group - 1 >= inst.imm));
    if (isDue)
      land(warp, copy, inst.line);
    else
      warp.pending[kept++] = copy;
  }
  warp.pending.resize(kept);
}

void sinter::vgpu::executeLoadMatrix(Warp &warp, const Inst &inst,
                                     uint32_t mask) {
  Block &block = *warp.block;
  requireTogether(warp, kAllLanes, mask);
  const Slot *results = &block.program().slots[inst.extra];
  uint64_t addresses[kLanes];
  uint32_t giving = inst.count == 4 ? kAllLanes : (1u << 8 * inst.count) - 1;
  gatherAddresses(warp, inst.a, inst.imm, giving, addresses);
  for (uint32_t matrix = 0; matrix < inst.count; ++matrix) {
    uint16_t values[8][8];
    uint32_t undefined[8];
    uint32_t anyUndefined = 0;
    for (uint32_t row = 0; row < 8; ++row) {
      uint32_t lane = matrix * 8 + row;
      uint64_t address = addresses[lane];
      if (inst.space == Space::Generic &&
          Block::locate(address) != Space::Shared)
        fail(FaultKind::InvalidInstruction,
             "the address is not in shared memory", static_cast<int>(lane));
      View view = block.resolve(Space::Shared, lane, address, 16);
      undefined[row] = isDefined(view, 16) ? 0
                                           : checkRead(warp, Space::Shared,
                                                       lane, address, 16, view);
      anyUndefined |= undefined[row];
      block.shared.note(warp.index, lane, address, 16,
                        SharedMemory::Access::Read, inst.line);
      std::memcpy(values[row], view.data, 16);
    }
    const Slot &result = results[matrix];
    for (uint32_t lane = 0; lane < kLanes; ++lane) {
      uint32_t row = lane / 4, column = lane % 4 * 2;
      bool isTransposed = inst.flags & 1;
      uint32_t low = isTransposed ? values[column][row] : values[row][column];
      uint32_t high =
          isTransposed ? values[column + 1][row] : values[row][column + 1];
      warp.setValue(result, lane, low | high << 16);
      if (!anyUndefined)
        continue;
      uint32_t lowBytes = isTransposed ? undefined[column] >> (2 * row)
                                       : undefined[row] >> (2 * column);
      uint32_t highBytes = isTransposed ? undefined[column + 1] >> (2 * row)
                                        : undefined[row] >> (2 * column + 2);
      warp.setUndefinedBytes(
          result, lane,
          static_cast<uint8_t>((lowBytes & 3) | (highBytes & 3) << 2));
    }
    if (anyUndefined)
      warp.setOrigin(result);
    else
      warp.define(result, kAllLanes);
  }
}
