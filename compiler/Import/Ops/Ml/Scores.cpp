//===- Scores.cpp - what models of ai.onnx.ml have in common --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Ml/Scores.h"
#include <cmath>

using namespace mlir;
using namespace sinter;

FailureOr<Term> sinter::readFeatures(NodeContext &node) {
  Term x = Term::input(node, 0);
  if (!x.getElementType().isF64())
    x = x.cast(Float32Type::get(node.getContext()));
  if (x.getRank() == 1)
    return x.unsqueeze(0);
  if (x.getRank() == 2)
    return x;
  return failure(failed(node.invalid("rows of features, of rank 1 or 2",
                                     "rank " + Twine(x.getRank()))));
}

Term sinter::readVector(NodeContext &node, StringRef name, Type type) {
  auto values = node.getFloats(name);
  if (!values || values->empty())
    return Term();
  return Term::vector(node, *values, type);
}

/// exp(v - max) over the sum, where zeros stay small: v * exp(-max).
static Term softmaxZero(Term scores) {
  Term largest = scores.maximum(1);
  Term isZero = scores.abs() <= 1e-7;
  Term values =
      isZero.select(scores * (-largest).exp(), (scores - largest).exp());
  Term sum = values.sum(1), isEmpty = sum.equals(0);
  return isEmpty.select(values.like(0.5),
                        values / isEmpty.select(sum.like(1), sum));
}

/// The quantile of the normal distribution, by an approximation of the inverse
/// error function (Winitzki: A handy approximation for the error function and
/// its inverse, 2008), with a = 0.147.
static Term probit(Term scores) {
  constexpr double a = 0.147;
  Term x = 2 * scores - 1;
  Term log = ((1 - x) * (1 + x)).log();
  Term half = 0.5 * log + 2 / (M_PI * a);
  Term root = ((half * half - log / a).sqrt() - half).sqrt();
  return M_SQRT2 * (x < 0).select(-root, root);
}

FailureOr<Term> sinter::transformScores(NodeContext &node, Term scores) {
  return transformScores(node, scores,
                         node.getString("post_transform", "NONE"));
}

FailureOr<Term> sinter::transformScores(NodeContext &node, Term scores,
                                        StringRef kind) {
  if (kind == "NONE")
    return scores;
  if (kind == "LOGISTIC")
    return scores.sigmoid();
  if (kind == "SOFTMAX")
    return scores.softmax(1);
  if (kind == "SOFTMAX_ZERO")
    return softmaxZero(scores);
  if (kind == "PROBIT")
    return probit(scores);
  return failure(failed(node.invalid(
      "'post_transform' NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT",
      "'" + kind + "'")));
}

Term sinter::makeTwoScores(NodeContext &node, Term score, bool isProbability) {
  if (node.getString("post_transform", "NONE") == "LOGISTIC")
    return (-score).concat(score, 1).sigmoid();
  return (isProbability ? 1 - score : -score).concat(score, 1);
}

int64_t sinter::countClasses(NodeContext &node, StringRef labels,
                             StringRef strings) {
  size_t count = node.getInts(labels).value_or(SmallVector<int64_t>()).size();
  if (const onnx::Attribute *texts = node.findAttribute(strings))
    count = std::max(count, texts->strings.size());
  return static_cast<int64_t>(count);
}

LogicalResult sinter::setLabels(NodeContext &node, Term index, StringRef labels,
                                StringRef strings) {
  const onnx::Attribute *texts = node.findAttribute(strings);
  if (texts && !texts->strings.empty())
    return success();
  Type i64 = IntegerType::get(node.getContext(), 64);
  Term result = index.cast(i64).squeeze(1);
  if (auto list = node.getInts(labels); list && !list->empty()) {
    SmallVector<double> numbers(list->begin(), list->end());
    result = Term::vector(node, numbers, i64).gather(result, 0);
  }
  return node.setOutput(0, result);
}
