//===- ContractOperand.cpp - operands of a product in shared memory -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/ContractOperand.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/ContractTile.h"
#include "passes/Lower/TileLoops.h"
#include "passes/LowerCuda/Vectorize.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;
using contract::Contraction;
using contract::ContractPart;
using contract::ReductionLoop;
using nn::SizeAttr;

/// Bytes of the widest copy, and by which the lines of a tile are apart.
static constexpr int64_t vectorBytes = 16;

SharedTile SharedTile::make(Type type, int64_t lines, int64_t width,
                            int64_t padBytes) {
  int64_t stride = width + padBytes / getStorageBytes(type);
  return {type, lines, stride, lines * stride * getStorageBytes(type)};
}

//===----------------------------------------------------------------------===//
// Alignment
//===----------------------------------------------------------------------===//

/// Whether all sizes are multiples of `factor`.
static bool areMultiples(ArrayRef<SizeAttr> sizes, int64_t factor) {
  return llvm::all_of(sizes,
                      [&](SizeAttr size) { return isMultiple(size, factor); });
}

/// Whether the left operand can be copied by `vector` cells.
static bool isLeftTogether(const Contraction &c, int64_t vector) {
  int64_t elements = vector * c.step;
  if (c.step > 1 &&
      !(c.innerStride.isConstant(1) && isMultiple(c.innerDepth, c.step)))
    return false;
  return llvm::all_of(c.parts, [&](const ContractPart &part) {
    SmallVector<SizeAttr> strides(
        ArrayRef(part.lhs.strides).take_front(part.rows.size()));
    for (const ReductionLoop &loop : ArrayRef(part.reduction).drop_back())
      strides.push_back(loop.lhsStride);
    const ReductionLoop &inner = part.reduction.back();
    return inner.lhsStride.isConstant(c.step) &&
           isMultiple(inner.count, vector) &&
           isMultiple(part.lhs.base, elements) &&
           areMultiples(strides, elements);
  });
}

int64_t sinter::cuda::getLeftVector(const Contraction &c) {
  int64_t bytes = getStorageBytes(getElementTypeOrSelf(c.lhs.getType()));
  int64_t vector = vectorBytes / (bytes * c.step);
  if (isLeftTogether(c, vector))
    return vector;
  return c.step == 1 || isLeftTogether(c, 1) ? 1 : 0;
}

int64_t sinter::cuda::getRightVector(const Contraction &c) {
  int64_t bytes = getStorageBytes(getElementTypeOrSelf(c.rhs.getType()));
  int64_t vector = vectorBytes / (bytes * c.step);
  if (c.packed)
    return vector;
  if (c.step > 1)
    return 0;
  const ContractPart &part = c.parts.front();
  SmallVector<SizeAttr> strides(ArrayRef(part.rhs.strides).drop_back());
  for (const ReductionLoop &loop : part.reduction)
    strides.push_back(loop.rhsStride);
  bool isTogether =
      isMultiple(c.columns, vector) && part.rhs.strides.back().isConstant(1) &&
      isMultiple(part.rhs.base, vector) && areMultiples(strides, vector);
  return isTogether ? vector : 1;
}

//===----------------------------------------------------------------------===//
// The matrix
//===----------------------------------------------------------------------===//

SizeAttr sinter::cuda::getRowCount(const ContractPart &part) {
  SmallVector<SizeAttr> sizes;
  for (unsigned row : splitRows(part).rows)
    sizes.push_back(part.rows[row]);
  return nn::product(part.lhs.base.getContext(), sizes);
}

SizeAttr sinter::cuda::getDepth(const ContractPart &part) {
  SmallVector<SizeAttr> counts;
  for (const ReductionLoop &loop : part.reduction)
    counts.push_back(loop.count);
  return nn::product(part.lhs.base.getContext(), counts);
}

SmallVector<Value> sinter::cuda::getRowIndices(DeviceBuilder &kb,
                                               const ContractPart &part,
                                               ArrayRef<Value> batch,
                                               Value row) {
  RowSplit split = splitRows(part);
  SmallVector<SizeAttr> sizes;
  for (unsigned dim : split.rows)
    sizes.push_back(part.rows[dim]);
  SmallVector<Value> indices(batch);
  for (auto [dim, index] :
       llvm::zip_equal(split.rows, delinearize(kb, row, sizes)))
    indices[dim] = index;
  return indices;
}

Value sinter::cuda::evaluateForm(DeviceBuilder &kb, const LinearForm &form,
                                 ArrayRef<Value> indices) {
  Value offset = kb.size(form.base);
  for (auto [index, stride] : llvm::zip(indices, form.strides))
    if (index && !stride.isConstant(0))
      offset = kb.add(offset, kb.mul(index, kb.size(stride)));
  return offset;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

OperandCopier::OperandCopier(DeviceBuilder &kb, const Contraction &c,
                             const ContractPart &part, const BlockTile &tile,
                             const SharedTile &shared, BlockArgument operand,
                             Value memory, int64_t vector)
    : kb(kb), c(c), part(part), tile(tile), shared(shared),
      source(kb.getBuffer(operand)), memory(memory),
      elementType(getElementTypeOrSelf(operand.getType())), vector(vector),
      depth(getDepth(part)) {}

void OperandCopier::copyElements(int64_t count, Value offset, Value exists,
                                 Value base, Value place) {
  Type type = getStorageType(elementType);
  int64_t bytes = getStorageBytes(type);
  kb.setLanes(count);
  Value other = kb.constant(kb.getVector(type), kb.b.getI64IntegerAttr(fill));
  // As they are in memory: nothing is computed with them.
  Value elements = kb.ifElse(
      exists,
      [&] {
        return SmallVector<Value>{vector::LoadOp::create(
            kb.b, kb.loc, kb.getVector(type), source, ValueRange{offset},
            /*nontemporal=*/false, llvm::Align(count * bytes))};
      },
      [&] { return SmallVector<Value>{other}; })[0];
  Value target = kb.viewShared(memory, base, type, shared.bytes / bytes);
  vector::StoreOp::create(kb.b, kb.loc, elements, target, ValueRange{place},
                          /*nontemporal=*/false, llvm::Align(count * bytes));
}

void OperandCopier::copyCells(Value offset, Value exists, Value base,
                              Value line, Value column) {
  Value place = kb.add(kb.mul(line, kb.index(shared.stride)), column);
  int64_t cellBytes = getStorageBytes(shared.type);
  int64_t size = vector * cellBytes;
  if (size < 4 || fill != 0)
    return copyElements(vector * c.step, offset, exists, base,
                        kb.mul(place, kb.index(c.step)));
  auto number = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(
        kb.b, kb.loc, kb.b.getI32IntegerAttr(static_cast<int32_t>(value)));
  };
  Value count =
      arith::SelectOp::create(kb.b, kb.loc, exists, number(size), number(0));
  // Nothing is read where the count is 0, but the address must be one.
  Value from =
      arith::SelectOp::create(kb.b, kb.loc, exists, offset, kb.index(0));
  Value target =
      kb.getAddress(memory, kb.add(base, kb.mul(place, kb.index(cellBytes))));
  Value origin = kb.getAddress(
      source, kb.mul(from, kb.index(getStorageBytes(elementType))));
  auto cache = size == vectorBytes ? NVVM::LoadCacheModifierKind::CG
                                   : NVVM::LoadCacheModifierKind::CA;
  NVVM::CpAsyncOp::create(kb.b, kb.loc, target, origin, size, cache, count);
}

void OperandCopier::copyCellByElements(Value offset, SizeAttr stride,
                                       Value first, Value exists, Value base,
                                       Value line, Value column) {
  Value place = kb.mul(kb.add(kb.mul(line, kb.index(shared.stride)), column),
                       kb.index(c.step));
  for (int64_t i = 0; i < c.step; ++i) {
    Value inLoop = kb.less(kb.add(first, kb.index(i)), kb.size(c.innerDepth));
    copyElements(1, kb.add(offset, kb.size(nn::mul(stride, i))),
                 arith::AndIOp::create(kb.b, kb.loc, exists, inLoop), base,
                 kb.add(place, kb.index(i)));
  }
}

SmallVector<Value>
OperandCopier::splitStep(Value step, ArrayRef<ReductionLoop> loops) const {
  SmallVector<SizeAttr> counts;
  for (const ReductionLoop &loop : loops)
    counts.push_back(loop.count);
  return delinearize(kb, step, counts);
}

namespace {

/// The left operand: lines are rows of the matrix, along the sum.
class LeftCopier : public OperandCopier {
public:
  LeftCopier(DeviceBuilder &kb, const Contraction &c, const ContractPart &part,
             const BlockTile &tile, const SharedTile &shared, Value memory,
             ArrayRef<Value> batch, Value firstRow);
  void copy(Value start, Value base) override;

private:
  /// A row of the matrix: its offset, whether it exists, and for each dimension
  /// of a window the input coordinate at lhsStart of the taps.
  struct Row {
    Value line, offset, exists;
    SmallVector<Value> coordinates;
  };
  Row enterRow(Value line, ArrayRef<Value> batch, Value firstRow);

  SmallVector<ReductionLoop> loops;
  /// Whether neighbouring threads copy neighbouring rows, not steps.
  bool isRowsFirst;
  SmallVector<Row> rows;
  SmallVector<Value> steps; ///< of the tile, of this thread
};

} // namespace

LeftCopier::LeftCopier(DeviceBuilder &kb, const Contraction &c,
                       const ContractPart &part, const BlockTile &tile,
                       const SharedTile &shared, Value memory,
                       ArrayRef<Value> batch, Value firstRow)
    : OperandCopier(kb, c, part, tile, shared, c.lhs, memory, getLeftVector(c)),
      loops(c.window || vector == 0 ? part.reduction
                                    : contract::mergeReduction(part.reduction)),
      isRowsFirst(!part.reduction.back().lhsStride.isConstant(c.step)) {
  if (c.window)
    fill = c.window->padValue;
  int64_t cells = std::max<int64_t>(vector, 1);
  int64_t perLine = tile.depth / cells, threads = tile.threads;
  Value thread = kb.getThread();
  if (isRowsFirst) {
    // A thread has one row, and every (threads / rows)-th step.
    Value width = kb.index(tile.rows);
    rows.push_back(enterRow(kb.rem(thread, width), batch, firstRow));
    for (int64_t step = 0; step < perLine; step += threads / tile.rows)
      steps.push_back(kb.add(kb.div(thread, width), kb.index(step)));
    return;
  }
  Value width = kb.index(perLine);
  steps.push_back(kb.mul(kb.rem(thread, width), kb.index(cells)));
  for (int64_t row = 0; row < tile.rows; row += threads / perLine)
    rows.push_back(enterRow(kb.add(kb.div(thread, width), kb.index(row)), batch,
                            firstRow));
}

LeftCopier::Row LeftCopier::enterRow(Value line, ArrayRef<Value> batch,
                                     Value firstRow) {
  Row row;
  row.line = line;
  Value number = kb.add(firstRow, line);
  row.exists = kb.less(number, kb.size(getRowCount(part)));
  SmallVector<Value> indices = getRowIndices(kb, part, batch, number);
  row.offset = evaluateForm(kb, part.lhs, indices);
  if (c.window)
    for (auto [number, dim] : llvm::enumerate(c.window->dimensions))
      row.coordinates.push_back(
          kb.add(kb.mul(indices[dim.row], kb.index(dim.scale)),
                 kb.index(part.taps[number].lhsStart)));
  return row;
}

void LeftCopier::copy(Value start, Value base) {
  for (Value step : steps) {
    Value number = kb.add(start, step);
    Value inSum = kb.less(number, kb.size(depth));
    SmallVector<Value> indices = splitStep(number, loops);
    Value moved = kb.index(0);
    for (auto [index, loop] : llvm::zip_equal(indices, loops))
      moved = kb.add(moved, kb.mul(index, kb.size(loop.lhsStride)));
    for (const Row &row : rows) {
      Value exists = arith::AndIOp::create(kb.b, kb.loc, inSum, row.exists);
      for (auto [number, coordinate] : llvm::enumerate(row.coordinates)) {
        Value tap =
            kb.mul(indices[number], kb.index(part.taps[number].lhsStep));
        // One unsigned comparison covers both edges.
        Value inside = arith::CmpIOp::create(
            kb.b, kb.loc, arith::CmpIPredicate::ult, kb.add(coordinate, tap),
            kb.size(c.window->dimensions[number].size));
        exists = arith::AndIOp::create(kb.b, kb.loc, exists, inside);
      }
      Value offset = kb.add(row.offset, moved);
      if (vector > 0)
        copyCells(offset, exists, base, row.line, step);
      else
        copyCellByElements(offset, c.innerStride,
                           kb.mul(indices.back(), kb.index(c.step)), exists,
                           base, row.line, step);
    }
  }
}

namespace {

/// The right operand: lines are steps of the sum, along the columns.
class RightCopier : public OperandCopier {
public:
  RightCopier(DeviceBuilder &kb, const Contraction &c, const ContractPart &part,
              const BlockTile &tile, const SharedTile &shared, Value memory,
              ArrayRef<Value> batch, Value firstColumn);
  void copy(Value start, Value base) override;

private:
  struct Column {
    Value place, offset, exists;
  };
  Column enterColumn(Value place, Value firstColumn);

  SmallVector<ReductionLoop> loops;
  Value origin;
  SmallVector<Column> columns;
  SmallVector<Value> steps;
};

} // namespace

/// The loops of the sum as the right operand sees them, neighbours joined.
static SmallVector<ReductionLoop> getRightLoops(const ContractPart &part) {
  SmallVector<ReductionLoop> loops(part.reduction);
  for (ReductionLoop &loop : loops)
    loop.lhsStride = loop.rhsStride;
  return contract::mergeReduction(loops);
}

RightCopier::RightCopier(DeviceBuilder &kb, const Contraction &c,
                         const ContractPart &part, const BlockTile &tile,
                         const SharedTile &shared, Value memory,
                         ArrayRef<Value> batch, Value firstColumn)
    : OperandCopier(kb, c, part, tile, shared, c.rhs, memory,
                    getRightVector(c)),
      loops(getRightLoops(part)), origin(evaluateForm(kb, part.rhs, batch)) {
  int64_t threads = tile.threads;
  Value thread = kb.getThread();
  // Where steps lie together and columns do not, neighbouring threads copy
  // neighbouring steps.
  bool isStepsFirst = !c.packed && !part.rhs.strides.back().isConstant(1) &&
                      part.reduction.back().rhsStride.isConstant(1);
  if (isStepsFirst) {
    Value width = kb.index(tile.depth);
    steps.push_back(kb.rem(thread, width));
    for (int64_t place = 0; place < tile.columns; place += threads / tile.depth)
      columns.push_back(enterColumn(
          kb.add(kb.div(thread, width), kb.index(place)), firstColumn));
    return;
  }
  int64_t cells = std::max<int64_t>(vector, 1);
  int64_t perLine = tile.columns / cells;
  Value width = kb.index(perLine);
  columns.push_back(
      enterColumn(kb.mul(kb.rem(thread, width), kb.index(cells)), firstColumn));
  for (int64_t step = 0; step < tile.depth; step += threads / perLine)
    steps.push_back(kb.add(kb.div(thread, width), kb.index(step)));
}

RightCopier::Column RightCopier::enterColumn(Value place, Value firstColumn) {
  Value number = kb.add(firstColumn, place);
  Column column{place, origin, kb.less(number, kb.size(c.columns))};
  if (!c.packed) {
    column.offset =
        kb.add(origin, kb.mul(number, kb.size(part.rhs.strides.back())));
    return column;
  }
  // Packed columns come in whole panels, zero beyond the last.
  Value width = kb.index(contract::panelColumns);
  Value panel = kb.div(number, width);
  Value panels = kb.size(nn::ceilDiv(c.columns, contract::panelColumns));
  column.exists = kb.less(panel, panels);
  column.offset = kb.add(kb.add(origin, kb.mul(panel, kb.size(c.panelStride))),
                         kb.mul(kb.rem(number, width), kb.index(c.step)));
  return column;
}

void RightCopier::copy(Value start, Value base) {
  for (Value step : steps) {
    Value number = kb.add(start, step);
    Value inSum = kb.less(number, kb.size(depth));
    Value moved = kb.index(0), first = kb.mul(number, kb.index(c.step));
    // Of quads that are not packed, the loop says how far elements are apart.
    SizeAttr elementStride = loops.back().rhsStride;
    if (vector == 0)
      moved = kb.mul(first, kb.size(elementStride));
    else
      for (auto [index, loop] :
           llvm::zip_equal(splitStep(number, loops), loops))
        moved = kb.add(moved, kb.mul(index, kb.size(loop.rhsStride)));
    for (const Column &column : columns) {
      Value exists = arith::AndIOp::create(kb.b, kb.loc, inSum, column.exists);
      Value offset = kb.add(column.offset, moved);
      if (vector > 0)
        copyCells(offset, exists, base, step, column.place);
      else
        copyCellByElements(offset, elementStride, first, exists, base, step,
                           column.place);
    }
  }
}

std::unique_ptr<OperandCopier>
sinter::cuda::makeLeftCopier(DeviceBuilder &kb, const Contraction &c,
                             const ContractPart &part, const BlockTile &tile,
                             const SharedTile &shared, Value memory,
                             ArrayRef<Value> batch, Value firstRow) {
  return std::make_unique<LeftCopier>(kb, c, part, tile, shared, memory, batch,
                                      firstRow);
}

std::unique_ptr<OperandCopier>
sinter::cuda::makeRightCopier(DeviceBuilder &kb, const Contraction &c,
                              const ContractPart &part, const BlockTile &tile,
                              const SharedTile &shared, Value memory,
                              ArrayRef<Value> batch, Value firstColumn) {
  return std::make_unique<RightCopier>(kb, c, part, tile, shared, memory, batch,
                                       firstColumn);
}
