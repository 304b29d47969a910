//===- RowsEmitter.cpp - kernels of kind rows for CUDA --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warp, or for long rows a block, passes its row in the stages of RowsPlan.h:
// each thread every 32nd (256th) element or vector. What several stages need is
// computed again in each: that is cheaper than to keep it.
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "passes/Lower/RowsPlan.h"
#include "passes/Lower/TileLoops.h"
#include "passes/LowerCuda/Emitters.h"
#include "passes/LowerCuda/GroupReduction.h"
#include "passes/LowerCuda/Vectorize.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;

namespace {

/// Emits one kernel.
class RowsEmitter {
public:
  RowsEmitter(DeviceBuilder &kb, const RowsPlan &plan, ThreadGroup group)
      : kb(kb), plan(plan), group(group), emitter(kb, plan.program),
        inner(plan.program.getSizes().drop_front(plan.rowDims)) {}

  void run();

private:
  void startStage(unsigned stage);
  /// Runs over the elements of this thread; the body gets the position in the
  /// row, at which `emitter` stands.
  SmallVector<Value>
  forElements(ValueRange initial,
              function_ref<SmallVector<Value>(Value, ValueRange)> body);
  void reduceStage(unsigned stage);
  void storeStage();

  DeviceBuilder &kb;
  const RowsPlan &plan;
  ThreadGroup group;
  PointEmitter emitter;
  ArrayRef<nn::SizeAttr> inner;
  SmallVector<Value> rowIndices;
  Point point;
};

} // namespace

void RowsEmitter::startStage(unsigned stage) {
  unsigned rank = plan.program.getRank();
  point.indices.assign(rowIndices.begin(), rowIndices.end());
  point.indices.resize(rank, kb.index(0));
  point.vectorDim = kb.getLanes() > 1 ? static_cast<int>(rank) - 1 : -1;
  llvm::BitVector inRow(rank);
  inRow.set(plan.rowDims, rank);
  emitter.emitInvariant(plan.getRoots(stage), point, inRow);
}

SmallVector<Value> RowsEmitter::forElements(
    ValueRange initial,
    function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  int64_t lanes = kb.getLanes();
  return kb.forLoop(kb.mul(group.member, kb.index(lanes)),
                    kb.size(plan.rowElements), kb.index(group.threads * lanes),
                    initial, [&](Value position, ValueRange carried) {
                      point.indices.truncate(plan.rowDims);
                      for (Value index : delinearize(kb, position, inner))
                        point.indices.push_back(index);
                      emitter.startPoint(point);
                      return body(position, carried);
                    });
}

void RowsEmitter::reduceStage(unsigned stage) {
  SmallVector<Reduction> combiners;
  SmallVector<Value> start;
  for (const RowReduction &reduction : plan.stages[stage]) {
    combiners.emplace_back(kb, reduction.op);
    start.push_back(combiners.back().getStart());
  }
  SmallVector<Value> sums = forElements(start, [&](Value, ValueRange carried) {
    SmallVector<Value> next;
    for (auto [reduction, combiner, sum] :
         llvm::zip_equal(plan.stages[stage], combiners, carried))
      next.push_back(combiner.combine(sum, emitter.emit(reduction.input)));
    return next;
  });
  for (auto [number, reduction] : llvm::enumerate(plan.stages[stage])) {
    const Reduction &combiner = combiners[number];
    std::string name = ("stage" + Twine(stage) + "_" + Twine(number)).str();
    Value sum = combineInGroup(kb, group, combiner,
                               combiner.combineLanes(sums[number]), name);
    emitter.setSeed(reduction.op->getResult(0),
                    combiner.finish(sum, kb.size(plan.rowElements)));
  }
}

void RowsEmitter::storeStage() {
  auto resultType = [&](unsigned number) {
    return kb.getKernel().getFunctionType().getResult(number);
  };
  auto isWholeRow = [&](unsigned number) {
    return nn::getNumElements(resultType(number)) ==
           nn::mul(plan.rows, plan.rowElements);
  };
  auto getType = [&](unsigned number) {
    return getElementTypeOrSelf(resultType(number));
  };
  Value base = kb.mul(group.unit, kb.size(plan.rowElements));
  forElements({}, [&](Value position, ValueRange) {
    SmallVector<Value> values;
    for (unsigned root : plan.results)
      values.push_back(emitter.emit(root));
    Value offset = kb.add(base, position);
    for (auto [number, value] : llvm::enumerate(values))
      if (isWholeRow(number))
        kb.storeVector(value, kb.getResultBuffer(number), getType(number),
                       offset);
    return SmallVector<Value>();
  });
  // Results with one element a row.
  kb.ifThen(kb.equal(group.member, kb.index(0)), [&] {
    for (auto [number, root] : llvm::enumerate(plan.results)) {
      if (isWholeRow(number))
        continue;
      point.indices.assign(rowIndices.begin(), rowIndices.end());
      point.indices.resize(plan.program.getRank(), kb.index(0));
      emitter.startPoint(point);
      kb.storeScalar(kb.getFirst(emitter.emit(root)),
                     kb.getResultBuffer(number), getType(number), group.unit);
    }
  });
}

void RowsEmitter::run() {
  rowIndices = delinearize(kb, group.unit,
                           plan.program.getSizes().take_front(plan.rowDims));
  for (unsigned stage = 0; stage < plan.stages.size(); ++stage) {
    startStage(stage);
    reduceStage(stage);
  }
  startStage(plan.stages.size());
  storeStage();
}

LogicalResult sinter::cuda::emitRowsKernel(DeviceBuilder &kb) {
  FailureOr<RowsPlan> plan = makeRowsPlan(kb.getKernel());
  if (failed(plan))
    return failure();
  if (canVectorize(plan->program, plan->program.getRank() - 1))
    kb.setLanes(vectorLanes);
  ThreadGroup group =
      ThreadGroup::make(kb, chooseGroup(plan->rowElements), plan->rows);
  // Whole warps leave: nobody waits for them.
  kb.ifThen(kb.less(group.unit, kb.size(plan->rows)),
            [&] { RowsEmitter(kb, *plan, group).run(); });
  return success();
}
