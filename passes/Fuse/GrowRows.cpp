//===- GrowRows.cpp - fuses around reductions of trailing dimensions ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Softmax, layer normalization and their kin are element-wise operations and
// reductions over the same trailing dimensions. A rows group is a connected set
// of them whose values have the full shape or one element a row; it is found by
// closure from a reduction, in both directions.
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/Size.h"
#include "passes/Fuse/GrowGroups.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace sinter::fuse {

namespace {
/// The two shapes of a rows group.
struct RowShapes {
  Shape full, row;

  /// For a reduction over the last `trailing` dimensions of `full`.
  RowShapes(Shape full, size_t trailing) : full(full), row(full) {
    for (nn::SizeAttr &size : MutableArrayRef(row).take_back(trailing))
      size = nn::getSize(size.getContext(), 1);
  }
  /// Whether `op` computes values of these shapes only.
  bool fits(Operation *op) const {
    if (auto reduce = dyn_cast<nn::ReduceOp>(op))
      return reducesTrailingAxes(reduce) &&
             nn::getSizes(reduce.getInput().getType()) == full &&
             nn::getSizes(reduce.getType()) == row;
    if (!isElementwise(op))
      return false;
    Shape shape = nn::getSizes(op->getResult(0).getType());
    return shape == full || shape == row;
  }
};
} // namespace

/// All nodes that use a member or make an operand of one, in block order.
static SmallVector<Operation *> getNeighbours(FusionGraph &graph,
                                              unsigned group) {
  llvm::SetVector<Operation *> found;
  for (Operation *member : graph.getGroup(group).ops) {
    for (Value operand : member->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        found.insert(producer);
    for (Operation *user : member->getUsers())
      found.insert(user);
  }
  SmallVector<Operation *> neighbours;
  for (Operation *op : found)
    if (graph.isFree(op))
      neighbours.push_back(op);
  llvm::sort(neighbours, [&](Operation *a, Operation *b) {
    return *graph.getIndex(a) < *graph.getIndex(b);
  });
  return neighbours;
}

void GroupGrower::formRowsGroups() {
  for (Operation *op : graph.getOps())
    if (auto reduce = dyn_cast<nn::ReduceOp>(op))
      if (graph.isFree(op) && reducesTrailingAxes(reduce))
        growRows(reduce);
}

/// Takes all that fits around `seed`. Without a result of the full shape the
/// group would make several passes for values that a reduce kernel computes in
/// one: it is given up.
void GroupGrower::growRows(nn::ReduceOp seed) {
  RowShapes shapes(nn::getSizes(seed.getInput().getType()),
                   seed.getAxes().size());
  unsigned group = graph.open(kernel::Kind::Rows, seed);
  bool changed = true;
  while (changed) {
    changed = false;
    for (Operation *op : getNeighbours(graph, group))
      if (shapes.fits(op) && graph.canAdd(group, op)) {
        graph.add(group, op);
        changed = true;
      }
  }
  bool hasFullResult = llvm::any_of(graph.getEscaping(group), [&](Value value) {
    return nn::getSizes(value.getType()) == shapes.full;
  });
  if (!hasFullResult)
    graph.dissolve(group);
}

} // namespace sinter::fuse
