//===- ReshapeGroups.h - which dimensions a reshape joins -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_RESHAPEGROUPS_H
#define SINTER_PASSES_SIMPLIFY_RESHAPEGROUPS_H

#include "dialects/NN/NNShapes.h"

namespace sinter {

/// A run of dimensions before a reshape and the run after it that has the same
/// number of elements: [fromBegin, fromEnd) and [toBegin, toEnd), none empty.
struct ReshapeGroup {
  unsigned fromBegin, fromEnd, toBegin, toEnd;
};

/// Whether two sizes in the module around `op` are the same formula, or the
/// model is known to hold only where they agree (the module's
/// `nn.assumptions`).
bool areEqualSizes(mlir::Operation *op, nn::SizeAttr lhs, nn::SizeAttr rhs);

/// Whether `op` keeps every dimension, and only writes sizes in another way.
bool isRenaming(nn::ReshapeOp op);

/// Splits the reshape from `from` to `to`, which stands at `op`, into the
/// smallest groups, in order. Nothing where the sizes cannot be matched as
/// formulas, or a shape has rank 0.
std::optional<llvm::SmallVector<ReshapeGroup>>
getReshapeGroups(mlir::Operation *op, llvm::ArrayRef<nn::SizeAttr> from,
                 llvm::ArrayRef<nn::SizeAttr> to);

} // namespace sinter

#endif // SINTER_PASSES_SIMPLIFY_RESHAPEGROUPS_H
