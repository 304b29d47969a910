//===- Warp.h - 32 lanes that run together ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warp runs one path at a time. Where a branch divides its lanes, the paths
// are stacked and meet again at the immediate post-dominator of the branch
// (Fung et al., "Dynamic Warp Formation", MICRO 2007, section 2.2).
//
// Every register has a mask of lanes whose value is not defined, and for those
// lanes a mask of the bytes concerned. Operations pass undefined values on;
// what an undefined value may not do is decide a branch, be an address, reach
// global memory, or go to other lanes through an atomic.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_MACHINE_WARP_H
#define SINTER_TEST_VIRTUALGPU_MACHINE_WARP_H

#include "Fault.h"
#include "Program.h"
#include <array>

namespace sinter::vgpu {

class Block;

/// One path of a warp: the lanes that run it, and where it ends.
struct Path {
  uint32_t pc = 0;
  uint32_t mask = 0;
  uint32_t reconverge = ~0u;
};

/// A cp.async that has not landed.
struct PendingCopy {
  uint64_t shared, global;
  uint32_t bytes;       ///< written to shared memory
  uint32_t sourceBytes; ///< read from global memory; the rest is zero
  uint32_t lane, group;
};

class Warp {
public:
  /// Prepares the warp for `block`; `live` are its lanes.
  void reset(Block &block, uint32_t index, uint32_t live);

  /// Runs until the warp waits or ends.
  void run();

  enum class State { Running, Waiting, Ended };
  State state = State::Running;

  Block *block = nullptr;
  uint32_t index = 0; ///< in the block
  uint32_t live = 0;  ///< lanes that have not ended
  uint32_t pc = 0;    ///< of the instruction that runs
  const Inst *current = nullptr;

  //===- Registers --------------------------------------------------------===//

  /// The lanes of an operand: uint32_t[32], uint64_t[32], or one uint32_t.
  template <typename T>
  T *lanes(const Slot &slot) {
    return reinterpret_cast<T *>(bases[slot.base] + slot.offset);
  }
  uint32_t predicate(const Slot &slot) { return *lanes<uint32_t>(slot); }
  /// The value of one lane, whatever the width.
  uint64_t value(const Slot &slot, uint32_t lane);
  void setValue(const Slot &slot, uint32_t lane, uint64_t value);

  /// Lanes in which the operand is not (fully) defined.
  uint32_t undefined(const Slot &slot) const { return undef[slot.id]; }
  /// The undefined bytes of one lane, a bit for each.
  uint8_t undefinedBytes(const Slot &slot, uint32_t lane) const {
    return undef[slot.id] >> lane & 1 ? undefBytes[slot.id][lane] : 0;
  }
  /// The result is defined in all lanes of `mask`.
  void define(const Slot &slot, uint32_t mask) { undef[slot.id] &= ~mask; }
  void setUndefinedBytes(const Slot &slot, uint32_t lane, uint8_t bytes);
  /// The result is undefined where one of the sources is.
  void propagate(const Inst &inst, uint32_t mask) {
    uint32_t any =
        (undef[inst.a.id] | undef[inst.b.id] | undef[inst.c.id]) & mask;
    if (__builtin_expect(any != 0, 0))
      return spread(inst, mask, any);
    define(inst.dst, mask);
  }
  /// Faults when a lane of `mask` uses an undefined `slot` as `what`.
  void require(const Slot &slot, uint32_t mask, const char *what) {
    if (__builtin_expect((undef[slot.id] & mask) != 0, 0))
      reportUndefined(slot, undef[slot.id] & mask, what);
  }
  [[noreturn]] void reportUndefined(const Slot &slot, uint32_t lanes,
                                    const char *what);
  /// The value of `slot` became undefined by this instruction.
  void setOrigin(const Slot &slot) { origin[slot.id] = pc; }
  void copyOrigin(const Slot &to, const Slot &from);

  //===- Paths ------------------------------------------------------------===//

  /// Lanes of the running path.
  uint32_t active() const { return paths.back().mask; }
  void jump(uint32_t target) { paths.back().pc = target; }
  /// Sends the lanes of `taken` to `target`; the others go on.
  void branch(uint32_t taken, uint32_t target, uint32_t reconverge);
  /// Sends groups of lanes to different targets.
  void branchMany(const std::vector<std::pair<uint32_t, uint32_t>> &groups,
                  uint32_t reconverge);
  void call(uint32_t target, uint32_t mask);
  void returnFromCall();
  /// The lanes of `mask` end.
  void end(uint32_t mask);

  //===- Asynchronous copies ----------------------------------------------===//

  std::vector<PendingCopy> pending; ///< in the order they were issued
  uint32_t committedGroups[kLanes]; ///< by lane; the next number is open

private:
  void spread(const Inst &inst, uint32_t mask, uint32_t any);
  void fillSpecials();

  std::vector<Path> paths;
  std::vector<size_t> frames; ///< depth of `paths` at each call
  char *bases[3] = {};
  std::vector<uint64_t> registers;
  std::vector<uint64_t> specials;
  std::vector<uint32_t> undef;
  std::vector<std::array<uint8_t, kLanes>> undefBytes;
  std::vector<uint32_t> origin;
};

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_MACHINE_WARP_H
