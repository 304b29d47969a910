//===- Block.h - the warps of a block ---------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_MACHINE_BLOCK_H
#define SINTER_TEST_VIRTUALGPU_MACHINE_BLOCK_H

#include "SharedMemory.h"
#include "Warp.h"
#include <optional>

namespace sinter::vgpu {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
  uint64_t count() const { return uint64_t{x} * y * z; }
};

/// What a kernel is started with.
struct Launch {
  std::shared_ptr<const Program> program;
  Dim3 grid, block;
  uint64_t dynamicSharedBytes = 0;
  std::vector<uint8_t> arguments;
  uint64_t stepLimit = 0; ///< warp instructions; 0 is without limit
};

/// A fault with the place where it happened, as told to the user.
struct Report {
  FaultKind kind;
  std::string text;
};

/// Runs all blocks of `launch`, one after the other; throws `Report`.
/// Returns the number of warp instructions.
uint64_t runLaunch(const Launch &launch, DeviceMemory &memory);

/// Windows of the generic address space that are not global memory.
constexpr uint64_t kSharedWindow = uint64_t{0x10} << 32;
constexpr uint64_t kLocalWindow = uint64_t{0x20} << 32;
constexpr uint64_t kParamWindow = uint64_t{0x30} << 32;
constexpr uint64_t kWindowSpan = uint64_t{1} << 32;

class Block {
public:
  Block(const Launch &launch, DeviceMemory &memory);

  /// Runs the block at `position` of the grid; throws `Report`.
  void run(Dim3 position);

  const Program &program() const { return *launch.program; }
  const Launch &launch;
  DeviceMemory &memory;
  SharedMemory shared;
  Dim3 position;
  uint32_t threadCount;
  uint64_t steps = 0;

  /// What an access of a lane touches, checked for bounds and alignment.
  View resolve(Space space, uint32_t lane, uint64_t address, uint32_t bytes);
  /// The local memory of a lane of the running warp.
  View local(uint32_t lane, uint64_t address, uint32_t bytes);
  /// The space a generic address lies in; `address` becomes one of that space.
  static Space locate(uint64_t &address);
  /// "0x10 lies 4 bytes past ..." for any space.
  std::string describe(Space space, uint64_t address, uint64_t bytes) const;

  //===- Barriers ---------------------------------------------------------===//

  /// The running warp arrives at barrier `id` with `threads` threads expected
  /// (0: all), and waits if `waits`.
  void arrive(uint32_t id, uint32_t threads, bool waits);
  /// Adds the lanes of a reduction; the sum is seen after the barrier.
  void reduce(uint32_t id, uint32_t trueLanes);
  uint32_t reduction(uint32_t id) const { return barriers[id].lastTrue; }

  Warp *running = nullptr;

private:
  struct Barrier {
    uint32_t arrivedWarps = 0, waitingWarps = 0;
    uint32_t arrivedThreads = 0, expected = 0;
    uint32_t trueLanes = 0, lastTrue = 0;
  };
  void runWarps();
  [[noreturn]] void reportStuck();
  void keepOrThrow(Warp &warp, const Fault &fault, std::optional<Report> &kept);
  Report makeReport(const Warp &warp, const Fault &fault) const;

  std::vector<Warp> warps;
  std::vector<uint8_t> localData, localShadow;
  std::vector<uint8_t> argumentShadow;
  std::array<Barrier, 16> barriers;
};

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_MACHINE_BLOCK_H
