//===- WindowQuads.h - depthwise convolutions of bytes ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The taps of a depthwise convolution of 8-bit integers. Four rows of the
// window (all of its dimensions but the last count as rows) are read as one
// vector of quads (IntegerDot.h), which every column of a block that covers
// this place multiplies with its own column of the filter:
//
//   quad(x)[c] = input[row 0, x, c], .., input[row 3, x, c]
//   sum(column)[c] += quad(start + tap * dilation)[c] . filter[tap][c]
//
// What lies beyond the edges is read as the pad value.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_WINDOWQUADS_H
#define SINTER_PASSES_LOWER_WINDOWQUADS_H

#include "passes/Lower/IntegerDot.h"
#include "passes/Lower/WindowPlan.h"

namespace sinter {

/// A range of columns of the window: constants, or values where `low` is set.
struct TapRange {
  int64_t first = 0, last = 0;
  mlir::Value low, high;
};

class QuadTaps {
public:
  QuadTaps(KernelBuilder &kb, const WindowPlan &plan);

  /// Begins a row of results: image, and index of each outer dimension.
  void startRow(mlir::Value image, llvm::ArrayRef<mlir::Value> row);
  /// Begins a vector of channels.
  void startChannels(mlir::Value channel, mlir::Value mask);
  /// Adds all taps to the sums of neighbouring columns from `column` on. Of
  /// the window's columns those in `taps` lie inside of the input; `isInside`
  /// tells that all of its rows do.
  mlir::SmallVector<mlir::Value> emit(mlir::Value column,
                                      mlir::SmallVector<mlir::Value> sums,
                                      const TapRange &taps, bool isInside);

private:
  using Sums = mlir::SmallVector<mlir::Value>;
  /// One row of the window: offset in the input, clamped to it, and whether it
  /// is inside (null: yes).
  struct Row {
    mlir::Value offset, inside;
  };
  mlir::SmallVector<Row, 4> getRows(mlir::Value group, bool isInside);
  Sums emitGroup(mlir::Value group, mlir::Value column, Sums sums,
                 const TapRange &taps, bool isInside);
  DotOperand loadFilter(mlir::Value group, mlir::Value tap);
  /// The quads at an input column.
  mlir::Value loadQuads(llvm::ArrayRef<Row> rows, mlir::Value position);
  mlir::Value getPadQuads();

  KernelBuilder &kb;
  const WindowPlan &plan;
  int64_t rowCount;
  llvm::SmallVector<nn::SizeAttr> inputStrides;
  mlir::Value filterQuads;
  mlir::Value image, channel, mask;
  mlir::SmallVector<mlir::Value> row;
  /// Filters of the vector of channels, if they are kept in registers.
  mlir::SmallVector<DotOperand> filters;
};

} // namespace sinter

#endif // SINTER_PASSES_LOWER_WINDOWQUADS_H
