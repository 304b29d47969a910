//===- GrowGroups.h - decides which operations fuse -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_GROWGROUPS_H
#define SINTER_PASSES_FUSE_GROWGROUPS_H

#include "passes/Fuse/FusionGraph.h"

namespace sinter::fuse {

/// Puts every operation of a graph into a group; greedy and deterministic. The
/// four steps run in the order of their declaration, each on the operations
/// that those before it left free.
class GroupGrower {
public:
  explicit GroupGrower(FusionGraph &graph) : graph(graph) {}

  /// Contractions and windows with the element-wise work on their result, and
  /// operations that must stay alone.
  void formRootGroups();
  /// Reductions along trailing dimensions with all element-wise work around.
  void formRowsGroups();
  /// Other reductions with what feeds and follows them.
  void formReduceGroups();
  /// What is left.
  void formLoopGroups();
  /// Instead of the steps above: a group for each operation.
  void formSingleGroups();

  /// Why `op` did not enter a group that it touches; empty if none did.
  llvm::StringRef getReason(mlir::Operation *op) const {
    return reasons.lookup(op);
  }

private:
  void growContractOperands(unsigned group, mlir::Operation *root);
  void growEpilogueOperands(unsigned group, mlir::Operation *root);
  void growFinalTranspose(unsigned group);
  void growEpilogue(unsigned group, mlir::Operation *root);
  llvm::StringRef rejectEpilogue(unsigned group, mlir::Operation *op,
                                 const Shape &shape) const;
  void growProducers(unsigned group, mlir::Operation *root, bool extraResults);
  llvm::StringRef rejectProducer(unsigned group, mlir::Operation *op,
                                 bool mayEscape) const;
  void growRows(nn::ReduceOp seed);

  FusionGraph &graph;
  llvm::DenseMap<mlir::Operation *, llvm::StringRef> reasons;
};

} // namespace sinter::fuse

#endif // SINTER_PASSES_FUSE_GROWGROUPS_H
