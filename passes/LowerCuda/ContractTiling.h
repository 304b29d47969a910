//===- ContractTiling.h - tiles of a contraction for CUDA -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The contraction (ContractForm.h) as a product of matrices: its rows are the
// places of the result for which the right operand is the same, all of them in
// one dimension; the loops of the sum are one dimension too. A block computes a
// tile of the result from tiles of both operands in shared memory.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWERCUDA_CONTRACTTILING_H
#define SINTER_PASSES_LOWERCUDA_CONTRACTTILING_H

#include "passes/Lower/ContractForm.h"

namespace sinter::cuda {

/// What a block computes, and how its threads share it.
struct BlockTile {
  int64_t rows, columns; ///< of the result
  int64_t depth;         ///< steps of the sum, at a time
  int64_t threads;
  /// Whether warps multiply by mma.sync; else threads by fma.
  bool usesTensorCores;
  /// By fma: rows and columns of a thread. By mma.sync: 16-row and 8-column
  /// pieces of a warp.
  int64_t rowsEach, columnsEach;

  /// Rows of the result that are staged in shared memory at a time.
  static constexpr int64_t stagedRows = 32;
  int64_t getStages() const { return rows / stagedRows; }
};

/// The rows of a part, cut into those that share the right operand and those
/// that do not.
struct RowSplit {
  llvm::SmallVector<unsigned> batch, rows; ///< dimensions of the part's rows
};
RowSplit splitRows(const contract::ContractPart &part);

/// The tile for a contraction: the largest that still gives work to the
/// processors of a GPU. Free sizes count as one sample of usual length.
BlockTile chooseBlockTile(const contract::Contraction &contraction,
                          bool readsVectors);

} // namespace sinter::cuda

#endif // SINTER_PASSES_LOWERCUDA_CONTRACTTILING_H
