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

/// Splits a reshape into the smallest groups, in order. Nothing where the sizes
/// cannot be matched as formulas, or a shape has rank 0.
std::optional<llvm::SmallVector<ReshapeGroup>>
getReshapeGroups(llvm::ArrayRef<nn::SizeAttr> from,
                 llvm::ArrayRef<nn::SizeAttr> to);

} // namespace sinter

#endif // SINTER_PASSES_SIMPLIFY_RESHAPEGROUPS_H
