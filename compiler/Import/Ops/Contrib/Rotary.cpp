//===- Rotary.cpp - rotary embeddings of com.microsoft --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Heads.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

/// (input, position_ids, cos_cache, sin_cache); the input is [B, S, N * D] or
/// [B, N, S, D], a single position that of the first element.
static LogicalResult buildRotaryEmbedding(NodeContext &node) {
  Term x = Term::input(node, 0), positions = Term::input(node, 1),
       cosines = Term::input(node, 2), sines = Term::input(node, 3);
  bool isSplit = x.getRank() == 4;
  if (cosines.getRank() != 2 || sines.getRank() != 2)
    return node.invalid("cosines and sines of rank 2", "other ranks");
  if (!isSplit) {
    int64_t heads = node.getInt("num_heads", 0);
    SizeAttr size = nn::mul(cosines.getSize(1), 2);
    if (heads == 0 && x.getRank() == 3)
      heads = nn::floorDiv(x.getSize(2), size).getConstant().value_or(0);
    auto split = splitHeads(x, heads);
    if (failed(split))
      return failure();
    x = *split;
  }
  SizeAttr one = node.getSize(1), length = x.getSize(2);
  if (positions.getRank() == 2) {
    positions = positions.cast(IntegerType::get(node.getContext(), 64));
  } else {
    Type i64 = IntegerType::get(node.getContext(), 64);
    positions = positions.cast(i64).reshape({one, one}) +
                Term::iota(node, length, i64, 1, 2);
  }
  Term result = rotate(x, cosines.gather(positions, 0).unsqueeze(1),
                       sines.gather(positions, 0).unsqueeze(1),
                       node.getInt("interleaved", 0) != 0);
  return node.setOutput(0, isSplit ? result : mergeHeads(result));
}

ArrayRef<OpRow> sinter::getContribRotaryRows() {
  static const OpRow rows[] = {
      makeContribRow("RotaryEmbedding", buildRotaryEmbedding,
                     {"input position_ids cos_cache sin_cache", "output",
                      "interleaved=int num_heads=int rotary_embedding_dim=int "
                      "is_packed_batching=int scale=float"}),
  };
  return rows;
}
