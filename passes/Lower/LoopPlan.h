//===- LoopPlan.h - iteration space of a loop kernel ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The result's dimensions, merged where all operands allow it, are cut into
// tiles of about 32 KiB: some rows (all dimensions but the last one) times a
// chunk of columns. Where an operand is contiguous along another dimension than
// the result is, the tile is a block of those two dimensions instead, and the
// operand is transposed in registers.
//
// A concatenation along a dimension of the space splits the space into segments
// that compute one of its operands each: no element is selected at run time.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_LOOPPLAN_H
#define SINTER_PASSES_LOWER_LOOPPLAN_H

#include "passes/Lower/PointProgram.h"

namespace sinter {

/// Part [low, high) of the split dimension, and what is computed there.
struct LoopSegment {
  PointProgram program;
  llvm::SmallVector<unsigned> roots;
  nn::SizeAttr low, high;
};

/// How a loop kernel is computed; the same for all instruction sets.
struct LoopPlan {
  llvm::SmallVector<LoopSegment, 1> segments;
  /// The collapsed space.
  llvm::SmallVector<nn::SizeAttr> sizes;
  /// Dimension of it that the segments divide; -1 with one segment.
  int splitDim = -1;
  /// Dimension along which some operands are contiguous; -1: none, or
  /// those operands are gathered.
  int blockDim = -1;
  /// Elements along the row dimension(s) and the column of a tile, and how many
  /// tiles that makes.
  nn::SizeAttr rows, rowsPerTile, columns, columnsPerTile, tiles;

  unsigned getRank() const { return sizes.size(); }
  unsigned getColumnDim() const { return sizes.size() - 1; }
};

/// Plans a kernel of kind loop, or fails after an error.
mlir::FailureOr<LoopPlan> makeLoopPlan(kernel::FuncOp kernel);

/// The loads of `program` that are contiguous along `blockDim` only.
llvm::SmallVector<unsigned> getTransposedLoads(const PointProgram &program,
                                               int blockDim);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_LOOPPLAN_H
