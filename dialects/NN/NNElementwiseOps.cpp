//===- NNElementwiseOps.cpp - element-wise operations ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;

LogicalResult ClampOp::verify() {
  if (getMin().isNaN() || getMax().isNaN()) // (C1)
    return emitOpError() << "expects bounds that are numbers, but got NaN as '"
                         << (getMin().isNaN() ? "min" : "max") << "'";
  return success();
}

LogicalResult CastOp::verify() {
  SmallVector<SizeAttr> from = getSizes(getInput().getType());
  SmallVector<SizeAttr> to = getSizes(getType());
  if (from != to) // (C1)
    return emitOpError() << "expects a result of the input's shape, but got "
                         << toString(to) << " from " << toString(from);
  return success();
}
