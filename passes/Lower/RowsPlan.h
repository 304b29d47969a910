//===- RowsPlan.h - stages of a rows kernel ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row is what the reductions of the kernel run over. It is passed several
// times, a pass being a *stage*: each computes the reductions whose inputs are
// known by then, the last one stores the results. Element-wise values needed by
// several stages are computed again, or, where that is expensive, kept in a row
// of scratch by the first stage that needs them.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_ROWSPLAN_H
#define SINTER_PASSES_LOWER_ROWSPLAN_H

#include "passes/Lower/PointProgram.h"

namespace sinter {

/// A reduction and the node of its input.
struct RowReduction {
  nn::ReduceOp op;
  unsigned input;
};

/// A value of the row that is kept in scratch.
struct KeptRow {
  unsigned node;
  unsigned firstStage;
  nn::SizeAttr offset;
};

/// How a rows kernel is computed; the same for all instruction sets.
struct RowsPlan {
  explicit RowsPlan(PointProgram program) : program(std::move(program)) {}

  PointProgram program;
  /// The reductions of every stage but the last one, which stores.
  llvm::SmallVector<llvm::SmallVector<RowReduction>> stages;
  llvm::SmallVector<unsigned> results;
  llvm::SmallVector<KeptRow> kept;
  /// The first dimensions of the collapsed space, which count rows.
  unsigned rowDims = 0;
  nn::SizeAttr rows, rowsPerTile, rowElements, tiles, scratch;

  /// The nodes that a stage computes (the last one: the results).
  llvm::SmallVector<unsigned> getRoots(unsigned stage) const;
};

/// Plans a kernel of kind rows, or fails after an error.
mlir::FailureOr<RowsPlan> makeRowsPlan(kernel::FuncOp kernel);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_ROWSPLAN_H
