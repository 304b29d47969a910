//===- Sparse.h - weights with zeros ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How many elements of a weight are zero, and in which pattern. The kinds of
// weight expressions that make and pack such weights are in Pruning.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_WEIGHTS_SPARSE_H
#define SINTER_COMPILER_WEIGHTS_SPARSE_H

#include "compiler/Weights/Element.h"
#include "mlir/Support/LLVM.h"

#include <vector>

namespace sinter::weights {

/// The matrix that a weight is to a contraction: row k meets input channel k,
/// column n makes output channel n. Strides in elements.
struct MatrixView {
  int64_t rows, columns, rowStride, columnStride;

  /// Of a weight whose dimensions other than the two axes are 1; nothing for
  /// any other.
  static std::optional<MatrixView> get(llvm::ArrayRef<int64_t> shape,
                                       int64_t rowAxis, int64_t columnAxis);
};

/// Reads row `row` of the matrix at `data`.
void loadRow(const MatrixView &view, ElementKind kind, const char *data,
             int64_t row, std::vector<Scalar> &out);

/// What a matrix holds.
struct Sparsity {
  int64_t elements = 0, nonZeros = 0;
  /// Blocks of 1 row and 16 columns, the last of a row possibly narrower.
  int64_t blocks = 0, nonZeroBlocks = 0;
  double squares = 0; ///< sum of the squares of the elements
  /// N:M if every M rows of a column, from row 0 on, hold at most N elements
  /// that are not zero, N at most M / 2; the smallest M of 4, 8 and 16.
  std::optional<std::pair<int64_t, int64_t>> groups;
};
Sparsity getSparsity(const MatrixView &view, ElementKind kind,
                     const char *data);

} // namespace sinter::weights

#endif // SINTER_COMPILER_WEIGHTS_SPARSE_H
