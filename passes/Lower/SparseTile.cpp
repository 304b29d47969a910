//===- SparseTile.cpp - the register tile of a sparse contraction ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/SparseTile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::contract;

static_assert(panelColumns % kernel::sparseBlock == 0);

TileChoice sinter::contract::chooseSparseTile(const KernelBuilder &kb,
                                              const Contraction &c) {
  TileChoice choice;
  choice.vectors = kernel::sparseBlock / kb.getLanes();
  // Where a block is one vector, elements of lhs are operands of the
  // multiply-add and need no register.
  choice.rows = choice.vectors == 1 ? 28 : 6;
  choice.narrowRows = choice.vectors == 1 ? 28 : 12;
  return choice;
}

/// Element `position` of a vector of i32, as an index.
static Value loadIndex(KernelBuilder &kb, BlockArgument vector,
                       Value position) {
  Value value =
      kb.loadScalar(kb.getBuffer(vector), kb.b.getI32Type(), position);
  return arith::IndexCastOp::create(kb.b, kb.loc, kb.b.getIndexType(), value);
}

SmallVector<Value> sinter::contract::emitSparseTile(
    KernelBuilder &kb, const Contraction &c, const TileShape &shape,
    nn::SizeAttr lhsStride, const TileOperand &lhs, nn::SizeAttr lineStride,
    nn::SizeAttr pixelStride, Value column) {
  Value panel = kb.div(column, kb.index(kernel::sparseBlock));
  Value first = loadIndex(kb, c.sparse->starts, panel);
  Value last = loadIndex(kb, c.sparse->starts, kb.add(panel, kb.index(1)));
  SmallVector<Value> rowOffsets;
  for (int64_t row = 0; row < shape.getRows(); ++row)
    rowOffsets.push_back(
        kb.size(nn::add(nn::mul(lineStride, row / shape.pixels),
                        nn::mul(pixelStride, row % shape.pixels))));
  Value values = kb.getBuffer(c.rhs), stride = kb.size(lhsStride);
  Value zero = kb.constant(kb.getVector(getComputeType(c.elementType)), 0.0);
  SmallVector<Value> sums(shape.getRows() * shape.vectors, zero);
  auto addBlock = [&](Value block, ValueRange now) {
    SmallVector<Value> next(now.begin(), now.end());
    Value k = loadIndex(kb, c.sparse->indices, block);
    Value left = kb.add(lhs.offset, kb.mul(k, stride));
    Value right = kb.mul(block, kb.index(kernel::sparseBlock));
    SmallVector<Value> columns;
    for (unsigned vector = 0; vector < shape.vectors; ++vector)
      columns.push_back(
          kb.loadVector(values, c.elementType,
                        kb.add(right, kb.index(vector * kb.getLanes()))));
    for (int64_t row = 0; row < shape.getRows(); ++row) {
      Value element =
          kb.loadBroadcast(lhs.buffer, lhs.type, kb.add(left, rowOffsets[row]));
      for (unsigned vector = 0; vector < shape.vectors; ++vector) {
        Value &sum = next[row * shape.vectors + vector];
        sum =
            vector::FMAOp::create(kb.b, kb.loc, element, columns[vector], sum);
      }
    }
    return next;
  };
  return kb.forLoop(first, last, kb.index(1), sums, addBlock);
}
