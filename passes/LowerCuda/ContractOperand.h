//===- ContractOperand.h - operands of a product in shared memory -*- C++
//-*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Copies tiles of the operands of a contraction from global to shared memory.
// What lies outside of the matrix becomes zero, outside of the input of a
// convolution its padding. Copies are asynchronous (cp.async) where that is
// zero and at least four bytes lie together; else they go through registers.
//
// A *cell* is what one step of the sum takes of a row or a column: an element,
// or a quad of four 8-bit integers (ContractForm.h).
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWERCUDA_CONTRACTOPERAND_H
#define SINTER_PASSES_LOWERCUDA_CONTRACTOPERAND_H

#include "passes/LowerCuda/ContractTiling.h"
#include "passes/LowerCuda/DeviceBuilder.h"

namespace sinter::cuda {

/// A tile in shared memory: a line of cells for each row (left operand) or each
/// step of the sum (right operand), lines a little apart from each other so
/// that threads meet different banks.
struct SharedTile {
  mlir::Type type; ///< of a cell: the element type, or i32 for a quad
  int64_t lines;
  int64_t stride; ///< cells from line to line
  int64_t bytes;  ///< of the whole tile

  /// `width` cells of a line are used, `padBytes` follow.
  static SharedTile make(mlir::Type type, int64_t lines, int64_t width,
                         int64_t padBytes = 16);
};

/// Cells of the left, right operand that can be copied at once: aligned, and
/// together in memory. 0: not even the elements of a cell are.
int64_t getLeftVector(const contract::Contraction &c);
int64_t getRightVector(const contract::Contraction &c);

/// What both operands have in common.
class OperandCopier {
public:
  virtual ~OperandCopier() = default;
  /// Copies the tile that begins at step `start` of the sum; `base` is the
  /// first byte of the tile in shared memory.
  virtual void copy(mlir::Value start, mlir::Value base) = 0;

protected:
  OperandCopier(DeviceBuilder &kb, const contract::Contraction &c,
                const contract::ContractPart &part, const BlockTile &tile,
                const SharedTile &shared, mlir::BlockArgument operand,
                mlir::Value memory, int64_t vector);
  /// Copies `vector` cells from element `offset` on to (`line`, `column`), or
  /// `fill` where not `exists`.
  void copyCells(mlir::Value offset, mlir::Value exists, mlir::Value base,
                 mlir::Value line, mlir::Value column);
  /// Copies `count` elements through registers to element `place` of the tile.
  void copyElements(int64_t count, mlir::Value offset, mlir::Value exists,
                    mlir::Value base, mlir::Value place);
  /// Copies the elements of a cell one by one: they are `stride` apart, and the
  /// first is number `first` of the innermost loop's.
  void copyCellByElements(mlir::Value offset, nn::SizeAttr stride,
                          mlir::Value first, mlir::Value exists,
                          mlir::Value base, mlir::Value line,
                          mlir::Value column);
  /// The indices of the loops of the sum at step `step`.
  llvm::SmallVector<mlir::Value>
  splitStep(mlir::Value step,
            llvm::ArrayRef<contract::ReductionLoop> loops) const;

  DeviceBuilder &kb;
  const contract::Contraction &c;
  const contract::ContractPart &part;
  const BlockTile &tile;
  const SharedTile &shared;
  mlir::Value source, memory; ///< global, shared
  mlir::Type elementType;
  int64_t vector; ///< cells at a time; 0: elements
  int64_t fill = 0;
  nn::SizeAttr depth;
};

/// Copiers for the tile at row `firstRow` (column `firstColumn`) of the matrix;
/// `batch` has the indices of the batch dimensions (by row dimension; others
/// null). They compute what all steps share where they are made.
std::unique_ptr<OperandCopier>
makeLeftCopier(DeviceBuilder &kb, const contract::Contraction &c,
               const contract::ContractPart &part, const BlockTile &tile,
               const SharedTile &shared, mlir::Value memory,
               llvm::ArrayRef<mlir::Value> batch, mlir::Value firstRow);
std::unique_ptr<OperandCopier>
makeRightCopier(DeviceBuilder &kb, const contract::Contraction &c,
                const contract::ContractPart &part, const BlockTile &tile,
                const SharedTile &shared, mlir::Value memory,
                llvm::ArrayRef<mlir::Value> batch, mlir::Value firstColumn);

/// The indices of all row dimensions at row `row` of the matrix.
llvm::SmallVector<mlir::Value> getRowIndices(DeviceBuilder &kb,
                                             const contract::ContractPart &part,
                                             llvm::ArrayRef<mlir::Value> batch,
                                             mlir::Value row);
/// Number of rows of the matrix; steps of the sum.
nn::SizeAttr getRowCount(const contract::ContractPart &part);
nn::SizeAttr getDepth(const contract::ContractPart &part);
/// `form` at `indices`, of the first dimensions of it.
mlir::Value evaluateForm(DeviceBuilder &kb, const LinearForm &form,
                         llvm::ArrayRef<mlir::Value> indices);

} // namespace sinter::cuda

#endif // SINTER_PASSES_LOWERCUDA_CONTRACTOPERAND_H
