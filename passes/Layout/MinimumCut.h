//===- MinimumCut.h - the cheapest separation of a graph --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LAYOUT_MINIMUMCUT_H
#define SINTER_PASSES_LAYOUT_MINIMUMCUT_H

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace sinter {

/// A directed graph with capacities, split into two sides such that the edges
/// from the first to the second cost least. Deterministic.
class MinimumCut {
public:
  /// A node that is on the first side, and one that is on the second.
  static constexpr unsigned kFirst = 0, kSecond = 1;
  /// A capacity that is never cut.
  static constexpr int64_t kInfinite = INT64_MAX / 4;

  MinimumCut() : edgesOf(2) {}

  /// Adds a node that may be on either side.
  unsigned addNode();
  /// Costs `capacity` where `from` is on the first side and `to` on the second.
  void addEdge(unsigned from, unsigned to, int64_t capacity);

  /// The nodes on the first side of a cheapest split: of all such splits, the
  /// one whose first side is smallest.
  llvm::BitVector solve();

private:
  struct Edge {
    unsigned to;
    int64_t residual;
  };

  bool buildLevels();
  bool augment();

  std::vector<Edge> edges; // edge i and its reverse i ^ 1
  std::vector<llvm::SmallVector<unsigned, 4>> edgesOf;
  std::vector<unsigned> level, next;
};

} // namespace sinter

#endif // SINTER_PASSES_LAYOUT_MINIMUMCUT_H
