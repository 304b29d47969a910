//===- SharedMemory.cpp - shared memory and its races ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SharedMemory.h"
#include <algorithm>
#include <cstring>

using namespace sinter::vgpu;

void SharedMemory::reset(const Program &program, uint64_t dynamicBytes,
                         uint32_t warpCount) {
  warps = warpCount;
  granule = program.sharedGranule;
  variables = program.shared;
  if (dynamicBytes)
    variables.push_back({program.sharedSpan, dynamicBytes});
  uint64_t span = program.sharedSpan + dynamicBytes;
  data.resize(span);
  shadow.assign(span, kUnmapped);
  for (const Placement &variable : variables)
    std::memset(shadow.data() + variable.offset, kUndefined, variable.bytes);
  cells.assign((span + granule - 1) / granule, Cell());
  clock.assign(warps, 1);
  sync.assign(warps, 0);
  seen.assign(warps * warps, 0);
}

void SharedMemory::note(uint32_t warp, uint32_t lane, uint64_t address,
                        uint64_t bytes, Access access, uint32_t line,
                        bool changes) {
  uint64_t first = (address - kSharedStart) / granule;
  uint64_t last = (address - kSharedStart + bytes - 1) / granule;
  auto thread = static_cast<uint16_t>(warp * kLanes + lane + 1);
  for (uint64_t i = first; i <= last; ++i) {
    if (access == Access::Read)
      noteRead(cells[i], warp, thread, line, address);
    else
      noteWrite(cells[i], warp, thread, line, address, access == Access::Atomic,
                changes);
  }
}

void SharedMemory::noteRead(Cell &cell, uint32_t warp, uint16_t thread,
                            uint32_t line, uint64_t address) {
  uint16_t writer = cell.writer & ~kAtomic;
  if (writer && writer != thread) {
    uint32_t other = (writer - 1u) / kLanes;
    bool isOrdered = other == warp
                         ? cell.writeSync != sync[warp]
                         : cell.writeClock <= seen[warp * warps + other];
    if (!isOrdered)
      race("reads what another thread wrote with no barrier between", writer,
           cell.writeLine, address, thread);
  }
  uint32_t bit = 1u << warp;
  if (cell.readWarps == bit && cell.readClock == clock[warp] &&
      cell.readSync == sync[warp]) {
    if (cell.reader != thread)
      cell.reader = thread | kManyLanes;
    return;
  }
  // Older reads that a barrier has ordered need not be remembered.
  bool keepsOthers = (cell.readWarps & ~bit) != 0;
  if (keepsOthers && cell.readClock < clock[warp]) {
    keepsOthers = false;
    for (uint32_t rest = cell.readWarps & ~bit; rest; rest &= rest - 1)
      keepsOthers |= cell.readClock > seen[warp * warps + __builtin_ctz(rest)];
  }
  bool wasMine = cell.reader &&
                 ((cell.reader & ~kManyLanes) - 1u) / kLanes == warp &&
                 cell.readSync == sync[warp];
  cell.reader = wasMine && cell.reader != thread ? thread | kManyLanes : thread;
  cell.readWarps = keepsOthers ? cell.readWarps | bit : bit;
  cell.readClock =
      keepsOthers ? std::min(cell.readClock, clock[warp]) : clock[warp];
  cell.readSync = sync[warp];
  cell.readLine = line;
}

void SharedMemory::noteWrite(Cell &cell, uint32_t warp, uint16_t thread,
                             uint32_t line, uint64_t address, bool isAtomic,
                             bool changes) {
  uint16_t writer = cell.writer & ~kAtomic;
  if (writer && writer != thread && changes &&
      !(isAtomic && (cell.writer & kAtomic))) {
    uint32_t other = (writer - 1u) / kLanes;
    bool isOrdered = other == warp
                         ? cell.writeSync != sync[warp]
                         : cell.writeClock <= seen[warp * warps + other];
    if (!isOrdered)
      race("writes what another thread wrote with no barrier between", writer,
           cell.writeLine, address, thread);
  }
  uint16_t reader = cell.reader & ~kManyLanes;
  if (changes && cell.readWarps) {
    for (uint32_t rest = cell.readWarps & ~(1u << warp); rest;
         rest &= rest - 1) {
      uint32_t other = static_cast<uint32_t>(__builtin_ctz(rest));
      if (cell.readClock > seen[warp * warps + other]) {
        uint16_t known = reader && (reader - 1u) / kLanes == other
                             ? reader
                             : static_cast<uint16_t>(other * kLanes + 1);
        race("writes what another thread read with no barrier between", known,
             cell.readLine, address, thread);
      }
    }
    bool isSameWarp = reader && (reader - 1u) / kLanes == warp;
    bool isOther = cell.reader != thread;
    if (isSameWarp && isOther && cell.readSync == sync[warp])
      race("writes what another lane read with no bar.warp.sync between",
           reader == thread ? static_cast<uint16_t>(warp * kLanes + 1) : reader,
           cell.readLine, address, thread);
  }
  cell.writer = isAtomic ? thread | kAtomic : thread;
  cell.writeClock = clock[warp];
  cell.writeSync = sync[warp];
  cell.writeLine = line;
  cell.readWarps = 0;
  cell.reader = 0;
}

void SharedMemory::race(const char *what, uint16_t thread, uint32_t line,
                        uint64_t address, uint16_t self) const {
  fail(FaultKind::SharedRace,
       std::string(what) + ": shared address " + hex(address) +
           ", the other is thread " + std::to_string(thread - 1) +
           " of the block at PTX line " + std::to_string(line),
       (self - 1) % static_cast<int>(kLanes));
}

void SharedMemory::joinWarps(uint32_t mask) {
  for (uint32_t i = 0; i < warps; ++i)
    for (uint32_t j = 0; j < warps; ++j)
      if ((mask >> i & 1) && (mask >> j & 1)) {
        // What j had seen comes along, and all that j did until now.
        for (uint32_t k = 0; k < warps; ++k)
          seen[i * warps + k] =
              std::max(seen[i * warps + k], seen[j * warps + k]);
        seen[i * warps + j] = std::max(seen[i * warps + j], clock[j]);
      }
  for (uint32_t i = 0; i < warps; ++i)
    if (mask >> i & 1) {
      ++clock[i];
      ++sync[i];
    }
}

std::string SharedMemory::describe(uint64_t address, uint64_t bytes) const {
  std::string what =
      std::to_string(bytes) + " bytes at shared address " + hex(address);
  uint64_t offset = address - kSharedStart;
  const Placement *nearest = nullptr;
  uint64_t best = ~uint64_t{0};
  for (const Placement &variable : variables) {
    uint64_t end = variable.offset + variable.bytes;
    uint64_t distance = offset < variable.offset ? variable.offset - offset
                        : offset >= end          ? offset - end
                                                 : 0;
    if (distance < best) {
      best = distance;
      nearest = &variable;
    }
  }
  if (!nearest)
    return what + ", but the block has no shared memory";
  return what + " lie " + std::to_string(best) +
         (offset < nearest->offset
              ? " bytes before the variable of "
              : " bytes past the end of the variable of ") +
         std::to_string(nearest->bytes) + " bytes at " +
         hex(nearest->offset + kSharedStart);
}
