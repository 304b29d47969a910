//===- NodeLocation.h - which nodes an operation came from ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The location of an operation says which nodes of the model it computes:
// `loc("conv1"("Conv":0:12))` is node "conv1", a Conv, number 12 of the graph.
// Fused operations have a FusedLoc of their parts' locations.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NODELOCATION_H
#define SINTER_DIALECTS_NN_NODELOCATION_H

#include "mlir/IR/Location.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SetVector.h"

namespace sinter::nn {

/// The location of node number `index` of the graph. A node without a name is
/// called after its operator and number: `Relu_12`.
mlir::Location getNodeLocation(mlir::MLIRContext *context,
                               llvm::StringRef nodeName, llvm::StringRef opType,
                               int64_t index);

/// A node of the model, as a location names it.
struct Node {
  llvm::StringRef name, opType;
  unsigned index; ///< its number in the graph
};

/// Calls `visit` with every node in `location`, in order, repeats included.
void forEachNode(mlir::Location location,
                 llvm::function_ref<void(const Node &)> visit);

/// Adds the names of all nodes in `location`, in order, without repeats.
void collectNodes(mlir::Location location,
                  llvm::SetVector<llvm::StringRef> &names);

/// The operator of the first node in `location`; empty if there is no node.
llvm::StringRef getNodeOpType(mlir::Location location);

/// A location with all nodes of `locations`.
mlir::Location fuseLocations(mlir::MLIRContext *context,
                             llvm::ArrayRef<mlir::Location> locations);

} // namespace sinter::nn

#endif // SINTER_DIALECTS_NN_NODELOCATION_H
