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
    Value zero = kb.constant(shared.staging.type, 0.0);
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
  static constexpr int64_t fragmentRows = 16, fragmentColumns = 8;
  bool hasQuads() const { return shared.left.type.isInteger(32); }
  /// Steps of the sum that one instruction takes: 32 bytes of a row.
  int64_t getFragmentDepth() const {
    return 32 / getStorageBytes(shared.left.type);
  }
  /// The fragments of the right operand for two neighbours of columns from
  /// `first` on and the steps from `step` on: two words each.
  SmallVector<Value> loadRight(Value base, int64_t step, Value first);
  /// Four 8 x 8 matrices (of 16 bits) of 16 lines of 32 bytes, the first of
  /// which is at (`line`, `first`) of a tile: lane l names line l % 16, byte
  /// (l / 16) * 16.
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
      kb.add(first, kb.mul(kb.div(lane, kb.index(16)),
                           kb.index(16 / getStorageBytes(from.type))));
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
  Type sum = shared.staging.type;
  Type type =
      LLVM::LLVMStructType::getLiteral(kb.b.getContext(), {sum, sum, sum, sum});
  NVVM::MMATypes half = isHalf ? NVVM::MMATypes::f16 : NVVM::MMATypes::bf16;
  std::array<NVVM::MMATypes, 2> elements{half, half};
  std::optional<NVVM::MMAIntOverflow> overflow;
  if (hasQuads()) {
    elements = {NVVM::MMATypes::u8, NVVM::MMATypes::s8};
    overflow = NVVM::MMAIntOverflow::wrapped;
  }
  std::array<int64_t, 3> shape{fragmentRows, fragmentColumns,
                               hasQuads() ? 32 : 16};
  Value product = NVVM::MmaOp::create(
      kb.b, kb.loc, type, operand(left), operand(right), sums, shape,
      /*b1Op=*/std::nullopt, overflow, elements,
      std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row,
                                     NVVM::MMALayout::col});
  SmallVector<Value> result;
  for (int64_t i = 0; i < 4; ++i)
    result.push_back(LLVM::ExtractValueOp::create(kb.b, kb.loc, product, i));
  return result;
}

SmallVector<Value> WarpProduct::loadRight(Value base, int64_t step,
                                          Value first) {
  // Lines are steps. Halves are transposed: a word has two steps of a column.
  if (!hasQuads())
    return loadMatrices(shared.right, base, kb.index(step), first,
                        /*transposed=*/true);
  // A quad is four steps of a column already: lane l takes quad l % 4 of column
  // l / 4, and the fourth after it.
  Value quads = view(kb, shared, shared.right, base);
  SmallVector<Value> words;
  for (int64_t neighbour = 0; neighbour < 2; ++neighbour)
    for (int64_t half = 0; half < 2; ++half) {
      Value line = kb.add(kb.rem(lane, kb.index(4)), kb.index(step + half * 4));
      Value place = kb.add(kb.add(first, kb.div(lane, kb.index(4))),
                           kb.index(neighbour * fragmentColumns));
      words.push_back(kb.loadScalar(
          quads, shared.right.type,
          kb.add(kb.mul(line, kb.index(shared.right.stride)), place)));
    }
  return words;
}

SmallVector<Value> WarpProduct::multiply(Value left, Value right,
                                         ValueRange sums) {
  SmallVector<Value> next(sums);
  Value firstRow = kb.mul(warpRow, kb.index(tile.rowsEach * fragmentRows));
  for (int64_t step = 0; step < tile.depth; step += getFragmentDepth()) {
    SmallVector<SmallVector<Value>> rightFragments;
    for (int64_t j = 0; j < tile.columnsEach; j += 2) {
      SmallVector<Value> words =
          loadRight(right, step, kb.add(column, kb.index(j * fragmentColumns)));
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
                       staging, shared.staging.type,
                       kb.add(place, kb.index(i)));
    }
}

std::unique_ptr<TileProduct>
sinter::cuda::makeWarpProduct(DeviceBuilder &kb, const BlockTile &tile,
                              const SharedTiles &shared) {
  return std::make_unique<WarpProduct>(kb, tile, shared);
}
