//===- Trees.cpp - ensembles of decision trees ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/support/element.h"

namespace sinter::support {

/// A node as it lies in the table, which the importer makes. Leaves lead to
/// themselves, so that rows that have arrived wait for others.
template <typename T>
struct TreeNode {
  T value;
  /// The feature that is compared, and flags.
  uint32_t feature;
  int32_t yes, no;
};
/// The comparison is for equality, instead of <=.
static constexpr uint32_t kIsEqual = 1u << 31;
/// NaN goes to `yes`.
static constexpr uint32_t kMissingIsYes = 1u << 30;
static constexpr uint32_t kFeatureMask = kMissingIsYes - 1;

/// Rows that walk through a tree side by side, to hide the time of loads.
static constexpr int64_t kRows = 8;
/// Rows for which the trees are walked through one after another.
static constexpr int64_t kBlock = 64;

/// The leaves that `kRows` rows of x reach from `root`.
template <typename T, bool hasFlags>
static void walk(const TreeNode<T> *nodes, int32_t root, const T *const *rows,
                 int32_t *leaves) {
  for (int64_t r = 0; r < kRows; ++r)
    leaves[r] = root;
  for (int32_t moved = 1; moved;) {
    moved = 0;
    for (int64_t r = 0; r < kRows; ++r) {
      const TreeNode<T> &node = nodes[leaves[r]];
      T x = rows[r][node.feature & kFeatureMask];
      bool isYes = x <= node.value;
      if (hasFlags) {
        isYes = node.feature & kIsEqual ? x == node.value : isYes;
        isYes |= (node.feature & kMissingIsYes) && isNaN(x);
      }
      int32_t next = isYes ? node.yes : node.no;
      moved |= next ^ leaves[r];
      leaves[r] = next;
    }
  }
}

enum Aggregate { kSum, kMin, kMax };

/// inputs: x [N, F], nodes, the roots of trees (int32), for each node the place
/// of its first weight (int32, one more than nodes), targets (int32) and values
/// of weights. output: [N, targets]. integers: how weights are combined,
/// whether nodes have flags, the number of features that nodes compare.
/// numbers: what the combination begins with. A unit is a row.
template <typename T, bool hasFlags>
static int32_t treeEnsemble(const sinter_algorithm *call, int64_t first,
                            int64_t last) {
  const T *x = getInput<T>(call, 0);
  auto *nodes = static_cast<const TreeNode<T> *>(call->inputs[1]);
  const int32_t *roots = getInput<int32_t>(call, 2);
  const int32_t *starts = getInput<int32_t>(call, 3);
  const int32_t *targets = getInput<int32_t>(call, 4);
  const T *weights = getInput<T>(call, 5);
  T *output = getOutput<T>(call, 0);
  int64_t features = call->sizes[0][1], trees = call->sizes[2][0];
  int64_t width = call->sizes[6][1];
  if (call->integers[2] > features)
    return 1;
  fill(output + first * width, static_cast<T>(call->numbers[0]),
       (last - first) * width);
  for (int64_t block = first; block < last; block += kBlock) {
    int64_t end = block + kBlock < last ? block + kBlock : last;
    for (int64_t tree = 0; tree < trees; ++tree)
      for (int64_t begin = block; begin < end; begin += kRows) {
        int64_t count = begin + kRows < end ? kRows : end - begin;
        const T *rows[kRows];
        int32_t leaves[kRows];
        // Missing rows repeat the last one.
        for (int64_t r = 0; r < kRows; ++r)
          rows[r] = x + (begin + (r < count ? r : count - 1)) * features;
        walk<T, hasFlags>(nodes, roots[tree], rows, leaves);
        for (int64_t r = 0; r < count; ++r) {
          T *sums = output + (begin + r) * width;
          for (int32_t w = starts[leaves[r]]; w < starts[leaves[r] + 1]; ++w) {
            T &sum = sums[targets[w]];
            T weight = weights[w];
            if (call->integers[0] == kSum)
              sum += weight;
            else if (call->integers[0] == kMin)
              sum = weight < sum ? weight : sum;
            else
              sum = weight > sum ? weight : sum;
          }
        }
      }
  }
  return 0;
}

} // namespace sinter::support

#define SINTER_TREE_ENSEMBLE(suffix, type)                                     \
  SINTER_ALGORITHM(tree_ensemble_##suffix) {                                   \
    return call->integers[1]                                                   \
               ? sinter::support::treeEnsemble<type, true>(call, first, last)  \
               : sinter::support::treeEnsemble<type, false>(call, first,       \
                                                            last);             \
  }
SINTER_TREE_ENSEMBLE(f32, float)
SINTER_TREE_ENSEMBLE(f64, double)
