//===- NumberChecks.cpp - numbers what can fail on data -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Outline/Passes.h"

#include "dialects/Kernel/KernelDialect.h"
#include "dialects/NN/NNDialect.h"
#include "dialects/NN/NNShapes.h"
#include "dialects/NN/NodeLocation.h"
#include "dialects/NN/Size.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

namespace sinter {
#define GEN_PASS_DEF_NUMBERCHECKSPASS
#include "passes/Outline/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

/// The axis and the data of an operation that reads by index; nothing for
/// others.
static std::optional<std::pair<int64_t, Value>> getIndexed(Operation *op) {
  if (auto gather = dyn_cast<nn::GatherOp>(op))
    return std::pair<int64_t, Value>(gather.getAxis(), gather.getInput());
  if (auto gather = dyn_cast<nn::GatherElementsOp>(op))
    return std::pair<int64_t, Value>(gather.getAxis(), gather.getInput());
  return std::nullopt;
}

/// What a run reports when `op` finds that its data is not as `expected`.
static DictionaryAttr describeCheck(Operation *op, const Twine &expected,
                                    StringRef remedy) {
  Builder builder(op->getContext());
  llvm::SetVector<StringRef> nodes;
  nn::collectNodes(op->getLoc(), nodes);
  return builder.getDictionaryAttr({
      builder.getNamedAttr(
          "node", builder.getStringAttr(nodes.empty() ? "" : nodes.front())),
      builder.getNamedAttr(
          "op", builder.getStringAttr(nn::getNodeOpType(op->getLoc()))),
      builder.getNamedAttr("expected", builder.getStringAttr(expected)),
      builder.getNamedAttr("remedy", builder.getStringAttr(remedy)),
  });
}

/// The sizes of a tensor as users read them: `[n, 3]`.
static std::string describeSizes(Type type) {
  std::string text = "[";
  for (nn::SizeAttr size : nn::getSizes(type))
    text += (text.size() > 1 ? ", " : "") + nn::toString(size);
  return text + "]";
}

/// Sizes that data decides and that are computed at this operation, as text:
/// what a run checks before it uses the memory. Empty if there are none.
static std::string describeLateSizes(Operation *op) {
  SmallVector<std::string> parts;
  auto add = [&](Type type) {
    if (!llvm::is_contained(parts, describeSizes(type)))
      parts.push_back(describeSizes(type));
  };
  if (auto bind = dyn_cast<nn::BindSizesOp>(op)) {
    if (bind.getBounds())
      for (auto [name, bound] :
           llvm::zip(bind.getNames().getAsRange<StringAttr>(),
                     bind.getBounds()->getAsRange<nn::SizeAttr>()))
        parts.push_back((name.getValue() + " <= " + nn::toString(bound)).str());
  } else if (auto view = dyn_cast<nn::ReshapeOp>(op)) {
    if (!op->getParentOfType<kernel::GroupOp>() &&
        (nn::hasLate(view.getType()) ||
         nn::hasLate(view.getInput().getType())) &&
        nn::getNumElements(view.getType()) !=
            nn::getNumElements(view.getInput().getType()))
      parts.push_back(describeSizes(view.getType()) + " with the elements of " +
                      describeSizes(view.getInput().getType()));
  } else if (isa<kernel::GroupOp, nn::LoopOp, nn::IfOp>(op)) {
    for (Type type : op->getResultTypes())
      if (nn::hasLate(type))
        add(type);
    if (auto loop = dyn_cast<nn::LoopOp>(op))
      for (Value result : loop.getStacked())
        if (nn::getSizes(result.getType()).front() != loop.getCount())
          add(result.getType());
    // What a body yields must have the sizes of the place it is copied to.
    for (Region &region : op->getRegions())
      if (auto yield = dyn_cast<nn::YieldOp>(region.front().getTerminator())) {
        for (auto [value, result] :
             llvm::zip(yield.getCarried(), op->getResults()))
          if (value.getType() != result.getType())
            add(result.getType());
        for (Value value : yield.getStacked())
          if (nn::hasLate(value.getType()))
            add(value.getType());
      }
  }
  return llvm::join(parts, ", ");
}

namespace {

struct NumberChecksPass : sinter::impl::NumberChecksPassBase<NumberChecksPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    Builder builder(&getContext());
    int64_t next = 0;
    if (auto assumptions = module->getAttrOfType<ArrayAttr>("nn.assumptions"))
      next = assumptions.size();
    SmallVector<Attribute> checks;
    module.walk([&](Operation *op) {
      if (auto indexed = getIndexed(op)) {
        std::string size = nn::toString(
            nn::getSizes(indexed->second.getType())[indexed->first]);
        op->setAttr("check", builder.getI64IntegerAttr(next++));
        checks.push_back(
            describeCheck(op,
                          "indices i with -n <= i < n, n = " + size +
                              " (axis " + Twine(indexed->first) + ")",
                          "check the input that the indices come from"));
      }
      if (std::string sizes = describeLateSizes(op); !sizes.empty()) {
        op->setAttr("check", builder.getI64IntegerAttr(next++));
        checks.push_back(
            describeCheck(op, "sizes that are possible: " + sizes,
                          "check the inputs that the sizes are computed from"));
      }
      if (auto algorithm = dyn_cast<nn::AlgorithmOp>(op);
          algorithm && algorithm.getCheck()) {
        op->setAttr("check_number", builder.getI64IntegerAttr(next++));
        checks.push_back(describeCheck(op, *algorithm.getCheck(),
                                       "check the inputs of the node"));
      }
    });
    module->setAttr("nn.checks", builder.getArrayAttr(checks));
  }
};

} // namespace
