//===- Body.h - the bodies of loops and conditions --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_BODY_H
#define SINTER_COMPILER_IMPORT_OPS_BODY_H

#include "compiler/Import/NodeContext.h"

namespace sinter {

/// A body of nn.loop or nn.if while it is made. Operations that are created
/// during the life of this object stand in it; the operation that it belongs to
/// is created when its types are known, which the body decides.
class Body {
public:
  explicit Body(NodeContext &node);
  Body(const Body &) = delete;

  mlir::Block &getBlock() { return *block; }
  mlir::Value addArgument(mlir::Type type) {
    return block->addArgument(type, node.getLocation());
  }
  /// Ends the body. Operations stand behind those of the block around again.
  void yield(mlir::Value condition, mlir::ValueRange carried,
             mlir::ValueRange stacked);
  /// Makes the body, which has been ended, that of an operation.
  void moveTo(mlir::Region &region);

private:
  NodeContext &node;
  /// The importer's: caches of it refer to operations of bodies that are made
  /// and given up.
  mlir::Region &region;
  mlir::Block *block;
  std::optional<mlir::OpBuilder::InsertionGuard> guard;
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
