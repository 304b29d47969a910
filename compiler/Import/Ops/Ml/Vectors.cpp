//===- Vectors.cpp - support vector machines of ai.onnx.ml ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Algorithm.h"
#include "compiler/Import/Ops/Ml/Scores.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

/// The kernel `kind` of each row of x [N, F] with each of `count` vectors that
/// the attribute `name` lists: [N, count].
static FailureOr<Term> computeKernel(NodeContext &node, Term x, StringRef name,
                                     int64_t count, StringRef kind) {
  auto numbers = node.getFloats(name);
  int64_t size = numbers ? numbers->size() : 0;
  if (count < 1 || size == 0 || size % count != 0)
    return failure(
        failed(node.invalid("'" + name + "' with as many numbers for each of " +
                                Twine(count) + " vectors",
                            Twine(size) + " numbers")));
  Type type = x.getElementType();
  SizeAttr rows = node.getSize(count), features = node.getSize(size / count);
  if (failed(node.unify(x.getSize(1), features, "vectors of the size of x")))
    return failure();
  x = x.reshape({x.getSize(0), features});
  Term vectors = Term::vector(node, *numbers, type).reshape({rows, features});
  SmallVector<double> given =
      node.getFloats("kernel_params").value_or(SmallVector<double>());
  given.resize(3);
  double gamma = given[0], offset = given[1];
  if (kind == "RBF") {
    // Squares of differences: no digits are lost where vectors are close.
    Term difference = x.unsqueeze(1) - vectors.unsqueeze(0);
    return (-gamma * (difference * difference).sum(2).squeeze(2)).exp();
  }
  Term product = x.matmul(vectors.transpose({1, 0}));
  if (kind == "LINEAR")
    return product;
  Term line = gamma * product + offset;
  if (kind == "SIGMOID")
    return line.tanh();
  if (kind == "POLY") {
    double degree = std::trunc(given[2]);
    return degree == 2 ? line * line : line.pow(degree);
  }
  return failure(failed(node.invalid(
      "'kernel_type' LINEAR, POLY, RBF or SIGMOID", "'" + kind + "'")));
}

static StringRef getKernelType(NodeContext &node) {
  return node.getString("kernel_type", "LINEAR");
}

static LogicalResult buildSVMRegressor(NodeContext &node) {
  FailureOr<Term> x = readFeatures(node);
  if (failed(x))
    return failure();
  Type type = x->getElementType();
  int64_t supports = node.getInt("n_supports", 0);
  Term rho = readVector(node, "rho", type),
       coefficients = readVector(node, "coefficients", type);
  if (!rho || !coefficients)
    return node.invalid("'rho' and 'coefficients'", "one of them is empty");
  Term sum;
  if (supports > 0) {
    FailureOr<Term> kernel = computeKernel(node, *x, "support_vectors",
                                           supports, getKernelType(node));
    if (failed(kernel))
      return failure();
    sum = kernel->matmul(coefficients.unsqueeze(1));
  } else {
    FailureOr<Term> kernel =
        computeKernel(node, *x, "coefficients", 1, "LINEAR");
    if (failed(kernel))
      return failure();
    sum = *kernel;
  }
  sum = sum + rho.slice(0, 0, 1);
  if (node.getInt("one_class", 0) != 0)
    sum = (sum.like(0) < sum).select(sum.like(1), sum.like(-1));
  FailureOr<Term> result = transformScores(node, sum);
  if (failed(result))
    return failure();
  return node.setOutput(0, result->cast(Float32Type::get(node.getContext())));
}

namespace {

/// One classifier for each pair of classes, whose support vectors lie class by
/// class (Chang, Lin: LIBSVM, 2011).
class PairwiseClassifier {
public:
  PairwiseClassifier(NodeContext &node, Term x, int64_t classes)
      : node(node), x(x), classes(classes), pairs(classes * (classes - 1) / 2) {
  }

  LogicalResult build();

private:
  /// The decision values [N, pairs]: above 0 for the first class of a pair.
  FailureOr<Term> decide();
  /// How many pairs each class wins: [N, classes].
  Term vote(Term decisions);
  FailureOr<Term> computeProbabilities(Term decisions);

  NodeContext &node;
  Term x;
  int64_t classes, pairs;
};

} // namespace

FailureOr<Term> PairwiseClassifier::decide() {
  auto counts = node.getInts("vectors_per_class");
  auto coefficients = node.getFloats("coefficients");
  auto rho = node.getFloats("rho");
  int64_t vectors = 0;
  SmallVector<int64_t> starts;
  for (int64_t count : *counts) {
    starts.push_back(vectors);
    vectors += count;
  }
  auto isValid = [](int64_t count) { return count >= 0; };
  if (static_cast<int64_t>(counts->size()) != classes ||
      !llvm::all_of(*counts, isValid) || !coefficients || !rho ||
      static_cast<int64_t>(rho->size()) < pairs ||
      static_cast<int64_t>(coefficients->size()) != (classes - 1) * vectors)
    return failure(failed(
        node.invalid("'vectors_per_class', 'coefficients' and 'rho' for " +
                         Twine(classes) + " classes",
                     "lists of other lengths")));
  // A column for each pair, with the coefficients of the vectors of both.
  SmallVector<double> matrix(vectors * pairs, 0);
  int64_t pair = 0;
  for (int64_t i = 0; i < classes; ++i)
    for (int64_t j = i + 1; j < classes; ++j, ++pair) {
      for (int64_t v = starts[i]; v < starts[i] + (*counts)[i]; ++v)
        matrix[v * pairs + pair] = (*coefficients)[(j - 1) * vectors + v];
      for (int64_t v = starts[j]; v < starts[j] + (*counts)[j]; ++v)
        matrix[v * pairs + pair] = (*coefficients)[i * vectors + v];
    }
  rho->resize(pairs);
  FailureOr<Term> kernel =
      computeKernel(node, x, "support_vectors", vectors, getKernelType(node));
  if (failed(kernel))
    return failure();
  Type type = x.getElementType();
  Term weights = Term::vector(node, matrix, type)
                     .reshape({node.getSize(vectors), node.getSize(pairs)});
  return kernel->matmul(weights) + Term::vector(node, *rho, type);
}

Term PairwiseClassifier::vote(Term decisions) {
  SmallVector<double> first(pairs * classes, 0), second(first);
  int64_t pair = 0;
  for (int64_t i = 0; i < classes; ++i)
    for (int64_t j = i + 1; j < classes; ++j, ++pair) {
      first[pair * classes + i] = 1;
      second[pair * classes + j] = 1;
    }
  Type type = decisions.getElementType();
  auto makeMatrix = [&](ArrayRef<double> numbers) {
    return Term::vector(node, numbers, type)
        .reshape({node.getSize(pairs), node.getSize(classes)});
  };
  Term wins = (decisions.like(0) < decisions).cast(type);
  return wins.matmul(makeMatrix(first)) + (1 - wins).matmul(makeMatrix(second));
}

FailureOr<Term> PairwiseClassifier::computeProbabilities(Term decisions) {
  Type type = decisions.getElementType();
  Term a = readVector(node, "prob_a", type),
       b = readVector(node, "prob_b", type);
  if (!b || !a.getSize(0).isConstant(pairs) || !b.getSize(0).isConstant(pairs))
    return failure(failed(node.invalid(
        "'prob_a' and 'prob_b' for each pair of classes", "other lengths")));
  Term first = (-(decisions * a + b)).sigmoid().clamp(1e-7, 1 - 1e-7);
  SizeAttr rows = first.getSize(0), count = node.getSize(classes);
  AlgorithmCall call{getTypedName("couple", type)};
  call.units = rows;
  call.scratch = node.getSize(classes * (classes + 1) *
                              (type.getIntOrFloatBitWidth() / 8));
  return Term(node,
              createAlgorithm(node, call, Value(first),
                              nn::makeTensorType({rows, count}, type))[0]);
}

LogicalResult PairwiseClassifier::build() {
  FailureOr<Term> decisions = decide();
  if (failed(decisions))
    return failure();
  if (failed(setLabels(node, vote(*decisions).argMax(1), "classlabels_ints",
                       "classlabels_strings")))
    return failure();
  auto probA = node.getFloats("prob_a");
  Term scores = *decisions;
  if (probA && !probA->empty()) {
    FailureOr<Term> probabilities = computeProbabilities(*decisions);
    if (failed(probabilities))
      return failure();
    scores = *probabilities;
  } else if (pairs == 1) {
    return node.setOutput(1,
                          makeTwoScores(node, scores, /*isProbability=*/false)
                              .cast(Float32Type::get(node.getContext())));
  }
  FailureOr<Term> result = transformScores(node, scores);
  if (failed(result))
    return failure();
  return node.setOutput(1, result->cast(Float32Type::get(node.getContext())));
}

/// Without support vectors: a linear score for each class.
static LogicalResult buildLinearMachine(NodeContext &node, Term x,
                                        int64_t classes) {
  FailureOr<Term> products =
      computeKernel(node, x, "coefficients", classes, "LINEAR");
  Term rho = readVector(node, "rho", x.getElementType());
  if (failed(products))
    return failure();
  if (!rho)
    return node.invalid("'rho'", "no number");
  Term scores = *products + rho.slice(0, 0, 1);
  FailureOr<Term> result = transformScores(node, scores);
  if (failed(result) ||
      failed(setLabels(node, scores.argMax(1), "classlabels_ints",
                       "classlabels_strings")))
    return failure();
  return node.setOutput(1, result->cast(Float32Type::get(node.getContext())));
}

static LogicalResult buildSVMClassifier(NodeContext &node) {
  FailureOr<Term> x = readFeatures(node);
  if (failed(x))
    return failure();
  int64_t classes = std::max<int64_t>(
      countClasses(node, "classlabels_ints", "classlabels_strings"), 1);
  auto counts = node.getInts("vectors_per_class");
  if (!counts || counts->empty())
    return buildLinearMachine(node, *x, classes);
  if (classes < 2)
    return node.invalid("two classes or more", "one class");
  return PairwiseClassifier(node, *x, classes).build();
}

ArrayRef<OpRow> sinter::getVectorMachineRows() {
  static constexpr llvm::StringLiteral domain = "ai.onnx.ml";
  static const OpRow rows[] = {
      {"SVMClassifier", buildSVMClassifier, nullptr, 1, INT64_MAX, domain},
      {"SVMRegressor", buildSVMRegressor, nullptr, 1, INT64_MAX, domain},
  };
  return rows;
}
