//===- ReshapeGroups.cpp - which dimensions a reshape joins ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Simplify/ReshapeGroups.h"

#include "dialects/NN/Size.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace sinter {

bool areEqualSizes(Operation *op, nn::SizeAttr lhs, nn::SizeAttr rhs) {
  if (lhs == rhs)
    return true;
  auto module = op->getParentOfType<ModuleOp>();
  auto assumptions =
      module ? module->getAttrOfType<ArrayAttr>("nn.assumptions") : ArrayAttr();
  if (!assumptions)
    return false;
  return llvm::any_of(
      assumptions.getAsRange<DictionaryAttr>(), [&](DictionaryAttr row) {
        Attribute first = row.get("lhs"), second = row.get("rhs");
        return (first == lhs && second == rhs) ||
               (first == rhs && second == lhs);
      });
}

bool isRenaming(nn::ReshapeOp op) {
  SmallVector<nn::SizeAttr> from = nn::getSizes(op.getInput().getType());
  SmallVector<nn::SizeAttr> to = nn::getSizes(op.getType());
  return from.size() == to.size() &&
         llvm::all_of(llvm::zip_equal(from, to), [&](auto sizes) {
           return areEqualSizes(op, std::get<0>(sizes), std::get<1>(sizes));
         });
}

/// Extends `group` until both sides have the same number of elements.
static bool closeGroup(Operation *op, ArrayRef<nn::SizeAttr> from,
                       ArrayRef<nn::SizeAttr> to, ReshapeGroup &group) {
  nn::SizeAttr fromCount = from[group.fromBegin], toCount = to[group.toBegin];
  while (!areEqualSizes(op, fromCount, toCount)) {
    // The side that divides the other is the smaller one: it takes the next
    // dimension. Formulas that do not divide each other: try the left side.
    bool fromIsLarger = !nn::divideExactly(toCount, fromCount) &&
                        nn::divideExactly(fromCount, toCount);
    if (!fromIsLarger && group.fromEnd < from.size())
      fromCount = nn::mul(fromCount, from[group.fromEnd++]);
    else if (group.toEnd < to.size())
      toCount = nn::mul(toCount, to[group.toEnd++]);
    else
      return false;
  }
  return true;
}

std::optional<SmallVector<ReshapeGroup>>
getReshapeGroups(Operation *op, ArrayRef<nn::SizeAttr> from,
                 ArrayRef<nn::SizeAttr> to) {
  if (from.empty() || to.empty())
    return std::nullopt;
  SmallVector<ReshapeGroup> groups;
  unsigned fromBegin = 0, toBegin = 0;
  while (fromBegin < from.size() && toBegin < to.size()) {
    ReshapeGroup group{fromBegin, fromBegin + 1, toBegin, toBegin + 1};
    if (!closeGroup(op, from, to, group))
      return std::nullopt;
    groups.push_back(group);
    fromBegin = group.fromEnd;
    toBegin = group.toEnd;
  }
  // What is left on one side can only be dimensions of size 1.
  auto isOne = [](nn::SizeAttr size) { return size.isConstant(1); };
  if (!llvm::all_of(from.drop_front(fromBegin), isOne) ||
      !llvm::all_of(to.drop_front(toBegin), isOne))
    return std::nullopt;
  groups.back().fromEnd = from.size();
  groups.back().toEnd = to.size();
  return groups;
}

} // namespace sinter
