//===- NNSpatialOps.cpp - pooling and resampling --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNInference.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;

//===----------------------------------------------------------------------===//
// PoolOp
//===----------------------------------------------------------------------===//

/// The number of windows along one dimension of `size` elements.
static SizeAttr countWindows(SizeAttr size, int64_t padBefore, int64_t padAfter,
                             SizeAttr extent, int64_t stride, bool ceilMode) {
  SizeAttr room = sub(add(add(size, padBefore), padAfter), extent);
  if (!ceilMode)
    return add(floorDiv(room, stride), 1);
  // The last window starts inside the input or the padding before it.
  return nn::min(add(ceilDiv(room, stride), 1),
                 ceilDiv(add(size, padBefore), stride));
}

LogicalResult PoolOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location> location,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  Refusal refuse{getOperationName(), location};
  FailureOr<RankedTensorType> input = getTensor(refuse, adaptor.getInput());
  if (failed(input))
    return failure();
  if (input->getRank() < 3) // (C3)
    return refuse("expects an input of rank 3 or more, but got ", *input);
  SpatialLayout layout{adaptor.getChannelsLast(), input->getRank()};
  int64_t spatialRank = layout.getSpatialRank();
  Window window{adaptor.getStrides(), adaptor.getPads(),
                adaptor.getDilations()};
  if (failed(checkWindow(refuse, window, spatialRank))) // (C2)
    return failure();
  ArrayRef<int64_t> taps = adaptor.getWindow();
  if (static_cast<int64_t>(taps.size()) != spatialRank ||
      llvm::any_of(taps, [](int64_t size) { return size < 1; })) // (C2)
    return refuse("expects a positive window size for each of ", spatialRank,
                  " spatial dimensions, but got [", taps, "]");
  SmallVector<SizeAttr> sizes = getSizes(*input);
  for (int64_t i = 0; i < spatialRank; ++i) {
    SizeAttr &size = sizes[layout.getFirstSpatial() + i];
    size =
        countWindows(size, window.pads[i], window.pads[spatialRank + i],
                     getExtent(getSize(context, taps[i]), window.dilations[i]),
                     window.strides[i], adaptor.getCeilMode());
  }
  return setResult(refuse, sizes, input->getElementType(), types);
}

LogicalResult PoolOp::verify() {
  if (getKind() != ReduceKind::Max && getKind() != ReduceKind::Mean) // (C1)
    return emitOpError() << "expects kind max or mean, but got "
                         << stringifyReduceKind(getKind());
  return success();
}

//===----------------------------------------------------------------------===//
// ResizeOp
//===----------------------------------------------------------------------===//

LogicalResult ResizeOp::verify() {
  RankedTensorType input = getInput().getType();
  if (static_cast<int64_t>(getScales().size()) != input.getRank()) // (C1)
    return emitOpError() << "expects a scale for each of " << input.getRank()
                         << " dimensions, but got " << getScales().size();
  if (input.getRank() != getType().getRank() ||
      input.getElementType() != getType().getElementType()) // (C2)
    return emitOpError() << "expects a result of the input's rank and element "
                            "type, but got "
                         << getType() << " from " << input;
  return success();
}
