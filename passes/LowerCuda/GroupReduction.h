//===- GroupReduction.h - reductions across threads -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWERCUDA_GROUPREDUCTION_H
#define SINTER_PASSES_LOWERCUDA_GROUPREDUCTION_H

#include "passes/Lower/Reduction.h"
#include "passes/LowerCuda/DeviceBuilder.h"

namespace sinter::cuda {

/// Threads that share one unit of work (a row, a result): a warp, or a block.
struct ThreadGroup {
  int64_t threads;
  /// Number of the unit, and of the thread in its group.
  mlir::Value unit, member;

  /// Groups of `threads`, for `units` units: sets the launch. Where the group
  /// is a warp, `unit` may lie beyond the last.
  static ThreadGroup make(DeviceBuilder &kb, int64_t threads,
                          nn::SizeAttr units);
  bool isBlock() const { return threads > warpSize; }
};

/// The threads that should share the work on `elements` elements.
int64_t chooseGroup(nn::SizeAttr elements);

/// The combination of the scalars `value` of all threads of a group, in all of
/// them: by exchange in each warp, then, for a block, through an array in
/// shared memory named `name`. In a fixed order. All threads of the warps, or
/// of the block, must come here, once.
mlir::Value combineInGroup(DeviceBuilder &kb, const ThreadGroup &group,
                           const Reduction &reduction, mlir::Value value,
                           llvm::StringRef name);

} // namespace sinter::cuda

#endif // SINTER_PASSES_LOWERCUDA_GROUPREDUCTION_H
