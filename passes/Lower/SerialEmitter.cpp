//===- SerialEmitter.cpp - kernels of kind serial -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels of a single operation that is an algorithm of its own.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Lower/AlgorithmCall.h"
#include "passes/Lower/ElementwiseMath.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/SerialPlan.h"
#include "passes/Lower/TileLoops.h"

using namespace mlir;
using namespace sinter;

/// The lanes from `column` on of row `outer`: walks along the axis with the
/// best value so far and where it was.
static void emitColumns(KernelBuilder &kb, const ArgReducePlan &plan,
                        Value outer, Value column, Value mask) {
  Type element = getElementTypeOrSelf(plan.input.getType());
  Value buffer = kb.getBuffer(plan.input);
  Value inner = kb.size(plan.inner);
  Value base =
      kb.add(kb.mul(outer, kb.mul(kb.size(plan.extent), inner)), column);
  Type wide = kb.getVector(kb.b.getI64Type());
  Value first = kb.loadVector(buffer, element, base, mask);
  ValueEmitter e{kb.b, kb.loc, first.getType(),
                 element.isUnsignedInteger() || element.isInteger(1)};
  nn::ArgReduceOp op = plan.op;
  bool isMax = op.getKind() == nn::ReduceKind::Max;
  SmallVector<Value> start{first, kb.constant(wide, 0.0)};
  SmallVector<Value> best =
      kb.forLoop(kb.index(1), kb.size(plan.extent), kb.index(1), start,
                 [&](Value position, ValueRange carried) {
                   Value offset = kb.add(base, kb.mul(position, inner));
                   Value value = kb.loadVector(buffer, element, offset, mask);
                   Value wins = isMax ? e.less(carried[0], value)
                                      : e.less(value, carried[0]);
                   if (op.getSelectLast())
                     wins = arith::OrIOp::create(kb.b, kb.loc, wins,
                                                 e.equal(carried[0], value));
                   Value number = arith::IndexCastOp::create(
                       kb.b, kb.loc, kb.b.getI64Type(), position);
                   return SmallVector<Value>{
                       e.select(wins, value, carried[0]),
                       e.select(wins, kb.broadcast(number), carried[1])};
                 });
  kb.storeVector(best[1], kb.getResultBuffer(0), kb.b.getI64Type(),
                 kb.add(kb.mul(outer, inner), column), mask);
}

LogicalResult sinter::emitSerialKernel(KernelBuilder &kb) {
  if (nn::AlgorithmOp op = getAlgorithm(kb.getKernel()))
    return emitAlgorithm(kb, op);
  FailureOr<ArgReducePlan> plan = makeSerialPlan(kb.getKernel());
  if (failed(plan))
    return failure();
  SmallVector<nn::SizeAttr> sizes{
      plan->outer, nn::ceilDiv(plan->inner, ArgReducePlan::unitColumns)};
  Value step = kb.size(plan->unitsPerTile),
        columns = kb.index(ArgReducePlan::unitColumns);
  kb.forTiles([&](Value tile) {
    Value first = kb.mul(tile, step);
    Value last = kb.min(kb.add(first, step), kb.size(plan->units));
    forEachPoint(kb, first, last, sizes, [&](Value, ArrayRef<Value> indices) {
      Value low = kb.mul(indices[1], columns);
      Value high = kb.min(kb.add(low, columns), kb.size(plan->inner));
      forEachVector(kb, low, high, [&](Value column, Value mask) {
        emitColumns(kb, *plan, indices[0], column, mask);
      });
    });
  });
  return success();
}
