//===- SparseElements.cpp - a contraction with single elements ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/SparseElements.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/RegisterTranspose.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::contract;
using nn::SizeAttr;

/// Vectors of sums that one element is multiplied into, at most.
static constexpr unsigned blockVectors = 8;

SparseElementsEmitter::SparseElementsEmitter(KernelBuilder &kb,
                                             const Contraction &c,
                                             const ContractPlan &plan,
                                             EpilogueEmitter &epilogue)
    : kb(kb), c(c), epilogue(epilogue), part(c.parts.front()),
      compute(getComputeType(c.elementType)),
      blockRows(blockVectors * kb.getLanes()), mostVectors(blockVectors) {
  std::optional<int64_t> rows = c.rows[c.getPixel()].getConstant();
  std::optional<int64_t> blocks = plan.pixelBlocks.getConstant();
  if (rows && blocks && (*rows + *blocks - 1) / *blocks <= blockRows) {
    int64_t lanes = kb.getLanes();
    fewestVectors =
        std::max<int64_t>(1, llvm::divideCeil(*rows / *blocks, lanes));
    mostVectors = llvm::divideCeil(llvm::divideCeil(*rows, *blocks), lanes);
  }
  auto getView = [&](SizeAttr offset, SizeAttr elements) {
    return kb.getScratchView(compute, offset, elements);
  };
  lhs = getView(plan.sparse.lhsOffset, plan.sparse.lhsElements);
  sums = getView(plan.sparse.sumOffset, plan.sparse.sumElements);
  square = getView(plan.sparse.squareOffset, plan.sparse.squareElements);
}

Value SparseElementsEmitter::loadIndex(BlockArgument vector, Value position) {
  Value value =
      kb.loadScalar(kb.getBuffer(vector), kb.b.getI32Type(), position);
  return arith::IndexCastOp::create(kb.b, kb.loc, kb.b.getIndexType(), value);
}

void SparseElementsEmitter::emit(const SparseLine &line) {
  kb.forLoop(line.pixels.first, line.pixels.second, kb.index(blockRows),
             [&](Value first) {
               Value left = kb.sub(line.pixels.second, first);
               emitRows(line, first, kb.min(left, kb.index(blockRows)));
             });
}

void SparseElementsEmitter::emitRows(const SparseLine &line, Value first,
                                     Value count) {
  transposeRows(line, first, count);
  Value step = kb.index(sparseColumns);
  Value begin = kb.mul(line.panels.first, kb.index(panelColumns));
  Value end = kb.min(kb.mul(line.panels.second, kb.index(panelColumns)),
                     kb.size(c.columns));
  kb.forLoop(begin, end, step, [&](Value column) {
    emitColumns(line, first, count, column, kb.min(end, kb.add(column, step)));
  });
}

/// Fills lhs[k][row]. Rows beyond the last repeat it: they are never stored.
void SparseElementsEmitter::transposeRows(const SparseLine &line, Value first,
                                          Value count) {
  const ReductionLoop &loop = part.reduction.back();
  Type type = cast<RankedTensorType>(c.lhs.getType()).getElementType();
  Value buffer = kb.getBuffer(c.lhs);
  Value rowStride = kb.size(part.lhs.strides[c.getPixel()]);
  Value depthStride = kb.size(loop.lhsStride), depth = kb.size(loop.count);
  int64_t lanes = kb.getLanes();
  Value base = kb.add(line.lhs, kb.mul(first, rowStride));
  Value last = kb.sub(count, kb.index(1)), zero = kb.index(0);
  auto getTarget = [&](Value k, Value row) {
    return kb.add(kb.mul(k, kb.index(blockRows)), row);
  };
  kb.forLoop(zero, count, kb.index(lanes), [&](Value row) {
    if (!loop.lhsStride.isConstant(1)) {
      // A vector of rows at a time: they lie together, or are gathered.
      Value mask = kb.tailMask(kb.sub(count, row));
      bool together = part.lhs.strides[c.getPixel()].isConstant(1);
      Value offsets;
      if (!together)
        offsets = arith::MulIOp::create(kb.b, kb.loc, kb.laneNumbers(),
                                        kb.broadcast(rowStride));
      kb.forLoop(zero, depth, kb.index(1), [&](Value k) {
        Value offset = kb.add(kb.add(base, kb.mul(row, rowStride)),
                              kb.mul(k, depthStride));
        Value value =
            together ? kb.loadVector(buffer, type, offset, mask)
                     : kb.gatherVector(buffer, type, offset, offsets, mask);
        kb.storeVector(value, lhs, compute, getTarget(k, row));
      });
      return;
    }
    kb.forLoop(zero, depth, kb.index(lanes), [&](Value k) {
      Value mask;
      if (auto known = loop.count.getConstant(); !known || *known % lanes != 0)
        mask = kb.tailMask(kb.sub(depth, k));
      SmallVector<Value> rows;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        Value at = kb.min(kb.add(row, kb.index(lane)), last);
        Value offset = kb.add(kb.add(base, k), kb.mul(at, rowStride));
        rows.push_back(kb.loadVector(buffer, type, offset, mask));
      }
      for (auto [lane, value] :
           llvm::enumerate(emitRegisterTranspose(kb.b, kb.loc, rows)))
        kb.storeVector(value, lhs, compute,
                       getTarget(kb.add(k, kb.index(lane)), row));
    });
  });
}

/// Computes columns [begin, end), at most `sparseColumns`.
void SparseElementsEmitter::emitColumns(const SparseLine &line, Value first,
                                        Value count, Value begin, Value end) {
  SizeAttr depths =
      nn::ceilDiv(part.reduction.back().count, kernel::sparseDepth);
  auto emitSums = [&](unsigned vectors) {
    emitDepth(kb.index(0), begin, end, vectors, /*isFirst=*/true);
    kb.forLoop(kb.index(1), kb.size(depths), kb.index(1), [&](Value depth) {
      emitDepth(depth, begin, end, vectors, /*isFirst=*/false);
    });
  };
  // Fewer vectors of rows where the block is smaller.
  int64_t lanes = kb.getLanes();
  Value needed = kb.div(kb.add(count, kb.index(lanes - 1)), kb.index(lanes));
  auto emitCases = [&](auto &self, unsigned vectors) -> void {
    if (vectors <= fewestVectors) {
      emitSums(vectors);
      return;
    }
    // Where all heights may occur, every other one has code.
    unsigned fewer = vectors > 2 && mostVectors > fewestVectors + 1
                         ? vectors - 2
                         : vectors - 1;
    Value fits = arith::CmpIOp::create(kb.b, kb.loc, arith::CmpIPredicate::ule,
                                       needed, kb.index(fewer));
    auto branch =
        scf::IfOp::create(kb.b, kb.loc, fits, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(kb.b);
    kb.b.setInsertionPointToStart(branch.elseBlock());
    emitSums(vectors);
    kb.b.setInsertionPointToStart(branch.thenBlock());
    self(self, fewer);
  };
  emitCases(emitCases, mostVectors);
  storeColumns(line, first, count, begin, end);
}

/// Adds the elements of rows [depth * 64, depth * 64 + 64) of the weight.
void SparseElementsEmitter::emitDepth(Value depth, Value begin, Value end,
                                      unsigned vectors, bool isFirst) {
  int64_t lanes = kb.getLanes();
  Value zero = kb.constant(kb.getVector(compute), 0.0);
  Value starts = kb.mul(depth, kb.size(c.columns));
  kb.forLoop(begin, end, kb.index(1), [&](Value column) {
    Value start = kb.add(starts, column);
    Value place = kb.mul(kb.sub(column, begin), kb.index(blockRows));
    SmallVector<Value> tile(vectors, zero);
    if (!isFirst)
      for (unsigned vector = 0; vector < vectors; ++vector)
        tile[vector] = kb.loadVector(sums, compute,
                                     kb.add(place, kb.index(vector * lanes)));
    Value last = loadIndex(c.sparse->starts, kb.add(start, kb.index(1)));
    tile = kb.forLoop(
        loadIndex(c.sparse->starts, start), last, kb.index(1), tile,
        [&](Value element, ValueRange now) {
          SmallVector<Value> next(now.begin(), now.end());
          Value k = loadIndex(c.sparse->indices, element);
          Value weight =
              kb.loadBroadcast(kb.getBuffer(c.rhs), c.elementType, element);
          Value from = kb.mul(k, kb.index(blockRows));
          for (unsigned vector = 0; vector < vectors; ++vector) {
            Value rows = kb.loadVector(lhs, compute,
                                       kb.add(from, kb.index(vector * lanes)));
            next[vector] =
                vector::FMAOp::create(kb.b, kb.loc, weight, rows, next[vector]);
          }
          return next;
        });
    for (unsigned vector = 0; vector < vectors; ++vector)
      kb.storeVector(tile[vector], sums, compute,
                     kb.add(place, kb.index(vector * lanes)));
  });
}

/// Runs the epilogue on vectors of columns, a row at a time.
void SparseElementsEmitter::storeColumns(const SparseLine &line, Value first,
                                         Value count, Value begin, Value end) {
  int64_t lanes = kb.getLanes();
  Value zero = kb.index(0), step = kb.index(lanes);
  std::optional<int64_t> columns = c.columns.getConstant();
  auto storeSquare = [&](Value column, Value row) {
    SmallVector<Value> values;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value place = kb.add(kb.sub(column, begin), kb.index(lane));
      values.push_back(kb.loadVector(
          sums, compute, kb.add(kb.mul(place, kb.index(blockRows)), row)));
    }
    for (auto [lane, value] :
         llvm::enumerate(emitRegisterTranspose(kb.b, kb.loc, values)))
      kb.storeVector(value, square, compute, kb.index(lane * lanes));
    SmallVector<Value> masks;
    if (!columns || *columns % lanes != 0)
      masks.push_back(kb.tailMask(kb.sub(end, column)));
    kb.forLoop(
        zero, kb.min(step, kb.sub(count, row)), kb.index(1), [&](Value inner) {
          Value sum = kb.loadVector(square, compute, kb.mul(inner, step));
          Value pixel = kb.add(kb.add(first, row), inner);
          auto getPosition = [&](const LinearForm &form, Value offset) {
            TilePosition position;
            position.columnStride = form.strides.back();
            Value pixelStride = kb.size(form.strides[c.getPixel()]);
            position.offset =
                kb.add(kb.add(offset, kb.mul(pixel, pixelStride)),
                       kb.mul(column, kb.size(position.columnStride)));
            position.lineStride = position.pixelStride = kb.index(0);
            return position;
          };
          SmallVector<TilePosition> leaves;
          for (auto [form, offset] : llvm::zip_equal(part.leaves, line.leaves))
            leaves.push_back(getPosition(form, offset));
          epilogue.emit({1, 1, 1}, sum, leaves,
                        getPosition(part.result, line.result), masks);
        });
  };
  kb.forLoop(begin, end, step, [&](Value column) {
    kb.forLoop(zero, count, step, [&](Value row) { storeSquare(column, row); });
  });
}
