//===- FormInteger.cpp - contractions of integers -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With x = (a - z) * s the input and w = b * t the weights, t for each column,
//   sum x w = (sum a b - z * sum b) * s * t,
// where a, b and both sums are integers (B. Jacob et al., Quantization and
// Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference,
// CVPR 2018, section 2.3).
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "passes/Quantize/Passes.h"
#include "passes/Quantize/Patterns.h"
#include "passes/Quantize/QuantizedWeight.h"
#include "passes/Simplify/Constants.h"

#include "mlir/IR/Remarks.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace sinter {
#define GEN_PASS_DEF_FORMINTEGERPASS
#include "passes/Quantize/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;
using namespace sinter::quantize;

/// Products of a sum of i32 that cannot overflow: 255 * 128 each.
static constexpr int64_t kMaxDepth = ((int64_t(1) << 31) - 1) / (255 * 128);

namespace {

/// A contraction of a dequantized input with dequantized weights.
struct Layer {
  Operation *op;
  nn::DequantizeOp input;
  Parameters parameters;
  QuantizedWeight weight;
};

/// Replaces one contraction.
class LayerForm {
public:
  LayerForm(IRRewriter &rewriter, const Layer &layer)
      : rewriter(rewriter), layer(layer), loc(layer.op->getLoc()) {}

  void form();

private:
  bool isConv() const { return isa<nn::ConvOp>(layer.op); }
  Value createContraction(Value input, Value weight);
  Value sumOverInputs(Value weight);
  /// `perColumn`, shaped as the weights, in a shape that broadcasts to the
  /// result.
  Value alignColumns(Value perColumn);

  IRRewriter &rewriter;
  const Layer &layer;
  Location loc;
};

} // namespace

static RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// How many products a result of `op` is the sum of.
static int64_t getDepth(Operation *op) {
  RankedTensorType weights = getTensorType(op->getOperand(1));
  if (isa<nn::MatmulOp>(op))
    return weights.getDimSize(weights.getRank() - 2);
  int64_t filters = weights.getDimSize(0);
  return filters == 0 ? 0 : weights.getNumElements() / filters;
}

/// Whether `scale` of the weights of `op` is the same for all that is summed.
static bool isPerColumn(Operation *op, nn::WeightAttr scale) {
  ArrayRef<int64_t> shape = scale.getType().getShape();
  if (scale.getType().getNumElements() == 1)
    return true;
  if (isa<nn::MatmulOp>(op))
    return shape[shape.size() - 2] == 1;
  return llvm::all_of(shape.drop_front(), [](int64_t s) { return s == 1; });
}

/// The parts of the layer `op`, or nothing: with `reason`, where it is
/// quantized in a way that has no form on integers.
static std::optional<Layer> matchLayer(Operation *op, std::string &reason) {
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  auto input = lhs.getDefiningOp<nn::DequantizeOp>();
  std::optional<QuantizedWeight> weight = findQuantizedWeight(rhs, reason);
  if (!reason.empty())
    return std::nullopt;
  if (!input) {
    if (weight)
      reason = "its input is not quantized";
    return std::nullopt;
  }
  if (!weight) {
    bool isComputed = rhs.getDefiningOp<nn::DequantizeOp>() != nullptr;
    reason = isComputed ? "its right operand is computed by the model"
                        : "its weights are not quantized";
    return std::nullopt;
  }
  if (isa<nn::ConvTransposeOp>(op)) {
    reason = "transposed convolutions have no kernel on integers";
    return std::nullopt;
  }
  auto parameters = getParameters(input.getScale(), input.getZeroPoint());
  if (!parameters)
    reason = "its input has more than one scale";
  else if (!parameters->type.isInteger(8))
    reason = "its input is not of 8 bits";
  else if (!parameters->real.isF32())
    reason = "its input is not dequantized to f32";
  else if (!isPerColumn(op, weight->scale))
    reason = "the scale of its weights varies along what is summed";
  else if (getDepth(op) > kMaxDepth)
    reason = "a sum of " + std::to_string(getDepth(op)) +
             " products may overflow i32 (at most " +
             std::to_string(kMaxDepth) + ")";
  if (!reason.empty())
    return std::nullopt;
  return Layer{op, input, *parameters, *weight};
}

Value LayerForm::createContraction(Value input, Value weight) {
  if (!isConv())
    return nn::MatmulOp::create(rewriter, loc, input, weight);
  auto conv = cast<nn::ConvOp>(layer.op);
  bool isShifted = !layer.parameters.type.isUnsignedInteger();
  int64_t zeroPoint = layer.parameters.zeroPoint + (isShifted ? 128 : 0);
  return nn::ConvOp::create(rewriter, loc, input, weight, conv.getStrides(),
                            conv.getPads(), conv.getDilations(),
                            conv.getGroup(), conv.getChannelsLast(), zeroPoint);
}

Value LayerForm::sumOverInputs(Value weight) {
  RankedTensorType type = getTensorType(weight);
  SmallVector<int64_t> axes{type.getRank() - 2};
  if (isConv())
    axes = llvm::to_vector(llvm::seq<int64_t>(1, type.getRank()));
  Value wide = nn::CastOp::create(
      rewriter, loc,
      RankedTensorType::get(type.getShape(), rewriter.getI32Type()), weight);
  return nn::ReduceOp::create(
      rewriter, loc, wide,
      nn::ReduceKindAttr::get(rewriter.getContext(), nn::ReduceKind::Sum),
      rewriter.getDenseI64ArrayAttr(axes));
}

Value LayerForm::alignColumns(Value perColumn) {
  RankedTensorType type = getTensorType(perColumn);
  SmallVector<int64_t> shape(type.getShape());
  if (type.getNumElements() == 1)
    shape.clear();
  else if (isConv())
    shape.resize(1);
  else // Leading sizes of 1 say nothing.
    while (shape.size() > 1 && shape.front() == 1)
      shape.erase(shape.begin());
  auto target = RankedTensorType::get(shape, type.getElementType());
  if (target == type)
    return perColumn;
  return nn::ReshapeOp::create(rewriter, loc, target, perColumn);
}

void LayerForm::form() {
  rewriter.setInsertionPoint(layer.op);
  Value input = nn::DequantizeOp(layer.input).getInput();
  int64_t zeroPoint = layer.parameters.zeroPoint;
  if (!layer.parameters.type.isUnsignedInteger()) {
    input = shiftSign(rewriter, loc, input);
    zeroPoint += 128;
  }
  Value weight = nn::WeightOp::create(rewriter, loc, layer.weight.values);
  Value result = createContraction(input, weight);
  if (zeroPoint != 0) {
    Value sums = alignColumns(sumOverInputs(weight));
    Value factor = createScalar(rewriter, loc, static_cast<double>(-zeroPoint),
                                rewriter.getI32Type());
    Value correction = nn::MulOp::create(rewriter, loc, sums, factor);
    result = nn::AddOp::create(rewriter, loc, result, correction);
  }
  result = nn::CastOp::create(rewriter, loc, layer.op->getResult(0).getType(),
                              result);
  Value scale = nn::WeightOp::create(rewriter, loc, layer.weight.scale);
  Value multiplier =
      nn::MulOp::create(rewriter, loc, alignColumns(scale),
                        createScalar(rewriter, loc, layer.parameters.scale,
                                     rewriter.getF32Type()));
  result = nn::MulOp::create(rewriter, loc, result, multiplier);
  rewriter.replaceOp(layer.op, result);
}

namespace {

struct FormIntegerPass : sinter::impl::FormIntegerPassBase<FormIntegerPass> {
  using Base::Base;

  void runOnOperation() override {
    makeUnsigned(getOperation());
    if (failed(apply(populateMoveQuantizationPatterns)))
      return signalPassFailure();
    formLayers();
    if (failed(apply(populateIntegerEpiloguePatterns)))
      return signalPassFailure();
  }

private:
  LogicalResult apply(void (*populate)(RewritePatternSet &)) {
    RewritePatternSet patterns(&getContext());
    populate(patterns);
    return applyPatternsGreedily(getOperation(), std::move(patterns));
  }

  void formLayers() {
    SmallVector<Operation *> contractions;
    getOperation().walk([&](Operation *op) {
      if (isa<nn::MatmulOp, nn::ConvOp, nn::ConvTransposeOp>(op) &&
          isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType())))
        contractions.push_back(op);
    });
    auto options =
        remark::RemarkOpts::name("FormInteger").category("sinter-quantize");
    IRRewriter rewriter(&getContext());
    for (Operation *op : contractions) {
      std::string reason;
      Location loc = op->getLoc();
      if (std::optional<Layer> layer = matchLayer(op, reason)) {
        LayerForm(rewriter, *layer).form();
        remark::passed(loc, options) << remark::add("computes on integers")
                                     << remark::metric("precision", "w8a8");
      } else if (!reason.empty()) {
        remark::missed(loc, options) << remark::add("computes on real numbers")
                                     << remark::reason("{0}", reason);
      }
    }
  }
};

} // namespace
