//===- LoopEmitter.cpp - kernels of kind loop -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pull model over the result's space: see LoopPlan.h for the space and
// PointProgram.h for what happens at a point. Vectors run along the last
// dimension. All operands of a point are read before its results are written,
// so a result may share the buffer of an operand used at its own index.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/LoopPlan.h"
#include "passes/Lower/TileLoops.h"

using namespace mlir;
using namespace sinter;

namespace {

/// Emits one kernel.
class LoopEmitter {
public:
  LoopEmitter(KernelBuilder &kb, const LoopPlan &plan)
      : kb(kb), plan(plan),
        strides(getRowMajorStrides(kb.b.getContext(), plan.sizes)) {}

  void emitRowTile(Value tile);
  void emitBlockTile(Value tile);

private:
  void emitSegment(const LoopSegment &segment, ArrayRef<Value> outer, Value low,
                   Value high);
  void emitColumns(const LoopSegment &segment, ArrayRef<Value> outer, Value low,
                   Value high);
  void emitBlock(ArrayRef<Value> base, Value rowCount, Value columnCount);
  SmallVector<Value> loadTransposed(unsigned load, ArrayRef<Value> base,
                                    Value rowMask, Value columnCount);
  void store(const LoopSegment &segment, PointEmitter &emitter,
             const Point &point);

  KernelBuilder &kb;
  const LoopPlan &plan;
  SmallVector<nn::SizeAttr> strides;
};

} // namespace

static Value compare(KernelBuilder &kb, arith::CmpIPredicate predicate,
                     Value lhs, Value rhs) {
  return arith::CmpIOp::create(kb.b, kb.loc, predicate, lhs, rhs);
}

void LoopEmitter::store(const LoopSegment &segment, PointEmitter &emitter,
                        const Point &point) {
  SmallVector<Value> values;
  for (unsigned root : segment.roots)
    values.push_back(emitter.emit(root));
  Value offset = kb.index(0);
  for (auto [index, stride] : llvm::zip_equal(point.indices, strides))
    offset = kb.add(offset, kb.mul(index, kb.size(stride)));
  for (auto [number, value] : llvm::enumerate(values)) {
    Type type = getElementTypeOrSelf(
        kb.getKernel().getFunctionType().getResult(number));
    kb.storeVector(value, kb.getResultBuffer(number), type, offset, point.mask);
  }
}

//===----------------------------------------------------------------------===//
// Rows of columns
//===----------------------------------------------------------------------===//

void LoopEmitter::emitRowTile(Value tile) {
  Value chunks = kb.size(nn::ceilDiv(plan.columns, plan.columnsPerTile));
  Value rowTile = kb.div(tile, chunks), columnTile = kb.rem(tile, chunks);
  Value rowStep = kb.size(plan.rowsPerTile);
  Value columnStep = kb.size(plan.columnsPerTile);
  Value firstRow = kb.mul(rowTile, rowStep);
  Value lastRow = kb.min(kb.add(firstRow, rowStep), kb.size(plan.rows));
  Value low = kb.mul(columnTile, columnStep);
  Value high = kb.min(kb.add(low, columnStep), kb.size(plan.columns));
  ArrayRef<nn::SizeAttr> outer = ArrayRef(plan.sizes).drop_back();
  forEachPoint(kb, firstRow, lastRow, outer,
               [&](Value, ArrayRef<Value> indices) {
                 for (const LoopSegment &segment : plan.segments)
                   emitSegment(segment, indices, low, high);
               });
}

void LoopEmitter::emitSegment(const LoopSegment &segment, ArrayRef<Value> outer,
                              Value low, Value high) {
  if (plan.splitDim < 0)
    return emitColumns(segment, outer, low, high);
  Value first = kb.size(segment.low), last = kb.size(segment.high);
  if (plan.splitDim == static_cast<int>(plan.getColumnDim()))
    return emitColumns(segment, outer, kb.max(low, first), kb.min(high, last));
  Value index = outer[plan.splitDim];
  Value inside = arith::AndIOp::create(
      kb.b, kb.loc, compare(kb, arith::CmpIPredicate::sge, index, first),
      compare(kb, arith::CmpIPredicate::slt, index, last));
  kb.ifThen(inside, [&] { emitColumns(segment, outer, low, high); });
}

void LoopEmitter::emitColumns(const LoopSegment &segment, ArrayRef<Value> outer,
                              Value low, Value high) {
  PointEmitter emitter(kb, segment.program);
  Point point{
      SmallVector<Value, 4>(outer), static_cast<int>(plan.getColumnDim()), {}};
  point.indices.push_back(low);
  emitter.emitInvariant(segment.roots, point);
  // A chunk of a concatenation may lie before or behind the segment.
  Value end = plan.splitDim < 0 ? high : kb.max(low, high);
  forEachVector(kb, low, end, [&](Value column, Value mask) {
    point.indices.back() = column;
    point.mask = mask;
    emitter.startPoint(point);
    store(segment, emitter, point);
  });
}

//===----------------------------------------------------------------------===//
// Blocks of two dimensions
//===----------------------------------------------------------------------===//

void LoopEmitter::emitBlockTile(Value tile) {
  unsigned row = plan.blockDim, column = plan.getColumnDim();
  Value rowTiles = kb.size(nn::ceilDiv(plan.rows, plan.rowsPerTile));
  Value columnTiles = kb.size(nn::ceilDiv(plan.columns, plan.columnsPerTile));
  Value columnTile = kb.rem(tile, columnTiles);
  Value rest = kb.div(tile, columnTiles);
  Value rowTile = kb.rem(rest, rowTiles);
  SmallVector<nn::SizeAttr> outer(llvm::drop_end(plan.sizes));
  outer.erase(outer.begin() + row);
  SmallVector<Value> base = delinearize(kb, kb.div(rest, rowTiles), outer);

  Value rowStep = kb.size(plan.rowsPerTile);
  Value columnStep = kb.size(plan.columnsPerTile);
  Value firstRow = kb.mul(rowTile, rowStep);
  Value lastRow = kb.min(kb.add(firstRow, rowStep), kb.size(plan.rows));
  Value low = kb.mul(columnTile, columnStep);
  Value high = kb.min(kb.add(low, columnStep), kb.size(plan.columns));
  base.insert(base.begin() + row, firstRow);
  base.insert(base.begin() + column, low);

  Value lanes = kb.index(kb.getLanes());
  kb.forLoop(firstRow, lastRow, lanes, [&](Value blockRow) {
    kb.forLoop(low, high, lanes, [&](Value blockColumn) {
      base[row] = blockRow;
      base[column] = blockColumn;
      Value rowCount = kb.min(kb.sub(lastRow, blockRow), lanes);
      Value columnCount = kb.min(kb.sub(high, blockColumn), lanes);
      Value isWhole = arith::AndIOp::create(
          kb.b, kb.loc, compare(kb, arith::CmpIPredicate::eq, rowCount, lanes),
          compare(kb, arith::CmpIPredicate::eq, columnCount, lanes));
      kb.ifThen(isWhole, [&] { emitBlock(base, {}, {}); });
      Value isPartial = arith::XOrIOp::create(
          kb.b, kb.loc, isWhole,
          kb.constant(kb.b.getI1Type(), kb.b.getBoolAttr(true)));
      kb.ifThen(isPartial, [&] { emitBlock(base, rowCount, columnCount); });
    });
  });
}

/// Transposes as many vectors as they have lanes.
static SmallVector<Value> transposeVectors(KernelBuilder &kb,
                                           SmallVector<Value> vectors) {
  // Interleaving the halves log2(n) times is a transposition.
  int64_t count = vectors.size();
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < count / 2; ++i) {
    low.append({i, i + count});
    high.append({i + count / 2, i + count / 2 + count});
  }
  for (int64_t round = 1; round < count; round *= 2) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < count / 2; ++i) {
      Value first = vectors[i], second = vectors[i + count / 2];
      for (ArrayRef<int64_t> order : {ArrayRef(low), ArrayRef(high)})
        next.push_back(
            vector::ShuffleOp::create(kb.b, kb.loc, first, second, order));
    }
    vectors = next;
  }
  return vectors;
}

SmallVector<Value> LoopEmitter::loadTransposed(unsigned load,
                                               ArrayRef<Value> base,
                                               Value rowMask,
                                               Value columnCount) {
  // Lane 0 of a vector along the block dimension, for every column.
  const PointProgram &program = plan.segments[0].program;
  SmallVector<Value> vectors;
  unsigned column = plan.getColumnDim();
  for (unsigned i = 0; i < kb.getLanes(); ++i) {
    Point point{SmallVector<Value, 4>(base), plan.blockDim, rowMask};
    Value step = kb.index(i);
    if (columnCount)
      step = kb.min(step, kb.sub(columnCount, kb.index(1)));
    point.indices[column] = kb.add(base[column], step);
    PointEmitter emitter(kb, program);
    emitter.startPoint(point);
    vectors.push_back(emitter.emit(load));
  }
  return transposeVectors(kb, vectors);
}

void LoopEmitter::emitBlock(ArrayRef<Value> base, Value rowCount,
                            Value columnCount) {
  const LoopSegment &segment = plan.segments[0];
  Value rowMask, columnMask;
  if (rowCount) {
    rowMask = kb.tailMask(rowCount);
    columnMask = kb.tailMask(columnCount);
  }
  SmallVector<unsigned> loads =
      getTransposedLoads(segment.program, plan.blockDim);
  SmallVector<SmallVector<Value>> transposed;
  for (unsigned load : loads)
    transposed.push_back(loadTransposed(load, base, rowMask, columnCount));

  PointEmitter emitter(kb, segment.program);
  for (unsigned i = 0; i < kb.getLanes(); ++i) {
    auto emitRow = [&] {
      Point point{SmallVector<Value, 4>(base),
                  static_cast<int>(plan.getColumnDim()), columnMask};
      point.indices[plan.blockDim] = kb.add(base[plan.blockDim], kb.index(i));
      emitter.startPoint(point);
      for (auto [load, vectors] : llvm::zip_equal(loads, transposed))
        emitter.setNode(load, vectors[i]);
      store(segment, emitter, point);
    };
    if (!rowCount || i == 0)
      emitRow();
    else
      kb.ifThen(compare(kb, arith::CmpIPredicate::sgt, rowCount, kb.index(i)),
                emitRow);
  }
}

LogicalResult sinter::emitLoopKernel(KernelBuilder &kb) {
  FailureOr<LoopPlan> plan = makeLoopPlan(kb.getKernel());
  if (failed(plan))
    return failure();
  LoopEmitter emitter(kb, *plan);
  kb.forTiles([&](Value tile) {
    if (plan->blockDim >= 0)
      emitter.emitBlockTile(tile);
    else
      emitter.emitRowTile(tile);
  });
  return success();
}
