//===- SparseElements.h - a contraction with single elements ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The work of a unit where single elements of the right operand are stored, in
// any pattern. Vectors run along the rows: a stored element is broadcast and
// multiplied with its column of the left operand, of which a block of rows is
// transposed to scratch. So that this block stays in the first-level cache, the
// sums go through scratch every 64 steps of k (kernel::sparseDepth), for a
// group of columns that stays in the second-level cache. At the end squares of
// sums are transposed back for the epilogue.
//
// After "Fast Sparse ConvNets" (Elsen et al., 2019), whose activations are
// channels first.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_SPARSEELEMENTS_H
#define SINTER_PASSES_LOWER_SPARSEELEMENTS_H

#include "passes/Lower/ContractEpilogue.h"
#include "passes/Lower/ContractPlan.h"

namespace sinter::contract {

/// One line of a unit: offsets of the operands at pixel 0 and column 0, and the
/// pixels and panels to compute.
struct SparseLine {
  mlir::Value lhs, result;
  llvm::SmallVector<mlir::Value> leaves;
  std::pair<mlir::Value, mlir::Value> pixels, panels;
};

/// Emits the work of lines.
class SparseElementsEmitter {
public:
  SparseElementsEmitter(KernelBuilder &kb, const Contraction &c,
                        const ContractPlan &plan, EpilogueEmitter &epilogue);

  void emit(const SparseLine &line);

private:
  void emitRows(const SparseLine &line, mlir::Value first, mlir::Value count);
  void transposeRows(const SparseLine &line, mlir::Value first,
                     mlir::Value count);
  void emitColumns(const SparseLine &line, mlir::Value first, mlir::Value count,
                   mlir::Value begin, mlir::Value end);
  void emitDepth(mlir::Value depth, mlir::Value begin, mlir::Value end,
                 unsigned vectors, bool isFirst);
  void storeColumns(const SparseLine &line, mlir::Value first,
                    mlir::Value count, mlir::Value begin, mlir::Value end);
  mlir::Value loadIndex(mlir::BlockArgument vector, mlir::Value position);

  KernelBuilder &kb;
  const Contraction &c;
  EpilogueEmitter &epilogue;
  const ContractPart &part;
  mlir::Type compute;
  /// Rows of a block: accumulators take half of the registers.
  int64_t blockRows;
  /// The fewest and the most vectors of rows that a block has.
  unsigned fewestVectors = 1, mostVectors;
  /// Scratch: [k, blockRows], [columns of a group, blockRows], one square.
  mlir::Value lhs, sums, square;
};

} // namespace sinter::contract

#endif // SINTER_PASSES_LOWER_SPARSEELEMENTS_H
