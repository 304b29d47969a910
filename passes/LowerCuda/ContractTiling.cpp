//===- ContractTiling.cpp - tiles of a contraction for CUDA ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/ContractTiling.h"
#include "dialects/NN/Size.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;
using nn::SizeAttr;

/// Blocks that occupy a GPU: one for each multiprocessor of an A100.
static constexpr int64_t wantedBlocks = 108;
/// Value of a free dimension for the choice of a tile.
static constexpr int64_t nominalSize = 64;

RowSplit sinter::cuda::splitRows(const contract::ContractPart &part) {
  RowSplit split;
  for (unsigned row = 0; row < part.rows.size(); ++row)
    (part.rhs.dependsOn(row) ? split.batch : split.rows).push_back(row);
  return split;
}

static int64_t estimate(SizeAttr size) {
  auto lookup = [](StringRef) { return std::optional<int64_t>(nominalSize); };
  return std::max<int64_t>(1, nn::evaluate(size, lookup).value_or(nominalSize));
}

BlockTile
sinter::cuda::chooseBlockTile(const contract::Contraction &contraction,
                              bool readsVectors) {
  const contract::ContractPart &part = contraction.parts.front();
  RowSplit split = splitRows(part);
  int64_t rows = 1, batch = contraction.parts.size();
  for (unsigned row : split.rows)
    rows *= estimate(contraction.rows[row]);
  for (unsigned row : split.batch)
    batch *= estimate(contraction.rows[row]);
  int64_t columns = estimate(contraction.columns);
  auto getBlocks = [&](const BlockTile &tile) {
    return llvm::divideCeil(rows, tile.rows) *
           llvm::divideCeil(columns, tile.columns) * batch;
  };
  Type type = contraction.elementType;
  if (type.isF16() || type.isBF16() || contraction.step > 1) {
    // 64 bytes of the sum.
    int64_t depth = contraction.step > 1 ? 16 : 32;
    BlockTile large{128, 128, depth, 256, true, 4, 4};
    BlockTile small{64, 64, depth, 128, true, 2, 4};
    return getBlocks(large) >= wantedBlocks ? large : small;
  }
  BlockTile large{128, 128, 16, 256, false, 8, 8};
  BlockTile medium{64, 64, 16, 256, false, 4, 4};
  BlockTile small{32, 32, 16, 128, false, 2, 4};
  if (readsVectors && type.getIntOrFloatBitWidth() == 32 &&
      getBlocks(large) >= wantedBlocks)
    return large;
  return getBlocks(medium) >= wantedBlocks ? medium : small;
}
