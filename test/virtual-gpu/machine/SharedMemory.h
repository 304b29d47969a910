//===- SharedMemory.h - shared memory and its races -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The shared memory of one block: contents, shadow bytes, and for each granule
// (the narrowest access the kernel makes) who wrote and who read it last. Two
// accesses of different threads race when one of them writes and no barrier
// orders them. The order is kept as in FastTrack (Flanagan and Freund, PLDI
// 2009), with one clock for each warp:
//
//   - `clock[w]` counts the block barriers that warp w has passed;
//   - `seen[w][v]` is the last clock of warp v that a barrier has ordered
//     before what warp w does now;
//   - `sync[w]` counts the points where the lanes of w met at `bar.warp.sync`.
//
// What is not seen: the second of two racing reads by different lanes of one
// warp where a third warp read in between, and races through addresses in which
// the same value is written (the usual "any thread sets the flag").
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_MACHINE_SHAREDMEMORY_H
#define SINTER_TEST_VIRTUALGPU_MACHINE_SHAREDMEMORY_H

#include "DeviceMemory.h"
#include "Program.h"

namespace sinter::vgpu {

class SharedMemory {
public:
  /// Lays out `program`'s variables, then `dynamicBytes`; all undefined.
  void reset(const Program &program, uint64_t dynamicBytes, uint32_t warps);

  /// True when `bytes` at `address` lie in the span of the block; their shadow
  /// says whether a variable is there.
  bool contains(uint64_t address, uint64_t bytes) const {
    return address >= kSharedStart &&
           address - kSharedStart + bytes <= data.size();
  }
  View view(uint64_t address) {
    return {&data[address - kSharedStart], &shadow[address - kSharedStart]};
  }

  enum class Access { Read, Write, Atomic };
  /// Notes an access of a lane and faults when it races. `changes` is false for
  /// a write that stores what is there already.
  void note(uint32_t warp, uint32_t lane, uint64_t address, uint64_t bytes,
            Access access, uint32_t line, bool changes = true);

  /// A barrier has ordered the warps of `mask`.
  void joinWarps(uint32_t mask);
  /// The lanes of `warp` have met.
  void joinLanes(uint32_t warp) { ++sync[warp]; }

  std::string describe(uint64_t address, uint64_t bytes) const;

private:
  struct Cell {
    uint32_t writeClock, writeSync, writeLine;
    uint32_t readClock, readSync, readLine;
    uint32_t readWarps; ///< bit w: warp w read since the last write
    uint16_t writer;    ///< thread + 1 and `kAtomic`; 0: no write yet
    uint16_t reader;    ///< last thread + 1 and `kManyLanes`
  };
  static constexpr uint16_t kAtomic = 0x8000;
  static constexpr uint16_t kManyLanes = 0x8000;

  void noteRead(Cell &cell, uint32_t warp, uint16_t thread, uint32_t line,
                uint64_t address);
  void noteWrite(Cell &cell, uint32_t warp, uint16_t thread, uint32_t line,
                 uint64_t address, bool isAtomic, bool changes);
  [[noreturn]] void race(const char *what, uint16_t thread, uint32_t line,
                         uint64_t address, uint16_t self) const;

  std::vector<uint8_t> data, shadow;
  std::vector<Cell> cells;
  std::vector<Placement> variables;
  uint32_t granule = 4, warps = 0;
  std::vector<uint32_t> clock, sync, seen;
};

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_MACHINE_SHAREDMEMORY_H
