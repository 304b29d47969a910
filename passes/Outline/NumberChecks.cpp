//===- NumberChecks.cpp - numbers what can fail on data -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Outline/Passes.h"

#include "dialects/NN/NNDialect.h"
#include "dialects/NN/NNShapes.h"
#include "dialects/NN/NodeLocation.h"
#include "dialects/NN/Size.h"
#include "llvm/ADT/SetVector.h"

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

/// What a run reports when an index of `op` is out of range.
static DictionaryAttr describeCheck(Operation *op, int64_t axis, Value data) {
  Builder builder(op->getContext());
  llvm::SetVector<StringRef> nodes;
  nn::collectNodes(op->getLoc(), nodes);
  std::string size = nn::toString(nn::getSizes(data.getType())[axis]);
  return builder.getDictionaryAttr({
      builder.getNamedAttr(
          "node", builder.getStringAttr(nodes.empty() ? "" : nodes.front())),
      builder.getNamedAttr(
          "op", builder.getStringAttr(nn::getNodeOpType(op->getLoc()))),
      builder.getNamedAttr(
          "expected",
          builder.getStringAttr("indices i with -n <= i < n, n = " + size +
                                " (axis " + Twine(axis) + ")")),
      builder.getNamedAttr(
          "remedy",
          builder.getStringAttr("check the input that the indices come from")),
  });
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
        op->setAttr("check", builder.getI64IntegerAttr(next++));
        checks.push_back(describeCheck(op, indexed->first, indexed->second));
      }
    });
    module->setAttr("nn.checks", builder.getArrayAttr(checks));
  }
};

} // namespace
