//===- Reconvergence.cpp - where divided paths meet -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Immediate post-dominators by Cooper, Harvey and Kennedy, "A Simple, Fast
// Dominance Algorithm" (2001), on the reversed graph of basic blocks.
//
//===----------------------------------------------------------------------===//

#include "Decoder.h"
#include <algorithm>
#include <set>

using namespace sinter::vgpu;

namespace {

class PostDominators {
public:
  PostDominators(Program &program, uint32_t begin, uint32_t end)
      : program(program), begin(begin), end(end) {}

  void run() {
    split();
    connect();
    number();
    solve();
    for (size_t block = 0; block + 1 < leaders.size(); ++block)
      for (uint32_t i = leaders[block]; i < leaders[block + 1]; ++i)
        if (isBranch(program.code[i]))
          program.code[i].reconverge = leaders[meeting(block)];
  }

private:
  static constexpr uint32_t kNone = ~0u;

  static bool isBranch(const Inst &inst) {
    return inst.execute == executeBranch ||
           inst.execute == executeIndexedBranch;
  }
  static bool isEnd(const Inst &inst) {
    return inst.execute == executeExit || inst.execute == executeTrap ||
           inst.execute == executeReturn;
  }
  std::vector<uint32_t> targetsOf(const Inst &inst) const {
    if (inst.execute == executeBranch)
      return {inst.target};
    auto first = program.targets.begin() + inst.extra;
    return {first, first + inst.imm};
  }

  /// Blocks start after a branch or end, and where a branch leads.
  void split() {
    std::set<uint32_t> starts = {begin, end - 1};
    for (uint32_t i = begin; i < end; ++i) {
      const Inst &inst = program.code[i];
      if (isBranch(inst))
        for (uint32_t target : targetsOf(inst))
          starts.insert(target);
      if ((isBranch(inst) || isEnd(inst)) && i + 1 < end)
        starts.insert(i + 1);
    }
    leaders.assign(starts.begin(), starts.end());
    leaders.push_back(end); // closes the last block
  }

  uint32_t blockAt(uint32_t index) const {
    return static_cast<uint32_t>(
        std::lower_bound(leaders.begin(), leaders.end(), index) -
        leaders.begin());
  }

  /// The last block is the exit; every end leads to it.
  void connect() {
    auto blocks = static_cast<uint32_t>(leaders.size() - 1);
    exit = blocks - 1;
    successors.resize(blocks);
    predecessors.resize(blocks);
    for (uint32_t block = 0; block < exit; ++block) {
      const Inst &last = program.code[leaders[block + 1] - 1];
      std::set<uint32_t> next;
      if (isBranch(last))
        for (uint32_t target : targetsOf(last))
          next.insert(blockAt(target));
      if (isEnd(last))
        next.insert(exit);
      if (last.guard || !(isBranch(last) || isEnd(last)))
        next.insert(block + 1);
      for (uint32_t successor : next) {
        successors[block].push_back(successor);
        predecessors[successor].push_back(block);
      }
    }
  }

  /// Postorder of the reversed graph from the exit, without recursion.
  void number() {
    order.assign(successors.size(), kNone);
    std::vector<bool> seen(successors.size());
    std::vector<std::pair<uint32_t, size_t>> stack = {{exit, 0}};
    seen[exit] = true;
    while (!stack.empty()) {
      auto &[block, next] = stack.back();
      if (next < predecessors[block].size()) {
        uint32_t predecessor = predecessors[block][next++];
        if (!seen[predecessor]) {
          seen[predecessor] = true;
          stack.push_back({predecessor, 0});
        }
        continue;
      }
      order[block] = static_cast<uint32_t>(postorder.size());
      postorder.push_back(block);
      stack.pop_back();
    }
  }

  uint32_t intersect(uint32_t a, uint32_t b) const {
    while (a != b) {
      while (order[a] < order[b])
        a = dominator[a];
      while (order[b] < order[a])
        b = dominator[b];
    }
    return a;
  }

  void solve() {
    dominator.assign(successors.size(), kNone);
    dominator[exit] = exit;
    for (bool changed = true; changed;) {
      changed = false;
      for (auto it = postorder.rbegin(); it != postorder.rend(); ++it) {
        if (*it == exit)
          continue;
        uint32_t best = kNone;
        for (uint32_t successor : successors[*it])
          if (order[successor] != kNone && dominator[successor] != kNone)
            best = best == kNone ? successor : intersect(best, successor);
        changed |= dominator[*it] != best;
        dominator[*it] = best;
      }
    }
  }

  /// A loop without an exit meets at the end of the function.
  uint32_t meeting(size_t block) const {
    return dominator[block] == kNone ? exit : dominator[block];
  }

  Program &program;
  uint32_t begin, end, exit = 0;
  std::vector<uint32_t> leaders;
  std::vector<std::vector<uint32_t>> successors, predecessors;
  std::vector<uint32_t> order, postorder, dominator;
};

} // namespace

void sinter::vgpu::findReconvergence(Program &program, uint32_t begin,
                                     uint32_t end) {
  PostDominators(program, begin, end).run();
}
