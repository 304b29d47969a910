//===- BatchNorm.cpp - what batch normalizations say of values ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Calibrate/BatchNorm.h"

#include "passes/Simplify/Constants.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>

using namespace mlir;
using namespace sinter;
using namespace sinter::calibrate;
using nn::WeightAttr;

/// Points of the distribution of a channel: quantiles up to 3.3 deviations.
static constexpr int64_t kPoints = 1023;
/// Longer ways from the normalization to the value are not followed.
static constexpr size_t kMaxOps = 32;

namespace {

/// The parameters of a normalization, [channels] each.
struct Parameters {
  WeightAttr mean, deviation;
};

} // namespace

static WeightAttr skipReshapes(WeightAttr weight) {
  while (weight.getKind() == "reshape")
    weight = weight.getOperands()[0];
  return weight;
}

/// Finds gamma in gamma / sqrt(variance + epsilon).
static WeightAttr findGamma(WeightAttr factor) {
  factor = skipReshapes(factor);
  if (factor.getKind() != "div" ||
      skipReshapes(factor.getOperands()[1]).getKind() != "sqrt")
    return {};
  return skipReshapes(factor.getOperands()[0]);
}

/// Reads `offset` as beta - mean * factor.
static std::optional<Parameters> findParameters(WeightAttr offset) {
  offset = skipReshapes(offset);
  if (offset.getKind() != "sub")
    return std::nullopt;
  WeightAttr product = skipReshapes(offset.getOperands()[1]);
  if (product.getKind() != "mul")
    return std::nullopt;
  WeightAttr beta = skipReshapes(offset.getOperands()[0]);
  for (WeightAttr operand : product.getOperands())
    if (WeightAttr gamma = findGamma(operand);
        gamma && gamma.getType() == beta.getType() &&
        gamma.getType().getRank() == 1)
      return Parameters{beta, gamma};
  return std::nullopt;
}

static std::optional<Parameters> findParameters(Operation *op) {
  if (!isa<nn::AddOp>(op))
    return std::nullopt;
  for (Value operand : op->getOperands())
    if (WeightAttr offset = getWeight(operand))
      return findParameters(offset);
  return std::nullopt;
}

/// The point of the normal distribution below which lies the share `p`.
static double getQuantile(double p) {
  double low = -10, high = 10;
  while (high - low > 1e-9) {
    double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < p ? low : high) = middle;
  }
  return low;
}

static WeightAttr makeExpression(StringRef kind, ArrayRef<WeightAttr> operands,
                                 DictionaryAttr params, RankedTensorType type) {
  MLIRContext *context = type.getContext();
  return WeightAttr::get(context, StringAttr::get(context, kind), operands,
                         params ? params : DictionaryAttr::get(context), type);
}

/// [points, channels]: each column the quantiles of its channel.
static WeightAttr makeDistribution(const Parameters &parameters) {
  Builder b(parameters.mean.getContext());
  SmallVector<float> quantiles;
  for (int64_t i = 0; i < kPoints; ++i)
    quantiles.push_back(static_cast<float>(getQuantile(
        (static_cast<double>(i) + 0.5) / static_cast<double>(kPoints))));
  auto column = RankedTensorType::get({kPoints, 1}, b.getF32Type());
  WeightAttr normal = makeExpression(
      "dense", {},
      b.getDictionaryAttr(b.getNamedAttr(
          "value", DenseElementsAttr::get(column, ArrayRef<float>(quantiles)))),
      column);
  auto type = RankedTensorType::get(
      {kPoints, parameters.mean.getType().getDimSize(0)}, b.getF32Type());
  WeightAttr spread =
      makeExpression("mul", {normal, parameters.deviation}, {}, type);
  return makeExpression("add", {spread, parameters.mean}, {}, type);
}

/// The operations from one normalization (first) to `value`, in block order;
/// empty if it is not made so.
static SmallVector<Operation *> findWay(Value value) {
  llvm::SetVector<Operation *> ops;
  Operation *source = nullptr;
  SmallVector<Value> open = {value};
  while (!open.empty()) {
    Operation *op = open.pop_back_val().getDefiningOp();
    if (!op || ops.size() == kMaxOps)
      return {};
    if (ops.contains(op) || isa<nn::WeightOp>(op))
      continue;
    if (findParameters(op)) {
      if (source && source != op)
        return {};
      source = op;
      continue;
    }
    if (!op->hasTrait<nn::OpTrait::Elementwise>())
      return {};
    ops.insert(op);
    llvm::append_range(open, op->getOperands());
  }
  if (!source)
    return {};
  SmallVector<Operation *> way(ops.begin(), ops.end());
  llvm::sort(way,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  way.insert(way.begin(), source);
  return way;
}

std::optional<quantize::Statistics> BatchNormStatistics::find(Value value) {
  SmallVector<Operation *> way = findWay(value);
  if (way.empty())
    return std::nullopt;
  std::optional<Parameters> parameters = findParameters(way.front());
  int64_t channels = parameters->mean.getType().getDimSize(0);
  if (cast<ShapedType>(value.getType()).getShape().back() != channels)
    return std::nullopt;
  llvm::DenseMap<Value, WeightAttr> expressions = {
      {way.front()->getResult(0), makeDistribution(*parameters)}};
  for (Operation *op : llvm::drop_begin(way)) {
    SmallVector<WeightAttr> operands;
    for (Value operand : op->getOperands()) {
      WeightAttr weight = getWeight(operand);
      // Constants of more axes are not of channels alone.
      if (weight && weight.getType().getNumElements() > 1 &&
          weight.getType().getRank() > 1)
        return std::nullopt;
      operands.push_back(weight ? weight : expressions.lookup(operand));
    }
    Type element =
        cast<ShapedType>(op->getResult(0).getType()).getElementType();
    expressions[op->getResult(0)] = makeExpression(
        op->getName().stripDialect(), operands, op->getAttrDictionary(),
        RankedTensorType::get({kPoints, channels}, element));
  }
  std::vector<float> elements(kPoints * channels);
  MutableArrayRef<char> bytes(reinterpret_cast<char *>(elements.data()),
                              elements.size() * sizeof(float));
  if (!cast<ShapedType>(value.getType()).getElementType().isF32() ||
      failed(store.evaluate(expressions.lookup(value), bytes, value.getLoc())))
    return std::nullopt;
  quantize::Statistics statistics;
  statistics.add(elements, channels, /*inner=*/1);
  return statistics;
}
