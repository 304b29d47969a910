//===- ApplyQuantization.cpp - carries out plans of precision -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Quantize/Passes.h"

#include "passes/Quantize/Layer.h"
#include "passes/Quantize/QuantizeWeight.h"
#include "passes/Simplify/Constants.h"
#include "llvm/ADT/MapVector.h"

namespace sinter {
#define GEN_PASS_DEF_APPLYQUANTIZATIONPASS
#include "passes/Quantize/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;
using namespace sinter::quantize;

namespace {

/// A value on a grid, as a plan asks for it.
struct PlannedGrid {
  Value value;
  FloatAttr scale;
  IntegerAttr zeroPoint;

  bool operator==(const PlannedGrid &other) const {
    return value == other.value && scale == other.scale &&
           zeroPoint == other.zeroPoint;
  }
};

/// Rounds values to their grids, each once for a grid.
class GridMaker {
public:
  /// `grid.value` rounded to the grid, for a layer at `loc`.
  Value get(const PlannedGrid &grid, Location loc);
  /// Lets everything that can take the rounded value instead of the exact one
  /// do so: all but results of the model and contractions, which have plans.
  void replaceUses();

private:
  std::vector<std::pair<PlannedGrid, Value>> rounded;
};

struct ApplyQuantizationPass
    : sinter::impl::ApplyQuantizationPassBase<ApplyQuantizationPass> {
  using Base::Base;
  void runOnOperation() override;
};

} // namespace

Value GridMaker::get(const PlannedGrid &grid, Location loc) {
  for (auto &[known, value] : rounded)
    if (known == grid)
      return value;
  OpBuilder b(grid.value.getContext());
  b.setInsertionPointAfterValue(grid.value);
  // Inputs of the model have no node.
  if (grid.value.getDefiningOp())
    loc = grid.value.getLoc();
  Value scale = makeScale(b, loc, grid.scale.getValue().convertToFloat());
  Value zero = makeZeroPoint(b, loc, grid.zeroPoint.getInt());
  Value integers = nn::QuantizeOp::create(b, loc, grid.value, scale, zero);
  Value value = nn::DequantizeOp::create(b, loc, integers, scale, zero);
  rounded.push_back({grid, value});
  return value;
}

void GridMaker::replaceUses() {
  DenseSet<Value> done;
  for (auto &[grid, value] : rounded)
    if (done.insert(grid.value).second)
      grid.value.replaceUsesWithIf(value, [](OpOperand &use) {
        return !isa<func::ReturnOp, nn::MatmulOp, nn::ConvOp,
                    nn::ConvTransposeOp, nn::QuantizeOp>(use.getOwner());
      });
}

/// The grid `name` of the plan of `op` for `value`; nothing, or an error, where
/// the plan has none, or one that cannot be.
static FailureOr<std::optional<PlannedGrid>>
readGrid(Operation *op, StringRef name, Value value, bool required) {
  auto scale = getPlanned<FloatAttr>(op, (name + "_scale").str());
  auto zero = getPlanned<IntegerAttr>(op, (name + "_zero_point").str());
  if (!scale && !zero && !required)
    return std::optional<PlannedGrid>();
  if (!scale || !scale.getType().isF32() || !(scale.getValueAsDouble() > 0) ||
      !scale.getValue().isFinite())
    return op->emitOpError()
           << "expects '" << name << "_scale' of its plan to be a positive f32";
  if (!zero || zero.getInt() < 0 || zero.getInt() > 255)
    return op->emitOpError()
           << "expects '" << name << "_zero_point' of its plan to be 0 to 255";
  return std::optional(PlannedGrid{value, scale, zero});
}

/// Adds `correction` to the result of `op`: into its bias, if it has one.
static void addToResult(OpBuilder &b, Operation *op, Value correction) {
  Value result = op->getResult(0);
  if (result.hasOneUse())
    if (auto add = dyn_cast<nn::AddOp>(*result.user_begin())) {
      Value bias = add.getLhs() == result ? add.getRhs() : add.getLhs();
      if (getWeight(bias)) {
        b.setInsertionPoint(add);
        auto sum = nn::AddOp::create(b, add.getLoc(), bias, correction);
        if (nn::WeightAttr weight = foldToWeight(sum)) {
          add->replaceUsesOfWith(bias,
                                 nn::WeightOp::create(b, add.getLoc(), weight));
          sum->erase();
          return;
        }
        sum->erase();
      }
    }
  b.setInsertionPointAfter(op);
  auto add = nn::AddOp::create(b, op->getLoc(), result, correction);
  result.replaceAllUsesExcept(add, add);
}

/// Whether the plan of `op` asks for integers; failure where it asks for what
/// cannot be.
static FailureOr<bool> isPlannedOnIntegers(const Layer &layer) {
  auto precision = getPlanned<StringAttr>(layer.op, "precision");
  if (!precision || precision.getValue() == "fp32")
    return false;
  if (precision.getValue() != "w8a8")
    return layer.op->emitOpError()
           << "expects 'precision' of its plan to be fp32 or w8a8, but got '"
           << precision.getValue() << "'";
  if (!layer.obstacle.empty())
    return layer.op->emitOpError()
           << "is planned as w8a8, but " << layer.obstacle;
  return true;
}

/// Adds to the bias of `op` what the rounding of its weight takes away.
static LogicalResult correctBias(Operation *op, Value weight) {
  auto means = getPlanned<DenseF32ArrayAttr>(op, "lhs_mean");
  if (!means)
    return success();
  OpBuilder b(op);
  Value correction = makeBiasCorrection(b, op, weight, means.asArrayRef());
  if (!correction)
    return op->emitOpError()
           << "expects 'lhs_mean' of its plan to have a number for each input "
              "channel, but got "
           << means.size();
  addToResult(b, op, correction);
  return success();
}

static LogicalResult roundValues(const Layer &layer, Value weight,
                                 GridMaker &grids) {
  Operation *op = layer.op;
  auto input = readGrid(op, "lhs", layer.root, /*required=*/true);
  auto result = readGrid(op, "result", layer.result, /*required=*/false);
  if (failed(input) || failed(result))
    return failure();
  op->setOperand(1, weight);
  // What rearranges the root takes the rounded value as all its users do.
  Value rounded = grids.get(**input, op->getLoc());
  if (layer.lhs == layer.root)
    op->setOperand(0, rounded);
  if (*result)
    grids.get(**result, op->getLoc());
  return success();
}

void ApplyQuantizationPass::runOnOperation() {
  llvm::MapVector<Operation *, Value> weights;
  for (const Layer &layer : findLayers(getOperation())) {
    FailureOr<bool> planned = isPlannedOnIntegers(layer);
    if (failed(planned))
      return signalPassFailure();
    if (!*planned)
      continue;
    OpBuilder b(layer.op);
    Value weight = quantizeWeight(b, layer.op);
    if (failed(correctBias(layer.op, weight)))
      return signalPassFailure();
    weights[layer.op] = weight;
  }
  GridMaker grids;
  // Again: a correction may have become the end of a layer.
  for (const Layer &layer : findLayers(getOperation())) {
    auto weight = weights.find(layer.op);
    if (weight != weights.end() &&
        failed(roundValues(layer, weight->second, grids)))
      return signalPassFailure();
    removeFromPlan(layer.op,
                   {"precision", "reason", "lhs_scale", "lhs_zero_point",
                    "lhs_mean", "result_scale", "result_zero_point"});
  }
  grids.replaceUses();
}
