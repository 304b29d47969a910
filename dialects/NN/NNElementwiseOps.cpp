//===- NNElementwiseOps.cpp - element-wise operations ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;

LogicalResult ClampOp::verify() {
  if (getMin().isNaN() || getMax().isNaN()) // (C1)
    return emitOpError() << "expects bounds that are numbers, but got NaN as '"
                         << (getMin().isNaN() ? "min" : "max") << "'";
  return success();
}

/// (C1) of nn.cast and nn.bit_cast.
static LogicalResult verifyShapeStays(Operation *op) {
  SmallVector<SizeAttr> from = getSizes(op->getOperand(0).getType());
  SmallVector<SizeAttr> to = getSizes(op->getResult(0).getType());
  if (from != to)
    return op->emitOpError()
           << "expects a result of the input's shape, but got " << toString(to)
           << " from " << toString(from);
  return success();
}

LogicalResult CastOp::verify() { return verifyShapeStays(*this); }

LogicalResult BitCastOp::verify() {
  auto getBits = [](Type type) {
    unsigned bits = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
    return bits == 1 ? 8 : bits;
  };
  if (getBits(getInput().getType()) != getBits(getType())) // (C2)
    return emitOpError() << "expects elements of as many bits as those of "
                         << getInput().getType() << ", but got " << getType();
  return verifyShapeStays(*this);
}
