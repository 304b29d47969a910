//===- ContractProduct.h - products of tiles in registers -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The sums of a block's tile, spread over the registers of its threads.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWERCUDA_CONTRACTPRODUCT_H
#define SINTER_PASSES_LOWERCUDA_CONTRACTPRODUCT_H

#include "passes/LowerCuda/ContractOperand.h"

namespace sinter::cuda {

/// The tiles of a block in shared memory.
struct SharedTiles {
  SharedTile left, right; ///< of one of the two stages
  SharedTile staging;     ///< a part of the sums, over the others
  mlir::Value memory;     ///< memref of bytes

  int64_t getStageBytes() const { return left.bytes + right.bytes; }
};

/// How threads multiply.
class TileProduct {
public:
  virtual ~TileProduct() = default;
  /// Sums of zero: the registers of a thread.
  virtual llvm::SmallVector<mlir::Value> getStart() = 0;
  /// `sums` with the products of the tiles that begin at these bytes.
  virtual llvm::SmallVector<mlir::Value>
  multiply(mlir::Value left, mlir::Value right, mlir::ValueRange sums) = 0;
  /// Writes the sums of part `stage` of the tile to the staging tile.
  virtual void stage(int64_t stage, mlir::ValueRange sums) = 0;
  /// The row of the tile that line `line` of the staging tile has in part
  /// `stage`.
  virtual mlir::Value getRow(int64_t stage, mlir::Value line) = 0;
};

/// By fused multiply-add (or integer arithmetic): a thread has `rowsEach` rows,
/// evenly spread, and `columnsEach` columns, in vectors of 16 bytes.
std::unique_ptr<TileProduct> makeThreadProduct(DeviceBuilder &kb,
                                               const BlockTile &tile,
                                               const SharedTiles &shared);
/// By mma.sync: m16n8k16 on f16 or bf16 with sums in f32, m16n8k32 on quads of
/// ui8 and i8 with sums in i32 that wrap. Eight warps in two rows, or four.
std::unique_ptr<TileProduct> makeWarpProduct(DeviceBuilder &kb,
                                             const BlockTile &tile,
                                             const SharedTiles &shared);

} // namespace sinter::cuda

#endif // SINTER_PASSES_LOWERCUDA_CONTRACTPRODUCT_H
