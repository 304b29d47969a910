//===- Patterns.h - rewrite patterns that several passes use ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_PATTERNS_H
#define SINTER_PASSES_SIMPLIFY_PATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace sinter {

/// Operations on weights -> weight expressions.
void populateFoldConstantsPatterns(mlir::RewritePatternSet &patterns);

/// The simplest form of element-wise operations.
void populateCanonicalizeElementwisePatterns(mlir::RewritePatternSet &patterns);

/// The simplest form of transpose, reshape, broadcast, slice, concat, gather.
void populateCanonicalizeMovementPatterns(mlir::RewritePatternSet &patterns);

/// Reshapes that raise the rank sink through element-wise operations and
/// reductions, whose other operands follow as views.
void populateSinkReshapesPatterns(mlir::RewritePatternSet &patterns);

/// A copy of the one-result operation `op` with other operands and result type,
/// made by the current insertion point of `rewriter`.
mlir::Operation *cloneWith(mlir::RewriterBase &rewriter, mlir::Operation *op,
                           mlir::ValueRange operands, mlir::Type resultType);

} // namespace sinter

#endif // SINTER_PASSES_SIMPLIFY_PATTERNS_H
