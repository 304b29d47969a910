//===- Trees.cpp - ensembles of trees of ai.onnx.ml -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Ml/Scores.h"
#include "compiler/Import/Ops/Ml/TreeTable.h"
#include "llvm/ADT/StringSwitch.h"
#include <set>

using namespace mlir;
using namespace sinter;

/// The last steps of a regression: the mean over trees where that is asked for,
/// base values, the transform, float.
static LogicalResult finishScores(NodeContext &node, Term scores,
                                  int64_t divisor, Term base, StringRef kind,
                                  Type type) {
  if (divisor != 1)
    scores = scores / static_cast<double>(divisor);
  if (base)
    scores = scores + base;
  FailureOr<Term> result = transformScores(node, scores, kind);
  if (failed(result))
    return failure();
  return node.setOutput(0, result->cast(type));
}

/// The base values, one for each of `targets`; absent where there are none.
static FailureOr<Term> readBase(NodeContext &node, int64_t targets, Type type) {
  std::vector<double> base = readTreeNumbers(node, "base_values");
  if (base.empty())
    return Term();
  if (base.size() != 1 && static_cast<int64_t>(base.size()) != targets)
    return failure(failed(node.invalid("a base value for each target",
                                       Twine(base.size()) + " values")));
  return Term::vector(node, base, type);
}

static LogicalResult buildTreeEnsembleRegressor(NodeContext &node) {
  FailureOr<Term> x = readFeatures(node);
  if (failed(x))
    return failure();
  FailureOr<TreeTable> table = readTrees(node, "target_");
  if (failed(table))
    return failure();
  StringRef kind = node.getString("aggregate_function", "SUM");
  auto aggregate = llvm::StringSwitch<std::optional<TreeAggregate>>(kind)
                       .Cases({"SUM", "AVERAGE"}, TreeAggregate::Sum)
                       .Case("MIN", TreeAggregate::Min)
                       .Case("MAX", TreeAggregate::Max)
                       .Default(std::nullopt);
  if (!aggregate)
    return node.invalid("'aggregate_function' SUM, AVERAGE, MIN or MAX",
                        "'" + kind + "'");
  int64_t targets = node.getInt("n_targets", 1);
  FailureOr<Term> base = readBase(node, targets, x->getElementType());
  if (failed(base))
    return failure();
  FailureOr<Term> scores = evaluateTrees(node, *x, *table, targets, *aggregate);
  if (failed(scores))
    return failure();
  return finishScores(node, *scores,
                      kind == "AVERAGE" ? table->roots.size() : 1, *base,
                      node.getString("post_transform", "NONE"),
                      Float32Type::get(node.getContext()));
}

static LogicalResult buildTreeEnsemble(NodeContext &node) {
  FailureOr<Term> x = readFeatures(node);
  if (failed(x))
    return failure();
  FailureOr<TreeTable> table = readEnsemble(node);
  if (failed(table))
    return failure();
  static constexpr StringRef transforms[] = {"NONE", "SOFTMAX", "LOGISTIC",
                                             "SOFTMAX_ZERO", "PROBIT"};
  static constexpr TreeAggregate aggregates[] = {
      TreeAggregate::Sum, TreeAggregate::Sum, TreeAggregate::Min,
      TreeAggregate::Max};
  int64_t transform = node.getInt("post_transform", 0),
          aggregate = node.getInt("aggregate_function", 1);
  if (transform < 0 || transform > 4 || aggregate < 0 || aggregate > 3)
    return node.invalid(
        "'post_transform' from 0 to 4 and 'aggregate_function' from 0 to 3",
        Twine(transform) + " and " + Twine(aggregate));
  FailureOr<Term> scores = evaluateTrees(
      node, *x, *table, node.getInt("n_targets", 1), aggregates[aggregate]);
  if (failed(scores))
    return failure();
  return finishScores(node, *scores, aggregate == 0 ? table->roots.size() : 1,
                      Term(), transforms[transform], node.getElementType(0));
}

/// Two classes, of which trees give a score for one, `given`: a probability
/// where no weight is negative. Where it is that of class 0, it stands for
/// class 1.
static LogicalResult finishBinary(NodeContext &node, Term scores, int64_t given,
                                  bool isProbability) {
  Term score = scores.slice(1, given, 1);
  if (failed(setLabels(node, score.like(isProbability ? 0.5 : 0) < score,
                       "classlabels_int64s", "classlabels_strings")))
    return failure();
  FailureOr<Term> result = given == 0
                               ? makeTwoScores(node, score, isProbability)
                               : transformScores(node, scores);
  if (failed(result))
    return failure();
  return node.setOutput(1, result->cast(Float32Type::get(node.getContext())));
}

static LogicalResult buildTreeEnsembleClassifier(NodeContext &node) {
  FailureOr<Term> x = readFeatures(node);
  if (failed(x))
    return failure();
  FailureOr<TreeTable> table = readTrees(node, "class_");
  if (failed(table))
    return failure();
  int64_t classes =
      countClasses(node, "classlabels_int64s", "classlabels_strings");
  if (classes < 2)
    return node.unsupported("two classes or more",
                            Twine(classes) + " labels of classes",
                            "convert the model with the labels of all classes");
  std::set<int64_t> used;
  bool isPositive = true;
  for (const TreeEntry &entry : table->entries)
    for (auto [target, weight] : entry.weights) {
      used.insert(target);
      isPositive &= weight >= 0;
    }
  bool isBinary = classes == 2 && used.size() == 1;
  FailureOr<Term> base = readBase(node, classes, x->getElementType());
  if (failed(base))
    return failure();
  FailureOr<Term> scores =
      evaluateTrees(node, *x, *table, classes, TreeAggregate::Sum);
  if (failed(scores))
    return failure();
  if (*base)
    scores = *scores + *base;
  if (isBinary)
    return finishBinary(node, *scores, *used.begin(), isPositive);
  if (failed(setLabels(node, scores->argMax(1), "classlabels_int64s",
                       "classlabels_strings")))
    return failure();
  FailureOr<Term> result = transformScores(node, *scores);
  if (failed(result))
    return failure();
  return node.setOutput(1, result->cast(Float32Type::get(node.getContext())));
}

ArrayRef<OpRow> sinter::getTreeRows() {
  static constexpr llvm::StringLiteral domain = "ai.onnx.ml";
  static const OpRow rows[] = {
      {"TreeEnsemble", buildTreeEnsemble, nullptr, 1, INT64_MAX, domain},
      {"TreeEnsembleClassifier", buildTreeEnsembleClassifier, nullptr, 1,
       INT64_MAX, domain},
      {"TreeEnsembleRegressor", buildTreeEnsembleRegressor, nullptr, 1,
       INT64_MAX, domain},
  };
  return rows;
}
