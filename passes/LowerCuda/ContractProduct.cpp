//===- ContractProduct.cpp - products of tiles in registers ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Fragments of mma.sync and ldmatrix: PTX ISA, "Warp Level Matrix
// Instructions".
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/ContractProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;

/// The tile at byte `base` as an array of its elements.
static Value view(DeviceBuilder &kb, const SharedTiles &shared,
                  const SharedTile &tile, Value base) {
  return kb.viewShared(shared.memory, base, tile.type,
                       tile.lines * tile.stride);
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

namespace {

class ThreadProduct : public TileProduct {
public:
  ThreadProduct(DeviceBuilder &kb, const BlockTile &tile,
                const SharedTiles &shared)
      : kb(kb), tile(tile), shared(shared),
        lanes(16 / getStorageBytes(shared.left.type)),
        groups(tile.columnsEach / lanes), threadRows(tile.rows / tile.rowsEach),
        threadColumns(tile.columns / tile.columnsEach),
        row(kb.div(kb.getThread(), kb.index(threadColumns))),
        column(kb.mul(kb.rem(kb.getThread(), kb.index(threadColumns)),
                      kb.index(lanes))),
        type(VectorType::get({lanes}, shared.left.type)) {}

  SmallVector<Value> getStart() override {
    return SmallVector<Value>(tile.rowsEach * groups, kb.constant(type, 0.0));
  }
  SmallVector<Value> multiply(Value left, Value right,
                              ValueRange sums) override;
  void stage(int64_t stage, ValueRange sums) override;
  Value getRow(int64_t stage, Value line) override {
    return kb.add(line, kb.index(stage * BlockTile::stagedRows));
  }

private:
  Value multiplyAdd(Value left, Value right, Value sum);
  /// Column of the tile where the vector `group` of this thread begins.
  Value getColumn(int64_t group) {
    return kb.add(column, kb.index(group * threadColumns * lanes));
  }

  DeviceBuilder &kb;
  const BlockTile &tile;
  const SharedTiles &shared;
  int64_t lanes, groups, threadRows, threadColumns;
  Value row, column;
  VectorType type;
};

} // namespace

Value ThreadProduct::multiplyAdd(Value left, Value right, Value sum) {
  left = vector::BroadcastOp::create(kb.b, kb.loc, type, left);
  if (isa<FloatType>(type.getElementType()))
    return vector::FMAOp::create(kb.b, kb.loc, left, right, sum);
  Value product = arith::MulIOp::create(kb.b, kb.loc, left, right);
  return arith::AddIOp::create(kb.b, kb.loc, sum, product);
}

SmallVector<Value> ThreadProduct::multiply(Value left, Value right,
                                           ValueRange sums) {
  kb.setLanes(lanes);
  Value leftTile = view(kb, shared, shared.left, left);
  Value rightTile = view(kb, shared, shared.right, right);
  Type element = type.getElementType();
  return kb.forLoop(
      kb.index(0), kb.index(tile.depth), kb.index(lanes), sums,
      [&](Value step, ValueRange carried) {
        SmallVector<Value> next(carried), leftVectors;
        for (int64_t i = 0; i < tile.rowsEach; ++i) {
          Value line = kb.add(row, kb.index(i * threadRows));
          leftVectors.push_back(kb.loadVector(
              leftTile, element,
              kb.add(kb.mul(line, kb.index(shared.left.stride)), step)));
        }
        for (int64_t lane = 0; lane < lanes; ++lane) {
          Value line = kb.mul(kb.add(step, kb.index(lane)),
                              kb.index(shared.right.stride));
          SmallVector<Value> rightVectors;
          for (int64_t group = 0; group < groups; ++group)
            rightVectors.push_back(kb.loadVector(
                rightTile, element, kb.add(line, getColumn(group))));
          for (int64_t i = 0; i < tile.rowsEach; ++i) {
            Value scalar = vector::ExtractOp::create(
                kb.b, kb.loc, leftVectors[i], ArrayRef<int64_t>{lane});
            for (int64_t group = 0; group < groups; ++group) {
              Value &sum = next[i * groups + group];
              sum = multiplyAdd(scalar, rightVectors[group], sum);
            }
          }
        }
        return next;
      });
}

void ThreadProduct::stage(int64_t stage, ValueRange sums) {
  kb.setLanes(lanes);
  Value staging = view(kb, shared, shared.staging, kb.index(0));
  int64_t each = BlockTile::stagedRows / threadRows;
  for (int64_t i = 0; i < each; ++i) {
    Value line = kb.mul(kb.add(row, kb.index(i * threadRows)),
                        kb.index(shared.staging.stride));
    for (int64_t group = 0; group < groups; ++group)
      kb.storeVector(sums[(stage * each + i) * groups + group], staging,
                     type.getElementType(), kb.add(line, getColumn(group)));
  }
}

std::unique_ptr<TileProduct>
sinter::cuda::makeThreadProduct(DeviceBuilder &kb, const BlockTile &tile,
                                const SharedTiles &shared) {
  return std::make_unique<ThreadProduct>(kb, tile, shared);
}

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

namespace {

class WarpProduct : public TileProduct {
public:
  WarpProduct(DeviceBuilder &kb, const BlockTile &tile,
              const SharedTiles &shared)
      : kb(kb), tile(tile), shared(shared) {
    int64_t warpColumns = tile.columns / (tile.columnsEach * fragmentColumns);
    Value warp = kb.div(kb.getThread(), kb.index(warpSize));
    lane = kb.rem(kb.getThread(), kb.index(warpSize));
    warpRow = kb.div(warp, kb.index(warpColumns));
    column = kb.mul(kb.rem(warp, kb.index(warpColumns)),
                    kb.index(tile.columnsEach * fragmentColumns));
  }

  SmallVector<Value> getStart() override {
    Value zero = kb.constant(kb.b.getF32Type(), 0.0);
    return SmallVector<Value>(tile.rowsEach * tile.columnsEach * 4, zero);
  }
  SmallVector<Value> multiply(Value left, Value right,
                              ValueRange sums) override;
  void stage(int64_t stage, ValueRange sums) override;
  /// Part `stage` has the fragment `stage` of every warp.
  Value getRow(int64_t stage, Value line) override {
    Value rows = kb.index(fragmentRows);
    Value warp =
        kb.mul(kb.div(line, rows), kb.index(tile.rowsEach * fragmentRows));
    return kb.add(kb.add(warp, kb.index(stage * fragmentRows)),
                  kb.rem(line, rows));
  }

private:
  static constexpr int64_t fragmentRows = 16, fragmentColumns = 8,
                           fragmentDepth = 16;
  /// Four 8 x 8 matrices of a square of 16 x 16 elements whose first is at
  /// (`line`, `first`) of a tile: lane l names row l % 16, columns (l / 16)
  /// * 8.
  SmallVector<Value> loadMatrices(const SharedTile &from, Value base,
                                  Value line, Value first, bool transposed);
  SmallVector<Value> multiplyFragments(ArrayRef<Value> left,
                                       ArrayRef<Value> right,
                                       ArrayRef<Value> sums);

  DeviceBuilder &kb;
  const BlockTile &tile;
  const SharedTiles &shared;
  Value lane, warpRow, column;
};

} // namespace

SmallVector<Value> WarpProduct::loadMatrices(const SharedTile &from, Value base,
                                             Value line, Value first,
                                             bool transposed) {
  Value ownLine = kb.add(line, kb.rem(lane, kb.index(16)));
  Value ownFirst =
      kb.add(first, kb.mul(kb.div(lane, kb.index(16)), kb.index(8)));
  Value element = kb.add(kb.mul(ownLine, kb.index(from.stride)), ownFirst);
  Value address = kb.getAddress(
      shared.memory,
      kb.add(base, kb.mul(element, kb.index(getStorageBytes(from.type)))));
  MLIRContext *context = kb.b.getContext();
  Type word = kb.b.getI32Type();
  Type words =
      LLVM::LLVMStructType::getLiteral(context, {word, word, word, word});
  Value loaded = NVVM::LdMatrixOp::create(
      kb.b, kb.loc, words, address, /*num=*/4,
      transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row,
      NVVM::LdStMatrixShapeAttr::get(context, 8, 8),
      NVVM::LdStMatrixEltType::B16);
  SmallVector<Value> result;
  for (int64_t i = 0; i < 4; ++i)
    result.push_back(LLVM::ExtractValueOp::create(kb.b, kb.loc, loaded, i));
  return result;
}

SmallVector<Value> WarpProduct::multiplyFragments(ArrayRef<Value> left,
                                                  ArrayRef<Value> right,
                                                  ArrayRef<Value> sums) {
  bool isHalf = shared.left.type.isF16();
  auto operand = [&](ArrayRef<Value> words) {
    if (!isHalf)
      return SmallVector<Value>(words);
    Type pair = VectorType::get({2}, kb.b.getF16Type());
    return llvm::map_to_vector(words, [&](Value word) -> Value {
      return LLVM::BitcastOp::create(kb.b, kb.loc, pair, word);
    });
  };
  Type f32 = kb.b.getF32Type();
  Type type =
      LLVM::LLVMStructType::getLiteral(kb.b.getContext(), {f32, f32, f32, f32});
  NVVM::MMATypes element = isHalf ? NVVM::MMATypes::f16 : NVVM::MMATypes::bf16;
  std::array<int64_t, 3> shape{fragmentRows, fragmentColumns, fragmentDepth};
  Value product = NVVM::MmaOp::create(
      kb.b, kb.loc, type, operand(left), operand(right), sums, shape,
      /*b1Op=*/std::nullopt, /*intOverflow=*/std::nullopt,
      std::array<NVVM::MMATypes, 2>{element, element},
      std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row,
                                     NVVM::MMALayout::col});
  SmallVector<Value> result;
  for (int64_t i = 0; i < 4; ++i)
    result.push_back(LLVM::ExtractValueOp::create(kb.b, kb.loc, product, i));
  return result;
}

SmallVector<Value> WarpProduct::multiply(Value left, Value right,
                                         ValueRange sums) {
  SmallVector<Value> next(sums);
  Value firstRow = kb.mul(warpRow, kb.index(tile.rowsEach * fragmentRows));
  for (int64_t step = 0; step < tile.depth; step += fragmentDepth) {
    // A square of the right operand has the fragments of two columns.
    SmallVector<SmallVector<Value>> rightFragments;
    for (int64_t j = 0; j < tile.columnsEach; j += 2) {
      SmallVector<Value> words = loadMatrices(
          shared.right, right, kb.index(step),
          kb.add(column, kb.index(j * fragmentColumns)), /*transposed=*/true);
      rightFragments.push_back({words[0], words[1]});
      rightFragments.push_back({words[2], words[3]});
    }
    for (int64_t i = 0; i < tile.rowsEach; ++i) {
      SmallVector<Value> leftFragment = loadMatrices(
          shared.left, left, kb.add(firstRow, kb.index(i * fragmentRows)),
          kb.index(step), /*transposed=*/false);
      for (int64_t j = 0; j < tile.columnsEach; ++j) {
        int64_t first = (i * tile.columnsEach + j) * 4;
        SmallVector<Value> products = multiplyFragments(
            leftFragment, rightFragments[j], ArrayRef(next).slice(first, 4));
        llvm::copy(products, next.begin() + first);
      }
    }
  }
  return next;
}

void WarpProduct::stage(int64_t stage, ValueRange sums) {
  // Lane l has the columns 2 * (l % 4) and the next one, of rows l / 4 and l /
  // 4 + 8.
  Value staging = view(kb, shared, shared.staging, kb.index(0));
  Value stride = kb.index(shared.staging.stride);
  Value line = kb.add(kb.mul(warpRow, kb.index(fragmentRows)),
                      kb.div(lane, kb.index(4)));
  Value first = kb.add(column, kb.mul(kb.rem(lane, kb.index(4)), kb.index(2)));
  for (int64_t j = 0; j < tile.columnsEach; ++j)
    for (int64_t half = 0; half < 2; ++half) {
      Value place = kb.add(kb.mul(kb.add(line, kb.index(half * 8)), stride),
                           kb.add(first, kb.index(j * fragmentColumns)));
      for (int64_t i = 0; i < 2; ++i)
        kb.storeScalar(sums[(stage * tile.columnsEach + j) * 4 + half * 2 + i],
                       staging, kb.b.getF32Type(), kb.add(place, kb.index(i)));
    }
}

std::unique_ptr<TileProduct>
sinter::cuda::makeWarpProduct(DeviceBuilder &kb, const BlockTile &tile,
                              const SharedTiles &shared) {
  return std::make_unique<WarpProduct>(kb, tile, shared);
}
