//===- Pruning.cpp - smallest elements to zero, and packing the others ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Weights as matrices (MatrixView) of floats; every kind has the parameters
// `row_axis` and `column_axis`. What is kept depends on the values alone: of
// equal magnitudes the first in row-major order.
//
//   prune_blocks  {width, keep}   of the blocks of 1 x width elements the
//                                 `keep` with the largest mean square stay
//   prune_groups  {group, keep}   of each `group` rows of a column the `keep`
//                                 largest elements stay
//   pack_sparse   {width, part}   `part` of kernel.unpack_sparse for blocks of
//                                 width 16, or single elements (width 1):
//                                 "starts", "indices" or "values", zero beyond
//                                 the last one
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/Evaluator.h"
#include "compiler/Weights/Sparse.h"
#include "llvm/ADT/StringSwitch.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace sinter;
using namespace sinter::weights;

/// Rows after which single elements begin anew with the first column.
static constexpr int64_t elementDepth = 64;

/// The matrix that the operand of `e` is.
static std::optional<MatrixView> getView(const Expression &e) {
  int64_t rowAxis, columnAxis;
  if (e.operands.size() != 1 || getDomain(e.getKind(0)) != Domain::Float ||
      !e.getInt("row_axis", rowAxis) || !e.getInt("column_axis", columnAxis))
    return std::nullopt;
  return MatrixView::get(e.getShape(0), rowAxis, columnAxis);
}

//===----------------------------------------------------------------------===//
// Pruning
//===----------------------------------------------------------------------===//

namespace {
/// How large a candidate is, and its place in row-major order.
struct Magnitude {
  double size;
  int64_t place;

  bool operator<(const Magnitude &other) const {
    return size != other.size ? size > other.size : place < other.place;
  }
};
} // namespace

/// NaN is kept before anything else: it must not vanish silently.
static double makeSize(double size) {
  return std::isnan(size) ? INFINITY : size;
}

/// Leaves the `keep` largest at the front, in any order.
static void selectLargest(MutableArrayRef<Magnitude> candidates, int64_t keep) {
  if (keep < int64_t(candidates.size()))
    std::nth_element(candidates.begin(), candidates.begin() + keep,
                     candidates.end());
}

static LogicalResult pruneBlocks(const Expression &e, char *out) {
  std::optional<MatrixView> view = getView(e);
  int64_t width, keep;
  if (!view || !e.getInt("width", width) || !e.getInt("keep", keep) ||
      width < 1 || keep < 0 || e.getShape() != e.getShape(0))
    return e.fail("expects a matrix of floats, its axes, a width and a number "
                  "of blocks to keep");
  int64_t perRow = (view->columns + width - 1) / width;
  std::vector<Magnitude> blocks(view->rows * perRow);
  std::vector<Scalar> elements;
  for (int64_t row = 0; row < view->rows; ++row) {
    loadRow(*view, e.getKind(), e.operands[0].get(), row, elements);
    for (int64_t block = 0; block < perRow; ++block) {
      int64_t begin = block * width;
      int64_t end = std::min(begin + width, view->columns);
      double squares = 0;
      for (int64_t column = begin; column < end; ++column)
        squares += elements[column].f * elements[column].f;
      int64_t place = row * perRow + block;
      blocks[place] = {makeSize(squares / (end - begin)), place};
    }
  }
  keep = std::min<int64_t>(keep, blocks.size());
  selectLargest(blocks, keep);
  int64_t bytes = getElementBytes(e.getKind());
  std::memset(out, 0, view->rows * view->columns * bytes);
  for (const Magnitude &block : ArrayRef(blocks).take_front(keep)) {
    int64_t row = block.place / perRow, begin = block.place % perRow * width;
    int64_t end = std::min(begin + width, view->columns);
    for (int64_t column = begin; column < end; ++column) {
      int64_t offset =
          (row * view->rowStride + column * view->columnStride) * bytes;
      std::memcpy(out + offset, e.operands[0].get() + offset, bytes);
    }
  }
  return success();
}

static LogicalResult pruneGroups(const Expression &e, char *out) {
  std::optional<MatrixView> view = getView(e);
  int64_t group, keep;
  if (!view || !e.getInt("group", group) || !e.getInt("keep", keep) ||
      group < 1 || keep < 0 || view->rows % group != 0 ||
      e.getShape() != e.getShape(0))
    return e.fail("expects a matrix of floats, its axes, a group that divides "
                  "its rows and a number of elements to keep");
  int64_t bytes = getElementBytes(e.getKind());
  std::memset(out, 0, view->rows * view->columns * bytes);
  std::vector<std::vector<Scalar>> rows(group);
  std::vector<Magnitude> candidates(group);
  for (int64_t first = 0; first < view->rows; first += group) {
    for (int64_t row = 0; row < group; ++row)
      loadRow(*view, e.getKind(), e.operands[0].get(), first + row, rows[row]);
    for (int64_t column = 0; column < view->columns; ++column) {
      for (int64_t row = 0; row < group; ++row)
        candidates[row] = {makeSize(std::fabs(rows[row][column].f)), row};
      selectLargest(candidates, keep);
      for (const Magnitude &kept :
           ArrayRef(candidates).take_front(std::min(keep, group))) {
        int64_t offset = ((first + kept.place) * view->rowStride +
                          column * view->columnStride) *
                         bytes;
        std::memcpy(out + offset, e.operands[0].get() + offset, bytes);
      }
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

namespace {
/// The blocks of a matrix in the order in which they are packed: the depth
/// after which columns begin anew, then the columns, then the rows.
class BlockWalk {
public:
  BlockWalk(const Expression &e, const MatrixView &view, int64_t width)
      : view(view), depth(width == 1 ? elementDepth : view.rows),
        panels((view.columns + width - 1) / width),
        isStored(panels * view.rows) {
    std::vector<Scalar> elements;
    for (int64_t row = 0; row < view.rows; ++row) {
      loadRow(view, e.getKind(0), e.operands[0].get(), row, elements);
      for (int64_t column = 0; column < view.columns; ++column)
        if (elements[column].f != 0)
          isStored[column / width * view.rows + row] = true;
    }
  }

  int64_t countStarts() const {
    return std::max<int64_t>((view.rows + depth - 1) / depth, 1) * panels + 1;
  }
  int64_t countStored() const {
    return std::count(isStored.begin(), isStored.end(), true);
  }

  /// Calls `begin()` before the blocks of each start, `add(row, panel)` for
  /// each stored block.
  void forEach(llvm::function_ref<void()> begin,
               llvm::function_ref<void(int64_t row, int64_t panel)> add) const {
    int64_t top = 0;
    do {
      int64_t end = std::min(top + depth, view.rows);
      for (int64_t panel = 0; panel < panels; ++panel) {
        begin();
        for (int64_t row = top; row < end; ++row)
          if (isStored[panel * view.rows + row])
            add(row, panel);
      }
      top = end;
    } while (top < view.rows);
  }

private:
  const MatrixView &view;
  int64_t depth, panels;
  std::vector<bool> isStored;
};
} // namespace

static LogicalResult packStarts(const Expression &e, const BlockWalk &walk,
                                char *out) {
  if (e.getShape().size() != 1 || e.getShape()[0] != walk.countStarts())
    return e.fail("expects a type of as many starts as the matrix has panels, "
                  "and one more");
  std::vector<int32_t> starts;
  int32_t stored = 0;
  walk.forEach([&] { starts.push_back(stored); },
               [&](int64_t, int64_t) { ++stored; });
  starts.push_back(stored);
  std::memcpy(out, starts.data(), starts.size() * sizeof(int32_t));
  return success();
}

static LogicalResult packIndices(const BlockWalk &walk, char *out) {
  walk.forEach([] {},
               [&](int64_t row, int64_t) {
                 int32_t index = row;
                 std::memcpy(out, &index, sizeof index);
                 out += sizeof index;
               });
  return success();
}

static LogicalResult packValues(const Expression &e, const MatrixView &view,
                                int64_t width, const BlockWalk &walk,
                                char *out) {
  int64_t bytes = getElementBytes(e.getKind());
  walk.forEach([] {},
               [&](int64_t row, int64_t panel) {
                 int64_t first = panel * width;
                 int64_t count = std::min(width, view.columns - first);
                 copyStrided({count}, bytes,
                             e.operands[0].get() + (row * view.rowStride +
                                                    first * view.columnStride) *
                                                       bytes,
                             {view.columnStride}, out, {1});
                 out += width * bytes;
               });
  return success();
}

static LogicalResult packSparse(const Expression &e, char *out) {
  std::optional<MatrixView> view = getView(e);
  int64_t width;
  auto part = e.weight.getParams().getAs<StringAttr>("part");
  if (!view || !part || !e.getInt("width", width) || width < 1 ||
      e.getShape().empty())
    return e.fail("expects a matrix of floats, its axes, a width and a part");
  BlockWalk walk(e, *view, width);
  std::memset(out, 0,
              e.weight.getType().getNumElements() *
                  getElementBytes(e.getKind()));
  if (part == "starts")
    return packStarts(e, walk, out);
  if (walk.countStored() > e.getShape()[0])
    return e.fail("has " + std::to_string(walk.countStored()) +
                  " blocks that are not zero, but place for " +
                  std::to_string(e.getShape()[0]));
  if (part == "indices")
    return packIndices(walk, out);
  if (part == "values" && (width == 1 || e.getShape().back() == width))
    return packValues(e, *view, width, walk, out);
  return e.fail("expects 'starts', 'indices' or 'values' as part, and blocks "
                "of its width");
}

EvaluateFunction sinter::weights::findPruning(StringRef kind) {
  return llvm::StringSwitch<EvaluateFunction>(kind)
      .Case("prune_blocks", pruneBlocks)
      .Case("prune_groups", pruneGroups)
      .Case("pack_sparse", packSparse)
      .Default(nullptr);
}
