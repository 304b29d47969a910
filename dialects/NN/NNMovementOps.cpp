//===- NNMovementOps.cpp - constants, views and data movement -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNInference.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;

//===----------------------------------------------------------------------===//
// WeightOp
//===----------------------------------------------------------------------===//

void WeightOp::build(OpBuilder &builder, OperationState &state,
                     WeightAttr value) {
  build(builder, state, value.getType(), value);
}

LogicalResult WeightOp::verify() {
  if (getValue().getType() != getType()) // (C1)
    return emitOpError() << "expects a result of the expression's type "
                         << getValue().getType() << ", but got " << getType();
  return success();
}

OpFoldResult WeightOp::fold(FoldAdaptor) { return getValueAttr(); }

//===----------------------------------------------------------------------===//
// SizeValueOp and IotaOp
//===----------------------------------------------------------------------===//

LogicalResult SizeValueOp::verify() {
  if (getType().getRank() > 1) // (C2)
    return emitOpError() << "expects a result of rank 0 or 1, but got "
                         << getType();
  if (!getNumElements(getType()).isConstant(
          static_cast<int64_t>(getSizes().size()))) // (C1)
    return emitOpError() << "expects as many sizes as elements, but got "
                         << getSizes().size() << " sizes for " << getType();
  return success();
}

LogicalResult IotaOp::verify() {
  Refusal refuse{getOperationName(), getLoc()};
  return checkAxis(refuse, getAxis(), getType().getRank()); // (C1)
}

//===----------------------------------------------------------------------===//
// ReshapeOp and BroadcastOp
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  RankedTensorType from = getInput().getType(), to = getType();
  if (from.getElementType() != to.getElementType())
    return emitOpError() << "expects a result of the input's element type, but "
                            "got "
                         << to << " from " << from;
  auto before = getNumElements(from).getConstant();
  auto after = getNumElements(to).getConstant();
  if (before && after && *before != *after) // (C1)
    return emitOpError() << "expects a result with " << *before
                         << " elements, but got " << *after;
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  auto inner = getInput().getDefiningOp<ReshapeOp>();
  if (!inner)
    return {};
  getInputMutable().assign(inner.getInput());
  return getResult();
}

LogicalResult BroadcastOp::verify() {
  RankedTensorType from = getInput().getType(), to = getType();
  if (from.getElementType() != to.getElementType())
    return emitOpError() << "expects a result of the input's element type, but "
                            "got "
                         << to << " from " << from;
  SmallVector<SizeAttr> source = nn::getSizes(from), target = nn::getSizes(to);
  auto common = broadcastSizes(source, target);
  if (!common || *common != target) // (C1)
    return emitOpError() << "expects input sizes that are 1 or those of the "
                            "result, but got shapes "
                         << toString(source) << " and " << toString(target);
  return success();
}

OpFoldResult BroadcastOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput())
                                           : OpFoldResult();
}

//===----------------------------------------------------------------------===//
// TransposeOp
//===----------------------------------------------------------------------===//

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Refusal refuse{getOperationName(), location};
  FailureOr<RankedTensorType> input = getTensor(refuse, adaptor.getInput());
  if (failed(input))
    return failure();
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  int64_t rank = input->getRank();
  SmallVector<int64_t> sorted(permutation);
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, rank))) // (C1)
    return refuse("expects a permutation of the ", rank,
                  " dimensions, but got [", permutation, "]");
  SmallVector<SizeAttr> sizes = nn::getSizes(*input), permuted;
  for (int64_t dimension : permutation)
    permuted.push_back(sizes[dimension]);
  return setResult(refuse, permuted, input->getElementType(), types);
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  ArrayRef<int64_t> outer = getPermutation();
  if (llvm::equal(outer, llvm::seq<int64_t>(0, outer.size())))
    return getInput();
  auto inner = getInput().getDefiningOp<TransposeOp>();
  if (!inner)
    return {};
  SmallVector<int64_t> composed;
  for (int64_t dimension : outer)
    composed.push_back(inner.getPermutation()[dimension]);
  setPermutation(composed);
  getInputMutable().assign(inner.getInput());
  return getResult();
}

//===----------------------------------------------------------------------===//
// SliceOp
//===----------------------------------------------------------------------===//

/// Whether `place` is known to lie outside of [0, size).
static bool isOutside(SizeAttr place, SizeAttr size) {
  return getRange(place).second < 0 || isLessEqual(size, place);
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *,
                                        std::optional<Location> location,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  Refusal refuse{getOperationName(), location};
  FailureOr<RankedTensorType> input = getTensor(refuse, adaptor.getInput());
  if (failed(input))
    return failure();
  SmallVector<SizeAttr> from = nn::getSizes(*input);
  SmallVector<SizeAttr> starts = nn::getSizes(adaptor.getStarts());
  SmallVector<SizeAttr> sizes = nn::getSizes(adaptor.getSizes());
  ArrayRef<int64_t> steps = adaptor.getSteps();
  size_t rank = from.size();
  if (starts.size() != rank || sizes.size() != rank ||
      steps.size() != rank) // (C1)
    return refuse("expects a start, size and step for each of ", rank,
                  " dimensions, but got ", starts.size(), ", ", sizes.size(),
                  " and ", steps.size());
  for (size_t i = 0; i < rank; ++i) {
    if (steps[i] == 0) // (C2)
      return refuse("expects steps other than 0, but got 0 for dimension ", i);
    SizeAttr last = add(starts[i], mul(add(sizes[i], -1), steps[i]));
    if (getRange(sizes[i]).first >= 1 &&
        (isOutside(starts[i], from[i]) || isOutside(last, from[i]))) // (C3)
      return refuse("expects to take elements 0 to ",
                    toString(add(from[i], -1)), " of dimension ", i,
                    ", but got ", toString(starts[i]), " to ", toString(last));
  }
  return setResult(refuse, sizes, input->getElementType(), types);
}

//===----------------------------------------------------------------------===//
// ConcatOp
//===----------------------------------------------------------------------===//

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Refusal refuse{getOperationName(), location};
  ValueRange inputs = adaptor.getInputs();
  if (inputs.empty()) // (C1)
    return refuse("expects at least one operand");
  FailureOr<RankedTensorType> first = getTensor(refuse, inputs.front());
  int64_t axis = adaptor.getAxis();
  if (failed(first) ||
      failed(checkAxis(refuse, axis, first->getRank()))) // (C1)
    return failure();
  SmallVector<SizeAttr> sizes = nn::getSizes(*first);
  for (Value input : inputs.drop_front()) {
    FailureOr<RankedTensorType> type = getTensor(refuse, input);
    if (failed(type))
      return failure();
    if (type->getRank() != first->getRank() ||
        type->getElementType() != first->getElementType()) // (C2)
      return refuse("expects operands of the same rank and element type, but "
                    "got ",
                    *first, " and ", *type);
    SmallVector<SizeAttr> next = nn::getSizes(*type);
    for (auto [index, size] : llvm::enumerate(next)) {
      if (static_cast<int64_t>(index) == axis)
        sizes[index] = add(sizes[index], size);
      else if (size != sizes[index]) // (C3)
        return refuse("expects equal sizes in dimension ", index, ", but got ",
                      toString(sizes[index]), " and ", toString(size));
    }
  }
  return setResult(refuse, sizes, first->getElementType(), types);
}

//===----------------------------------------------------------------------===//
// PadOp
//===----------------------------------------------------------------------===//

LogicalResult PadOp::inferReturnTypes(MLIRContext *,
                                      std::optional<Location> location,
                                      Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  Refusal refuse{getOperationName(), location};
  FailureOr<RankedTensorType> input = getTensor(refuse, adaptor.getInput());
  FailureOr<RankedTensorType> value = getTensor(refuse, adaptor.getValue());
  if (failed(input) || failed(value))
    return failure();
  SmallVector<SizeAttr> sizes = nn::getSizes(*input);
  SmallVector<SizeAttr> before = nn::getSizes(adaptor.getBefore());
  SmallVector<SizeAttr> after = nn::getSizes(adaptor.getAfter());
  if (before.size() != sizes.size() || after.size() != sizes.size()) // (C1)
    return refuse("expects an amount before and after each of ", sizes.size(),
                  " dimensions, but got ", before.size(), " and ",
                  after.size());
  if (!getNumElements(*value).isConstant(1) ||
      value->getElementType() != input->getElementType()) // (C2)
    return refuse("expects one element of type ", input->getElementType(),
                  " as value, but got ", *value);
  for (size_t i = 0; i < sizes.size(); ++i)
    sizes[i] = add(add(sizes[i], before[i]), after[i]);
  return setResult(refuse, sizes, input->getElementType(), types);
}

//===----------------------------------------------------------------------===//
// GatherOp and GatherElementsOp
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Refusal refuse{getOperationName(), location};
  FailureOr<RankedTensorType> input = getTensor(refuse, adaptor.getInput());
  FailureOr<RankedTensorType> indices = getTensor(refuse, adaptor.getIndices());
  int64_t axis = adaptor.getAxis();
  if (failed(input) || failed(indices) ||
      failed(checkAxis(refuse, axis, input->getRank()))) // (C1)
    return failure();
  SmallVector<SizeAttr> from = nn::getSizes(*input);
  SmallVector<SizeAttr> sizes(ArrayRef(from).take_front(axis));
  llvm::append_range(sizes, nn::getSizes(*indices));
  llvm::append_range(sizes, ArrayRef(from).drop_front(axis + 1));
  return setResult(refuse, sizes, input->getElementType(), types);
}

LogicalResult GatherElementsOp::inferReturnTypes(
    MLIRContext *, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  Refusal refuse{getOperationName(), location};
  FailureOr<RankedTensorType> input = getTensor(refuse, adaptor.getInput());
  FailureOr<RankedTensorType> indices = getTensor(refuse, adaptor.getIndices());
  if (failed(input) || failed(indices) ||
      failed(checkAxis(refuse, adaptor.getAxis(), input->getRank()))) // (C1)
    return failure();
  if (indices->getRank() != input->getRank()) // (C2)
    return refuse("expects input and indices of the same rank, but got ",
                  *input, " and ", *indices);
  return setResult(refuse, nn::getSizes(*indices), input->getElementType(),
                   types);
}
