//===- Program.h - a kernel, decoded ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The decoder turns a kernel, with the functions it calls, into one array of
// instructions whose registers, labels, variables and constants are resolved:
// nothing is looked up by name while a kernel runs. One instruction works on
// the 32 lanes of a warp at once.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_MACHINE_PROGRAM_H
#define SINTER_TEST_VIRTUALGPU_MACHINE_PROGRAM_H

#include "../ptx/Syntax.h"

namespace sinter::vgpu {

class Warp;
struct Inst;

constexpr uint32_t kLanes = 32;
constexpr uint32_t kAllLanes = ~0u;

/// Runs one instruction on the lanes of `mask`, which has at least one bit.
using Execute = void (*)(Warp &warp, const Inst &inst, uint32_t mask);

/// Where the values of an operand lie: 32 of 4 bytes for up to 32 bits, 32 of 8
/// bytes for 64 bits, one word of 32 bits for a predicate.
struct Slot {
  enum Base : uint8_t { Registers, Constants, Specials };
  uint32_t offset = 0;
  /// Number of the register, for what is known of its definedness; 0 for
  /// constants and special registers, which are always defined.
  uint32_t id = 0;
  Base base = Constants;
  uint8_t bits = 0; ///< 0: no operand, or the sink `_`
  explicit operator bool() const { return bits != 0; }
};

/// One decoded instruction.
struct Inst {
  Execute execute = nullptr;
  Slot dst, a, b, c;
  Slot guard; ///< a predicate, or nothing
  bool guardNegated = false;
  bool endsPath = false; ///< may change the path or the state of the warp
  uint8_t size = 0;      ///< bytes of an element in memory
  uint8_t count = 1;     ///< elements of a vector access, matrices, ...
  Space space = Space::Generic;
  uint32_t flags = 0;      ///< of the executor's own meaning
  uint32_t extra = 0;      ///< first of further slots in `Program::slots`
  int64_t imm = 0;         ///< offset of an address, or an immediate
  int64_t offsetB = 0;     ///< offset of a second address
  uint32_t target = 0;     ///< of a branch or call
  uint32_t reconverge = 0; ///< where the paths of a branch meet again
  uint32_t line = 0;       ///< in the PTX
  SourceLoc loc;
  std::string_view text; ///< opcode with its modifiers
};

/// A variable of a kernel in its shared or local memory.
struct Placement {
  uint64_t offset = 0, bytes = 0;
};

/// One argument of a kernel.
struct Argument {
  uint32_t offset = 0, bytes = 0;
};

/// Bytes between the variables of shared and local memory that belong to none:
/// an index that runs over its array falls there.
constexpr uint64_t kRedZone = 256;
/// Shared addresses start here, as on devices that keep the first KiB.
constexpr uint64_t kSharedStart = 1024;

/// A kernel ready to run.
struct Program {
  std::shared_ptr<const Module> module; ///< keeps the text alive
  std::string name;
  std::vector<Inst> code;
  std::vector<Slot> slots;         ///< operands that `extra` counts from
  std::vector<uint32_t> targets;   ///< of indexed branches
  std::vector<uint64_t> constants; ///< the constant file, as words
  uint32_t registerBytes = 0;
  uint32_t registerCount = 1;             ///< ids; id 0 is no register
  std::vector<std::string> registerNames; ///< by id
  std::vector<Argument> arguments;
  uint32_t argumentBytes = 0;
  std::vector<Placement> shared;  ///< static variables, offsets from 0
  uint64_t sharedSpan = 0;        ///< bytes of them with red zones
  uint64_t staticSharedBytes = 0; ///< bytes of them without
  std::vector<Placement> local;
  uint64_t localSpan = 0;
  uint32_t sharedGranule = 16; ///< narrowest access to shared memory, bytes
  uint32_t maxThreads[3] = {0, 0, 0};
  uint32_t requiredThreads[3] = {0, 0, 0};

  /// "line 12 (add.cu:7)" of an instruction.
  std::string where(const Inst &inst) const;
};

/// Special registers, in the order of the special file: 32 values each.
enum class Special : uint32_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  NwarpId,
  SmId,
  NsmId,
  GridId,
  LaneMaskEq,
  LaneMaskLe,
  LaneMaskLt,
  LaneMaskGe,
  LaneMaskGt,
  WarpSize,
  DynamicSharedBytes,
  TotalSharedBytes,
  Count
};

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_MACHINE_PROGRAM_H
