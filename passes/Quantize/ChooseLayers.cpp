//===- ChooseLayers.cpp - which layers are worth quantizing ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Quantize/ChooseLayers.h"

#include "dialects/NN/NNShapes.h"
#include "mlir/IR/IRMapping.h"
#include "passes/Layout/MinimumCut.h"
#include "passes/Quantize/QuantizeWeight.h"
#include "passes/Quantize/Statistics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::quantize;
using measure::Measurement;
using measure::Probe;

/// Integers must win by this share: what is measured varies.
static constexpr double kMargin = 0.03;
static constexpr StringLiteral kFloat = "fp32", kQuantized = "w8a8",
                               kQuantize = "quantize",
                               kDequantize = "dequantize";

//===----------------------------------------------------------------------===//
// Probes
//===----------------------------------------------------------------------===//

static RankedTensorType withElement(Type type, Type element) {
  return RankedTensorType::get(cast<ShapedType>(type).getShape(), element);
}

/// Some grid; all of them take the same time.
static std::pair<Value, Value> makeGridConstants(OpBuilder &b) {
  Location loc = b.getUnknownLoc();
  return {makeScale(b, loc, 0.0625f), makeZeroPoint(b, loc, 128)};
}

/// The layer of the function `source` (one contraction and its tail) with what
/// it contracts, and what else has the shape of its result, in 8 bits.
static OwningOpRef<func::FuncOp> quantizeForm(func::FuncOp source) {
  Block &body = source.getBody().front();
  Operation *contraction = nullptr;
  for (Operation &op : body)
    if (isa<nn::MatmulOp, nn::ConvOp>(op))
      contraction = &op;
  Value lhs = contraction->getOperand(0);
  Type resultType = body.getTerminator()->getOperand(0).getType();
  MLIRContext *context = source.getContext();
  Type byte = IntegerType::get(context, 8, IntegerType::Unsigned);
  SmallVector<Type> types;
  for (BlockArgument argument : body.getArguments()) {
    bool isQuantized = argument == lhs || argument.getType() == resultType;
    types.push_back(isQuantized ? withElement(argument.getType(), byte)
                                : argument.getType());
  }
  return measure::makeFunction(
      context, types, [&](OpBuilder &b, ValueRange arguments) {
        Location loc = b.getUnknownLoc();
        auto [scale, zero] = makeGridConstants(b);
        IRMapping mapping;
        for (auto [old, argument] : llvm::zip(body.getArguments(), arguments)) {
          Value value = argument;
          if (value.getType() != old.getType())
            value = nn::DequantizeOp::create(b, loc, value, scale, zero);
          mapping.map(old, value);
        }
        for (Operation &op : body.without_terminator()) {
          Operation *copy = b.clone(op, mapping);
          if (&op != contraction)
            continue;
          b.setInsertionPoint(copy);
          copy->setOperand(1, quantizeWeight(b, copy));
          b.setInsertionPointAfter(copy);
        }
        Value result = mapping.lookup(body.getTerminator()->getOperand(0));
        return SmallVector<Value>{
            nn::QuantizeOp::create(b, loc, result, scale, zero)};
      });
}

/// The layer in both formats; without forms where a size is not known.
static Probe makeLayerProbe(const Layer &layer, measure::DimLookup lookup) {
  Probe probe;
  probe.what = describe(layer);
  SmallVector<Operation *> ops = {layer.op};
  llvm::append_range(ops, layer.tail);
  OwningOpRef<func::FuncOp> function =
      measure::extractFunction(ops, layer.result, lookup);
  if (!function)
    return probe;
  OwningOpRef<func::FuncOp> quantized = quantizeForm(*function);
  probe.forms.push_back({kFloat.str(), std::move(function)});
  probe.forms.push_back({kQuantized.str(), std::move(quantized)});
  return probe;
}

/// The conversion of a value of `type` to 8 bits and back.
static Probe makeConversionProbe(RankedTensorType type) {
  MLIRContext *context = type.getContext();
  RankedTensorType bytes =
      withElement(type, IntegerType::get(context, 8, IntegerType::Unsigned));
  Probe probe;
  llvm::ListSeparator separator("x");
  probe.what = "convert ";
  for (int64_t size : type.getShape())
    probe.what += (StringRef(separator) + Twine(size)).str();
  auto add = [&](StringRef name, Type argument, auto convert) {
    probe.forms.push_back(
        {name.str(),
         measure::makeFunction(
             context, argument, [&](OpBuilder &b, ValueRange arguments) {
               auto [scale, zero] = makeGridConstants(b);
               return SmallVector<Value>{convert(b, arguments[0], scale, zero)};
             })});
  };
  add(kQuantize, type, [](OpBuilder &b, Value x, Value scale, Value zero) {
    return nn::QuantizeOp::create(b, b.getUnknownLoc(), x, scale, zero)
        .getResult();
  });
  add(kDequantize, bytes, [](OpBuilder &b, Value x, Value scale, Value zero) {
    return nn::DequantizeOp::create(b, b.getUnknownLoc(), x, scale, zero)
        .getResult();
  });
  return probe;
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

static std::string formatTime(int64_t nanoseconds) {
  return llvm::formatv("{0:F1} us", static_cast<double>(nanoseconds) / 1000)
      .str();
}

/// What is decided without times; nothing where times decide.
static std::optional<Choice> chooseWithoutTime(const Layer &layer,
                                               Demand demand) {
  Choice choice;
  if (demand == Demand::Float)
    choice.reason = "a rule for this layer says fp32";
  else if (!layer.obstacle.empty())
    choice.reason = layer.obstacle;
  else if (demand == Demand::Quantized)
    choice = {true, "a rule for this layer says w8a8", {}, {}};
  else
    return std::nullopt;
  return choice;
}

std::vector<Choice> quantize::chooseAll(ArrayRef<Layer> layers,
                                        ArrayRef<Demand> demands) {
  std::vector<Choice> choices;
  for (auto [layer, demand] : llvm::zip(layers, demands))
    choices.push_back(
        chooseWithoutTime(layer, demand)
            .value_or(Choice{true, "asked for; nothing was measured", {}, {}}));
  return choices;
}

namespace {

/// Finds the assignment of formats that takes least time. The first side of the
/// cut computes on floats.
class FormatCut {
public:
  explicit FormatCut(size_t layers) {
    for (size_t i = 0; i < layers; ++i)
      nodes.push_back(cut.addNode());
  }
  void addLayer(size_t layer, int64_t floatTime, int64_t quantizedTime) {
    cut.addEdge(nodes[layer], MinimumCut::kSecond, floatTime);
    cut.addEdge(MinimumCut::kFirst, nodes[layer], quantizedTime);
  }
  void fix(size_t layer, bool quantized) {
    addLayer(layer, quantized ? MinimumCut::kInfinite : 0,
             quantized ? 0 : MinimumCut::kInfinite);
  }
  /// A value that `consumer` reads; `producer` is none for an input.
  void addValue(std::optional<size_t> producer, size_t consumer,
                int64_t quantizeTime, int64_t dequantizeTime) {
    unsigned from = producer ? nodes[*producer] : MinimumCut::kFirst;
    cut.addEdge(from, nodes[consumer], quantizeTime);
    if (producer)
      cut.addEdge(nodes[consumer], from, dequantizeTime);
  }
  std::vector<bool> solve() {
    llvm::BitVector first = cut.solve();
    std::vector<bool> quantized;
    for (unsigned node : nodes)
      quantized.push_back(!first.test(node));
    return quantized;
  }

private:
  MinimumCut cut;
  std::vector<unsigned> nodes;
};

} // namespace

std::vector<Choice> quantize::chooseByTime(ArrayRef<Layer> layers,
                                           ArrayRef<Demand> demands,
                                           measure::Measurer &measurer,
                                           measure::DimLookup typicalDim) {
  // What has to be timed: layers that are open, and the values between layers.
  std::vector<std::optional<Choice>> fixed;
  std::vector<Probe> probes;
  std::vector<std::optional<size_t>> probeOfLayer(layers.size());
  DenseMap<Value, size_t> layerOfResult;
  for (auto [number, layer] : llvm::enumerate(layers)) {
    layerOfResult[layer.result] = number;
    std::optional<Choice> &choice =
        fixed.emplace_back(chooseWithoutTime(layer, demands[number]));
    if (choice)
      continue;
    Probe probe = makeLayerProbe(layer, typicalDim);
    if (probe.forms.empty()) {
      choice = Choice{false, "no size is known to measure it at", {}, {}};
      continue;
    }
    probeOfLayer[number] = probes.size();
    probes.push_back(std::move(probe));
  }
  std::vector<std::optional<size_t>> probeOfRoot(layers.size());
  for (auto [number, layer] : llvm::enumerate(layers)) {
    // What other operations make is converted where it is made.
    if (!layerOfResult.count(layer.root) && !isa<BlockArgument>(layer.root))
      continue;
    if (RankedTensorType type =
            measure::makeStatic(layer.root.getType(), typicalDim)) {
      probeOfRoot[number] = probes.size();
      probes.push_back(makeConversionProbe(type));
    }
  }
  std::vector<Measurement> times = measurer.measure(probes);

  FormatCut cut(layers.size());
  for (auto [number, layer] : llvm::enumerate(layers)) {
    if (!fixed[number]) {
      const Measurement &time = times[*probeOfLayer[number]];
      std::optional<int64_t> floatTime = time.get(kFloat),
                             quantizedTime = time.get(kQuantized);
      if (time.nanoseconds.empty())
        fixed[number] =
            Choice{false, "the lock has no measurement of it", {}, {}};
      else if (!floatTime || !quantizedTime)
        fixed[number] = Choice{
            false, "there is no kernel on integers for it", floatTime, {}};
      else
        cut.addLayer(number, *floatTime,
                     static_cast<int64_t>(*quantizedTime * (1 + kMargin)));
    }
    if (fixed[number])
      cut.fix(number, fixed[number]->quantized);
    if (!probeOfRoot[number])
      continue;
    const Measurement &conversion = times[*probeOfRoot[number]];
    auto producer = layerOfResult.find(layer.root);
    cut.addValue(producer == layerOfResult.end()
                     ? std::nullopt
                     : std::optional(producer->second),
                 number, conversion.get(kQuantize).value_or(0),
                 conversion.get(kDequantize).value_or(0));
  }
  std::vector<bool> quantized = cut.solve();

  std::vector<Choice> choices;
  for (size_t number = 0; number < layers.size(); ++number) {
    if (fixed[number]) {
      choices.push_back(*fixed[number]);
      continue;
    }
    const Measurement &time = times[*probeOfLayer[number]];
    int64_t floatTime = *time.get(kFloat),
            quantizedTime = *time.get(kQuantized);
    std::string comparison = formatTime(quantizedTime) + " in w8a8, " +
                             formatTime(floatTime) + " in fp32";
    bool isFaster = quantizedTime * (1 + kMargin) < floatTime;
    std::string reason;
    if (quantized[number])
      reason = isFaster ? "faster: " + comparison
                        : "saves conversions of its neighbours: " + comparison;
    else
      reason = isFaster
                   ? "conversions would cost more than it gains: " + comparison
                   : "not faster: " + comparison;
    choices.push_back({quantized[number], reason, floatTime, quantizedTime});
  }
  return choices;
}
