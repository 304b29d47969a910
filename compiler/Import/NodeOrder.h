//===- NodeOrder.h - nodes in the order of their values ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_NODEORDER_H
#define SINTER_COMPILER_IMPORT_NODEORDER_H

#include "compiler/Import/GraphImporter.h"

namespace sinter {

/// The nodes of a graph in an order in which every value is made before it is
/// read, by a node or by a graph inside of one; those that are free to choose
/// stay in the order of the file.
class NodeOrder {
public:
  /// `scope` has the inputs and constants of the graph.
  NodeOrder(llvm::ArrayRef<onnx::Node> nodes, Scope &scope);

  llvm::ArrayRef<unsigned> getNodes() const { return order; }
  /// What is wrong with the graph: a name that two nodes make, or a cycle.
  /// Empty if nothing is; else with the rule and a code for programs.
  llvm::StringRef getProblem() const { return problem; }
  llvm::StringRef getRule() const { return rule; }
  llvm::StringRef getCode() const { return code; }

private:
  bool findProducers(Scope &scope);
  void describeCycle(llvm::ArrayRef<unsigned> open);

  llvm::ArrayRef<onnx::Node> nodes;
  llvm::StringMap<unsigned> producers;
  /// For each node, those that make what it reads, a node for each value.
  std::vector<llvm::SmallVector<unsigned, 2>> sources;
  llvm::SmallVector<unsigned> order;
  llvm::StringRef code, rule;
  std::string problem;
};

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_NODEORDER_H
