//===- Sparse.cpp - weights with zeros ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/Sparse.h"

#include "compiler/Weights/Evaluator.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::weights;

/// Columns of a block as sparse kernels read it.
static constexpr int64_t blockColumns = 16;

std::optional<MatrixView> MatrixView::get(ArrayRef<int64_t> shape,
                                          int64_t rowAxis, int64_t columnAxis) {
  int64_t rank = shape.size();
  if (rowAxis == columnAxis || rowAxis < 0 || rowAxis >= rank ||
      columnAxis < 0 || columnAxis >= rank)
    return std::nullopt;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (axis != rowAxis && axis != columnAxis && shape[axis] != 1)
      return std::nullopt;
  SmallVector<int64_t> strides = getStrides(shape);
  return MatrixView{shape[rowAxis], shape[columnAxis], strides[rowAxis],
                    strides[columnAxis]};
}

void sinter::weights::loadRow(const MatrixView &view, ElementKind kind,
                              const char *data, int64_t row,
                              std::vector<Scalar> &out) {
  out.resize(view.columns);
  loadElements(kind, data + row * view.rowStride * getElementBytes(kind),
               view.columnStride, view.columns, out.data());
}

namespace {
/// The most elements that are not zero in M rows of a column.
struct GroupCounter {
  int64_t group, most = 0;
  std::vector<int64_t> counts;

  GroupCounter(int64_t group, int64_t columns)
      : group(group), counts(columns, 0) {}
  void addRow(int64_t row, ArrayRef<Scalar> elements) {
    if (row % group == 0)
      std::fill(counts.begin(), counts.end(), 0);
    for (auto [count, element] : llvm::zip_equal(counts, elements))
      most = std::max(most, count += element.f != 0);
  }
};
} // namespace

Sparsity sinter::weights::getSparsity(const MatrixView &view, ElementKind kind,
                                      const char *data) {
  Sparsity result;
  result.elements = view.rows * view.columns;
  result.blocks =
      view.rows * ((view.columns + blockColumns - 1) / blockColumns);
  GroupCounter counters[] = {
      {4, view.columns}, {8, view.columns}, {16, view.columns}};
  std::vector<Scalar> elements;
  for (int64_t row = 0; row < view.rows; ++row) {
    loadRow(view, kind, data, row, elements);
    for (int64_t begin = 0; begin < view.columns; begin += blockColumns) {
      int64_t end = std::min(begin + blockColumns, view.columns), found = 0;
      for (int64_t column = begin; column < end; ++column) {
        double value = elements[column].f;
        found += value != 0;
        result.squares += value * value;
      }
      result.nonZeros += found;
      result.nonZeroBlocks += found > 0;
    }
    for (GroupCounter &counter : counters)
      counter.addRow(row, elements);
  }
  for (const GroupCounter &counter : counters)
    if (!result.groups && view.rows % counter.group == 0 && counter.most > 0 &&
        counter.most * 2 <= counter.group)
      result.groups = {counter.most, counter.group};
  return result;
}
