//===- NNFlowOps.cpp - control flow and sizes from data -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNInference.h"
#include "dialects/NN/Size.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;

/// Whether all names are those of late dimensions.
static LogicalResult verifyNames(Operation *op, ArrayAttr names) {
  for (auto name : names.getAsRange<StringAttr>())
    if (!isLate(name.getValue()))
      return op->emitOpError()
             << "expects names of late dimensions to begin with '?', but got '"
             << name.getValue() << "'";
  return success();
}

//===----------------------------------------------------------------------===//
// BindSizesOp
//===----------------------------------------------------------------------===//

LogicalResult BindSizesOp::verify() {
  if (getValues().getType().getRank() > 1 ||
      !getNumElements(getValues().getType())
           .isConstant(static_cast<int64_t>(getNames().size()))) // (C1)
    return emitOpError() << "expects as many names as elements, but got "
                         << getNames().size() << " names for "
                         << getValues().getType();
  if (getBounds() && getBounds()->size() != getNames().size()) // (C3)
    return emitOpError() << "expects as many bounds as names, but got "
                         << getBounds()->size();
  return verifyNames(*this, getNames()); // (C2)
}

//===----------------------------------------------------------------------===//
// LoopOp and IfOp
//===----------------------------------------------------------------------===//

YieldOp LoopOp::getYield() { return cast<YieldOp>(getBlock().getTerminator()); }

LogicalResult LoopOp::verify() {
  size_t carried = getCarried().size();
  if (getBlock().getNumArguments() != carried || getNumResults() < carried ||
      TypeRange(getBlock().getArgumentTypes()) !=
          getFinals().getTypes()) // (C1)
    return emitOpError() << "expects block arguments and first results of the "
                            "same types, one for each of "
                         << carried << " carried operands";
  auto yield = dyn_cast<YieldOp>(getBlock().getTerminator());
  if (!yield || !yield.getCondition() != !getCondition() ||
      yield.getCarried().size() != carried ||
      yield.getStacked().size() != getNumResults() - carried) // (C2)
    return emitOpError() << "expects a body that yields "
                         << (getCondition() ? "a condition, " : "") << carried
                         << " carried and " << getNumResults() - carried
                         << " stacked values";
  if (getSizeInits().size() != getSizeNames().size() ||
      getSizeNexts().size() != getSizeNames().size()) // (C4)
    return emitOpError() << "expects a first and a next size for each of "
                         << getSizeNames().size() << " names";
  Builder builder(getContext());
  if (failed(verifyNames(*this, getSizeNames()))) // (C3)
    return failure();
  return verifyNames(*this,
                     builder.getArrayAttr({getIndexAttr(), getExecutedAttr()}));
}

YieldOp IfOp::getThenYield() {
  return cast<YieldOp>(getThenBody().front().getTerminator());
}
YieldOp IfOp::getElseYield() {
  return cast<YieldOp>(getElseBody().front().getTerminator());
}

LogicalResult IfOp::verify() {
  if (!getNumElements(getCondition().getType()).isConstant(1)) // (C1)
    return emitOpError() << "expects a condition of one element, but got "
                         << getCondition().getType();
  for (Region *body : {&getThenBody(), &getElseBody()}) { // (C2)
    auto yield = dyn_cast<YieldOp>(body->front().getTerminator());
    if (!yield || body->getNumArguments() != 0 || yield.getCondition() ||
        !yield.getStacked().empty() ||
        yield.getCarried().size() != getNumResults())
      return emitOpError() << "expects bodies without arguments that yield "
                           << getNumResults() << " carried values";
    for (auto [value, result] : llvm::zip(yield.getCarried(), getResults())) {
      auto from = cast<RankedTensorType>(value.getType());
      auto to = cast<RankedTensorType>(result.getType());
      if (from.getElementType() != to.getElementType() ||
          from.getRank() != to.getRank())
        return emitOpError() << "expects to yield values of the element type "
                                "and rank of "
                             << to << ", but got " << from;
    }
  }
  if (getThenSizes().size() != getSizeNames().size() ||
      getElseSizes().size() != getSizeNames().size()) // (C4)
    return emitOpError() << "expects a size of each body for each of "
                         << getSizeNames().size() << " names";
  return verifyNames(*this, getSizeNames()); // (C3)
}
