//===- WindowTaps.cpp - which taps of a window meet the input -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/WindowTaps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/Elementwise.h"

using namespace mlir;
using namespace sinter;

Value sinter::getWindowStart(KernelBuilder &kb, const WindowPlan &plan,
                             unsigned spatial, Value position) {
  return kb.sub(kb.mul(position, kb.index(plan.strides[spatial])),
                kb.index(plan.padsBefore[spatial]));
}

/// ceil(value / divisor) for a value that may be negative: 0 then.
static Value ceilDivNonNegative(KernelBuilder &kb, Value value,
                                int64_t divisor) {
  value = kb.max(value, kb.index(0));
  return kb.div(kb.add(value, kb.index(divisor - 1)), kb.index(divisor));
}

std::pair<Value, Value> sinter::getTapRange(KernelBuilder &kb,
                                            const WindowPlan &plan,
                                            unsigned spatial, Value position) {
  Value start = getWindowStart(kb, plan, spatial, position);
  int64_t dilation = plan.dilations[spatial];
  Value window = kb.index(plan.window[spatial]);
  Value low = kb.min(
      ceilDivNonNegative(kb, kb.sub(kb.index(0), start), dilation), window);
  Value inside = kb.sub(kb.size(plan.getInputSize(spatial)), start);
  Value high = kb.min(ceilDivNonNegative(kb, inside, dilation), window);
  return {low, kb.max(low, high)};
}

Value sinter::getTapCount(KernelBuilder &kb, const WindowPlan &plan,
                          unsigned spatial, Value position) {
  if (!plan.countsPads) {
    auto [low, high] = getTapRange(kb, plan, spatial, position);
    return kb.sub(high, low);
  }
  // Those before the end of the padded input.
  Value end = kb.add(kb.size(plan.getInputSize(spatial)),
                     kb.index(plan.padsAfter[spatial]));
  Value rest = kb.sub(end, getWindowStart(kb, plan, spatial, position));
  return kb.min(ceilDivNonNegative(kb, rest, plan.dilations[spatial]),
                kb.index(plan.window[spatial]));
}

Value sinter::accumulateTap(KernelBuilder &kb, const WindowPlan &plan,
                            Type elementType, Value sum, Value input,
                            Value filter) {
  if (!filter)
    return emitCombine(kb.b, kb.loc, plan.kind, elementType.isUnsignedInteger(),
                       sum, input);
  if (isa<FloatType>(getElementTypeOrSelf(sum.getType())))
    return vector::FMAOp::create(kb.b, kb.loc, input, filter, sum);
  Value product = arith::MulIOp::create(kb.b, kb.loc, input, filter);
  return arith::AddIOp::create(kb.b, kb.loc, sum, product);
}

Value sinter::divideByCount(KernelBuilder &kb, Value sum, Value count) {
  Type type = getElementTypeOrSelf(sum.getType());
  count = arith::IndexCastOp::create(kb.b, kb.loc, kb.b.getI64Type(), count);
  if (isa<FloatType>(type)) {
    count = arith::SIToFPOp::create(kb.b, kb.loc, type, count);
    return arith::DivFOp::create(kb.b, kb.loc, sum, kb.broadcast(count));
  }
  if (type.getIntOrFloatBitWidth() < 64)
    count = arith::TruncIOp::create(kb.b, kb.loc, type, count);
  return arith::DivSIOp::create(kb.b, kb.loc, sum, kb.broadcast(count));
}
