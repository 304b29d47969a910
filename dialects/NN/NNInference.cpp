//===- NNInference.cpp - helpers to infer result types --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNInference.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;

FailureOr<RankedTensorType> nn::getTensor(const Refusal &refuse, Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return refuse("expects ranked tensors as operands, but got ",
                  value.getType());
  return type;
}

LogicalResult nn::setResult(const Refusal &refuse, ArrayRef<SizeAttr> sizes,
                            Type elementType, SmallVectorImpl<Type> &types) {
  for (SizeAttr size : sizes) {
    if (size.isUnknown())
      return refuse("expects sizes that fit in 64 bits, but got a result of "
                    "shape ",
                    toString(sizes));
    if (size.getConstant().value_or(0) < 0)
      return refuse("expects a result without negative sizes, but got ",
                    toString(sizes));
  }
  types.push_back(makeTensorType(sizes, elementType));
  return success();
}

LogicalResult nn::checkAxis(const Refusal &refuse, int64_t axis, int64_t rank) {
  if (axis >= 0 && axis < rank)
    return success();
  return refuse("expects 'axis' to be at least 0 and less than the rank ", rank,
                ", but got ", axis);
}

/// The broadcast shape of all operands.
static FailureOr<SmallVector<SizeAttr>> broadcastOperands(const Refusal &refuse,
                                                          ValueRange operands) {
  SmallVector<SizeAttr> sizes;
  for (Value operand : operands) {
    if (failed(getTensor(refuse, operand)))
      return failure();
    SmallVector<SizeAttr> next = getSizes(operand.getType());
    auto common = broadcastSizes(sizes, next);
    if (!common) // (C2)
      return refuse("expects equal sizes, or 1, in every dimension, but got "
                    "shapes ",
                    toString(sizes), " and ", toString(next));
    sizes = std::move(*common);
  }
  return sizes;
}

/// (C1) All operands have the element type of the first.
static LogicalResult checkElementTypes(const Refusal &refuse,
                                       ValueRange operands) {
  Type first = getElementTypeOrSelf(operands.front().getType());
  for (Value operand : operands.drop_front()) {
    Type type = getElementTypeOrSelf(operand.getType());
    if (type != first)
      return refuse("expects operands with the same element type, but got ",
                    first, " and ", type);
  }
  return success();
}

/// Gives the result the broadcast shape of `operands`; those in `holding` must
/// have the same element type.
static LogicalResult inferBroadcast(const Refusal &refuse, ValueRange operands,
                                    ValueRange holding, Type elementType,
                                    SmallVectorImpl<Type> &types) {
  if (failed(checkElementTypes(refuse, holding)))
    return failure();
  FailureOr<SmallVector<SizeAttr>> sizes = broadcastOperands(refuse, operands);
  if (failed(sizes))
    return failure();
  return setResult(refuse, *sizes, elementType, types);
}

LogicalResult nn::inferElementwise(StringRef operation,
                                   std::optional<Location> location,
                                   ValueRange operands,
                                   SmallVectorImpl<Type> &types) {
  return inferBroadcast({operation, location}, operands, operands,
                        getElementTypeOrSelf(operands.front().getType()),
                        types);
}

LogicalResult nn::inferTruth(StringRef operation,
                             std::optional<Location> location,
                             ValueRange operands,
                             SmallVectorImpl<Type> &types) {
  Type truth = IntegerType::get(operands.front().getContext(), 1);
  return inferBroadcast({operation, location}, operands, operands, truth,
                        types);
}

LogicalResult WhereOp::inferReturnTypes(MLIRContext *,
                                        std::optional<Location> location,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  ValueRange operands = adaptor.getOperands();
  return inferBroadcast(
      {getOperationName(), location}, operands, operands.drop_front(),
      getElementTypeOrSelf(adaptor.getOnTrue().getType()), types);
}

LogicalResult QuantizeOp::inferReturnTypes(MLIRContext *,
                                           std::optional<Location> location,
                                           Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  ValueRange operands = adaptor.getOperands();
  return inferBroadcast(
      {getOperationName(), location}, operands, operands.take_front(2),
      getElementTypeOrSelf(adaptor.getZeroPoint().getType()), types);
}

LogicalResult DequantizeOp::inferReturnTypes(MLIRContext *,
                                             std::optional<Location> location,
                                             Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  ValueRange operands = adaptor.getOperands();
  Value integers[] = {adaptor.getInput(), adaptor.getZeroPoint()};
  return inferBroadcast({getOperationName(), location}, operands, integers,
                        getElementTypeOrSelf(adaptor.getScale().getType()),
                        types);
}

LogicalResult nn::checkWindow(const Refusal &refuse, const Window &window,
                              int64_t spatialRank) {
  auto check = [&](StringRef name, ArrayRef<int64_t> values, int64_t length,
                   int64_t least) -> LogicalResult {
    if (static_cast<int64_t>(values.size()) != length)
      return refuse("expects ", length, " ", name, " for ", spatialRank,
                    " spatial dimensions, but got ", values.size());
    for (int64_t value : values)
      if (value < least)
        return refuse("expects ", name, " of at least ", least, ", but got ",
                      value);
    return success();
  };
  if (failed(check("strides", window.strides, spatialRank, 1)) ||
      failed(check("dilations", window.dilations, spatialRank, 1)))
    return failure();
  // Negative pads crop.
  return check("pads", window.pads, 2 * spatialRank, INT64_MIN);
}

SizeAttr nn::getExtent(SizeAttr taps, int64_t dilation) {
  return add(mul(add(taps, -1), dilation), 1);
}
