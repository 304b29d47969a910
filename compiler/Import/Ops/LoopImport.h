//===- LoopImport.h - loops whose body is a graph ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_LOOPIMPORT_H
#define SINTER_COMPILER_IMPORT_OPS_LOOPIMPORT_H

#include "compiler/Import/NodeContext.h"

namespace sinter {

/// A Loop or Scan in the terms that they share.
struct LoopParts {
  /// Its inputs are those of `makeFirst`, the carried values, and those of
  /// `makeLast`; its outputs the condition, if there is one, the carried
  /// values, and those that are stacked.
  const onnx::Graph &graph;
  /// How many iterations there are at most; not negative.
  nn::SizeAttr count;
  std::vector<ImportedValue> carried;
  bool hasCondition = false;
  /// The condition before the first iteration; null for one that holds.
  ImportedValue *condition = nullptr;
  /// Called in the body, with the number of the iteration.
  std::function<std::vector<ImportedValue>(nn::SizeAttr index)> makeFirst,
      makeLast;
};

/// The carried values after a loop, and what was stacked along a new first
/// dimension.
struct LoopResults {
  std::vector<ImportedValue> carried;
  llvm::SmallVector<mlir::Value> stacked;
};

/// Imports a loop as nn.loop. Where sizes, or known elements, of carried values
/// change from an iteration to the next, they become late dimensions.
mlir::FailureOr<LoopResults> importLoop(NodeContext &node, LoopParts &parts);

/// Imports a loop as its iterations in a row: sequences and optionals can be
/// carried. The count and the conditions must be known.
mlir::FailureOr<LoopResults> unrollLoop(NodeContext &node, LoopParts &parts);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_LOOPIMPORT_H
