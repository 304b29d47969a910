//===- ReduceEmitter.cpp - kernels of kind reduce -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/ReducePlan.h"
#include "passes/Lower/Reduction.h"
#include "passes/Lower/TileLoops.h"

using namespace mlir;
using namespace sinter;

/// Vectors in flight: enough to hide the latency of combining.
static constexpr unsigned unrolledVectors = 4;
/// What is combined before the next level of a long reduction: elements along
/// the vectors, rows across them.
static constexpr int64_t elementsPerPart = 8192, rowsPerPart = 256;

namespace {

/// Emits one kernel.
class ReduceEmitter {
public:
  ReduceEmitter(KernelBuilder &kb, const ReducePlan &plan)
      : kb(kb), plan(plan), reduction(kb, plan.op), source(kb, plan.program),
        epilogue(kb, plan.epilogue), zero(kb.index(0)) {}

  void emitTile(Value tile);

private:
  void emitKeptUnit(ArrayRef<Value> outer, Value chunk);
  void emitReducedUnit(ArrayRef<Value> outer);
  SmallVector<Value> reduceColumns(ArrayRef<Value> columns, Value mask,
                                   ArrayRef<unsigned> dims,
                                   SmallVector<Value> sums);
  SmallVector<Value> reduceRow(ArrayRef<unsigned> dims,
                               SmallVector<Value> sums);
  SmallVector<Value> combineAll(ValueRange totals, ValueRange parts) const;
  Value evaluate(Value index, Value mask);
  void setOuter(ArrayRef<Value> outer);
  Value getOffset() const;
  Type getResultType(unsigned number) {
    return getElementTypeOrSelf(
        kb.getKernel().getFunctionType().getResult(number));
  }

  KernelBuilder &kb;
  const ReducePlan &plan;
  Reduction reduction;
  PointEmitter source, epilogue;
  Value zero;
  Point point;
};

} // namespace

void ReduceEmitter::setOuter(ArrayRef<Value> outer) {
  point.indices.assign(plan.program.getRank(), zero);
  point.vectorDim = plan.vectorDim;
  point.mask = {};
  for (auto [d, index] : llvm::zip_equal(plan.getOuterDims(), outer))
    point.indices[d] = index;
}

Value ReduceEmitter::getOffset() const {
  Value offset = zero;
  for (unsigned d : plan.keptDims)
    offset = kb.add(offset,
                    kb.mul(point.indices[d], kb.size(plan.result.strides[d])));
  return offset;
}

SmallVector<Value> ReduceEmitter::combineAll(ValueRange totals,
                                             ValueRange parts) const {
  SmallVector<Value> sums;
  for (auto [total, part] : llvm::zip_equal(totals, parts))
    sums.push_back(reduction.combine(total, part));
  return sums;
}

/// The value to be reduced at `index` of the vector dimension.
Value ReduceEmitter::evaluate(Value index, Value mask) {
  point.indices[plan.vectorDim] = index;
  point.mask = mask;
  source.startPoint(point);
  return source.emit(plan.input);
}

/// Loops over the reduced `dims`, an accumulator for each vector of columns.
SmallVector<Value> ReduceEmitter::reduceColumns(ArrayRef<Value> columns,
                                                Value mask,
                                                ArrayRef<unsigned> dims,
                                                SmallVector<Value> sums) {
  if (dims.empty()) {
    for (auto [column, sum] : llvm::zip_equal(columns, sums))
      sum = reduction.combine(sum, evaluate(column, mask));
    return sums;
  }
  SmallVector<Value> start(columns.size(), reduction.getStart());
  auto runPart = [&](Value from, Value to) {
    return kb.forLoop(from, to, kb.index(1), start,
                      [&](Value index, ValueRange carried) {
                        point.indices[dims[0]] = index;
                        return reduceColumns(columns, mask, dims.drop_front(),
                                             SmallVector<Value>(carried));
                      });
  };
  return combineAll(sums,
                    forEachPart(kb, plan.getSize(dims[0]), rowsPerPart, start,
                                runPart, [&](ValueRange a, ValueRange b) {
                                  return combineAll(a, b);
                                }));
}

void ReduceEmitter::emitKeptUnit(ArrayRef<Value> outer, Value chunk) {
  Value step = kb.size(plan.columnsPerUnit);
  Value low = kb.mul(chunk, step);
  Value high = kb.min(kb.add(low, step), kb.size(plan.getSize(plan.vectorDim)));
  forEachVector(kb, low, high, unrolledVectors, {},
                [&](ArrayRef<Value> columns, Value mask, ValueRange) {
                  setOuter(outer);
                  SmallVector<Value> sums(columns.size(), reduction.getStart());
                  sums = reduceColumns(columns, mask, plan.reducedDims, sums);
                  for (unsigned d : plan.reducedDims)
                    point.indices[d] = zero;
                  for (auto [column, sum] : llvm::zip_equal(columns, sums)) {
                    point.indices[plan.vectorDim] = column;
                    point.mask = mask;
                    Value value =
                        reduction.finish(sum, kb.size(plan.reducedElements));
                    epilogue.setSeed(plan.op->getResult(0), value);
                    epilogue.startPoint(point);
                    SmallVector<Value> results;
                    for (unsigned root : plan.roots)
                      results.push_back(epilogue.emit(root));
                    Value offset = getOffset();
                    for (auto [number, result] : llvm::enumerate(results))
                      kb.storeVector(result, kb.getResultBuffer(number),
                                     getResultType(number), offset, mask);
                  }
                  return SmallVector<Value>();
                });
}

/// Loops over the reduced `dims`, the vectors' last.
SmallVector<Value> ReduceEmitter::reduceRow(ArrayRef<unsigned> dims,
                                            SmallVector<Value> sums) {
  SmallVector<Value> start(sums.size(), reduction.getStart());
  auto combine = [&](ValueRange a, ValueRange b) { return combineAll(a, b); };
  auto runPart = [&](Value from, Value to) {
    return forEachVector(
        kb, from, to, unrolledVectors, start,
        [&](ArrayRef<Value> indices, Value mask, ValueRange carried) {
          SmallVector<Value> next(carried);
          for (auto [index, sum] : llvm::zip(indices, next))
            sum = reduction.combine(sum, evaluate(index, mask), mask);
          return next;
        });
  };
  if (dims.empty())
    return combineAll(sums,
                      forEachPart(kb, plan.getSize(plan.vectorDim),
                                  elementsPerPart, start, runPart, combine));
  return kb.forLoop(zero, kb.size(plan.getSize(dims[0])), kb.index(1), sums,
                    [&](Value index, ValueRange carried) {
                      point.indices[dims[0]] = index;
                      return reduceRow(dims.drop_front(),
                                       SmallVector<Value>(carried));
                    });
}

void ReduceEmitter::emitReducedUnit(ArrayRef<Value> outer) {
  setOuter(outer);
  SmallVector<unsigned> dims;
  for (unsigned d : plan.reducedDims)
    if (d != plan.vectorDim)
      dims.push_back(d);
  SmallVector<Value> sums = reduceRow(
      dims, SmallVector<Value>(unrolledVectors, reduction.getStart()));
  Value value = reduction.finish(reduction.combineLanes(sums),
                                 kb.size(plan.reducedElements));
  setOuter(outer);
  point.vectorDim = -1;
  epilogue.setSeed(plan.op->getResult(0), value);
  epilogue.startPoint(point);
  SmallVector<Value> results;
  for (unsigned root : plan.roots)
    results.push_back(vector::ExtractOp::create(
        kb.b, kb.loc, epilogue.emit(root), ArrayRef<int64_t>{0}));
  Value offset = getOffset();
  for (auto [number, result] : llvm::enumerate(results))
    kb.storeScalar(result, kb.getResultBuffer(number), getResultType(number),
                   offset);
}

void ReduceEmitter::emitTile(Value tile) {
  SmallVector<nn::SizeAttr> sizes;
  for (unsigned d : plan.getOuterDims())
    sizes.push_back(plan.getSize(d));
  if (plan.isVectorKept)
    sizes.push_back(
        nn::ceilDiv(plan.getSize(plan.vectorDim), plan.columnsPerUnit));
  Value step = kb.size(plan.unitsPerTile);
  Value first = kb.mul(tile, step);
  Value last = kb.min(kb.add(first, step), kb.size(plan.units));
  forEachPoint(kb, first, last, sizes, [&](Value, ArrayRef<Value> indices) {
    if (plan.isVectorKept)
      emitKeptUnit(indices.drop_back(), indices.back());
    else
      emitReducedUnit(indices);
  });
}

LogicalResult sinter::emitReduceKernel(KernelBuilder &kb) {
  FailureOr<ReducePlan> plan = makeReducePlan(kb.getKernel());
  if (failed(plan))
    return failure();
  ReduceEmitter emitter(kb, *plan);
  kb.forTiles([&](Value tile) { emitter.emitTile(tile); });
  return success();
}
