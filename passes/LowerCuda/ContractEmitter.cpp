//===- ContractEmitter.cpp - kernels with a contraction for CUDA ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block computes a tile of the result. Tiles of both operands go through
// shared memory in two stages: while one is multiplied, the next one is copied.
// The sums go through shared memory too, so that the epilogue reads and writes
// memory in its order and its code stands there once for each part, not once
// for each register. No sum is split: results do not depend on the tile.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "passes/Lower/Elementwise.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/PointProgram.h"
#include "passes/Lower/TileLoops.h"
#include "passes/LowerCuda/ContractProduct.h"
#include "passes/LowerCuda/Emitters.h"
#include "passes/LowerCuda/Vectorize.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;
using contract::Contraction;
using contract::ContractPart;
using nn::SizeAttr;

namespace {

class ContractEmitter {
public:
  ContractEmitter(DeviceBuilder &kb, const Contraction &c);
  void run();

private:
  void emitPart(const ContractPart &part);
  SmallVector<Value> emitSums(const ContractPart &part);
  void emitEpilogue(const ContractPart &part, int64_t stage);
  void storeElements(const ContractPart &part, Value sum, Value row,
                     Value column);
  Value evaluate(const ContractPart &part, Value sum,
                 ArrayRef<Value> rowIndices, Value column);
  /// Whether vectors of columns can be read and written by the epilogue.
  bool canVectorizeColumns() const;

  DeviceBuilder &kb;
  const Contraction &c;
  BlockTile tile;
  SharedTiles shared;
  std::unique_ptr<TileProduct> product;
  /// Of the block: indices of the batch dimensions, its first row and column.
  SmallVector<Value> batch;
  Value firstRow, firstColumn;
};

} // namespace

ContractEmitter::ContractEmitter(DeviceBuilder &kb, const Contraction &c)
    : kb(kb), c(c), tile(chooseBlockTile(c, getLeftVector(c) > 1)) {
  Type type = c.step > 1 ? kb.b.getI32Type() : getStorageType(c.elementType);
  shared.left = SharedTile::make(type, tile.rows, tile.depth);
  shared.right = SharedTile::make(type, tile.depth, tile.columns,
                                  /*padBytes=*/c.step > 1 ? 32 : 16);
  shared.staging = SharedTile::make(getComputeType(c.elementType),
                                    BlockTile::stagedRows, tile.columns);
  shared.memory =
      kb.makeShared("tiles", kb.b.getI8Type(),
                    std::max(2 * shared.getStageBytes(), shared.staging.bytes));
  product = tile.usesTensorCores ? makeWarpProduct(kb, tile, shared)
                                 : makeThreadProduct(kb, tile, shared);
}

void ContractEmitter::run() {
  // Rows of the largest part; blocks with the same rows follow each other.
  ContractPart whole = c.parts.front();
  whole.rows = c.rows;
  SizeAttr rowBlocks = nn::ceilDiv(getRowCount(whole), tile.rows);
  SizeAttr columnBlocks = nn::ceilDiv(c.columns, tile.columns);
  RowSplit split = splitRows(whole);
  SmallVector<SizeAttr> grid;
  for (unsigned dim : split.batch)
    grid.push_back(c.rows[dim]);
  int64_t parts = c.parts.size();
  grid.append({nn::getSize(kb.b.getContext(), parts), rowBlocks, columnBlocks});
  kb.setLaunch(nn::product(kb.b.getContext(), grid), tile.threads);

  SmallVector<Value> place = delinearize(kb, kb.getBlock(), grid);
  firstColumn = kb.mul(place.back(), kb.index(tile.columns));
  firstRow = kb.mul(place[place.size() - 2], kb.index(tile.rows));
  Value number = place[place.size() - 3];
  batch.assign(c.rows.size(), Value());
  for (auto [dim, index] : llvm::zip(split.batch, place))
    batch[dim] = index;
  if (parts == 1)
    return emitPart(c.parts.front());
  for (int64_t part = 0; part < parts; ++part) {
    // A part may have fewer rows than the largest. All threads agree.
    const ContractPart &own = c.parts[part];
    Value isThis =
        arith::AndIOp::create(kb.b, kb.loc, kb.equal(number, kb.index(part)),
                              kb.less(firstRow, kb.size(getRowCount(own))));
    kb.ifThen(isThis, [&] { emitPart(own); });
  }
}

void ContractEmitter::emitPart(const ContractPart &part) {
  SmallVector<Value> sums = emitSums(part);
  for (int64_t stage = 0; stage < tile.getStages(); ++stage) {
    kb.barrier();
    product->stage(stage, sums);
    kb.barrier();
    emitEpilogue(part, stage);
  }
}

SmallVector<Value> ContractEmitter::emitSums(const ContractPart &part) {
  SizeAttr depth = getDepth(part);
  SmallVector<Value> start = product->getStart();
  if (depth.isConstant(0))
    return start;
  auto left = makeLeftCopier(kb, c, part, tile, shared.left, shared.memory,
                             batch, firstRow);
  auto right = makeRightCopier(kb, c, part, tile, shared.right, shared.memory,
                               batch, firstColumn);
  Value zero = kb.index(0), one = kb.index(1);
  auto getBase = [&](Value round) {
    return kb.mul(kb.rem(round, kb.index(2)), kb.index(shared.getStageBytes()));
  };
  auto getRightBase = [&](Value base) {
    return kb.add(base, kb.index(shared.left.bytes));
  };
  auto copy = [&](Value round, Value base) {
    Value step = kb.mul(round, kb.index(tile.depth));
    left->copy(step, base);
    right->copy(step, getRightBase(base));
    NVVM::CpAsyncCommitGroupOp::create(kb.b, kb.loc);
  };
  copy(zero, zero);
  Value rounds = kb.size(nn::ceilDiv(depth, tile.depth));
  return kb.forLoop(
      zero, rounds, one, start, [&](Value round, ValueRange sums) {
        NVVM::CpAsyncWaitGroupOp::create(kb.b, kb.loc, 0);
        // What all threads copied is there, and the other stage
        // is free.
        kb.barrier();
        Value next = kb.add(round, one);
        kb.ifThen(kb.less(next, rounds), [&] { copy(next, getBase(next)); });
        Value base = getBase(round);
        return product->multiply(base, getRightBase(base), sums);
      });
}

//===----------------------------------------------------------------------===//
// Epilogue
//===----------------------------------------------------------------------===//

bool ContractEmitter::canVectorizeColumns() const {
  if (getStorageBytes(shared.staging.type) != 4 ||
      !isMultiple(c.columns, vectorLanes))
    return false;
  return llvm::all_of(c.parts, [&](const ContractPart &part) {
    unsigned column = part.rows.size();
    return part.result.strides.back().isConstant(1) &&
           isAligned(part.result, column) &&
           llvm::all_of(part.leaves, [&](const LinearForm &leaf) {
             return isAligned(leaf, column);
           });
  });
}

void ContractEmitter::emitEpilogue(const ContractPart &part, int64_t stage) {
  int64_t lanes = canVectorizeColumns() ? vectorLanes : 1;
  kb.setLanes(lanes);
  int64_t perLine = tile.columns / lanes;
  // Neighbouring threads write neighbouring elements.
  bool isRowsFirst = !part.result.strides.back().isConstant(1);
  Value staging = kb.viewShared(shared.memory, kb.index(0), shared.staging.type,
                                shared.staging.lines * shared.staging.stride);
  kb.forLoop(
      kb.getThread(), kb.index(BlockTile::stagedRows * perLine),
      kb.index(tile.threads), [&](Value item) {
        Value width = kb.index(isRowsFirst ? BlockTile::stagedRows : perLine);
        Value high = kb.div(item, width), low = kb.rem(item, width);
        Value line = isRowsFirst ? low : high;
        Value place = kb.mul(isRowsFirst ? high : low, kb.index(lanes));
        Value row = kb.add(firstRow, product->getRow(stage, line));
        Value column = kb.add(firstColumn, place);
        Value exists = arith::AndIOp::create(
            kb.b, kb.loc, kb.less(row, kb.size(getRowCount(part))),
            kb.less(column, kb.size(c.columns)));
        kb.ifThen(exists, [&] {
          Value sum = kb.loadVector(
              staging, shared.staging.type,
              kb.add(kb.mul(line, kb.index(shared.staging.stride)), place));
          storeElements(part, sum, row, column);
        });
      });
}

void ContractEmitter::storeElements(const ContractPart &part, Value sum,
                                    Value row, Value column) {
  SmallVector<Value> indices = getRowIndices(kb, part, batch, row);
  Value value = evaluate(part, sum, indices, column);
  Value offset = kb.add(evaluateForm(kb, part.result, indices),
                        kb.mul(column, kb.size(part.result.strides.back())));
  kb.storeVector(value, kb.getResultBuffer(0),
                 getElementTypeOrSelf(c.stored.getType()), offset);
}

Value ContractEmitter::evaluate(const ContractPart &part, Value sum,
                                ArrayRef<Value> rowIndices, Value column) {
  llvm::DenseMap<Value, Value> values;
  values[c.op->getResult(0)] = sum;
  for (auto [leaf, form] : llvm::zip_equal(c.leaves, part.leaves)) {
    Value buffer = kb.getBuffer(leaf.argument);
    Type type = getElementTypeOrSelf(leaf.argument.getType());
    SizeAttr stride = form.strides.back();
    Value offset = kb.add(evaluateForm(kb, form, rowIndices),
                          kb.mul(column, kb.size(stride)));
    values[leaf.value] = stride.isConstant(0)
                             ? kb.loadBroadcast(buffer, type, offset)
                             : kb.loadVector(buffer, type, offset);
  }
  for (Operation *op : c.epilogue) {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      TypedAttr scalar = getScalarConstant(operand);
      Type type = getComputeType(getElementTypeOrSelf(operand.getType()));
      operands.push_back(scalar ? kb.constant(kb.getVector(type), scalar)
                                : values.lookup(operand));
    }
    values[op->getResult(0)] = emitElementwise(kb.b, kb.loc, op, operands);
  }
  return values.lookup(c.stored);
}

LogicalResult sinter::cuda::emitContractKernel(DeviceBuilder &kb) {
  contract::ContractObstacle obstacle;
  std::optional<Contraction> contraction =
      contract::getContraction(kb.getKernel(), obstacle);
  if (!contraction)
    return emitUnsupported(obstacle.op, obstacle.reason);
  if (contraction->sparse)
    return emitUnsupported(contraction->op,
                           "kernels for CUDA do not read weights that are "
                           "stored without their zeros; compiled without "
                           "pruning it would be supported");
  ContractEmitter(kb, *contraction).run();
  return success();
}
