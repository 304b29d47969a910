//===- Grid.cpp - sampling grids ------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Term.h"

using namespace mlir;
using namespace sinter;

/// The places of `count` samples in [-1, 1]: at the ends and between, or in the
/// middle of `count` equal parts.
static Term makePlaces(NodeContext &node, nn::SizeAttr count, bool alignCorners,
                       Type type, int64_t axis, int64_t rank) {
  Term index = Term::iota(node, count, type, axis, rank);
  if (alignCorners) {
    // One sample alone is at -1.
    nn::SizeAttr gaps = nn::max(nn::add(count, -1), node.getSize(1));
    return 2 * index / Term::size(node, gaps, type) - 1;
  }
  return (2 * index + 1) / Term::size(node, count, type) - 1;
}

/// grid[n, d.., i] = theta[n, i, :] * (x, y, [z,] 1) over all places.
static LogicalResult buildAffineGrid(NodeContext &node) {
  auto size = node.readSizeList(1, "size");
  if (failed(size))
    return failure();
  int64_t spatial = static_cast<int64_t>(size->size()) - 2;
  Term theta = Term::input(node, 0);
  if ((spatial != 2 && spatial != 3) || theta.getRank() != 3)
    return node.invalid("theta of rank 3 and 4 or 5 sizes",
                        "rank " + Twine(theta.getRank()) + " and " +
                            Twine(size->size()) + " sizes");
  for (int64_t dim : {1, 2})
    if (failed(node.unify(theta.getSize(dim), node.getSize(spatial + dim - 1),
                          "theta of shape [N, d, d + 1] for d dimensions")))
      return failure();
  auto batch = node.unify(theta.getSize(0), size->front(),
                          "one matrix for each element of the batch");
  if (failed(batch))
    return failure();
  bool alignCorners = node.getInt("align_corners", 0) != 0;
  Type type = theta.getElementType();
  SmallVector<nn::SizeAttr> places(size->begin() + 2, size->end());
  nn::SizeAttr count = nn::product(node.getContext(), places);
  // The first coordinate belongs to the last dimension.
  SmallVector<Term> columns;
  for (int64_t dim = spatial; dim-- > 0;)
    columns.push_back(
        makePlaces(node, places[dim], alignCorners, type, dim, spatial)
            .broadcastTo(places)
            .reshape({count, node.getSize(1)}));
  columns.push_back(theta.like(1).broadcastTo({count, node.getSize(1)}));
  Term points = columns.front().concat(ArrayRef(columns).drop_front(), 1);
  SmallVector<nn::SizeAttr> shape{*batch};
  shape.append(places);
  shape.push_back(node.getSize(spatial));
  return node.setOutput(0,
                        points.matmul(theta.transposeMatrix()).reshape(shape));
}

ArrayRef<OpRow> sinter::getGridRows() {
  static const OpRow rows[] = {{"AffineGrid", buildAffineGrid}};
  return rows;
}
