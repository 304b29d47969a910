//===- ContractEpilogue.cpp - what follows a contraction --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ContractEpilogue.h"
#include "dialects/NN/NNDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/Elementwise.h"
#include "passes/Lower/RegisterTranspose.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::contract;

/// Operations up to which an epilogue is unrolled over the register tile.
static constexpr size_t fewOperations = 8;

bool sinter::contract::isHeavyEpilogue(const Contraction &contraction) {
  return contraction.epilogue.size() > fewOperations ||
         llvm::any_of(contraction.epilogue, isExpensive);
}

Value EpilogueEmitter::getOffset(const TilePosition &position,
                                 const Place &place) {
  Value offset =
      kb.add(position.offset, kb.mul(place.line, position.lineStride));
  offset = kb.add(offset, kb.mul(place.pixel, position.pixelStride));
  Value columns = kb.index(int64_t(place.vector) * kb.getLanes());
  return kb.add(offset, kb.mul(columns, kb.size(position.columnStride)));
}

Value EpilogueEmitter::loadLeaf(unsigned leaf, const TilePosition &position,
                                const Place &place) {
  BlockArgument argument = c.leaves[leaf].argument;
  Type type = cast<RankedTensorType>(argument.getType()).getElementType();
  Value buffer = kb.getBuffer(argument);
  Value offset = getOffset(position, place);
  if (position.columnStride.isConstant(0))
    return kb.loadBroadcast(buffer, type, offset);
  if (position.columnStride.isConstant(1))
    return kb.loadVector(buffer, type, offset, place.mask);
  Value stride = kb.broadcast(kb.size(position.columnStride));
  Value offsets = arith::MulIOp::create(kb.b, kb.loc, kb.laneNumbers(), stride);
  return kb.gatherVector(buffer, type, offset, offsets, place.mask);
}

Value EpilogueEmitter::evaluate(Value sum, ArrayRef<TilePosition> leaves,
                                const Place &place) {
  llvm::DenseMap<Value, Value> values;
  values[c.op->getResult(0)] = sum;
  for (auto [index, leaf] : llvm::enumerate(c.leaves)) {
    bool same = leaves[index].sameForRows;
    Value &known =
        same ? shared[{leaf.value, place.vector}] : values[leaf.value];
    if (!known)
      known = loadLeaf(index, leaves[index], place);
    if (same)
      values[leaf.value] = known;
  }
  for (Operation *op : c.epilogue) {
    SmallVector<Value> operands;
    bool same = true;
    for (Value operand : op->getOperands()) {
      if (auto weight = operand.getDefiningOp<nn::WeightOp>()) {
        auto value =
            cast<DenseElementsAttr>(weight.getValue().getParams().get("value"));
        Type type = cast<RankedTensorType>(weight.getType()).getElementType();
        operands.push_back(kb.constant(kb.getVector(getComputeType(type)),
                                       *value.getValues<Attribute>().begin()));
        continue;
      }
      operands.push_back(values.lookup(operand));
      same &= shared.count({operand, place.vector}) != 0;
    }
    Value result = op->getResult(0);
    if (same)
      if (Value known = shared.lookup({result, place.vector})) {
        values[result] = known;
        continue;
      }
    values[result] = emitElementwise(kb.b, kb.loc, op, operands);
    if (same)
      shared[{result, place.vector}] = values[result];
  }
  return values.lookup(c.stored);
}

void EpilogueEmitter::store(Value value, const TilePosition &position,
                            const Place &place) {
  Type type = cast<RankedTensorType>(c.stored.getType()).getElementType();
  Value buffer = kb.getResultBuffer(0);
  Value offset = getOffset(position, place);
  if (position.columnStride.isConstant(1)) {
    kb.storeVector(value, buffer, type, offset, place.mask);
    return;
  }
  Value mask = place.mask;
  if (!mask)
    mask = kb.constant(kb.getVector(kb.b.getI1Type()), kb.b.getBoolAttr(true));
  // Short distances as 32-bit numbers: half the work for the processor.
  std::optional<int64_t> stride = position.columnStride.getConstant();
  Value offsets;
  if (stride && *stride < (1 << 24)) {
    SmallVector<int32_t> lanes;
    for (unsigned lane = 0; lane < kb.getLanes(); ++lane)
      lanes.push_back(lane * *stride);
    offsets =
        arith::ConstantOp::create(kb.b, kb.loc, kb.b.getI32VectorAttr(lanes));
  } else {
    offsets =
        arith::MulIOp::create(kb.b, kb.loc, kb.laneNumbers(),
                              kb.broadcast(kb.size(position.columnStride)));
  }
  vector::ScatterOp::create(kb.b, kb.loc, /*resultType=*/Type(), buffer,
                            ValueRange{offset}, offsets, mask,
                            kb.toStorage(value, type));
}

/// Stores columns whose rows lie together: squares of rows and columns are
/// transposed, then each column of a square is one vector.
void EpilogueEmitter::storeTransposed(const TileShape &shape,
                                      ArrayRef<Value> values,
                                      const TilePosition &position,
                                      ArrayRef<Value> masks) {
  Type type = cast<RankedTensorType>(c.stored.getType()).getElementType();
  Value buffer = kb.getResultBuffer(0);
  Value columnStride = kb.size(position.columnStride);
  int64_t lanes = kb.getLanes(), rows = shape.getRows();
  for (unsigned vector = 0; vector < shape.vectors; ++vector)
    for (int64_t first = 0; first < rows; first += lanes) {
      int64_t count = std::min(lanes, rows - first);
      SmallVector<Value> square;
      for (int64_t row = first; row < first + count; ++row)
        square.push_back(values[row * shape.vectors + vector]);
      square.resize(lanes, square.back());
      square = emitRegisterTranspose(kb.b, kb.loc, square);
      Value whole;
      if (count < lanes)
        whole = kb.tailMask(kb.index(count));
      for (int64_t lane = 0; lane < lanes; ++lane) {
        Value offset =
            kb.mul(kb.index(int64_t(vector) * lanes + lane), columnStride);
        offset = kb.add(kb.add(position.offset, offset), kb.index(first));
        auto storeColumn = [&] {
          kb.storeVector(square[lane], buffer, type, offset, whole);
        };
        if (masks.empty())
          storeColumn();
        else
          kb.ifThen(
              vector::ExtractOp::create(kb.b, kb.loc, masks[vector], lane),
              storeColumn);
      }
    }
}

void EpilogueEmitter::emit(const TileShape &shape, ArrayRef<Value> sums,
                           ArrayRef<TilePosition> leaves,
                           const TilePosition &result, ArrayRef<Value> masks) {
  shared.clear();
  if (heavy) {
    emitLoop(shape, sums, leaves, result, masks);
    return;
  }
  // A transposed square of few rows is mostly filler.
  bool transposed =
      result.rowsTogether && shape.getRows() * 4 > int64_t(kb.getLanes());
  SmallVector<Value> values;
  for (int64_t row = 0; row < shape.getRows(); ++row)
    for (unsigned vector = 0; vector < shape.vectors; ++vector) {
      Place place{kb.index(row / shape.pixels), kb.index(row % shape.pixels),
                  vector, masks.empty() ? Value() : masks[vector]};
      values.push_back(
          evaluate(sums[row * shape.vectors + vector], leaves, place));
      if (!transposed)
        store(values.back(), result, place);
    }
  if (transposed)
    storeTransposed(shape, values, result, masks);
}

void EpilogueEmitter::emitLoop(const TileShape &shape, ArrayRef<Value> sums,
                               ArrayRef<TilePosition> leaves,
                               const TilePosition &result,
                               ArrayRef<Value> masks) {
  int64_t lanes = kb.getLanes();
  Type type = c.elementType, compute = getComputeType(type);
  for (auto [index, sum] : llvm::enumerate(sums))
    kb.storeVector(sum, scratch, compute, kb.index(index * lanes));
  Value zero = kb.index(0), one = kb.index(1);
  kb.forLoop(zero, kb.index(shape.lines), one, [&](Value line) {
    kb.forLoop(zero, kb.index(shape.pixels), one, [&](Value pixel) {
      shared.clear();
      Value row = kb.add(kb.mul(line, kb.index(shape.pixels)), pixel);
      for (unsigned vector = 0; vector < shape.vectors; ++vector) {
        Value at = kb.add(kb.mul(row, kb.index(shape.vectors * lanes)),
                          kb.index(vector * lanes));
        Value sum = kb.loadVector(scratch, compute, at);
        Place place{line, pixel, vector,
                    masks.empty() ? Value() : masks[vector]};
        store(evaluate(sum, leaves, place), result, place);
      }
    });
  });
  shared.clear();
}
