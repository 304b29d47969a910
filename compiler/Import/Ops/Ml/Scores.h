//===- Scores.h - what models of ai.onnx.ml have in common ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_ML_SCORES_H
#define SINTER_COMPILER_IMPORT_OPS_ML_SCORES_H

#include "compiler/Import/Ops/Term.h"

namespace sinter {

/// Input 0 as rows of features [N, F], in float, or in double where it is.
/// Failure, reported, where its rank is not 1 or 2.
mlir::FailureOr<Term> readFeatures(NodeContext &node);

/// The attribute `name` as a vector; absent where it has no elements.
Term readVector(NodeContext &node, llvm::StringRef name, mlir::Type type);

/// Applies the attribute `post_transform` to scores [N, E], or the transform
/// `kind`.
mlir::FailureOr<Term> transformScores(NodeContext &node, Term scores);
mlir::FailureOr<Term> transformScores(NodeContext &node, Term scores,
                                      llvm::StringRef kind);

/// The scores of two classes by that of the second one, [N, 1], as ONNX Runtime
/// gives them: after LOGISTIC the transforms of -s and s, else 1 - s and s
/// where s is a probability, and -s and s where it is not.
Term makeTwoScores(NodeContext &node, Term score, bool isProbability);

/// Sets output 0 to the label of each row: element `index` [N, 1] (i64) of the
/// integers `labels`, or `index` itself where there are none. Labels that are
/// strings are not made: an error only where they are read.
mlir::LogicalResult setLabels(NodeContext &node, Term index,
                              llvm::StringRef labels, llvm::StringRef strings);

/// How many classes there are by the lists of their labels; 0 for none.
int64_t countClasses(NodeContext &node, llvm::StringRef labels,
                     llvm::StringRef strings);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_ML_SCORES_H
