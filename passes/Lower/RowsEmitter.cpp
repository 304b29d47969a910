//===- RowsEmitter.cpp - kernels of kind rows -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Row by row, each in the stages of RowsPlan.h. Reductions have several vector
// accumulators to hide the latency of the combining instruction; they are
// combined in a fixed order, whoever computes the row.
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/Reduction.h"
#include "passes/Lower/RowsPlan.h"
#include "passes/Lower/TileLoops.h"

using namespace mlir;
using namespace sinter;

/// Elements that are combined before the next level of a long row.
static constexpr int64_t elementsPerPart = 8192;

namespace {

/// Emits one kernel.
class RowsEmitter {
public:
  RowsEmitter(KernelBuilder &kb, const RowsPlan &plan);

  /// The computation of the row with these indices.
  void emitRow(Value row, ArrayRef<Value> indices);

private:
  /// What is done with whole vectors of a row at `indices` of its last
  /// dimension.
  using VectorBody = function_ref<SmallVector<Value>(
      ArrayRef<Value> indices, Value mask, ValueRange carried)>;

  SmallVector<Value> forRow(unsigned dim, unsigned unroll,
                            ArrayRef<Value> start, VectorBody body,
                            CombineFunction combine);
  void startStage(unsigned stage, ArrayRef<Value> rowIndices);
  void startVector(unsigned stage, Value index, Value mask);
  void keepVector(unsigned stage, Value mask);
  Value getPositionInRow() const;
  void reduceStage(unsigned stage);
  void storeStage(Value row);

  KernelBuilder &kb;
  const RowsPlan &plan;
  PointEmitter emitter;
  Point point;
  SmallVector<Value> keptBuffers;
};

} // namespace

RowsEmitter::RowsEmitter(KernelBuilder &kb, const RowsPlan &plan)
    : kb(kb), plan(plan), emitter(kb, plan.program) {
  for (const KeptRow &kept : plan.kept)
    keptBuffers.push_back(
        kb.getScratchView(getComputeType(plan.program[kept.node].elementType),
                          kept.offset, plan.rowElements));
}

/// Runs over the dimensions of a row from `dim` on; the last one by vectors.
/// What is carried begins with `start` and is combined over parts of the row.
SmallVector<Value> RowsEmitter::forRow(unsigned dim, unsigned unroll,
                                       ArrayRef<Value> start, VectorBody body,
                                       CombineFunction combine) {
  nn::SizeAttr size = plan.program.getSizes()[dim];
  if (dim + 1 == plan.program.getRank())
    return forEachPart(
        kb, size, elementsPerPart, start,
        [&](Value from, Value to) {
          return forEachVector(kb, from, to, unroll, start, body);
        },
        combine);
  return kb.forLoop(
      kb.index(0), kb.size(size), kb.index(1), start,
      [&](Value index, ValueRange carried) {
        point.indices[dim] = index;
        return combine(carried, forRow(dim + 1, unroll, start, body, combine));
      });
}

void RowsEmitter::startStage(unsigned stage, ArrayRef<Value> rowIndices) {
  unsigned rank = plan.program.getRank();
  point.indices.assign(rowIndices.begin(), rowIndices.end());
  point.indices.resize(rank, kb.index(0));
  point.vectorDim = rank - 1;
  point.mask = {};
  llvm::BitVector inRow(rank);
  inRow.set(plan.rowDims, rank);
  emitter.emitInvariant(plan.getRoots(stage), point, inRow);
}

Value RowsEmitter::getPositionInRow() const {
  ArrayRef<nn::SizeAttr> inner =
      plan.program.getSizes().drop_front(plan.rowDims);
  SmallVector<nn::SizeAttr> strides =
      getRowMajorStrides(kb.b.getContext(), inner);
  Value position = kb.index(0);
  for (auto [i, stride] : llvm::enumerate(strides))
    position = kb.add(position,
                      kb.mul(point.indices[plan.rowDims + i], kb.size(stride)));
  return position;
}

void RowsEmitter::startVector(unsigned stage, Value index, Value mask) {
  point.indices.back() = index;
  point.mask = mask;
  emitter.startPoint(point);
  for (auto [kept, buffer] : llvm::zip_equal(plan.kept, keptBuffers)) {
    if (kept.firstStage >= stage)
      continue;
    Type type = getComputeType(plan.program[kept.node].elementType);
    emitter.setNode(kept.node,
                    kb.loadVector(buffer, type, getPositionInRow(), mask));
  }
}

void RowsEmitter::keepVector(unsigned stage, Value mask) {
  for (auto [kept, buffer] : llvm::zip_equal(plan.kept, keptBuffers)) {
    if (kept.firstStage != stage)
      continue;
    Type type = getComputeType(plan.program[kept.node].elementType);
    kb.storeVector(emitter.emit(kept.node), buffer, type, getPositionInRow(),
                   mask);
  }
}

void RowsEmitter::reduceStage(unsigned stage) {
  ArrayRef<RowReduction> reductions = plan.stages[stage];
  unsigned count = reductions.size(), unroll = count == 1 ? 4 : 2;
  SmallVector<Reduction> combiners;
  for (const RowReduction &reduction : reductions)
    combiners.emplace_back(kb, reduction.op);
  SmallVector<Value> start;
  for (unsigned u = 0; u < unroll; ++u)
    for (const Reduction &combiner : combiners)
      start.push_back(combiner.getStart());

  SmallVector<Value> sums = forRow(
      plan.rowDims, unroll, start,
      [&](ArrayRef<Value> indices, Value mask, ValueRange carried) {
        SmallVector<Value> next(carried);
        for (auto [u, index] : llvm::enumerate(indices)) {
          startVector(stage, index, mask);
          for (unsigned r = 0; r < count; ++r) {
            Value value = emitter.emit(reductions[r].input);
            Value &sum = next[u * count + r];
            sum = combiners[r].combine(sum, value, mask);
          }
          keepVector(stage, mask);
        }
        return next;
      },
      [&](ValueRange totals, ValueRange parts) {
        SmallVector<Value> next;
        for (auto [i, part] : llvm::enumerate(parts))
          next.push_back(combiners[i % count].combine(totals[i], part));
        return next;
      });
  Value elements = kb.size(plan.rowElements);
  for (unsigned r = 0; r < count; ++r) {
    SmallVector<Value> parts;
    for (unsigned u = 0; u < unroll; ++u)
      parts.push_back(sums[u * count + r]);
    Value result =
        combiners[r].finish(combiners[r].combineLanes(parts), elements);
    emitter.setSeed(reductions[r].op->getResult(0), result);
  }
}

void RowsEmitter::storeStage(Value row) {
  unsigned stage = plan.stages.size();
  auto resultType = [&](unsigned number) {
    return kb.getKernel().getFunctionType().getResult(number);
  };
  auto isWholeRow = [&](unsigned number) {
    return nn::getNumElements(resultType(number)) ==
           nn::mul(plan.rows, plan.rowElements);
  };
  Value base = kb.mul(row, kb.size(plan.rowElements));
  forRow(
      plan.rowDims, /*unroll=*/1, {},
      [&](ArrayRef<Value> indices, Value mask, ValueRange) {
        startVector(stage, indices[0], mask);
        SmallVector<Value> values;
        for (unsigned root : plan.results)
          values.push_back(emitter.emit(root));
        Value offset = kb.add(base, getPositionInRow());
        for (auto [number, value] : llvm::enumerate(values))
          if (isWholeRow(number))
            kb.storeVector(value, kb.getResultBuffer(number),
                           getElementTypeOrSelf(resultType(number)), offset,
                           mask);
        return SmallVector<Value>();
      },
      [](ValueRange, ValueRange) { return SmallVector<Value>(); });
  for (auto [number, root] : llvm::enumerate(plan.results)) {
    if (isWholeRow(number))
      continue;
    // A result with one element a row.
    emitter.startPoint(point);
    Value value = vector::ExtractOp::create(kb.b, kb.loc, emitter.emit(root),
                                            ArrayRef<int64_t>{0});
    kb.storeScalar(value, kb.getResultBuffer(number),
                   getElementTypeOrSelf(resultType(number)), row);
  }
}

void RowsEmitter::emitRow(Value row, ArrayRef<Value> indices) {
  for (unsigned stage = 0; stage < plan.stages.size(); ++stage) {
    startStage(stage, indices);
    reduceStage(stage);
  }
  startStage(plan.stages.size(), indices);
  storeStage(row);
}

LogicalResult sinter::emitRowsKernel(KernelBuilder &kb) {
  FailureOr<RowsPlan> plan = makeRowsPlan(kb.getKernel());
  if (failed(plan))
    return failure();
  RowsEmitter emitter(kb, *plan);
  Value step = kb.size(plan->rowsPerTile), rows = kb.size(plan->rows);
  kb.forTiles([&](Value tile) {
    Value first = kb.mul(tile, step);
    Value last = kb.min(kb.add(first, step), rows);
    forEachPoint(kb, first, last,
                 plan->program.getSizes().take_front(plan->rowDims),
                 [&](Value row, ArrayRef<Value> indices) {
                   emitter.emitRow(row, indices);
                 });
  });
  return success();
}
