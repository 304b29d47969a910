//===- Folding.h - computations on content ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Folders of element-wise operators. They compute what the operator would, as
// real numbers: floats of numbers are rounded to their type, quotients of sizes
// are exact, which agrees with single precision for sizes below 2^24.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_FOLDING_H
#define SINTER_COMPILER_IMPORT_OPS_FOLDING_H

#include "compiler/Import/OpTable.h"

namespace sinter {

bool foldAbs(NodeContext &node);
bool foldCeil(NodeContext &node);
bool foldExp(NodeContext &node);
bool foldFloor(NodeContext &node);
bool foldLog(NodeContext &node);
bool foldNeg(NodeContext &node);
bool foldNot(NodeContext &node);
bool foldReciprocal(NodeContext &node);
bool foldSqrt(NodeContext &node);
bool foldCast(NodeContext &node);

bool foldAdd(NodeContext &node);
bool foldDiv(NodeContext &node);
bool foldMax(NodeContext &node);
bool foldMin(NodeContext &node);
bool foldMod(NodeContext &node);
bool foldMul(NodeContext &node);
bool foldPow(NodeContext &node);
bool foldSub(NodeContext &node);
bool foldAnd(NodeContext &node);
bool foldOr(NodeContext &node);
bool foldEqual(NodeContext &node);
bool foldGreater(NodeContext &node);
bool foldGreaterOrEqual(NodeContext &node);
bool foldLess(NodeContext &node);
bool foldLessOrEqual(NodeContext &node);
bool foldWhere(NodeContext &node);

/// Whether a tensor of `shape` may have content: constant sizes, few elements,
/// and fewer still of floats, whose constants are better weights.
bool mayHaveContent(llvm::ArrayRef<int64_t> shape, mlir::Type elementType);

/// Sets output 0 to the elements of `content` that stand at `places`, in a
/// tensor of `shape`. False if that is too large.
bool setElements(
    NodeContext &node, const Content &content, llvm::ArrayRef<int64_t> shape,
    llvm::function_ref<int64_t(llvm::ArrayRef<int64_t> index)> place);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_FOLDING_H
