//===- Fault.h - what a kernel does wrong -----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_MACHINE_FAULT_H
#define SINTER_TEST_VIRTUALGPU_MACHINE_FAULT_H

#include <cstdint>
#include <string>

namespace sinter::vgpu {

/// The kinds of defect that are found; their names open every report.
enum class FaultKind {
  OutOfBounds,
  UseAfterFree,
  Misaligned,
  Uninitialised,
  SharedRace,
  DivergentBarrier,
  DivergentWarp,
  AsyncRead,
  ReadOnlyWrite,
  LaunchLimits,
  InvalidInstruction,
  NoProgress,
  Trap
};

/// "out-of-bounds access" and so on.
const char *faultName(FaultKind kind);

/// Thrown where the defect is seen; the block adds kernel, line, block, thread.
struct Fault {
  FaultKind kind;
  std::string message;
  int lane = -1; ///< of the warp that runs; -1 when no single lane is at fault
};

[[noreturn]] inline void fail(FaultKind kind, std::string message,
                              int lane = -1) {
  throw Fault{kind, std::move(message), lane};
}

/// "0x1234", for addresses in messages.
std::string hex(uint64_t value);

/// Lanes set in `mask`, the lowest of them.
inline int firstLane(uint32_t mask) { return __builtin_ctz(mask); }

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_MACHINE_FAULT_H
