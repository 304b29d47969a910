//===- ContractTile.cpp - the register tile of a contraction ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ContractTile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::contract;

/// Bytes of a right operand that is likely to come from memory.
static constexpr int64_t streamedBytes = 512 << 10;

SmallVector<int64_t> TileChoice::getHeights(int64_t largest) const {
  SmallVector<int64_t> heights = {largest};
  for (int64_t height : {8, 4, 2, 1})
    if (height < largest)
      heights.push_back(height);
  return heights;
}

TileChoice sinter::contract::chooseTile(const KernelBuilder &kb,
                                        const Contraction &c) {
  bool wide = kb.getRegisters() == 32;
  TileChoice choice;
  if (getComputeBytes(c.elementType) == 8) {
    // A vector of all lanes takes two registers.
    choice.vectors = 1;
    choice.rows = choice.narrowRows = wide ? 12 : 5;
    return choice;
  }
  choice.vectors = 2;
  choice.rows = wide ? 14 : 6;
  choice.narrowRows = wide ? 24 : 12;
  std::optional<int64_t> columns = c.columns.getConstant();
  if (columns && *columns <= kb.getLanes()) {
    choice.vectors = 1;
    choice.rows = choice.narrowRows;
  }
  std::optional<int64_t> depth = c.getDepth().getConstant();
  if (c.packed && depth && columns && *depth * *columns * 4 >= streamedBytes)
    choice.prefetch = 32;
  return choice;
}

SmallVector<ReductionLoop>
sinter::contract::mergeReduction(ArrayRef<ReductionLoop> loops) {
  SmallVector<ReductionLoop> merged;
  for (const ReductionLoop &loop : llvm::reverse(loops)) {
    if (loop.count.isConstant(1))
      continue;
    if (!merged.empty()) {
      ReductionLoop &inner = merged.back();
      if (loop.lhsStride == nn::mul(inner.lhsStride, inner.count) &&
          loop.rhsStride == nn::mul(inner.rhsStride, inner.count)) {
        inner.count = nn::mul(inner.count, loop.count);
        continue;
      }
    }
    merged.push_back(loop);
  }
  if (merged.empty())
    merged.push_back(loops.back());
  return SmallVector<ReductionLoop>(llvm::reverse(merged));
}

SmallVector<Value>
TileEmitter::emit(const TileShape &tileShape, ArrayRef<ReductionLoop> reduction,
                  const TileOperand &lhsOperand, nn::SizeAttr lineStride,
                  nn::SizeAttr pixelStride, const TileOperand &rhsOperand,
                  ArrayRef<Value> columnMasks) {
  shape = tileShape;
  lhs = lhsOperand;
  rhs = rhsOperand;
  masks = columnMasks;
  rowOffsets.clear();
  for (int64_t row = 0; row < shape.getRows(); ++row)
    rowOffsets.push_back(
        kb.size(nn::add(nn::mul(lineStride, row / shape.pixels),
                        nn::mul(pixelStride, row % shape.pixels))));
  VectorType type = kb.getVector(getComputeType(rhs.type));
  Sums sums(shape.getRows() * shape.vectors, kb.constant(type, 0.0));
  return emitLoops(reduction, lhs.offset, rhs.offset, std::move(sums));
}

TileEmitter::Sums TileEmitter::emitLoops(ArrayRef<ReductionLoop> loops,
                                         Value lhsOffset, Value rhsOffset,
                                         Sums sums) {
  const ReductionLoop &loop = loops.front();
  if (loop.count.isConstant(0))
    return sums;
  // One round at a time: with more, the scheduler of LLVM loads the right
  // operand of all of them first, and the sums no longer fit in registers.
  Value lhsStride = kb.size(loop.lhsStride);
  Value rhsStride = kb.size(loop.rhsStride);
  return kb.forLoop(kb.index(0), kb.size(loop.count), kb.index(1), sums,
                    [&](Value round, ValueRange now) {
                      Value left = kb.add(lhsOffset, kb.mul(round, lhsStride));
                      Value right = kb.add(rhsOffset, kb.mul(round, rhsStride));
                      Sums next(now.begin(), now.end());
                      return loops.size() == 1
                                 ? emitStep(left, right, std::move(next))
                                 : emitLoops(loops.drop_front(), left, right,
                                             std::move(next));
                    });
}

TileEmitter::Sums TileEmitter::emitStep(Value lhsOffset, Value rhsOffset,
                                        Sums sums) {
  SmallVector<Value> columns;
  for (unsigned vector = 0; vector < shape.vectors; ++vector) {
    Value offset = kb.add(rhsOffset, kb.index(int64_t(vector) * kb.getLanes()));
    Value mask = packed || masks.empty() ? Value() : masks[vector];
    columns.push_back(kb.loadVector(rhs.buffer, rhs.type, offset, mask));
    if (packed && choice.prefetch) {
      Value ahead = kb.add(offset, kb.index(choice.prefetch * panelColumns));
      memref::PrefetchOp::create(kb.b, kb.loc, rhs.buffer, ahead,
                                 /*isWrite=*/false, /*localityHint=*/3,
                                 /*isDataCache=*/true);
    }
  }
  for (int64_t row = 0; row < shape.getRows(); ++row) {
    Value offset = kb.add(lhsOffset, rowOffsets[row]);
    Value element = kb.loadBroadcast(lhs.buffer, lhs.type, offset);
    for (unsigned vector = 0; vector < shape.vectors; ++vector) {
      Value &sum = sums[row * shape.vectors + vector];
      sum = multiplyAdd(element, columns[vector], sum);
    }
  }
  return sums;
}

Value TileEmitter::multiplyAdd(Value left, Value right, Value sum) {
  if (isa<FloatType>(getElementTypeOrSelf(sum.getType())))
    return vector::FMAOp::create(kb.b, kb.loc, left, right, sum);
  Value product = arith::MulIOp::create(kb.b, kb.loc, left, right);
  return arith::AddIOp::create(kb.b, kb.loc, sum, product);
}
