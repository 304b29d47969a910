//===- SparseTile.h - the register tile of a sparse contraction -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The inner loop where only blocks of 1 x 16 elements of the right operand are
// stored: as ContractTile.h, with a tile of many rows and 16 columns, and a
// round for each block of a panel. A round reads the k of the block and its
// values once, and from each row the element at k.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_SPARSETILE_H
#define SINTER_PASSES_LOWER_SPARSETILE_H

#include "passes/Lower/ContractTile.h"

namespace sinter::contract {

/// The choice for a sparse contraction: 16 columns a tile.
TileChoice chooseSparseTile(const KernelBuilder &kb, const Contraction &c);

/// Emits the sums of a tile whose first column is `column` (a multiple of 16).
/// `lhsStride` is the distance of elements of `lhs` along k; for the others see
/// TileEmitter::emit.
llvm::SmallVector<mlir::Value>
emitSparseTile(KernelBuilder &kb, const Contraction &c, const TileShape &shape,
               nn::SizeAttr lhsStride, const TileOperand &lhs,
               nn::SizeAttr lineStride, nn::SizeAttr pixelStride,
               mlir::Value column);

} // namespace sinter::contract

#endif // SINTER_PASSES_LOWER_SPARSETILE_H
