//===- LateSizes.h - formulas of sizes that come from data ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shapes, axes and places that the model computes are late dimensions: any
// integer. What an operator does with them is written without branches, with
// conditions that are 1 or 0. For constants, and where ranges decide them, the
// conditions fold, so that one formula serves all forms of an operator.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_LATESIZES_H
#define SINTER_COMPILER_IMPORT_LATESIZES_H

#include "dialects/NN/Size.h"

namespace sinter {

/// 1 where `size` is `value`, else 0; for all values of `size`.
nn::SizeAttr isEqual(nn::SizeAttr size, int64_t value);
/// 1 where `size` is below 0, else 0.
nn::SizeAttr isNegative(nn::SizeAttr size);
/// `onTrue` where `condition` is 1, `onFalse` where it is 0.
nn::SizeAttr select(nn::SizeAttr condition, nn::SizeAttr onTrue,
                    nn::SizeAttr onFalse);

/// How many names and functions are in `size`.
unsigned countAtoms(nn::SizeAttr size);

/// Axes that an operator works on, which may come from data
/// (NodeContext::readAxes).
struct AxisSet {
  int64_t rank = 0;
  /// For each axis, as it was given, one entry a dimension: 1 where it is this
  /// one, else 0.
  llvm::SmallVector<llvm::SmallVector<nn::SizeAttr>> hits;

  /// 1 where dimension `dim` is one of the axes, else 0.
  nn::SizeAttr contains(mlir::MLIRContext *context, int64_t dim) const;
  /// The axes in ascending order, where all are known.
  std::optional<llvm::SmallVector<int64_t>> getKnown() const;
  /// The entry of `values`, one for each axis, that belongs to dimension `dim`;
  /// `other` for a dimension that is none of the axes.
  nn::SizeAttr pick(llvm::ArrayRef<nn::SizeAttr> values, int64_t dim,
                    nn::SizeAttr other) const;
  /// The sizes of the dimensions that are none of the axes, in their order.
  llvm::SmallVector<nn::SizeAttr>
  drop(mlir::MLIRContext *context, llvm::ArrayRef<nn::SizeAttr> sizes) const;
  /// `sizes` with a 1 at each axis of the result, whose rank is that of the
  /// set: the inverse of `drop`.
  llvm::SmallVector<nn::SizeAttr>
  insertOnes(mlir::MLIRContext *context,
             llvm::ArrayRef<nn::SizeAttr> sizes) const;
};

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_LATESIZES_H
