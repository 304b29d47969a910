//===- ExecuteMemory.cpp - loads and stores -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MemoryAccess.h"

using namespace sinter::vgpu;

void sinter::vgpu::gatherAddresses(Warp &warp, const Slot &slot, int64_t offset,
                                   uint32_t mask,
                                   uint64_t (&addresses)[kLanes]) {
  warp.require(slot, mask, "as an address");
  if (!slot) {
    std::fill_n(addresses, kLanes, static_cast<uint64_t>(offset));
  } else if (slot.bits == 64) {
    const auto *a = warp.lanes<uint64_t>(slot);
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      addresses[lane] = a[lane] + static_cast<uint64_t>(offset);
  } else {
    const auto *a = warp.lanes<uint32_t>(slot);
    for (uint32_t lane = 0; lane < kLanes; ++lane)
      addresses[lane] = uint32_t(a[lane] + static_cast<uint32_t>(offset));
  }
}

uint32_t sinter::vgpu::checkRead(Warp &warp, Space space, uint32_t lane,
                                 uint64_t address, uint32_t bytes,
                                 const View &view) {
  uint32_t undefined = 0;
  for (uint32_t i = 0; i < bytes; ++i) {
    uint8_t state = view.shadow[i];
    if (state & kInFlight)
      fail(FaultKind::AsyncRead,
           "byte " + hex(address + i) +
               " is the target of a cp.async that no wait has completed",
           static_cast<int>(lane));
    if (state == kUnmapped || state == kFreed)
      fail(state == kFreed ? FaultKind::UseAfterFree : FaultKind::OutOfBounds,
           warp.block->describe(space, address, bytes), static_cast<int>(lane));
    if (state == kUndefined)
      undefined |= 1u << i;
  }
  return undefined;
}

void sinter::vgpu::checkWrite(Warp &warp, Space space, uint32_t lane,
                              uint64_t address, uint32_t bytes,
                              const View &view) {
  for (uint32_t i = 0; i < bytes; ++i) {
    uint8_t state = view.shadow[i];
    if (state == kUndefined || state == kDefined)
      continue;
    if (state == kReadOnly)
      fail(FaultKind::ReadOnlyWrite, hex(address) + " is a constant",
           static_cast<int>(lane));
    if (state & kInFlight)
      fail(FaultKind::AsyncRead,
           "byte " + hex(address + i) +
               " is the target of a cp.async that no wait has completed",
           static_cast<int>(lane));
    fail(state == kFreed ? FaultKind::UseAfterFree : FaultKind::OutOfBounds,
         warp.block->describe(space, address, bytes), static_cast<int>(lane));
  }
}

/// Puts `size` bytes of an element into a lane of a register.
static uint64_t readElement(const uint8_t *from, uint32_t size, bool isSigned) {
  switch (size) {
  case 1:
    return isSigned ? static_cast<uint64_t>(int64_t{static_cast<int8_t>(*from)})
                    : *from;
  case 2: {
    uint16_t value;
    std::memcpy(&value, from, 2);
    return isSigned
               ? static_cast<uint64_t>(int64_t{static_cast<int16_t>(value)})
               : value;
  }
  case 4: {
    uint32_t value;
    std::memcpy(&value, from, 4);
    return isSigned
               ? static_cast<uint64_t>(int64_t{static_cast<int32_t>(value)})
               : value;
  }
  default: {
    uint64_t value;
    std::memcpy(&value, from, 8);
    return value;
  }
  }
}

void sinter::vgpu::executeLoad(Warp &warp, const Inst &inst, uint32_t mask) {
  Block &block = *warp.block;
  const Slot *results = &block.program().slots[inst.extra];
  uint32_t size = inst.size, bytes = size * inst.count;
  uint64_t addresses[kLanes];
  gatherAddresses(warp, inst.a, inst.imm, mask, addresses);
  const uint8_t *data[kLanes];
  uint32_t undefined[kLanes];
  uint32_t anyUndefined = 0;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    auto lane = static_cast<uint32_t>(firstLane(rest));
    uint64_t address = addresses[lane];
    Space space =
        inst.space == Space::Generic ? Block::locate(address) : inst.space;
    View view = block.resolve(space, lane, address, bytes);
    undefined[lane] = isDefined(view, bytes)
                          ? 0
                          : checkRead(warp, space, lane, address, bytes, view);
    anyUndefined |= (undefined[lane] != 0) << lane;
    if (space == Space::Shared)
      block.shared.note(warp.index, lane, address, bytes,
                        SharedMemory::Access::Read, inst.line);
    data[lane] = view.data;
  }
  for (uint32_t i = 0; i < inst.count; ++i) {
    const Slot &result = results[i];
    if (!result)
      continue;
    uint32_t at = i * size;
    if (size == 4 && result.bits == 32) {
      auto *to = warp.lanes<uint32_t>(result);
      for (uint32_t rest = mask; rest; rest &= rest - 1) {
        int lane = firstLane(rest);
        std::memcpy(to + lane, data[lane] + at, 4);
      }
    } else {
      for (uint32_t rest = mask; rest; rest &= rest - 1) {
        auto lane = static_cast<uint32_t>(firstLane(rest));
        warp.setValue(result, lane,
                      readElement(data[lane] + at, size, inst.flags & 1));
      }
    }
    warp.define(result, mask);
  }
  if (anyUndefined == 0)
    return;
  for (uint32_t i = 0; i < inst.count; ++i) {
    if (!results[i])
      continue;
    uint32_t used = size == 8 ? 0xffu : (1u << size) - 1;
    for (uint32_t rest = anyUndefined; rest; rest &= rest - 1) {
      auto lane = static_cast<uint32_t>(firstLane(rest));
      uint32_t part = undefined[lane] >> (i * size) & used;
      // An extended register is made of the bytes that were read.
      bool isExtended = part && size * 8 < results[i].bits;
      warp.setUndefinedBytes(results[i], lane,
                             static_cast<uint8_t>(isExtended ? 0xff : part));
    }
    warp.setOrigin(results[i]);
  }
}

void sinter::vgpu::executeStore(Warp &warp, const Inst &inst, uint32_t mask) {
  Block &block = *warp.block;
  const Slot *sources = &block.program().slots[inst.extra];
  uint32_t size = inst.size, bytes = size * inst.count;
  uint64_t addresses[kLanes];
  gatherAddresses(warp, inst.a, inst.imm, mask, addresses);
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    auto lane = static_cast<uint32_t>(firstLane(rest));
    uint64_t address = addresses[lane];
    Space space =
        inst.space == Space::Generic ? Block::locate(address) : inst.space;
    View view = block.resolve(space, lane, address, bytes);
    if (!isWritable(view, bytes))
      checkWrite(warp, space, lane, address, bytes, view);
    uint8_t buffer[32];
    for (uint32_t i = 0; i < inst.count; ++i) {
      uint64_t value = warp.value(sources[i], lane);
      std::memcpy(buffer + i * size, &value, size);
    }
    if (space == Space::Shared)
      block.shared.note(warp.index, lane, address, bytes,
                        SharedMemory::Access::Write, inst.line,
                        std::memcmp(buffer, view.data, bytes) != 0);
    std::memcpy(view.data, buffer, bytes);
    std::memset(view.shadow, kDefined, bytes);
    for (uint32_t i = 0; i < inst.count; ++i) {
      uint8_t undefined = warp.undefinedBytes(sources[i], lane);
      if (size < 8)
        undefined &= static_cast<uint8_t>((1u << size) - 1);
      if (undefined == 0)
        continue;
      if (space == Space::Global)
        warp.reportUndefined(sources[i], 1u << lane,
                             "as a value for global memory");
      for (uint32_t byte = 0; byte < size; ++byte)
        if (undefined >> byte & 1)
          view.shadow[i * size + byte] = kUndefined;
    }
  }
}
