//===- Reduction.cpp - accumulators of reductions -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/Reduction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Lower/Elementwise.h"
#include "passes/Lower/ElementwiseMath.h"

using namespace mlir;
using namespace sinter;

Reduction::Reduction(KernelBuilder &kb, nn::ReduceOp op)
    : kb(kb), kind(op.getKind()) {
  Type element = getElementTypeOrSelf(op.getInput().getType());
  type = getComputeType(element);
  isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
}

Value Reduction::getStart() const {
  return kb.constant(kb.getVector(type), getNeutral(kind, isUnsigned, type));
}

Value Reduction::combine(Value accumulator, Value value, Value mask) const {
  if (mask)
    value = arith::SelectOp::create(kb.b, kb.loc, mask, value, getStart());
  return emitCombine(kb.b, kb.loc, kind, isUnsigned, accumulator, value);
}

Value Reduction::combineLanes(ArrayRef<Value> accumulators) const {
  SmallVector<Value> left(accumulators);
  while (left.size() > 1) {
    SmallVector<Value> next;
    for (size_t i = 0; i + 1 < left.size(); i += 2)
      next.push_back(combine(left[i], left[i + 1]));
    if (left.size() % 2)
      next.push_back(left.back());
    left = next;
  }
  return emitCombineLanes(kb.b, kb.loc, kind, isUnsigned, left[0]);
}

Value Reduction::finish(Value value, Value count) const {
  if (kind != nn::ReduceKind::Mean)
    return value;
  Type wide = kb.b.getI64Type();
  Value divisor = arith::IndexCastOp::create(kb.b, kb.loc, wide, count);
  ValueEmitter scalar{kb.b, kb.loc, wide};
  divisor = emitConversion(scalar, divisor, wide, type);
  if (isa<VectorType>(value.getType()))
    divisor = kb.broadcast(divisor);
  if (isa<FloatType>(type))
    return arith::DivFOp::create(kb.b, kb.loc, value, divisor);
  return arith::DivSIOp::create(kb.b, kb.loc, value, divisor);
}
