//===- ReduceEmitter.cpp - kernels of kind reduce for CUDA ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where operands are contiguous along a reduced dimension, a warp or a block
// shares a result. Where they are contiguous along a kept one, neighbouring
// threads have neighbouring results, and several threads of a block the parts
// of one result.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "passes/Lower/ReducePlan.h"
#include "passes/Lower/TileLoops.h"
#include "passes/LowerCuda/Emitters.h"
#include "passes/LowerCuda/GroupReduction.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;

/// Elements of a result that one thread reduces alone.
static constexpr int64_t fewElements = 16;
/// Threads that share a result where neighbours have others.
static constexpr int64_t sharingThreads = 8;

namespace {

/// Emits one kernel.
class ReduceEmitter {
public:
  ReduceEmitter(DeviceBuilder &kb, const ReducePlan &plan)
      : kb(kb), plan(plan), reduction(kb, plan.op), source(kb, plan.program),
        epilogue(kb, plan.epilogue),
        point{SmallVector<Value, 4>(plan.program.getRank(), kb.index(0)),
              -1,
              {}} {
    // The dimension of the vectors is the innermost.
    auto order = [&](ArrayRef<unsigned> dims) {
      SmallVector<unsigned> ordered;
      for (unsigned d : dims)
        if (d != plan.vectorDim)
          ordered.push_back(d);
      if (ordered.size() < dims.size())
        ordered.push_back(plan.vectorDim);
      return ordered;
    };
    kept = order(plan.keptDims);
    reduced = order(plan.reducedDims);
    results = nn::product(kb.b.getContext(), getSizes(kept));
  }

  void emitShared();
  void emitNeighbours();

private:
  SmallVector<nn::SizeAttr> getSizes(ArrayRef<unsigned> dims) const {
    return llvm::map_to_vector(dims,
                               [&](unsigned d) { return plan.getSize(d); });
  }
  void setIndices(ArrayRef<unsigned> dims, Value position);
  /// Combines the elements from `first` on, `step` apart (scalar).
  Value reduce(Value first, int64_t step);
  /// Applies the epilogue to a result and stores it.
  void store(Value sum);

  DeviceBuilder &kb;
  const ReducePlan &plan;
  Reduction reduction;
  PointEmitter source, epilogue;
  SmallVector<unsigned> kept, reduced;
  nn::SizeAttr results;
  Point point;
};

} // namespace

void ReduceEmitter::setIndices(ArrayRef<unsigned> dims, Value position) {
  for (auto [d, index] :
       llvm::zip_equal(dims, delinearize(kb, position, getSizes(dims))))
    point.indices[d] = index;
}

Value ReduceEmitter::reduce(Value first, int64_t step) {
  SmallVector<Value> start{reduction.getStart()};
  SmallVector<Value> sums =
      kb.forLoop(first, kb.size(plan.reducedElements), kb.index(step), start,
                 [&](Value position, ValueRange carried) {
                   setIndices(reduced, position);
                   source.startPoint(point);
                   return SmallVector<Value>{
                       reduction.combine(carried[0], source.emit(plan.input))};
                 });
  return kb.getFirst(sums[0]);
}

void ReduceEmitter::store(Value sum) {
  for (unsigned d : reduced)
    point.indices[d] = kb.index(0);
  epilogue.setSeed(plan.op->getResult(0),
                   reduction.finish(sum, kb.size(plan.reducedElements)));
  epilogue.startPoint(point);
  SmallVector<Value> values;
  for (unsigned root : plan.roots)
    values.push_back(kb.getFirst(epilogue.emit(root)));
  Value offset = kb.index(0);
  for (unsigned d : kept)
    offset = kb.add(offset,
                    kb.mul(point.indices[d], kb.size(plan.result.strides[d])));
  for (auto [number, value] : llvm::enumerate(values))
    kb.storeScalar(value, kb.getResultBuffer(number),
                   getElementTypeOrSelf(
                       kb.getKernel().getFunctionType().getResult(number)),
                   offset);
}

void ReduceEmitter::emitShared() {
  ThreadGroup group =
      ThreadGroup::make(kb, chooseGroup(plan.reducedElements), results);
  kb.ifThen(kb.less(group.unit, kb.size(results)), [&] {
    setIndices(kept, group.unit);
    Value sum = combineInGroup(kb, group, reduction,
                               reduce(group.member, group.threads), "partial");
    kb.ifThen(kb.equal(group.member, kb.index(0)), [&] { store(sum); });
  });
}

void ReduceEmitter::emitNeighbours() {
  bool isShort = nn::getRange(plan.reducedElements).second <= fewElements;
  int64_t sharing = isShort ? 1 : sharingThreads;
  int64_t columns = blockSize / sharing;
  kb.setLaunch(nn::ceilDiv(results, columns));
  Value width = kb.index(columns);
  Value column = kb.rem(kb.getThread(), width);
  Value member = kb.div(kb.getThread(), width);
  Value result = kb.add(kb.mul(kb.getBlock(), width), column);
  Value exists = kb.less(result, kb.size(results));
  if (sharing == 1) {
    kb.ifThen(exists, [&] {
      setIndices(kept, result);
      store(reduce(kb.index(0), 1));
    });
    return;
  }
  Type type = getElementTypeOrSelf(reduction.getStart().getType());
  Value shared = kb.makeShared("partial", getStorageType(type), blockSize);
  kb.ifThen(exists, [&] {
    setIndices(kept, result);
    kb.storeScalar(reduce(member, sharing), shared, type, kb.getThread());
  });
  kb.barrier();
  Value isFirst = kb.equal(member, kb.index(0));
  Value stores = arith::AndIOp::create(kb.b, kb.loc, exists, isFirst);
  kb.ifThen(stores, [&] {
    Value sum = kb.loadScalar(shared, type, column);
    for (int64_t other = 1; other < sharing; ++other)
      sum = reduction.combine(
          sum, kb.loadScalar(shared, type,
                             kb.add(column, kb.index(other * columns))));
    setIndices(kept, result);
    store(sum);
  });
}

LogicalResult sinter::cuda::emitReduceKernel(DeviceBuilder &kb) {
  FailureOr<ReducePlan> plan = makeReducePlan(kb.getKernel());
  if (failed(plan))
    return failure();
  ReduceEmitter emitter(kb, *plan);
  if (plan->isVectorKept)
    emitter.emitNeighbours();
  else
    emitter.emitShared();
  return success();
}
