//===- Linear.cpp - linear models of ai.onnx.ml ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Ml/Scores.h"

using namespace mlir;
using namespace sinter;

/// x [N, F] times the coefficients [E, F], plus the intercepts: [N, E].
static FailureOr<Term> computeScores(NodeContext &node, Term x,
                                     std::optional<int64_t> targets) {
  Type type = x.getElementType();
  Term coefficients = readVector(node, "coefficients", type),
       intercepts = readVector(node, "intercepts", type);
  std::optional<int64_t> features = x.getSize(1).getConstant();
  int64_t count = coefficients ? *coefficients.getSize(0).getConstant() : 0;
  // Either number follows from the other.
  if (!features && targets && *targets > 0)
    features = count / *targets;
  int64_t rows = features && *features > 0 ? count / *features : 0;
  if (rows < 1 || rows * *features != count || (targets && *targets != rows))
    return failure(failed(
        node.invalid("coefficients for each feature of each score",
                     Twine(count) + " coefficients for features of size " +
                         nn::toString(x.getSize(1)))));
  Term matrix =
      coefficients.reshape({node.getSize(rows), node.getSize(*features)});
  Term scores = x.matmul(matrix.transpose({1, 0}));
  return intercepts ? scores + intercepts : scores;
}

static LogicalResult buildLinearRegressor(NodeContext &node) {
  FailureOr<Term> x = readFeatures(node);
  if (failed(x))
    return failure();
  FailureOr<Term> scores = computeScores(node, *x, node.getInt("targets", 1));
  if (failed(scores))
    return failure();
  FailureOr<Term> result = transformScores(node, *scores);
  if (failed(result))
    return failure();
  return node.setOutput(0, result->cast(Float32Type::get(node.getContext())));
}

static LogicalResult buildLinearClassifier(NodeContext &node) {
  FailureOr<Term> x = readFeatures(node);
  if (failed(x))
    return failure();
  auto intercepts = node.getFloats("intercepts");
  std::optional<int64_t> targets;
  if (intercepts && !intercepts->empty())
    targets = intercepts->size();
  FailureOr<Term> scores = computeScores(node, *x, targets);
  if (failed(scores))
    return failure();
  int64_t classes =
      countClasses(node, "classlabels_ints", "classlabels_strings");
  StringRef kind = node.getString("post_transform", "NONE");
  bool isSingle = scores->getSize(1).isConstant(1);
  FailureOr<Term> result = transformScores(node, *scores);
  if (failed(result))
    return failure();
  Term index = scores->argMax(1);
  if (isSingle) {
    bool isRaw = classes == 2 || kind == "NONE";
    index = isRaw ? scores->like(0) < *scores : result->like(0.5) < *result;
    if (classes == 2)
      result = makeTwoScores(node, *scores, /*isProbability=*/true);
  }
  if (failed(setLabels(node, index, "classlabels_ints", "classlabels_strings")))
    return failure();
  return node.setOutput(1, result->cast(Float32Type::get(node.getContext())));
}

ArrayRef<OpRow> sinter::getLinearModelRows() {
  static constexpr llvm::StringLiteral domain = "ai.onnx.ml";
  static const OpRow rows[] = {
      {"LinearClassifier", buildLinearClassifier, nullptr, 1, INT64_MAX,
       domain},
      {"LinearRegressor", buildLinearRegressor, nullptr, 1, INT64_MAX, domain},
  };
  return rows;
}
