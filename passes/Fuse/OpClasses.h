//===- OpClasses.h - what fusion knows about operations ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The questions that fusion asks about a single operation. Nothing here looks
// at groups.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_FUSE_OPCLASSES_H
#define SINTER_PASSES_FUSE_OPCLASSES_H

#include "dialects/Kernel/KernelDialect.h"
#include "dialects/NN/NNDialect.h"

namespace sinter::fuse {

/// Sizes of all dimensions of the only result of an operation, or of a value.
using Shape = llvm::SmallVector<nn::SizeAttr>;

/// Whether `op` computes each element from the elements at the same place.
bool isElementwise(mlir::Operation *op);

/// Whether `op` only says which element of its input is meant: transpose,
/// slice, broadcast.
bool isIndexMap(mlir::Operation *op);

/// Whether `op` splits its block for fusion: it defines late dimensions or has
/// bodies. No group holds operations from both sides.
bool isBarrier(mlir::Operation *op);

/// Whether `op` may stand in a `loop` group.
bool isLoopOp(mlir::Operation *op);

/// Whether `op` costs so little that each user may have its own: iota and
/// size_value.
bool isRematerializable(mlir::Operation *op);

/// Whether `op` is a constant of at most one element whose value is in the IR:
/// it is cloned into the groups that use it.
bool isInlineConstant(mlir::Operation *op);

/// Whether `op` moves only dimensions of size 1, so that the elements keep
/// their order.
bool isViewTranspose(nn::TransposeOp op);

/// Whether the axes of `op` are exactly its last dimensions.
bool reducesTrailingAxes(nn::ReduceOp op);

/// The kind of the group that `op` is the root of: contract, window, serial, or
/// nothing for an operation that is not a root of these kinds. `reason` says
/// why an operation is serial.
std::optional<kernel::Kind> getRootKind(mlir::Operation *op,
                                        llvm::StringRef &reason);

} // namespace sinter::fuse

#endif // SINTER_PASSES_FUSE_OPCLASSES_H
