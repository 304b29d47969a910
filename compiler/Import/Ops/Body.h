//===- Body.h - the bodies of loops and conditions --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_BODY_H
#define SINTER_COMPILER_IMPORT_OPS_BODY_H

#include "compiler/Import/NodeContext.h"

namespace sinter {

/// The graph that is attribute `name` of a node; null after an issue.
const onnx::Graph *getGraph(NodeContext &node, llvm::StringRef name);

/// Sets the outputs of a node, of which it may leave out the last ones.
llvm::LogicalResult setOutputs(NodeContext &node,
                               llvm::ArrayRef<ImportedValue> values);

/// A value that operations compute.
ImportedValue makeTensor(mlir::Value value);
/// A known value: of rank 0, or of rank 1 with one element.
ImportedValue makeKnown(nn::SizeAttr size, mlir::Type elementType,
                        bool isVector = false);

/// A body of nn.loop or nn.if while it is made: the operation that it belongs
/// to is created when its types are known, which the body decides. Whoever
/// makes one restores the insertion point.
class Body {
public:
  explicit Body(NodeContext &node);
  Body(const Body &) = delete;

  mlir::Block &getBlock() { return *block; }
  mlir::Value addArgument(mlir::Type type) {
    return block->addArgument(type, node.getLocation());
  }
  /// Operations are created at the end of the body from now on.
  void enter();
  /// Ends the body.
  void yield(mlir::Value condition, mlir::ValueRange carried,
             mlir::ValueRange stacked);
  /// Makes the body, which has been ended, that of an operation.
  void moveTo(mlir::Region &target) { target.takeBody(region); }
  /// The type of `count` tensors of `type` that iterations make. Its sizes may
  /// have no dimension that the body defines, nor one of `own`.
  mlir::FailureOr<mlir::Type> stackType(mlir::Type type, nn::SizeAttr count,
                                        llvm::ArrayRef<nn::SizeAttr> own);

private:
  bool definesPartOf(nn::SizeAttr size);

  NodeContext &node;
  /// The importer's: its caches refer to operations of bodies that are made and
  /// given up.
  mlir::Region &region;
  mlir::Block *block;
};

/// A loop of a known number of iterations over states whose types stay.
/// `makeStep` gets the number of the iteration and the states, and gives the
/// next states, then the results to be stacked. The results are those of the
/// loop: the last states, then the stacked values. Empty after a failure.
llvm::SmallVector<mlir::Value> buildCountedLoop(
    NodeContext &node, nn::SizeAttr count, mlir::ValueRange states,
    llvm::function_ref<mlir::FailureOr<llvm::SmallVector<mlir::Value>>(
        nn::SizeAttr index, mlir::ValueRange states)>
        makeStep);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_BODY_H
