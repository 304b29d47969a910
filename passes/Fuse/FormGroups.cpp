//===- FormGroups.cpp - puts operations into groups -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Prepares the function, lets GroupGrower decide, and builds the groups in an
// order that respects their dependences.
//
//===----------------------------------------------------------------------===//

#include "passes/Fuse/Passes.h"

#include "dialects/NN/NodeLocation.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/Fuse/GrowGroups.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

namespace sinter {
#define GEN_PASS_DEF_FORMGROUPSPASS
#include "passes/Fuse/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

static remark::RemarkOpts nameRemark(StringRef name) {
  return remark::RemarkOpts::name(name).category("sinter-fuse");
}

//===----------------------------------------------------------------------===//
// Preparation
//===----------------------------------------------------------------------===//

static void eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

/// A transposition that keeps the order of the elements is a view.
static void turnTransposesIntoReshapes(Block &block) {
  for (auto op : llvm::make_early_inc_range(block.getOps<nn::TransposeOp>())) {
    if (!fuse::isViewTranspose(op))
      continue;
    remark::passed(op.getLoc(), nameRemark("TurnTransposeIntoView"))
        << "'transpose' moves no element in memory: a view";
    OpBuilder builder(op);
    auto reshape = nn::ReshapeOp::create(builder, op.getLoc(), op.getType(),
                                         op.getInput());
    op.replaceAllUsesWith(reshape.getResult());
    op.erase();
  }
}

/// Whether a barrier lies between `op` and `user`.
static bool isBehindBarrier(Operation *op, Operation *user) {
  if (op->getBlock() != user->getBlock())
    return true;
  for (Operation *next = op->getNextNode(); next && next != user;
       next = next->getNextNode())
    if (fuse::isBarrier(next))
      return true;
  return fuse::isBarrier(user);
}

/// Gives each user of `op` a copy of its own: beside `op`, or beside the user
/// where a barrier is between the two.
static void cloneForEachUser(Operation *op) {
  SmallVector<OpOperand *> uses;
  for (OpOperand &use : op->getUses())
    uses.push_back(&use);
  if (uses.size() > 1)
    remark::passed(op->getLoc(), nameRemark("CloneForEachUser"))
        << remark::add("'{0}' is computed anew by each of its users",
                       op->getName().stripDialect())
        << remark::reason("that costs less than to store and load the result")
        << remark::metric("users", static_cast<int64_t>(uses.size()));
  for (auto [index, use] : llvm::enumerate(uses)) {
    bool isFar = isBehindBarrier(op, use->getOwner());
    if (isFar || index + 1 < uses.size())
      use->set(
          OpBuilder(isFar ? use->getOwner() : op).clone(*op)->getResult(0));
  }
  if (op->use_empty())
    op->erase();
}

/// Whether each user of `op` may have its own: that costs less than to store
/// the result and to load it again.
static bool isWorthCloning(Operation &op) {
  auto allUsers = [&](llvm::function_ref<bool(Operation *)> holds) {
    return llvm::all_of(op.getUsers(), holds);
  };
  auto isContractRoot = [](Operation *user) {
    StringRef reason;
    return fuse::getRootKind(user, reason) == kernel::Kind::Contract;
  };
  if (fuse::isRematerializable(&op))
    return true;
  // Contractions read through index maps for nothing; slices take parts.
  if (fuse::isIndexMap(&op) &&
      (allUsers(isContractRoot) || allUsers(llvm::IsaPred<nn::SliceOp>)))
    return true;
  // The input is smaller than what a load of the result would take.
  return isa<nn::BroadcastOp, nn::DequantizeOp>(op) &&
         allUsers(fuse::isElementwise);
}

static void cloneCheapProducers(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isWorthCloning(op))
      cloneForEachUser(&op);
}

//===----------------------------------------------------------------------===//
// Building groups
//===----------------------------------------------------------------------===//

/// Values that the members use but do not make, in order of first use;
/// constants that will be inside are left out.
static llvm::SetVector<Value> getInputs(const fuse::Group &group) {
  DenseSet<Operation *> members(group.ops.begin(), group.ops.end());
  llvm::SetVector<Value> inputs;
  for (Operation *op : group.ops)
    for (Value operand : op->getOperands())
      if (!members.contains(operand.getDefiningOp()) &&
          !fuse::isInlineConstant(operand.getDefiningOp()))
        inputs.insert(operand);
  return inputs;
}

static Location fuseLocations(ArrayRef<Operation *> ops) {
  return nn::fuseLocations(
      ops.front()->getContext(),
      llvm::map_to_vector(ops, [](Operation *op) { return op->getLoc(); }));
}

/// Builds the group at the end of the block and maps the values that leave it.
/// `mapping` holds what replaces a value of the old graph.
static kernel::GroupOp buildGroup(fuse::FusionGraph &graph, unsigned number,
                                  IRMapping &mapping, OpBuilder &builder) {
  const fuse::Group &group = graph.getGroup(number);
  llvm::SetVector<Value> inputs = getInputs(group);
  SmallVector<Value> results = graph.getEscaping(number), operands;
  for (Value input : inputs)
    operands.push_back(mapping.lookupOrDefault(input));
  auto op = kernel::GroupOp::create(builder, fuseLocations(group.ops),
                                    ValueRange(results).getTypes(), group.kind,
                                    operands);

  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&op.getBody());
  IRMapping inside;
  for (Value input : inputs)
    inside.map(input, body->addArgument(input.getType(), input.getLoc()));
  for (Operation *member : group.ops) {
    for (Value operand : member->getOperands())
      if (!inside.contains(operand) &&
          fuse::isInlineConstant(operand.getDefiningOp()))
        builder.clone(*operand.getDefiningOp(), inside);
    builder.clone(*member, inside);
  }
  SmallVector<Value> yielded;
  for (Value result : results)
    yielded.push_back(inside.lookup(result));
  kernel::YieldOp::create(builder, op.getLoc(), yielded);
  mapping.map(results, op.getResults());
  return op;
}

/// What the group holds, as `conv, add, relu`.
static std::string describe(const fuse::Group &group) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(group.ops, os, [&](Operation *op) {
    os << op->getName().stripDialect();
  });
  return text;
}

/// Says what was decided. An operation alone in a loop or serial group was not
/// fused.
static void report(kernel::GroupOp op, const fuse::Group &group,
                   const fuse::GroupGrower &grower) {
  auto options = nameRemark("FormGroup");
  bool isAlone = group.ops.size() == 1 && (group.kind == kernel::Kind::Loop ||
                                           group.kind == kernel::Kind::Serial);
  if (!isAlone) {
    remark::passed(op.getLoc(), options)
        << "one kernel computes " + describe(group)
        << remark::metric("kind", kernel::stringifyKind(group.kind).str());
    return;
  }
  StringRef reason = grower.getReason(group.ops.front());
  if (reason.empty())
    reason = "nothing beside it can share its loop";
  remark::missed(op.getLoc(), options)
      << "'" + describe(group) + "' is alone in its kernel"
      << remark::reason("{0}", reason.str())
      << remark::metric("kind", kernel::stringifyKind(group.kind).str());
}

/// Replaces the operations of the block by groups and the views between them.
static void buildGroups(Block &block, fuse::FusionGraph &graph,
                        const fuse::GroupGrower &grower) {
  Operation *terminator = block.getTerminator();
  OpBuilder builder(terminator);
  IRMapping mapping;
  // The values that leave a group are known by their uses, so the old
  // operations stay as they are until all groups are built; views are cloned.
  for (auto [number, op] : graph.sortUnits()) {
    if (number) {
      report(buildGroup(graph, *number, mapping, builder),
             graph.getGroup(*number), grower);
      continue;
    }
    if (isa<nn::ReshapeOp>(op))
      remark::passed(op->getLoc(), nameRemark("KeepView"))
          << remark::add("'{0}' is a view of memory and needs no kernel",
                         op->getName().stripDialect());
    builder.clone(*op, mapping);
  }
  for (OpOperand &operand : terminator->getOpOperands())
    operand.set(mapping.lookupOrDefault(operand.get()));
  for (Operation *op : llvm::reverse(graph.getOps()))
    op->erase();
}

/// Whether the operations of `block` and of the bodies inside are those of the
/// nn dialect.
static LogicalResult verifyBlock(Block &block) {
  for (Operation &op : block.without_terminator()) {
    if (!isa<nn::NNDialect>(op.getDialect()))
      return op.emitOpError() << "expects only operations of the nn dialect in "
                                 "a function to be fused";
    for (Region &region : op.getRegions())
      if (failed(verifyBlock(region.front())))
        return failure();
  }
  return success();
}

/// Groups the operations of `block` and of the bodies inside. Bodies come first
/// after the preparation, which may put copies into them.
static void formGroups(Block &block, bool enabled) {
  eraseDeadOps(block);
  turnTransposesIntoReshapes(block);
  cloneCheapProducers(block);
  for (Operation &op : block)
    for (Region &region : op.getRegions())
      formGroups(region.front(), enabled);

  fuse::FusionGraph graph(block);
  fuse::GroupGrower grower(graph);
  if (enabled) {
    grower.formRootGroups();
    grower.formRowsGroups();
    grower.formReduceGroups();
    grower.formLoopGroups();
  } else {
    grower.formSingleGroups();
  }
  buildGroups(block, graph, grower);
  eraseDeadOps(block);
}

namespace {

struct FormGroupsPass : sinter::impl::FormGroupsPassBase<FormGroupsPass> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function.getBody().hasOneBlock()) {
      function.emitOpError() << "expects one block, but got "
                             << function.getBody().getBlocks().size();
      return signalPassFailure();
    }
    Block &block = function.getBody().front();
    if (failed(verifyBlock(block)))
      return signalPassFailure();
    formGroups(block, enabled);
  }
};

} // namespace
