//===- NNReductionOps.cpp - reductions ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNInference.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;

//===----------------------------------------------------------------------===//
// ReduceOp
//===----------------------------------------------------------------------===//

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  Refusal refuse{getOperationName(), location};
  FailureOr<RankedTensorType> input = getTensor(refuse, adaptor.getInput());
  if (failed(input))
    return failure();
  SmallVector<SizeAttr> sizes = getSizes(*input);
  int64_t previous = -1;
  for (int64_t axis : adaptor.getAxes()) {
    if (axis <= previous || axis >= input->getRank()) // (C1)
      return refuse("expects ascending axes less than the rank ",
                    input->getRank(), ", but got ", axis, " after ", previous);
    previous = axis;
    sizes[axis] = getSize(context, 1);
  }
  return setResult(refuse, sizes, input->getElementType(), types);
}

//===----------------------------------------------------------------------===//
// ArgReduceOp
//===----------------------------------------------------------------------===//

LogicalResult ArgReduceOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  Refusal refuse{getOperationName(), location};
  FailureOr<RankedTensorType> input = getTensor(refuse, adaptor.getInput());
  if (failed(input) ||
      failed(checkAxis(refuse, adaptor.getAxis(), input->getRank()))) // (C1)
    return failure();
  SmallVector<SizeAttr> sizes = getSizes(*input);
  sizes[adaptor.getAxis()] = getSize(context, 1);
  return setResult(refuse, sizes, IntegerType::get(context, 64), types);
}

LogicalResult ArgReduceOp::verify() {
  if (getKind() != ReduceKind::Max && getKind() != ReduceKind::Min) // (C2)
    return emitOpError() << "expects kind max or min, but got "
                         << stringifyReduceKind(getKind());
  return success();
}
