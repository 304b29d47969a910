//===- TreeTable.h - decision trees as tables -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The trees of a node of ai.onnx.ml, in one form for all operators and opsets:
// what runtime/support/Trees.cpp walks through.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_ML_TREETABLE_H
#define SINTER_COMPILER_IMPORT_OPS_ML_TREETABLE_H

#include "compiler/Import/Ops/Term.h"

namespace sinter {

/// How a node compares a feature with its value.
enum class TreeMode { Leq, Lt, Gte, Gt, Eq, Neq, Member, Leaf };

/// A node: `yes` is next where the comparison holds. A leaf has itself as both.
struct TreeEntry {
  TreeMode mode = TreeMode::Leaf;
  double value = 0;
  int64_t feature = 0;
  int64_t yes = 0, no = 0;
  /// NaN goes to `yes`.
  bool missingIsYes = false;
  /// What rows that arrive add: targets and weights.
  llvm::SmallVector<std::pair<int64_t, double>, 1> weights;
};

struct TreeTable {
  std::vector<TreeEntry> entries;
  llvm::SmallVector<int64_t> roots;
};

/// The numbers of a list attribute, or of the tensor `<name>_as_tensor`.
std::vector<double> readTreeNumbers(NodeContext &node, llvm::StringRef name);

/// Reads the trees of TreeEnsembleClassifier and TreeEnsembleRegressor, whose
/// weights are the attributes that begin with `prefix` (`class_`, `target_`).
mlir::FailureOr<TreeTable> readTrees(NodeContext &node, llvm::StringRef prefix);
/// Reads the trees of TreeEnsemble.
mlir::FailureOr<TreeTable> readEnsemble(NodeContext &node);

/// How the weights of all trees become a score.
enum class TreeAggregate { Sum, Min, Max };

/// The scores of rows x [N, F], [N, targets].
mlir::FailureOr<Term> evaluateTrees(NodeContext &node, Term x,
                                    const TreeTable &table, int64_t targets,
                                    TreeAggregate aggregate);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_ML_TREETABLE_H
