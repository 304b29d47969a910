//===- LabelledPatterns.h - patterns that say what they did -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_LABELLEDPATTERNS_H
#define SINTER_PASSES_SIMPLIFY_LABELLEDPATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace sinter {

/// Applies `patterns` greedily to all operations inside `op`. Where a pattern
/// that was added with a label (`addWithLabel`) applies, a passed remark says
/// so at the operation: its name, then the label, which is a verb phrase
/// ("takes all and goes").
llvm::LogicalResult applyLabelledPatterns(mlir::Operation *op,
                                          mlir::RewritePatternSet &&patterns);

} // namespace sinter

#endif // SINTER_PASSES_SIMPLIFY_LABELLEDPATTERNS_H
