//===- MinimumCut.cpp - the cheapest separation of a graph ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Maximum flow by E. A. Dinic's algorithm (1970): phases of breadth-first
// levels and of augmenting paths that climb them. By the theorem of Ford and
// Fulkerson, what the source still reaches afterwards is the first side of a
// minimum cut, and it is the smallest such side.
//
//===----------------------------------------------------------------------===//

#include "passes/Layout/MinimumCut.h"

#include <algorithm>

namespace sinter {

static constexpr unsigned kUnreached = ~0u;

unsigned MinimumCut::addNode() {
  edgesOf.emplace_back();
  return edgesOf.size() - 1;
}

void MinimumCut::addEdge(unsigned from, unsigned to, int64_t capacity) {
  if (from == to)
    return;
  edgesOf[from].push_back(edges.size());
  edges.push_back({to, capacity});
  edgesOf[to].push_back(edges.size());
  edges.push_back({from, 0});
}

/// Breadth first from the source; whether the sink was reached.
bool MinimumCut::buildLevels() {
  level.assign(edgesOf.size(), kUnreached);
  level[kFirst] = 0;
  std::vector<unsigned> queue{kFirst};
  for (size_t i = 0; i < queue.size(); ++i)
    for (unsigned edge : edgesOf[queue[i]])
      if (edges[edge].residual > 0 && level[edges[edge].to] == kUnreached) {
        level[edges[edge].to] = level[queue[i]] + 1;
        queue.push_back(edges[edge].to);
      }
  return level[kSecond] != kUnreached;
}

/// Sends flow along one path that climbs the levels; false if there is none.
/// `next` remembers which edges of each node lead nowhere in this phase.
bool MinimumCut::augment() {
  std::vector<unsigned> path; // edges
  unsigned node = kFirst;
  while (node != kSecond) {
    if (next[node] == edgesOf[node].size()) {
      if (path.empty())
        return false;
      node = edges[path.back() ^ 1].to;
      path.pop_back();
      ++next[node];
      continue;
    }
    unsigned edge = edgesOf[node][next[node]];
    if (edges[edge].residual > 0 && level[edges[edge].to] == level[node] + 1) {
      path.push_back(edge);
      node = edges[edge].to;
    } else {
      ++next[node];
    }
  }
  int64_t flow = kInfinite;
  for (unsigned edge : path)
    flow = std::min(flow, edges[edge].residual);
  for (unsigned edge : path) {
    edges[edge].residual -= flow;
    edges[edge ^ 1].residual += flow;
  }
  return true;
}

llvm::BitVector MinimumCut::solve() {
  while (buildLevels()) {
    next.assign(edgesOf.size(), 0);
    while (augment()) {
    }
  }
  llvm::BitVector isFirst(edgesOf.size());
  for (unsigned node = 0; node < edgesOf.size(); ++node)
    isFirst[node] = level[node] != kUnreached;
  return isFirst;
}

} // namespace sinter
