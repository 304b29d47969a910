//===- Plan.cpp - which weights are pruned, which kernels are sparse ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Prune/Passes.h"

#include "compiler/Measure/Measurer.h"
#include "dialects/NN/NNShapes.h"
#include "dialects/NN/NodeLocation.h"
#include "mlir/IR/Remarks.h"
#include "passes/Prune/Layer.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Regex.h"

namespace sinter {
#define GEN_PASS_DEF_PRUNEPLANPASS
#include "passes/Prune/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;
using namespace sinter::prune;

/// Share of zeros from which a weight that nobody pruned is looked at, for
/// blocks and for single elements. Below, no sparse kernel has been seen to be
/// faster.
static constexpr double fewestZeroBlocks = 0.5, fewestZeros = 0.5;
/// How much faster a sparse kernel must be: times differ from run to run.
static constexpr double leastGain = 1.05;

namespace {

/// What is to become of one layer.
struct Decision {
  Layer layer;
  std::string pattern; ///< as a PruneSpec is written; "dense": weight as it is
  PruneSpec spec;
  KernelForm form;
  int64_t count;     ///< stored in the sparse form
  std::string found; ///< "83 % zeros", of a weight that was sparse already
  std::optional<size_t> probe; ///< in the list of probes
};

class Planner {
public:
  Planner(ModuleOp module, measure::Measurer *measurer,
          const TypicalDim &typicalDim)
      : module(module), measurer(measurer), typicalDim(typicalDim),
        reader(module) {}

  LogicalResult setPatterns(StringRef prune, ArrayRef<std::string> layers);
  LogicalResult run();

private:
  struct Override {
    llvm::Regex regex;
    std::string pattern;
  };

  /// The pattern that is asked for; empty if none is.
  StringRef getPattern(Operation *op);
  LogicalResult decide(Operation *op);
  LogicalResult recognise(const Layer &layer);
  void add(Decision decision);
  void addProbe(Decision &decision);
  void finish(const Decision &decision,
              const measure::Measurement *measurement);

  ModuleOp module;
  measure::Measurer *measurer;
  const TypicalDim &typicalDim;
  WeightReader reader;
  std::string everywhere;
  std::vector<Override> overrides;
  std::vector<Decision> decisions;
  std::vector<measure::Probe> probes;
};

} // namespace

static remark::RemarkOpts getRemarkOptions() {
  return remark::RemarkOpts::name("PlanPruning").category("sinter-prune");
}

LogicalResult Planner::setPatterns(StringRef prune,
                                   ArrayRef<std::string> layers) {
  std::string error;
  if (!prune.empty() && !parsePruneSpec(prune, error))
    return emitError(module.getLoc()) << "prune: " << error;
  everywhere = prune.str();
  for (StringRef entry : layers) {
    auto [regex, pattern] = entry.rsplit('=');
    if (!parsePruneSpec(pattern, error))
      return emitError(module.getLoc()) << "layer '" << entry << "': " << error;
    overrides.push_back({llvm::Regex(regex), pattern.str()});
    if (!overrides.back().regex.isValid(error))
      return emitError(module.getLoc())
             << "layer '" << entry << "': no regular expression: " << error;
  }
  return success();
}

StringRef Planner::getPattern(Operation *op) {
  llvm::SetVector<StringRef> nodes;
  nn::collectNodes(op->getLoc(), nodes);
  for (const Override &entry : llvm::reverse(overrides))
    for (StringRef node : nodes)
      if (entry.regex.match(node))
        return entry.pattern;
  return everywhere;
}

LogicalResult Planner::decide(Operation *op) {
  StringRef pattern = getPattern(op), reason;
  std::string error;
  PruneSpec spec;
  if (!pattern.empty())
    spec = *parsePruneSpec(pattern, error);
  if (spec.kind == PruneSpec::Kind::Dense && !pattern.empty())
    return success();
  std::optional<Layer> layer = getLayer(op, reason);
  std::string obstacle = reason.str();
  if (layer && pattern.empty())
    return recognise(*layer);
  if (layer)
    obstacle = getObstacle(*layer, spec);
  if (!obstacle.empty()) {
    if (!pattern.empty())
      remark::missed(op->getLoc(), getRemarkOptions())
          << remark::add("not pruned to {0}", pattern)
          << remark::reason("{0}", obstacle);
    return success();
  }
  Decision decision{*layer, pattern.str(), spec, getKernelForm(spec), 0, "",
                    {}};
  decision.count = countStored(*layer, spec, decision.form);
  add(std::move(decision));
  return success();
}

/// Looks for zeros that are there already.
LogicalResult Planner::recognise(const Layer &layer) {
  FailureOr<std::optional<weights::Sparsity>> read =
      reader.read(layer, layer.weight);
  if (failed(read))
    return failure();
  if (!*read)
    return success();
  const weights::Sparsity &sparsity = **read;
  double zeros = 1 - double(sparsity.nonZeros) / sparsity.elements;
  double zeroBlocks = 1 - double(sparsity.nonZeroBlocks) / sparsity.blocks;
  KernelForm form = zeroBlocks >= fewestZeroBlocks ? KernelForm::Blocks
                    : zeros >= fewestZeros         ? KernelForm::Elements
                                                   : KernelForm::Dense;
  if (form == KernelForm::Dense)
    return success();
  std::string found = llvm::formatv("{0:P1} zeros", zeros).str();
  if (form == KernelForm::Blocks)
    found += llvm::formatv(", {0:P1} of the blocks of 1x16", zeroBlocks).str();
  else if (sparsity.groups)
    found += llvm::formatv(", {0}:{1}", sparsity.groups->first,
                           sparsity.groups->second)
                 .str();
  // What is measured is a weight with as many zeros in other places.
  PruneSpec spec;
  spec.kind = PruneSpec::Kind::Blocks;
  spec.width = form == KernelForm::Blocks ? 16 : 1;
  spec.sparsity = form == KernelForm::Blocks ? zeroBlocks : zeros;
  Decision decision{layer, "dense", spec, form, countStored(sparsity, form),
                    found, {}};
  add(std::move(decision));
  return success();
}

/// What is to be done, for a sentence.
static std::string describe(const Decision &decision) {
  return decision.found.empty()
             ? "pruned to " + decision.pattern
             : "sparse kernel for a weight of " + decision.found;
}

void Planner::add(Decision decision) {
  auto targets = module->getAttrOfType<ArrayAttr>("sinter.targets");
  auto cuda = StringAttr::get(module.getContext(), "cuda");
  if (targets && llvm::is_contained(targets, cuda)) {
    remark::missed(decision.layer.op->getLoc(), getRemarkOptions())
        << remark::add("not {0}", describe(decision))
        << remark::reason("the target cuda has no sparse kernels");
    return;
  }
  addProbe(decision);
  decisions.push_back(std::move(decision));
}

void Planner::addProbe(Decision &decision) {
  if (!measurer)
    return;
  Operation *op = decision.layer.op;
  measure::Probe probe;
  for (bool sparse : {false, true}) {
    auto function = measure::extractFunction(op, op->getResults(), typicalDim);
    if (!function)
      return;
    if (sparse) {
      Operation *copy = nullptr;
      function->walk([&](Operation *inner) {
        if (hasWeight(inner))
          copy = inner;
      });
      auto weight = copy->getOperand(1).getDefiningOp<nn::WeightOp>();
      weight.setValueAttr(
          prune::prune(decision.layer, weight.getValue(), decision.spec));
      int64_t count = countStored(decision.layer, decision.spec, decision.form);
      copy->setAttr("sparse",
                    makeSparseAttr(op->getContext(), decision.form, count));
    } else {
      auto getShape = [&](Type type) {
        std::string text;
        llvm::raw_string_ostream out(text);
        llvm::interleave(cast<RankedTensorType>(type).getShape(), out, "x");
        return text;
      };
      probe.what = "matmul " + getShape(function->getArgumentTypes()[0]) +
                   " * " + getShape(op->getOperand(1).getType());
    }
    probe.forms.push_back({sparse ? getFormName(decision.form).str() : "dense",
                           std::move(function)});
  }
  decision.probe = probes.size();
  probes.push_back(std::move(probe));
}

LogicalResult Planner::run() {
  WalkResult walk = module.walk([&](Operation *op) {
    return hasWeight(op) && failed(decide(op)) ? WalkResult::interrupt()
                                               : WalkResult::advance();
  });
  if (walk.wasInterrupted())
    return failure();
  std::vector<measure::Measurement> measurements;
  if (!probes.empty())
    measurements = measurer->measure(probes);
  for (const Decision &decision : decisions)
    finish(decision, decision.probe ? &measurements[*decision.probe] : nullptr);
  return success();
}

void Planner::finish(const Decision &decision,
                     const measure::Measurement *measurement) {
  Operation *op = decision.layer.op;
  StringRef form = getFormName(decision.form);
  std::string what = describe(decision);
  std::string reason = "not measured";
  double denseUs = 0, sparseUs = 0;
  if (measurement) {
    std::optional<int64_t> dense = measurement->get("dense");
    std::optional<int64_t> sparse = measurement->get(form);
    if (!dense || !sparse) {
      remark::missed(op->getLoc(), getRemarkOptions())
          << remark::add("not {0}", what)
          << remark::reason("the lock has no time for it");
      return;
    }
    denseUs = *dense / 1e3;
    sparseUs = *sparse / 1e3;
    bool pays = sparseUs * leastGain < denseUs;
    reason = llvm::formatv("{0}: measured {1:F1} us sparse, {2:F1} us dense",
                           pays ? "faster" : "not faster", sparseUs, denseUs)
                 .str();
    if (!pays) {
      remark::missed(op->getLoc(), getRemarkOptions())
          << remark::add("not {0}", what) << remark::reason("{0}", reason)
          << remark::metric("dense_us", denseUs)
          << remark::metric("sparse_us", sparseUs);
      return;
    }
  }
  Builder builder(op->getContext());
  NamedAttrList plan(op->getAttrOfType<DictionaryAttr>("plan"));
  if (decision.pattern != "dense")
    plan.set("prune", builder.getStringAttr(decision.pattern));
  plan.set("sparse", builder.getStringAttr(form));
  plan.set("prune_reason", builder.getStringAttr(reason));
  op->setAttr("plan", plan.getDictionary(op->getContext()));
  auto remark = remark::passed(op->getLoc(), getRemarkOptions());
  remark << remark::add("{0}", what) << remark::reason("{0}", reason);
  if (measurement)
    remark << remark::metric("dense_us", denseUs)
           << remark::metric("sparse_us", sparseUs);
}

namespace {

struct PrunePlanPass : sinter::impl::PrunePlanPassBase<PrunePlanPass> {
  using Base::Base;
  PrunePlanPass(PrunePlanPassOptions options, measure::Measurer *measurer,
                TypicalDim typicalDim)
      : Base(std::move(options)), measurer(measurer),
        typicalDim(std::move(typicalDim)) {}

  void runOnOperation() override {
    Planner planner(getOperation(), measurer, typicalDim);
    if (failed(planner.setPatterns(prune, llvm::to_vector(layers))) ||
        failed(planner.run()))
      signalPassFailure();
  }

  measure::Measurer *measurer = nullptr;
  TypicalDim typicalDim;
};

} // namespace

std::unique_ptr<Pass> sinter::createPrunePlanPass(PrunePlanPassOptions options,
                                                  measure::Measurer *measurer,
                                                  TypicalDim typicalDim) {
  return std::make_unique<PrunePlanPass>(std::move(options), measurer,
                                         std::move(typicalDim));
}
