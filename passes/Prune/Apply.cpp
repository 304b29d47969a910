//===- Apply.cpp - prunes weights as planned ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Prune/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Remarks.h"
#include "passes/Prune/Layer.h"

#include <cmath>

namespace sinter {
#define GEN_PASS_DEF_PRUNEAPPLYPASS
#include "passes/Prune/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;
using namespace sinter::prune;

/// Says how much of the weight was removed.
static LogicalResult report(const Layer &layer, nn::WeightAttr pruned,
                            StringRef pattern, WeightReader &reader) {
  auto before = reader.read(layer, layer.weight);
  if (failed(before))
    return failure();
  auto after = reader.read(layer, pruned);
  if (failed(after))
    return failure();
  auto remark = remark::passed(
      layer.op->getLoc(),
      remark::RemarkOpts::name("ApplyPruning").category("sinter-prune"));
  remark << remark::add("pruned to {0}", pattern);
  if (!*before || !*after)
    return success();
  double zeros = 1 - double((*after)->nonZeros) / (*after)->elements;
  double removed = (*before)->squares > 0
                       ? std::sqrt(1 - (*after)->squares / (*before)->squares)
                       : 0;
  remark << remark::metric("sparsity", zeros)
         << remark::metric("removed_norm", removed);
  return success();
}

static LogicalResult apply(Operation *op, WeightReader &reader) {
  auto plan = op->getAttrOfType<DictionaryAttr>("plan");
  if (!plan)
    return success();
  auto pattern = plan.getAs<StringAttr>("prune");
  auto form = plan.getAs<StringAttr>("sparse");
  NamedAttrList rest(plan);
  for (StringRef key : {"prune", "prune_reason", "sparse"})
    rest.erase(key);
  if (rest.empty())
    op->removeAttr("plan");
  else
    op->setAttr("plan", rest.getDictionary(op->getContext()));
  if (!pattern && !form)
    return success();

  StringRef reason = "it has no constant weight";
  std::optional<Layer> layer;
  if (hasWeight(op))
    layer = getLayer(op, reason);
  PruneSpec spec;
  std::string error;
  std::optional<KernelForm> kernel = KernelForm::Dense;
  if (!layer) {
    error = reason.str();
  } else if (pattern) {
    std::optional<PruneSpec> parsed = parsePruneSpec(pattern.getValue(), error);
    if (parsed) {
      spec = *parsed;
      error = getObstacle(*layer, spec);
    }
  }
  if (form) {
    kernel = parseFormName(form.getValue());
    if (!kernel)
      error =
          "expected 'dense', 'blocks' or 'elements' as 'sparse', but got '" +
          form.getValue().str() + "'";
  }
  if (!error.empty())
    return op->emitError() << "a plan to prune that cannot be carried out: "
                           << error;

  OpBuilder builder(op);
  nn::WeightAttr weight = layer->weight;
  if (spec.kind != PruneSpec::Kind::Dense) {
    weight = prune::prune(*layer, weight, spec);
    auto pruned = nn::WeightOp::create(
        builder, op->getOperand(1).getDefiningOp()->getLoc(), weight);
    op->setOperand(1, pruned.getResult());
    if (failed(report(*layer, weight, pattern.getValue(), reader)))
      return failure();
  }
  if (*kernel == KernelForm::Dense)
    return success();
  int64_t count = 0;
  if (spec.kind != PruneSpec::Kind::Dense && *kernel == getKernelForm(spec)) {
    count = countStored(*layer, spec, *kernel);
  } else {
    auto sparsity = reader.read(*layer, weight);
    if (failed(sparsity))
      return failure();
    if (!*sparsity)
      return op->emitError() << "a plan to prune that cannot be carried out: "
                                "there is no model to read the weight from";
    count = countStored(**sparsity, *kernel);
  }
  op->setAttr("sparse", makeSparseAttr(op->getContext(), *kernel, count));
  return success();
}

namespace {

struct PruneApplyPass : sinter::impl::PruneApplyPassBase<PruneApplyPass> {
  using Base::Base;

  void runOnOperation() override {
    WeightReader reader(getOperation());
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (op->hasAttr("plan"))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      if (failed(apply(op, reader)))
        return signalPassFailure();
    }
  }
};

} // namespace
