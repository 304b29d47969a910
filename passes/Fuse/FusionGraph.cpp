//===- FusionGraph.cpp - operations and the groups they are in ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Fuse/FusionGraph.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SetVector.h"
#include <queue>

using namespace mlir;

namespace sinter::fuse {

FusionGraph::FusionGraph(Block &block) {
  for (Operation &op : block.without_terminator()) {
    if (isa<nn::WeightOp>(op))
      continue;
    bool startsSegment =
        !ops.empty() && (isBarrier(&op) || isBarrier(ops.back()));
    segments.push_back(ops.empty() ? 0 : segments.back() + startsSegment);
    indexOf[&op] = ops.size();
    ops.push_back(&op);
  }
  users.resize(ops.size());
  groupOf.resize(ops.size());
  for (auto [index, op] : llvm::enumerate(ops)) {
    llvm::SetVector<unsigned> seen;
    for (Operation *user : op->getUsers())
      if (std::optional<unsigned> userIndex =
              getIndex(block.findAncestorOpInBlock(*user)))
        seen.insert(*userIndex);
    users[index] = seen.takeVector();
    llvm::sort(users[index]);
  }
}

std::optional<unsigned> FusionGraph::getIndex(Operation *op) const {
  auto it = indexOf.find(op);
  return it == indexOf.end() ? std::nullopt : std::optional(it->second);
}

bool FusionGraph::isFree(Operation *op) const {
  std::optional<unsigned> index = op ? getIndex(op) : std::nullopt;
  return index && !groupOf[*index] && !isa<nn::ReshapeOp>(op) && !isBarrier(op);
}

unsigned FusionGraph::open(kernel::Kind kind, Operation *root) {
  groups.push_back({kind, {}});
  add(groups.size() - 1, root);
  return groups.size() - 1;
}

void FusionGraph::add(unsigned group, Operation *op) {
  groupOf[*getIndex(op)] = group;
  SmallVector<Operation *> &members = groups[group].ops;
  auto *place = llvm::upper_bound(members, op, [&](Operation *a, Operation *b) {
    return indexOf.lookup(a) < indexOf.lookup(b);
  });
  members.insert(place, op);
}

void FusionGraph::remove(unsigned group, Operation *op) {
  groupOf[*getIndex(op)] = std::nullopt;
  llvm::erase(groups[group].ops, op);
}

void FusionGraph::dissolve(unsigned group) {
  for (Operation *op : groups[group].ops)
    groupOf[*getIndex(op)] = std::nullopt;
  groups[group].ops.clear();
}

bool FusionGraph::contains(unsigned group, Operation *op) const {
  std::optional<unsigned> index = op ? getIndex(op) : std::nullopt;
  return index && groupOf[*index] == group;
}

bool FusionGraph::escapes(unsigned group, Value value) const {
  return llvm::any_of(value.getUsers(),
                      [&](Operation *user) { return !contains(group, user); });
}

SmallVector<Value> FusionGraph::getEscaping(unsigned group) const {
  SmallVector<Value> values;
  for (Operation *op : groups[group].ops)
    for (Value result : op->getResults())
      if (escapes(group, result))
        values.push_back(result);
  return values;
}

/// Units are numbered: operations in no group by index, groups after them.
unsigned FusionGraph::getUnit(unsigned index) const {
  return groupOf[index] ? ops.size() + *groupOf[index] : index;
}

template <typename Fn>
void FusionGraph::forEachMember(unsigned unit, Fn fn) const {
  if (unit < ops.size())
    return fn(unit);
  for (Operation *op : groups[unit - ops.size()].ops)
    fn(indexOf.lookup(op));
}

/// Whether a path leads from unit `from` to unit `to` through at least one
/// other.
bool FusionGraph::reachesThroughOthers(unsigned from, unsigned to) const {
  llvm::BitVector seen(ops.size() + groups.size());
  SmallVector<unsigned> stack;
  auto visitUsers = [&](unsigned unit) {
    forEachMember(unit, [&](unsigned member) {
      for (unsigned user : users[member]) {
        unsigned next = getUnit(user);
        if (next == unit || seen.test(next) || (unit == from && next == to))
          continue;
        seen.set(next);
        stack.push_back(next);
      }
    });
  };
  visitUsers(from);
  while (!stack.empty()) {
    unsigned unit = stack.pop_back_val();
    if (unit == to)
      return true;
    visitUsers(unit);
  }
  return false;
}

bool FusionGraph::canAdd(unsigned group, Operation *op) const {
  unsigned groupUnit = ops.size() + group, opUnit = getUnit(*getIndex(op));
  return getSegment(op) == getSegment(groups[group].ops.front()) &&
         !reachesThroughOthers(groupUnit, opUnit) &&
         !reachesThroughOthers(opUnit, groupUnit);
}

SmallVector<std::pair<std::optional<unsigned>, Operation *>>
FusionGraph::sortUnits() const {
  unsigned numUnits = ops.size() + groups.size();
  SmallVector<llvm::SetVector<unsigned>> successors(numUnits);
  SmallVector<unsigned> waiting(numUnits, 0), last(numUnits, 0);
  for (unsigned index = 0; index < ops.size(); ++index) {
    unsigned unit = getUnit(index);
    last[unit] = std::max(last[unit], index);
    for (unsigned user : users[index])
      if (unsigned next = getUnit(user); next != unit)
        if (successors[unit].insert(next))
          ++waiting[next];
  }

  // Of the units that are ready, the one whose last operation came first in the
  // block goes first: the order of the model stays as far as it can, and that
  // of segments stays whole.
  using Entry = std::pair<unsigned, unsigned>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<Entry>> ready;
  llvm::BitVector queued(numUnits);
  auto enqueue = [&](unsigned unit) {
    if (waiting[unit] == 0 && !queued.test(unit)) {
      queued.set(unit);
      ready.push({last[unit], unit});
    }
  };
  for (unsigned index = 0; index < ops.size(); ++index)
    enqueue(getUnit(index));

  SmallVector<std::pair<std::optional<unsigned>, Operation *>> order;
  while (!ready.empty()) {
    unsigned unit = ready.top().second;
    ready.pop();
    if (unit < ops.size())
      order.push_back({std::nullopt, ops[unit]});
    else
      order.push_back({unit - ops.size(), nullptr});
    for (unsigned next : successors[unit]) {
      --waiting[next];
      enqueue(next);
    }
  }
  return order;
}

} // namespace sinter::fuse
