//===- ReducePlan.h - form of a reduce kernel -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One reduction over any axes. Vectors run along the dimension in which most
// operands are contiguous: a kept one, where every lane is a result of its own,
// or a reduced one, where the lanes are combined at the end.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_REDUCEPLAN_H
#define SINTER_PASSES_LOWER_REDUCEPLAN_H

#include "passes/Lower/PointProgram.h"

namespace sinter {

/// How a reduce kernel is computed; the same for all instruction sets.
struct ReducePlan {
  ReducePlan(PointProgram program, PointProgram epilogue)
      : program(std::move(program)), epilogue(std::move(epilogue)) {}

  nn::ReduceOp op;
  /// What is reduced, and what becomes of the result, over one space: that of
  /// the reduction's input.
  PointProgram program, epilogue;
  unsigned input = 0;
  llvm::SmallVector<unsigned> roots;
  /// Offset of a result element.
  LinearForm result;
  llvm::SmallVector<unsigned> keptDims, reducedDims;
  unsigned vectorDim = 0;
  bool isVectorKept = false;
  /// A unit is a result, or `columnsPerUnit` along a kept vector dimension.
  nn::SizeAttr columnsPerUnit, units, unitsPerTile, reducedElements, tiles;

  nn::SizeAttr getSize(unsigned dim) const { return program.getSizes()[dim]; }
  /// Kept dimensions other than that of the vectors.
  llvm::SmallVector<unsigned> getOuterDims() const;
};

/// Plans a kernel of kind reduce, or fails after an error.
mlir::FailureOr<ReducePlan> makeReducePlan(kernel::FuncOp kernel);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_REDUCEPLAN_H
