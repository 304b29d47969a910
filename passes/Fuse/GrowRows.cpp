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
#include "llvm/ADT/DenseSet.h"
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

/// Forms the rows group around `seed`; returns whether there is one.
bool GroupGrower::growRows(nn::ReduceOp seed) {
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
  dropEscapingRowValues(group, shapes.full);
  keepConnectedToReduction(group);
  // What was cut off may have been the only user of another row value.
  dropEscapingRowValues(group, shapes.full);
  if (llvm::none_of(graph.getGroup(group).ops, llvm::IsaPred<nn::ReduceOp>)) {
    graph.dissolve(group);
    return false;
  }
  return true;
}

/// A result has the full shape: takes out the members that make other values
/// which are needed outside, until there are none.
void GroupGrower::dropEscapingRowValues(unsigned group, const Shape &full) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (Value value : graph.getEscaping(group)) {
      if (nn::getSizes(value.getType()) == full)
        continue;
      // The members computed from it go too: they would depend on it from
      // inside the group and from outside.
      llvm::SetVector<Operation *> leaving;
      leaving.insert(value.getDefiningOp());
      for (size_t i = 0; i < leaving.size(); ++i)
        for (Operation *user : leaving[i]->getUsers())
          if (graph.contains(group, user))
            leaving.insert(user);
      for (Operation *op : leaving) {
        graph.remove(group, op);
        reasons[op] = "one value a row would be needed outside of the kernel";
      }
      changed = true;
      break;
    }
  }
}

/// Keeps the members that hang together with the first reduction.
void GroupGrower::keepConnectedToReduction(unsigned group) {
  llvm::SetVector<Operation *> kept;
  for (Operation *op : graph.getGroup(group).ops)
    if (isa<nn::ReduceOp>(op)) {
      kept.insert(op);
      break;
    }
  for (size_t i = 0; i < kept.size(); ++i) {
    for (Value operand : kept[i]->getOperands())
      if (graph.contains(group, operand.getDefiningOp()))
        kept.insert(operand.getDefiningOp());
    for (Operation *user : kept[i]->getUsers())
      if (graph.contains(group, user))
        kept.insert(user);
  }
  for (Operation *op : SmallVector<Operation *>(graph.getGroup(group).ops))
    if (!kept.contains(op))
      graph.remove(group, op);
}

} // namespace sinter::fuse
