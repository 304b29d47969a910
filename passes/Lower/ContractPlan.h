//===- ContractPlan.h - units of work of a contraction ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A unit is one place of the outer rows, a block of lines, a block of pixels
// and a group of panels of columns. It is small enough that the left operand of
// its rows stays in the second-level cache while panels stream past, and there
// are enough units for the threads of a server.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTPLAN_H
#define SINTER_PASSES_LOWER_CONTRACTPLAN_H

#include "passes/Lower/ContractForm.h"

namespace sinter::contract {

struct ContractPlan {
  nn::SizeAttr panels; ///< of the columns (of one group)
  /// Numbers of blocks: block b of n of a dimension of size s is [b * s / n,
  /// (b + 1) * s / n).
  nn::SizeAttr panelGroups, lineBlocks, pixelBlocks;
  /// Whether all panels meet a block of rows before the next block is begun, or
  /// all blocks of rows a group of panels.
  bool rowsFirst = true;
  /// The most lines and pixels that a block has.
  nn::SizeAttr linesPerBlock, pixelsPerBlock;

  /// Input coordinates that a window holds along each of its dimensions.
  llvm::SmallVector<nn::SizeAttr> windowSizes;
  /// Elements of the scratch areas (0 if unused), one after the other: input
  /// window, a packed panel of the right operand, a raw register tile.
  nn::SizeAttr windowElements, panelElements, tileElements;

  /// Scratch of a right operand of single elements: a block of rows,
  /// transposed, its sums with a group of columns, and a square of them.
  struct {
    nn::SizeAttr lhsElements, sumElements, squareElements;
    nn::SizeAttr lhsOffset, sumOffset, squareOffset;
  } sparse;

  nn::SizeAttr tiles;   ///< number of units
  nn::SizeAttr scratch; ///< bytes
  /// Byte offsets of the three areas.
  nn::SizeAttr windowOffset, panelOffset, tileOffset;
};

/// Elements of the largest register tile of any instruction set, and of the
/// largest that tile registers hold.
constexpr int64_t maxTileElements = 512;
constexpr int64_t maxAmxElements = 1024;

/// Where single elements of the right operand are stored: rows that are
/// transposed together, at most, columns whose sums are kept in scratch, and
/// elements of the largest vector.
constexpr int64_t sparseRows = 128, sparseColumns = 256, sparseLanes = 16;

ContractPlan planContraction(const Contraction &contraction);

} // namespace sinter::contract

#endif // SINTER_PASSES_LOWER_CONTRACTPLAN_H
