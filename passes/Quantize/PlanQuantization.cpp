//===- PlanQuantization.cpp - which layers compute on 8 bits --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Quantize/Passes.h"

#include "mlir/IR/Remarks.h"
#include "passes/Quantize/ChooseLayers.h"
#include "passes/Quantize/PlanRequest.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Regex.h"

namespace sinter {
#define GEN_PASS_DEF_PLANQUANTIZATIONPASS
#include "passes/Quantize/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;
using namespace sinter::quantize;

namespace {

/// The values whose statistics the plan needs, each once.
class WatchList {
public:
  void add(Value value, int64_t channelAxis) {
    if (indices.insert({value, list.size()}).second)
      list.push_back({value, channelAxis});
  }
  LogicalResult observe(func::FuncOp function, const PlanRequest &request) {
    statistics.resize(list.size());
    return request.observe(function, list, statistics);
  }
  const Statistics &get(Value value) const {
    return statistics[indices.lookup(value)];
  }

private:
  std::vector<Watched> list;
  std::vector<Statistics> statistics;
  DenseMap<Value, size_t> indices;
};

struct PlanQuantizationPass
    : sinter::impl::PlanQuantizationPassBase<PlanQuantizationPass> {
  PlanQuantizationPass() = default;
  explicit PlanQuantizationPass(const PlanRequest &request)
      : request(&request) {}

  void runOnOperation() override;

  const PlanRequest *request = nullptr;
};

} // namespace

std::unique_ptr<Pass>
sinter::createPlanQuantizationPass(const PlanRequest &request) {
  return std::make_unique<PlanQuantizationPass>(request);
}

static std::vector<Demand> getDemands(ArrayRef<Layer> layers,
                                      const PlanRequest &request) {
  std::vector<Demand> demands;
  for (const Layer &layer : layers) {
    Demand demand = request.quantizeAll ? Demand::None : Demand::Float;
    std::string nodes = getNodeNames(layer.op);
    for (const auto &[pattern, quantized] : request.rules)
      if (llvm::Regex(pattern).match(nodes))
        demand = quantized ? Demand::Quantized : Demand::Float;
    demands.push_back(demand);
  }
  return demands;
}

/// Whether the result is worth a grid of its own: it is stored, but not for the
/// outside or for contractions, which have grids by their inputs.
static bool needsResultGrid(const Layer &layer) {
  bool isStored = false;
  for (Operation *user : layer.result.getUsers()) {
    if (isa<func::ReturnOp, nn::MatmulOp, nn::ConvOp, nn::ConvTransposeOp>(
            user))
      return false;
    isStored |= user->hasTrait<nn::OpTrait::Elementwise>() ||
                isa<nn::ReduceOp, nn::PoolOp>(user);
  }
  return isStored;
}

static void writePlan(const Layer &layer, const Choice &choice,
                      const WatchList &watched, RangeMethod method,
                      const DenseSet<Value> &inputs) {
  Builder b(layer.op->getContext());
  SmallVector<NamedAttribute> plan = {
      b.getNamedAttr("precision",
                     b.getStringAttr(choice.quantized ? "w8a8" : "fp32")),
      b.getNamedAttr("reason", b.getStringAttr(choice.reason))};
  auto addGrid = [&](StringRef name, Value value) {
    Grid grid = watched.get(value).getGrid(method);
    plan.push_back(
        b.getNamedAttr((name + "_scale").str(), b.getF32FloatAttr(grid.scale)));
    plan.push_back(b.getNamedAttr((name + "_zero_point").str(),
                                  b.getI64IntegerAttr(grid.zeroPoint)));
  };
  if (choice.quantized) {
    addGrid("lhs", layer.root);
    plan.push_back(b.getNamedAttr(
        "lhs_mean", b.getDenseF32ArrayAttr(watched.get(layer.lhs).getMeans())));
    if (needsResultGrid(layer) && !inputs.contains(layer.result))
      addGrid("result", layer.result);
  }
  addToPlan(layer.op, plan);

  auto options =
      remark::RemarkOpts::name("PlanPrecision").category("sinter-quantize");
  auto report = [&](auto remark) {
    remark << remark::add(choice.quantized ? "w8a8 instead of fp32"
                                           : "fp32, not w8a8")
           << remark::reason("{0}", choice.reason)
           << remark::metric("precision", choice.quantized ? "w8a8" : "fp32");
    if (choice.floatTime)
      remark << remark::metric("fp32_us", *choice.floatTime / 1000.0);
    if (choice.quantizedTime)
      remark << remark::metric("w8a8_us", *choice.quantizedTime / 1000.0);
  };
  if (choice.quantized)
    report(remark::passed(layer.op->getLoc(), options));
  else
    report(remark::missed(layer.op->getLoc(), options));
}

static int64_t getLastAxis(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank() - 1;
}

void PlanQuantizationPass::runOnOperation() {
  if (!request || request->isEmpty())
    return;
  func::FuncOp function = getOperation();
  Operation *quantized = nullptr;
  function.walk([&](Operation *op) {
    if (!quantized && isa<nn::QuantizeOp, nn::DequantizeOp>(op))
      quantized = op;
  });
  if (quantized) {
    quantized->emitError("the model is quantized already: expected a model of "
                         "floats for this precision; compile it as it is");
    return signalPassFailure();
  }
  std::vector<Layer> layers = findLayers(function);
  std::vector<Demand> demands = getDemands(layers, *request);
  std::vector<Choice> choices =
      request->measurer ? chooseByTime(layers, demands, *request->measurer,
                                       request->typicalDim)
                        : chooseAll(layers, demands);

  WatchList watched;
  DenseSet<Value> inputs;
  for (auto [layer, choice] : llvm::zip(layers, choices)) {
    if (!choice.quantized)
      continue;
    watched.add(layer.lhs, layer.getChannelAxis());
    watched.add(layer.root, getLastAxis(layer.root));
    watched.add(layer.result, getLastAxis(layer.result));
    inputs.insert(layer.root);
  }
  if (!inputs.empty() && failed(watched.observe(function, *request)))
    return signalPassFailure();
  for (auto [layer, choice] : llvm::zip(layers, choices))
    writePlan(layer, choice, watched, request->method, inputs);
}
