//===- ContractEpilogue.h - what follows a contraction ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Applies the element-wise operations to a register tile and stores it: while
// it is in registers if they are few and cheap, else in a loop over its rows,
// from a copy in scratch.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTEPILOGUE_H
#define SINTER_PASSES_LOWER_CONTRACTEPILOGUE_H

#include "passes/Lower/ContractForm.h"
#include "passes/Lower/KernelBuilder.h"

namespace sinter::contract {

/// Whether the epilogue is better run as a loop than unrolled over the tile.
bool isHeavyEpilogue(const Contraction &contraction);

/// A register tile: `lines` x `pixels` rows, `vectors` vectors of columns.
struct TileShape {
  int64_t lines, pixels;
  unsigned vectors;

  int64_t getRows() const { return lines * pixels; }
};

/// Where a tile lies in one operand: offset of its first row and column, and
/// how far lines, pixels and columns are from each other.
struct TilePosition {
  mlir::Value offset, lineStride, pixelStride;
  nn::SizeAttr columnStride;
  /// Whether the rows of the tile lie together, and its columns do not.
  bool rowsTogether = false;
  /// Whether all rows of a tile meet the same elements.
  bool sameForRows = false;
};

/// Emits epilogue and stores.
class EpilogueEmitter {
public:
  /// `scratch`: `maxTileElements` elements, if the epilogue is heavy.
  EpilogueEmitter(KernelBuilder &kb, const Contraction &c, mlir::Value scratch)
      : kb(kb), c(c), scratch(scratch), heavy(isHeavyEpilogue(c)) {}

  /// Stores the tile `sums` (row by row, vectors of a row together). `leaves`
  /// and `result` say where it lies; `masks`, if not empty, has the columns
  /// that exist for each vector.
  void emit(const TileShape &shape, llvm::ArrayRef<mlir::Value> sums,
            llvm::ArrayRef<TilePosition> leaves, const TilePosition &result,
            llvm::ArrayRef<mlir::Value> masks);

private:
  /// One vector of the tile: offsets of line and pixel are added to those of
  /// the positions.
  struct Place {
    mlir::Value line, pixel;
    unsigned vector;
    mlir::Value mask;
  };
  mlir::Value getOffset(const TilePosition &position, const Place &place);
  mlir::Value loadLeaf(unsigned leaf, const TilePosition &position,
                       const Place &place);
  mlir::Value evaluate(mlir::Value sum, llvm::ArrayRef<TilePosition> leaves,
                       const Place &place);
  void store(mlir::Value value, const TilePosition &position,
             const Place &place);
  void storeTransposed(const TileShape &shape,
                       llvm::ArrayRef<mlir::Value> values,
                       const TilePosition &position,
                       llvm::ArrayRef<mlir::Value> masks);
  void emitLoop(const TileShape &shape, llvm::ArrayRef<mlir::Value> sums,
                llvm::ArrayRef<TilePosition> leaves, const TilePosition &result,
                llvm::ArrayRef<mlir::Value> masks);

  KernelBuilder &kb;
  const Contraction &c;
  mlir::Value scratch;
  bool heavy;
  /// Values that all rows of the current tile share, for each vector.
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, mlir::Value> shared;
};

} // namespace sinter::contract

#endif // SINTER_PASSES_LOWER_CONTRACTEPILOGUE_H
