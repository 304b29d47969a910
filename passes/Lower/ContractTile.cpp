//===- ContractTile.cpp - the register tile of a contraction ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ContractTile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/ContractAmx.h"
#include "passes/Lower/IntegerDot.h"
#include "passes/Lower/SparseTile.h"

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
  if (c.sparse)
    return chooseSparseTile(kb, c);
  choice.vectors = 2;
  choice.rows = wide ? 14 : 6;
  choice.narrowRows = wide ? 24 : 12;
  if (c.step > 1 &&
      kb.getInstructionSet().dot == InstructionSet::Dot::Widened) {
    // Both operands of a step take two registers a vector.
    choice.rows = wide ? 11 : 4;
    choice.narrowRows = wide ? 24 : 10;
  }
  if (canUseAmx(kb, c)) {
    choice.isAmx = true;
    choice.rows = choice.narrowRows = amxRows;
  }
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
  if (choice.isAmx) {
    auto getOperand = [](const TileOperand &operand) {
      return AmxOperand{operand.buffer, operand.offset,
                        operand.type.isInteger(8) ? 1 : quadSize};
    };
    emitAmxTile(kb, shape.getRows(), shape.vectors, reduction, getOperand(lhs),
                pixelStride, getOperand(rhs), scratch);
    Type type = getComputeType(c.elementType);
    Sums sums;
    for (int64_t i = 0; i < shape.getRows() * shape.vectors; ++i)
      sums.push_back(kb.loadVector(scratch, type, kb.index(i * kb.getLanes())));
    return sums;
  }
  for (int64_t row = 0; row < shape.getRows(); ++row)
    rowOffsets.push_back(
        kb.size(nn::add(nn::mul(lineStride, row / shape.pixels),
                        nn::mul(pixelStride, row % shape.pixels))));
  VectorType type = kb.getVector(getComputeType(c.elementType));
  Sums sums(shape.getRows() * shape.vectors, kb.constant(type, 0.0));
  return emitLoops(reduction, lhs.offset, rhs.offset, std::move(sums));
}

TileEmitter::Sums TileEmitter::emitLoops(ArrayRef<ReductionLoop> loops,
                                         Value lhsOffset, Value rhsOffset,
                                         Sums sums) {
  const ReductionLoop &loop = loops.front();
  if (loop.count.isConstant(0))
    return sums;
  Value count = kb.size(loop.count);
  // Bytes of lhs: the last step may have fewer than the others.
  bool isDirect = c.step > 1 && !c.window && loops.size() == 1;
  if (isDirect && !c.innerStride.isConstant(1))
    return emitScatteredSteps(loop, kb.index(0), count, lhsOffset, rhsOffset,
                              std::move(sums));
  std::optional<int64_t> depth =
      c.innerDepth ? c.innerDepth.getConstant() : std::nullopt;
  bool hasRest = isDirect && (!depth || *depth % c.step != 0);
  Value whole = hasRest ? kb.size(nn::floorDiv(c.innerDepth, c.step)) : count;
  // One round at a time: with more, the scheduler of LLVM loads the right
  // operand of all of them first, and the sums no longer fit in registers.
  Value lhsStride = kb.size(loop.lhsStride);
  Value rhsStride = kb.size(loop.rhsStride);
  sums = kb.forLoop(
      kb.index(0), whole, kb.index(1), sums, [&](Value round, ValueRange now) {
        Value left = kb.add(lhsOffset, kb.mul(round, lhsStride));
        Value right = kb.add(rhsOffset, kb.mul(round, rhsStride));
        Sums next(now.begin(), now.end());
        if (loops.size() > 1)
          return emitLoops(loops.drop_front(), left, right, std::move(next));
        auto loadRow = [&](Value rowOffset) -> Value {
          Value offset = kb.add(left, rowOffset);
          if (c.step > 1 && !c.window)
            return kb.broadcast(loadQuad(kb, lhs.buffer, offset));
          return kb.loadBroadcast(lhs.buffer, lhs.type, offset);
        };
        return emitStep(loadRow, right, std::move(next));
      });
  if (hasRest)
    sums = emitScatteredSteps(loop, whole, count, lhsOffset, rhsOffset,
                              std::move(sums));
  return sums;
}

TileEmitter::Sums TileEmitter::emitScatteredSteps(const ReductionLoop &loop,
                                                  Value first, Value last,
                                                  Value lhsOffset,
                                                  Value rhsOffset, Sums sums) {
  Value rhsStride = kb.size(loop.rhsStride);
  Value end = kb.sub(kb.size(c.innerDepth), kb.index(1));
  return kb.forLoop(
      first, last, kb.index(1), sums, [&](Value round, ValueRange now) {
        // Elements beyond the last repeat it: they meet zeros.
        SmallVector<Value> elements;
        for (int64_t i = 0; i < c.step; ++i) {
          Value at = kb.add(kb.mul(round, kb.index(c.step)), kb.index(i));
          elements.push_back(kb.add(
              lhsOffset, kb.mul(kb.min(at, end), kb.size(c.innerStride))));
        }
        auto loadRow = [&](Value rowOffset) -> Value {
          SmallVector<Value> offsets;
          for (Value element : elements)
            offsets.push_back(kb.add(element, rowOffset));
          return kb.broadcast(loadQuadOf(kb, lhs.buffer, offsets));
        };
        Value right = kb.add(rhsOffset, kb.mul(round, rhsStride));
        return emitStep(loadRow, right, Sums(now.begin(), now.end()));
      });
}

/// Fetches ahead what the vector at `offset` will be `choice.prefetch` rounds
/// later; a column has `elements`.
void TileEmitter::prefetch(Value offset, int64_t elements) {
  if (!packed || !choice.prefetch)
    return;
  Value ahead =
      kb.add(offset, kb.index(choice.prefetch * panelColumns * elements));
  memref::PrefetchOp::create(kb.b, kb.loc, rhs.buffer, ahead,
                             /*isWrite=*/false, /*localityHint=*/3,
                             /*isDataCache=*/true);
}

TileEmitter::Sums TileEmitter::emitQuadStep(RowLoader loadRow, Value rhsOffset,
                                            Sums sums) {
  // A packed weight is bytes, a panel in scratch is quads.
  int64_t elements = rhs.type.isInteger(8) ? c.step : 1;
  SmallVector<DotOperand> columns;
  for (unsigned vector = 0; vector < shape.vectors; ++vector) {
    int64_t distance = elements * vector * kb.getLanes();
    Value offset = kb.add(rhsOffset, kb.index(distance));
    columns.push_back(loadSignedQuads(kb, rhs.buffer, offset));
    prefetch(offset, elements);
  }
  for (int64_t row = 0; row < shape.getRows(); ++row) {
    DotOperand element = makeUnsignedQuads(kb, loadRow(rowOffsets[row]));
    for (unsigned vector = 0; vector < shape.vectors; ++vector) {
      Value &sum = sums[row * shape.vectors + vector];
      sum = emitDot(kb, element, columns[vector], sum);
    }
  }
  return sums;
}

TileEmitter::Sums TileEmitter::emitStep(RowLoader loadRow, Value rhsOffset,
                                        Sums sums) {
  if (c.step > 1)
    return emitQuadStep(loadRow, rhsOffset, std::move(sums));
  SmallVector<Value> columns;
  for (unsigned vector = 0; vector < shape.vectors; ++vector) {
    Value offset = kb.add(rhsOffset, kb.index(int64_t(vector) * kb.getLanes()));
    Value mask = packed || masks.empty() ? Value() : masks[vector];
    columns.push_back(kb.loadVector(rhs.buffer, rhs.type, offset, mask));
    prefetch(offset, /*elements=*/1);
  }
  for (int64_t row = 0; row < shape.getRows(); ++row) {
    Value element = loadRow(rowOffsets[row]);
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
