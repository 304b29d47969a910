//===- NNContractionOps.cpp - matrix products and convolutions ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNInference.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;

static bool isByte(Type type) { return type.isInteger(8); }

/// What a sum of products of these elements is held in.
static Type getSumType(Type elementType) {
  return isByte(elementType) ? IntegerType::get(elementType.getContext(), 32)
                             : elementType;
}

/// The types of both operands, which hold the same, or 8-bit integers.
static FailureOr<std::pair<RankedTensorType, RankedTensorType>>
checkOperands(const Refusal &refuse, Value lhs, Value rhs) {
  FailureOr<RankedTensorType> left = getTensor(refuse, lhs);
  FailureOr<RankedTensorType> right = getTensor(refuse, rhs);
  if (failed(left) || failed(right))
    return failure();
  Type leftElement = left->getElementType();
  Type rightElement = right->getElementType();
  if (leftElement != rightElement &&
      !(isByte(leftElement) && isByte(rightElement)))
    return refuse("expects operands with the same element type, or of 8-bit "
                  "integers, but got ",
                  leftElement, " and ", rightElement);
  return std::make_pair(*left, *right);
}

//===----------------------------------------------------------------------===//
// MatmulOp
//===----------------------------------------------------------------------===//

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Refusal refuse{getOperationName(), location};
  auto operands = checkOperands(refuse, adaptor.getLhs(), adaptor.getRhs());
  if (failed(operands))
    return failure();
  auto [lhsType, rhsType] = *operands;
  if (lhsType.getRank() < 2 || rhsType.getRank() < 2) // (C1)
    return refuse("expects operands of rank 2 or more, but got ", lhsType,
                  " and ", rhsType);
  SmallVector<SizeAttr> lhs = getSizes(lhsType), rhs = getSizes(rhsType);
  if (lhs.back() != rhs[rhs.size() - 2]) // (C2)
    return refuse("expects as many columns on the left as rows on the right, "
                  "but got shapes ",
                  toString(lhs), " and ", toString(rhs));
  auto sizes =
      broadcastSizes(ArrayRef(lhs).drop_back(2), ArrayRef(rhs).drop_back(2));
  if (!sizes) // (C3)
    return refuse("expects equal sizes, or 1, in leading dimensions, but got "
                  "shapes ",
                  toString(lhs), " and ", toString(rhs));
  sizes->push_back(lhs[lhs.size() - 2]);
  sizes->push_back(rhs.back());
  return setResult(refuse, *sizes, getSumType(lhsType.getElementType()), types);
}

//===----------------------------------------------------------------------===//
// ConvOp and ConvTransposeOp
//===----------------------------------------------------------------------===//

/// What both convolutions ask of ranks and lengths.
static LogicalResult checkConvolution(const Refusal &refuse,
                                      RankedTensorType input,
                                      RankedTensorType filter,
                                      const Window &window, int64_t group) {
  if (input.getRank() < 3 || filter.getRank() != input.getRank()) // (C4)
    return refuse("expects input and filter of the same rank, at least 3, but "
                  "got ",
                  input, " and ", filter);
  if (group < 1) // (C3)
    return refuse("expects a group count of at least 1, but got ", group);
  return checkWindow(refuse, window, input.getRank() - 2); // (C1)
}

/// What the padding of an input of `type` may hold.
static LogicalResult checkPadValue(const Refusal &refuse, Type type,
                                   int64_t value) {
  if (!isByte(type))
    return value == 0 ? success()
                      : refuse("expects a 'pad_value' of 0 for ", type,
                               ", but got ", value);
  int64_t low = type.isUnsignedInteger() ? 0 : -128;
  if (value >= low && value <= low + 255)
    return success();
  return refuse("expects a 'pad_value' from ", low, " to ", low + 255, " for ",
                type, ", but got ", value);
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *,
                                       std::optional<Location> location,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  Refusal refuse{getOperationName(), location};
  auto operands =
      checkOperands(refuse, adaptor.getInput(), adaptor.getFilter());
  if (failed(operands))
    return failure();
  auto [input, filter] = *operands;
  Window window{adaptor.getStrides(), adaptor.getPads(),
                adaptor.getDilations()};
  int64_t group = adaptor.getGroup();
  if (failed(checkConvolution(refuse, input, filter, window, group)))
    return failure();

  // Absent while text is parsed: the default comes later.
  IntegerAttr padValue = adaptor.getPadValueAttr();
  if (failed(checkPadValue(refuse, input.getElementType(),
                           padValue ? padValue.getInt() : 0))) // (C5)
    return failure();

  SpatialLayout layout{adaptor.getChannelsLast(), input.getRank()};
  SmallVector<SizeAttr> sizes = getSizes(input), taps = getSizes(filter);
  SizeAttr &channels = sizes[layout.getChannels()];
  if (channels != mul(taps[1], group)) // (C2)
    return refuse("expects ", toString(mul(taps[1], group)),
                  " input channels (group times those of the filter), but got ",
                  toString(channels));
  if (!mod(taps[0], getSize(taps[0].getContext(), group)).isConstant(0)) // (C3)
    return refuse("expects a group count that divides the ", toString(taps[0]),
                  " filters, but got ", group);
  channels = taps[0];
  int64_t spatialRank = layout.getSpatialRank();
  for (int64_t i = 0; i < spatialRank; ++i) {
    SizeAttr &size = sizes[layout.getFirstSpatial() + i];
    size = add(add(size, window.pads[i]), window.pads[spatialRank + i]);
    size = sub(size, getExtent(taps[2 + i], window.dilations[i]));
    size = add(floorDiv(size, window.strides[i]), 1);
  }
  return setResult(refuse, sizes, getSumType(input.getElementType()), types);
}

LogicalResult ConvTransposeOp::inferReturnTypes(
    MLIRContext *, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  Refusal refuse{getOperationName(), location};
  auto operands =
      checkOperands(refuse, adaptor.getInput(), adaptor.getFilter());
  if (failed(operands))
    return failure();
  auto [input, filter] = *operands;
  Window window{adaptor.getStrides(), adaptor.getPads(),
                adaptor.getDilations()};
  int64_t group = adaptor.getGroup();
  if (failed(checkConvolution(refuse, input, filter, window, group)))
    return failure();

  SpatialLayout layout{adaptor.getChannelsLast(), input.getRank()};
  int64_t spatialRank = layout.getSpatialRank();
  ArrayRef<int64_t> outputPadding = adaptor.getOutputPadding();
  if (static_cast<int64_t>(outputPadding.size()) != spatialRank) // (C1)
    return refuse("expects ", spatialRank, " output paddings for ", spatialRank,
                  " spatial dimensions, but got ", outputPadding.size());
  SmallVector<SizeAttr> sizes = getSizes(input), taps = getSizes(filter);
  SizeAttr &channels = sizes[layout.getChannels()];
  if (channels != taps[0]) // (C2)
    return refuse("expects ", toString(taps[0]),
                  " input channels (as many as the filter has), but got ",
                  toString(channels));
  if (!mod(channels, getSize(channels.getContext(), group))
           .isConstant(0)) // (C3)
    return refuse("expects a group count that divides the ", toString(channels),
                  " channels, but got ", group);
  channels = mul(taps[1], group);
  for (int64_t i = 0; i < spatialRank; ++i) {
    SizeAttr &size = sizes[layout.getFirstSpatial() + i];
    size = mul(add(size, -1), window.strides[i]);
    size = add(size, getExtent(taps[2 + i], window.dilations[i]));
    size = add(size, outputPadding[i]);
    size = sub(size, getSize(size.getContext(), window.pads[i]));
    size = sub(size, getSize(size.getContext(), window.pads[spatialRank + i]));
  }
  return setResult(refuse, sizes, getSumType(input.getElementType()), types);
}
