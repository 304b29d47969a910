//===- ContractTile.h - the register tile of a contraction ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The inner loops: a tile of sums stays in vector registers while the reduction
// loops go round. In every step each vector of columns of the right operand is
// loaded once, and each row's element of the left operand is broadcast. For
// 8-bit integers an element is a quad (IntegerDot.h).
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTTILE_H
#define SINTER_PASSES_LOWER_CONTRACTTILE_H

#include "passes/Lower/ContractEpilogue.h"
#include "passes/Lower/ContractForm.h"
#include "passes/Lower/KernelBuilder.h"

namespace sinter::contract {

/// How tiles look on an instruction set for an element type.
struct TileChoice {
  /// Rows and vectors of the largest tile.
  int64_t rows;
  unsigned vectors;
  /// Rows of tiles whose columns fit in one vector.
  int64_t narrowRows;
  /// Whether tiles are in the registers of AMX. Each spans one line.
  bool isAmx = false;
  /// Rounds that the right operand is fetched ahead; 0: not at all.
  int64_t prefetch = 0;

  /// Heights for a number of rows that is known when the kernel runs.
  llvm::SmallVector<int64_t> getHeights(int64_t largest) const;
};

/// The choice for a contraction. Accumulators, one row of the right operand
/// and a broadcast element fit in the registers.
TileChoice chooseTile(const KernelBuilder &kb, const Contraction &c);

/// One operand of the product as the tile reads it.
struct TileOperand {
  mlir::Value buffer;
  mlir::Type type; ///< of the elements in the buffer
  mlir::Value offset;
};

/// Emits the sums of one tile.
class TileEmitter {
public:
  /// `scratch`: for the sums, if the tiles are those of AMX.
  TileEmitter(KernelBuilder &kb, const TileChoice &choice, const Contraction &c,
              mlir::Value scratch)
      : kb(kb), choice(choice), c(c), packed(c.packed || c.needsPackedRhs()),
        scratch(scratch) {}

  /// Gives the sums row by row, the vectors of a row together. `lhs` is at the
  /// first row, whose lines and pixels are `lineStride` and `pixelStride`
  /// apart; `rhs` at the first column. `masks`, if not empty, has the columns
  /// that may be read for each vector.
  llvm::SmallVector<mlir::Value>
  emit(const TileShape &shape, llvm::ArrayRef<ReductionLoop> reduction,
       const TileOperand &lhs, nn::SizeAttr lineStride,
       nn::SizeAttr pixelStride, const TileOperand &rhs,
       llvm::ArrayRef<mlir::Value> masks);

private:
  using Sums = llvm::SmallVector<mlir::Value>;
  Sums emitLoops(llvm::ArrayRef<ReductionLoop> loops, mlir::Value lhsOffset,
                 mlir::Value rhsOffset, Sums sums);
  /// Gives the element, or quad, of a row in all lanes.
  using RowLoader = llvm::function_ref<mlir::Value(mlir::Value rowOffset)>;
  Sums emitStep(RowLoader loadRow, mlir::Value rhsOffset, Sums sums);
  Sums emitQuadStep(RowLoader loadRow, mlir::Value rhsOffset, Sums sums);
  /// Steps [first, last) whose elements do not lie together in lhs, or may end
  /// before the last of a quad.
  Sums emitScatteredSteps(const ReductionLoop &loop, mlir::Value first,
                          mlir::Value last, mlir::Value lhsOffset,
                          mlir::Value rhsOffset, Sums sums);
  void prefetch(mlir::Value offset, int64_t elements);
  mlir::Value multiplyAdd(mlir::Value lhs, mlir::Value rhs, mlir::Value sum);

  KernelBuilder &kb;
  const TileChoice &choice;
  const Contraction &c;
  bool packed;
  mlir::Value scratch;
  /// Of the tile being emitted.
  TileShape shape;
  TileOperand lhs, rhs;
  llvm::ArrayRef<mlir::Value> masks;
  llvm::SmallVector<mlir::Value> rowOffsets;
};

/// Joins neighbours that one loop can run through.
llvm::SmallVector<ReductionLoop>
mergeReduction(llvm::ArrayRef<ReductionLoop> loops);

} // namespace sinter::contract

#endif // SINTER_PASSES_LOWER_CONTRACTTILE_H
