//===- Constants.cpp - reading and making constant tensors ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Simplify/Constants.h"

#include "compiler/Weights/WeightStore.h"

using namespace mlir;

namespace sinter {

/// Results that have more elements than their operands by more than this stay
/// operations: they would only fill the artifact.
static constexpr int64_t kMaxGrowth = 16 * 1024;

nn::WeightAttr getWeight(Value value) {
  auto op = value.getDefiningOp<nn::WeightOp>();
  return op ? op.getValue() : nn::WeightAttr();
}

/// The elements of a `dense` expression, or null.
static DenseElementsAttr getDense(nn::WeightAttr weight) {
  if (!weight || weight.getKind().getValue() != "dense")
    return {};
  return dyn_cast_or_null<DenseElementsAttr>(weight.getParams().get("value"));
}

/// Follows expressions that keep uniform values uniform down to a leaf.
static nn::WeightAttr skipMovement(nn::WeightAttr weight) {
  while (weight) {
    StringRef kind = weight.getKind().getValue();
    if (kind != "reshape" && kind != "transpose" && kind != "broadcast" &&
        kind != "slice")
      break;
    weight = weight.getOperands().front();
  }
  return weight;
}

std::optional<double> getUniformValue(Value value) {
  DenseElementsAttr dense = getDense(skipMovement(getWeight(value)));
  if (!dense || dense.empty())
    return std::nullopt;
  if (!dense.isSplat() && dense.getNumElements() != 1)
    return std::nullopt;
  if (isa<FloatType>(dense.getElementType()))
    return (*dense.value_begin<APFloat>()).convertToDouble();
  if (auto type = dyn_cast<IntegerType>(dense.getElementType())) {
    APInt bits = *dense.value_begin<APInt>();
    bool isUnsigned = type.isUnsigned() || type.getWidth() == 1;
    return isUnsigned ? bits.roundToDouble(/*isSigned=*/false)
                      : bits.roundToDouble(/*isSigned=*/true);
  }
  return std::nullopt;
}

std::optional<SmallVector<int64_t>> getIntegers(Value value) {
  nn::WeightAttr weight = getWeight(value);
  // A reshape keeps the order of the elements.
  while (weight && weight.getKind().getValue() == "reshape")
    weight = weight.getOperands().front();
  DenseElementsAttr dense = getDense(weight);
  if (!dense || !isa<IntegerType>(dense.getElementType()))
    return std::nullopt;
  SmallVector<int64_t> result;
  for (const APInt &element : dense.getValues<APInt>())
    result.push_back(element.getSExtValue());
  return result;
}

bool isConstantScalar(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getNumElements() == 1 &&
         getWeight(value);
}

Value createScalar(OpBuilder &builder, Location loc, double number,
                   Type elementType) {
  auto type = RankedTensorType::get({}, elementType);
  Attribute element;
  if (isa<FloatType>(elementType))
    element = builder.getFloatAttr(elementType, number);
  else
    element = builder.getIntegerAttr(elementType, static_cast<int64_t>(number));
  auto params = builder.getDictionaryAttr(
      builder.getNamedAttr("value", DenseElementsAttr::get(type, element)));
  auto weight = nn::WeightAttr::get(
      builder.getContext(), builder.getStringAttr("dense"), {}, params, type);
  return nn::WeightOp::create(builder, loc, weight);
}

/// Whether the transpose expression `weight` only moves dimensions of size 1.
static bool isView(nn::WeightAttr weight) {
  auto permutation = weight.getParams().getAs<DenseI64ArrayAttr>("permutation");
  SmallVector<int64_t> moved;
  for (int64_t dim : permutation.asArrayRef())
    if (weight.getOperands().front().getType().getDimSize(dim) != 1)
      moved.push_back(dim);
  return llvm::is_sorted(moved);
}

/// A chain of reshapes and of transposes that are no more than that becomes one
/// reshape, or nothing.
static nn::WeightAttr joinReshapes(nn::WeightAttr weight) {
  auto isReshape = [](nn::WeightAttr weight) {
    StringRef kind = weight.getKind().getValue();
    return kind == "reshape" || (kind == "transpose" && isView(weight));
  };
  if (!isReshape(weight))
    return weight;
  nn::WeightAttr source = weight;
  while (isReshape(source))
    source = source.getOperands().front();
  if (source.getType() == weight.getType())
    return source;
  MLIRContext *context = weight.getContext();
  return nn::WeightAttr::get(context, StringAttr::get(context, "reshape"),
                             source, DictionaryAttr::get(context),
                             weight.getType());
}

/// Whether `weight` is made of a matrix or filter of integers, which
/// contractions may take as such (passes/Quantize).
static bool isDequantized(nn::WeightAttr weight) {
  if (weight.getKind() == "dequantize")
    return weight.getType().getRank() >= 2;
  return llvm::any_of(weight.getOperands(), isDequantized);
}

nn::WeightAttr foldToWeight(Operation *op) {
  if (!isa_and_nonnull<nn::NNDialect>(op->getDialect()) ||
      !isWeightKind(op->getName().stripDialect()) ||
      op->getNumOperands() == 0 || op->getNumResults() != 1)
    return {};
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || !type.hasStaticShape())
    return {};
  SmallVector<nn::WeightAttr> operands;
  int64_t operandElements = 0;
  for (Value operand : op->getOperands()) {
    nn::WeightAttr weight = getWeight(operand);
    if (!weight)
      return {};
    operands.push_back(weight);
    operandElements += weight.getType().getNumElements();
  }
  if (type.getNumElements() > operandElements + kMaxGrowth)
    return {};
  MLIRContext *context = op->getContext();
  auto weight = nn::WeightAttr::get(
      context, StringAttr::get(context, op->getName().stripDialect()), operands,
      op->getAttrDictionary(), type);
  nn::WeightAttr small =
      isDequantized(weight) ? nn::WeightAttr() : evaluateSmall(weight);
  return small ? small : joinReshapes(weight);
}

std::pair<Value, Value> splitWeightOperand(Operation *op) {
  Value lhs = op->getOperand(0), rhs = op->getOperand(1);
  if (static_cast<bool>(getWeight(lhs)) == static_cast<bool>(getWeight(rhs)))
    return {};
  return getWeight(rhs) ? std::pair(lhs, rhs) : std::pair(rhs, lhs);
}

} // namespace sinter
