//===- LoopEmitter.cpp - kernels of kind loop for CUDA --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thread computes one element, or four along the last dimension where all
// accesses are aligned; neighbours compute neighbours.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Lower/LoopPlan.h"
#include "passes/Lower/TileLoops.h"
#include "passes/LowerCuda/Emitters.h"
#include "passes/LowerCuda/Vectorize.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;

/// Whether every segment can be computed by vectors along the last dimension.
static bool canVectorizeAll(const LoopPlan &plan) {
  unsigned column = plan.getColumnDim();
  bool splitsColumns = plan.splitDim == static_cast<int>(column);
  return llvm::all_of(plan.segments, [&](const LoopSegment &segment) {
    if (splitsColumns && !(isMultiple(segment.low, vectorLanes) &&
                           isMultiple(segment.high, vectorLanes)))
      return false;
    return canVectorize(segment.program, column);
  });
}

/// Computes and stores the elements at `point`, offset `offset` of the results.
static void emitPoint(DeviceBuilder &kb, const LoopSegment &segment,
                      const Point &point, Value offset) {
  PointEmitter emitter(kb, segment.program);
  emitter.startPoint(point);
  SmallVector<Value> values;
  for (unsigned root : segment.roots)
    values.push_back(emitter.emit(root));
  for (auto [number, value] : llvm::enumerate(values))
    kb.storeVector(value, kb.getResultBuffer(number),
                   getElementTypeOrSelf(
                       kb.getKernel().getFunctionType().getResult(number)),
                   offset);
}

LogicalResult sinter::cuda::emitLoopKernel(DeviceBuilder &kb) {
  FailureOr<LoopPlan> made = makeLoopPlan(kb.getKernel());
  if (failed(made))
    return failure();
  LoopPlan &plan = *made;
  int64_t lanes = canVectorizeAll(plan) ? vectorLanes : 1;
  kb.setLanes(lanes);
  nn::SizeAttr elements = nn::product(kb.b.getContext(), plan.sizes);
  nn::SizeAttr items = nn::floorDiv(elements, lanes);
  kb.setLaunch(nn::ceilDiv(items, blockSize));

  Value item =
      kb.add(kb.mul(kb.getBlock(), kb.index(blockSize)), kb.getThread());
  kb.ifThen(kb.less(item, kb.size(items)), [&] {
    Value element = kb.mul(item, kb.index(lanes));
    Point point;
    for (Value index : delinearize(kb, element, plan.sizes))
      point.indices.push_back(index);
    // One element is computed as if it did not vary: no gathers.
    point.vectorDim = lanes > 1 ? static_cast<int>(plan.getColumnDim()) : -1;
    for (const LoopSegment &segment : plan.segments) {
      if (plan.splitDim < 0) {
        emitPoint(kb, segment, point, element);
        continue;
      }
      Value index = point.indices[plan.splitDim];
      Value isAbove = arith::CmpIOp::create(
          kb.b, kb.loc, arith::CmpIPredicate::sge, index, kb.size(segment.low));
      Value isBelow = kb.less(index, kb.size(segment.high));
      Value isInside = arith::AndIOp::create(kb.b, kb.loc, isAbove, isBelow);
      kb.ifThen(isInside, [&] { emitPoint(kb, segment, point, element); });
    }
  });
  return success();
}
