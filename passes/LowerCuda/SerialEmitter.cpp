//===- SerialEmitter.cpp - kernels of kind serial for CUDA ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Lower/ElementwiseMath.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/SerialPlan.h"
#include "passes/LowerCuda/Emitters.h"
#include "passes/LowerCuda/GroupReduction.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;

namespace {

/// Emits nn.arg_reduce: a thread for each result or, where the axis is the last
/// dimension, a warp.
class ArgReduceEmitter {
public:
  ArgReduceEmitter(DeviceBuilder &kb, const ArgReducePlan &plan)
      : kb(kb), plan(plan),
        element(getElementTypeOrSelf(plan.input.getType())) {}

  void run();

private:
  using Best = SmallVector<Value>; ///< value and position (i64)
  /// The better of two, as nn.arg_reduce says; of equal ones the first or, with
  /// `select_last`, the last.
  Best choose(ValueRange left, ValueRange right);
  Best load(Value base, Value position);

  DeviceBuilder &kb;
  const ArgReducePlan &plan;
  Type element;
};

} // namespace

ArgReduceEmitter::Best ArgReduceEmitter::load(Value base, Value position) {
  Value offset = kb.add(base, kb.mul(position, kb.size(plan.inner)));
  Value value = kb.loadScalar(kb.getBuffer(plan.input), element, offset);
  return {value, arith::IndexCastOp::create(kb.b, kb.loc, kb.b.getI64Type(),
                                            position)};
}

ArgReduceEmitter::Best ArgReduceEmitter::choose(ValueRange left,
                                                ValueRange right) {
  ValueEmitter e{kb.b, kb.loc, left[0].getType(),
                 element.isUnsignedInteger() || element.isInteger(1)};
  nn::ArgReduceOp op = plan.op;
  bool isMax = op.getKind() == nn::ReduceKind::Max;
  Value wins = isMax ? e.less(left[0], right[0]) : e.less(right[0], left[0]);
  Value isLater =
      arith::CmpIOp::create(kb.b, kb.loc,
                            op.getSelectLast() ? arith::CmpIPredicate::sgt
                                               : arith::CmpIPredicate::slt,
                            right[1], left[1]);
  Value ties =
      arith::AndIOp::create(kb.b, kb.loc, e.equal(left[0], right[0]), isLater);
  wins = arith::OrIOp::create(kb.b, kb.loc, wins, ties);
  return {e.select(wins, right[0], left[0]), e.select(wins, right[1], left[1])};
}

void ArgReduceEmitter::run() {
  bool isLast = plan.inner.isConstant(1);
  int64_t sharing = isLast ? warpSize : 1;
  nn::SizeAttr results = nn::mul(plan.outer, plan.inner);
  ThreadGroup group = ThreadGroup::make(kb, sharing, results);
  kb.ifThen(kb.less(group.unit, kb.size(results)), [&] {
    Value inner = kb.size(plan.inner), extent = kb.size(plan.extent);
    Value base =
        kb.add(kb.mul(kb.div(group.unit, inner), kb.mul(extent, inner)),
               kb.rem(group.unit, inner));
    // Threads without an element of their own begin with the last one.
    Value last = kb.sub(extent, kb.index(1));
    Best best = load(base, kb.min(group.member, last));
    best = kb.forLoop(kb.add(group.member, kb.index(sharing)), extent,
                      kb.index(sharing), best,
                      [&](Value position, ValueRange carried) {
                        return choose(carried, load(base, position));
                      });
    for (int64_t distance = sharing / 2; distance > 0; distance /= 2)
      best = choose(
          best, {kb.shuffle(best[0], distance), kb.shuffle(best[1], distance)});
    kb.ifThen(kb.equal(group.member, kb.index(0)), [&] {
      kb.storeScalar(best[1], kb.getResultBuffer(0), kb.b.getI64Type(),
                     group.unit);
    });
  });
}

LogicalResult sinter::cuda::emitSerialKernel(DeviceBuilder &kb) {
  if (nn::AlgorithmOp op = getAlgorithm(kb.getKernel()))
    return emitUnsupported(op, "the algorithm '" + op.getName() +
                                   "' runs on processors only");
  FailureOr<ArgReducePlan> plan = makeSerialPlan(kb.getKernel());
  if (failed(plan))
    return failure();
  ArgReduceEmitter(kb, *plan).run();
  return success();
}
