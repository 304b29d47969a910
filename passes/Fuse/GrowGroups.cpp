//===- GrowGroups.cpp - decides which operations fuse ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Contractions, windows, other reductions and loops. Rows: GrowRows.cpp.
//
//===----------------------------------------------------------------------===//

#include "passes/Fuse/GrowGroups.h"

#include "dialects/NN/NNShapes.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace sinter::fuse {

static Shape getShape(Operation *op) {
  return nn::getSizes(op->getResult(0).getType());
}

/// The first operation in block order that uses a member of the group and is
/// neither a member nor in `seen`.
static Operation *getFirstUser(FusionGraph &graph, unsigned group,
                               const DenseSet<Operation *> &seen) {
  Operation *first = nullptr;
  for (Operation *member : graph.getGroup(group).ops)
    for (Operation *user : member->getUsers())
      if (graph.getIndex(user) && !graph.contains(group, user) &&
          !seen.contains(user))
        if (!first || *graph.getIndex(user) < *graph.getIndex(first))
          first = user;
  return first;
}

/// The last operation in block order that a member of the group uses and that
/// is neither a member nor in `seen`.
static Operation *getLastProducer(FusionGraph &graph, unsigned group,
                                  const DenseSet<Operation *> &seen) {
  Operation *last = nullptr;
  for (Operation *member : graph.getGroup(group).ops)
    for (Value operand : member->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (producer && graph.getIndex(producer) &&
          !graph.contains(group, producer) && !seen.contains(producer))
        if (!last || *graph.getIndex(producer) > *graph.getIndex(last))
          last = producer;
    }
  return last;
}

//===----------------------------------------------------------------------===//
// Contractions and windows
//===----------------------------------------------------------------------===//

void GroupGrower::formRootGroups() {
  // From the end: where two contractions meet in an addition, the later one
  // takes it, and the other result is there by then.
  for (Operation *op : llvm::reverse(graph.getOps())) {
    StringRef reason;
    std::optional<kernel::Kind> kind = getRootKind(op, reason);
    if (!graph.isFree(op) || !kind)
      continue;
    unsigned group = graph.open(*kind, op);
    if (*kind == kernel::Kind::Serial) {
      reasons[op] = reason;
      continue;
    }
    if (*kind == kernel::Kind::Contract)
      growContractOperands(group, op);
    growEpilogue(group, op);
    if (*kind == kernel::Kind::Contract) {
      growEpilogueOperands(group, op);
      growFinalTranspose(group);
    }
  }
}

/// The emitter reads an operand through a chain of index maps at no cost; what
/// else produces it would be computed again for every tile.
void GroupGrower::growContractOperands(unsigned group, Operation *root) {
  for (Value operand : root->getOperands()) {
    Operation *map = operand.getDefiningOp();
    while (map && isIndexMap(map) && graph.isFree(map)) {
      bool onlyHere = llvm::all_of(map->getUsers(), [&](Operation *user) {
        return graph.contains(group, user);
      });
      if (!onlyHere || !graph.canAdd(group, map)) {
        reasons[map] = "its result is used by more than one operation";
        break;
      }
      graph.add(group, map);
      map = map->getOperand(0).getDefiningOp();
    }
  }
}

/// What the epilogue adds to the result of the root may be quantized: it is
/// read so, and dequantized in registers.
void GroupGrower::growEpilogueOperands(unsigned group, Operation *root) {
  SmallVector<Operation *> members(graph.getGroup(group).ops);
  for (Operation *member : members) {
    if (!isElementwise(member))
      continue;
    for (Value operand : member->getOperands()) {
      auto op = operand.getDefiningOp<nn::DequantizeOp>();
      if (op && graph.isFree(op) && getShape(op) == getShape(root) &&
          op->hasOneUse() && graph.canAdd(group, op))
        graph.add(group, op);
    }
  }
}

void GroupGrower::growFinalTranspose(unsigned group) {
  SmallVector<Value> escaping = graph.getEscaping(group);
  if (escaping.size() != 1 || !escaping.front().hasOneUse())
    return;
  auto transpose = dyn_cast<nn::TransposeOp>(*escaping.front().user_begin());
  if (transpose && graph.isFree(transpose) && graph.canAdd(group, transpose))
    graph.add(group, transpose);
}

/// Why `op`, a user of the group, cannot be computed on the result while it is
/// in registers; empty if it can.
StringRef GroupGrower::rejectEpilogue(unsigned group, Operation *op,
                                      const Shape &shape) const {
  if (!isElementwise(op))
    return "it is not element-wise";
  if (!graph.isFree(op))
    return "another kernel has it already";
  if (getShape(op) != shape)
    return "its result has another shape than the kernel that feeds it";
  if (!graph.canAdd(group, op))
    return "another operand depends on the kernel that feeds it";
  return "";
}

/// Takes element-wise users on the shape of the root's result. They may form
/// any graph (x * sigmoid(x)) as long as one value leaves it: the longest such
/// prefix in block order stays.
void GroupGrower::growEpilogue(unsigned group, Operation *root) {
  Shape shape = getShape(root);
  SmallVector<Operation *> added;
  size_t kept = 0;
  DenseSet<Operation *> seen;
  while (Operation *user = getFirstUser(graph, group, seen)) {
    seen.insert(user);
    StringRef reason = rejectEpilogue(group, user, shape);
    if (!reason.empty()) {
      reasons[user] = reason;
      continue;
    }
    graph.add(group, user);
    added.push_back(user);
    if (graph.getEscaping(group).size() == 1)
      kept = added.size();
  }
  for (Operation *op : ArrayRef(added).drop_front(kept)) {
    graph.remove(group, op);
    reasons[op] = "more than one value of the kernel would be needed outside";
  }
}

//===----------------------------------------------------------------------===//
// Reductions and loops
//===----------------------------------------------------------------------===//

void GroupGrower::formReduceGroups() {
  for (Operation *op : llvm::reverse(graph.getOps())) {
    if (!isa<nn::ReduceOp>(op) || !graph.isFree(op))
      continue;
    unsigned group = graph.open(kernel::Kind::Reduce, op);
    growEpilogue(group, op);
    growProducers(group, op, /*extraResults=*/false);
  }
}

void GroupGrower::formLoopGroups() {
  for (Operation *op : llvm::reverse(graph.getOps())) {
    if (!graph.isFree(op))
      continue;
    unsigned group = graph.open(kernel::Kind::Loop, op);
    growProducers(group, op, /*extraResults=*/true);
  }
}

void GroupGrower::formSingleGroups() {
  for (Operation *op : graph.getOps()) {
    if (!graph.isFree(op))
      continue;
    StringRef reason;
    kernel::Kind kind =
        isa<nn::ReduceOp>(op) ? kernel::Kind::Reduce : kernel::Kind::Loop;
    graph.open(getRootKind(op, reason).value_or(kind), op);
    reasons[op] = reason.empty() ? "fusion is switched off" : reason;
  }
}

/// Whether an input of a concatenation is worth computing where its element is
/// wanted: it takes at most an instruction.
static bool isCheap(Operation *op) {
  return isIndexMap(op) || isRematerializable(op) ||
         isa<nn::AbsOp, nn::CastOp, nn::NegOp, nn::NotOp, nn::ReluOp>(op);
}

/// Why `use`, by an operation in the group, does not allow its producer `op` to
/// be computed on the spot; empty if it does. The rule behind it: nothing is
/// computed more often than it would be alone, but addresses and counters.
static StringRef rejectUse(Operation *op, OpOperand &use) {
  Operation *user = use.getOwner();
  bool isAddressOnly = isIndexMap(op) || isRematerializable(op);
  if (isa<nn::ReduceOp, nn::TransposeOp, nn::SliceOp>(user))
    return "";
  if (isElementwise(user))
    return isAddressOnly || getShape(user) == getShape(op)
               ? ""
               : "its elements would be computed again for each repetition";
  if (isa<nn::BroadcastOp>(user))
    return isAddressOnly
               ? ""
               : "its elements would be computed again for each repetition";
  if (isa<nn::PadOp>(user))
    return use.getOperandNumber() == 0 && (isAddressOnly || isElementwise(op))
               ? ""
               : "its elements would be computed again for each repetition";
  if (isa<nn::ConcatOp>(user))
    return isCheap(op) ? ""
                       : "a concatenation takes only cheap work into its loop";
  return "the kernel that uses it reads its elements more than once";
}

/// Why the producer `op` of a group's operand cannot enter; empty if it can.
/// `mayEscape`: others may use its result too.
StringRef GroupGrower::rejectProducer(unsigned group, Operation *op,
                                      bool mayEscape) const {
  bool isReduction = graph.getGroup(group).kind == kernel::Kind::Reduce;
  bool fits = isReduction ? isElementwise(op) || isIndexMap(op) : isLoopOp(op);
  if (!fits)
    return "the kernel that uses it cannot hold such an operation";
  if (!graph.isFree(op))
    return "another kernel has it already";
  for (OpOperand &use : op->getResult(0).getUses())
    if (graph.contains(group, use.getOwner()))
      if (StringRef reason = rejectUse(op, use); !reason.empty())
        return reason;
  if (!mayEscape && graph.escapes(group, op->getResult(0)))
    return "its result is used by more than one kernel";
  if (!graph.canAdd(group, op))
    return "a kernel between the two would depend on itself";
  return "";
}

/// Takes what produces the operands, from the last to the first, so that all
/// users of an operation are decided before it. Values on the result's own
/// index space may become results as well if `extraResults`.
void GroupGrower::growProducers(unsigned group, Operation *root,
                                bool extraResults) {
  Shape shape = getShape(root);
  DenseSet<Operation *> seen, atIdentity;
  if (extraResults)
    atIdentity.insert(root);
  while (Operation *op = getLastProducer(graph, group, seen)) {
    seen.insert(op);
    bool identity = isElementwise(op) && getShape(op) == shape &&
                    llvm::all_of(op->getUsers(), [&](Operation *user) {
                      return !graph.contains(group, user) ||
                             (isElementwise(user) && atIdentity.contains(user));
                    });
    StringRef reason = rejectProducer(group, op, extraResults && identity);
    if (!reason.empty()) {
      reasons[op] = reason;
      continue;
    }
    graph.add(group, op);
    if (extraResults && identity)
      atIdentity.insert(op);
  }
}

} // namespace sinter::fuse
