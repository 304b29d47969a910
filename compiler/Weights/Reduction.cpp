//===- Reduction.cpp - weights reduced along axes -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/Evaluator.h"
#include <cmath>

using namespace mlir;
using namespace sinter;
using namespace sinter::weights;
using nn::ReduceKind;

static Scalar getNeutral(ReduceKind kind, Domain domain) {
  Scalar s;
  bool isMax = kind == ReduceKind::Max, isMin = kind == ReduceKind::Min;
  double infinity = std::numeric_limits<double>::infinity();
  if (domain == Domain::Float)
    s.f = isMax                      ? -infinity
          : isMin                    ? infinity
          : kind == ReduceKind::Prod ? 1.0
                                     : 0.0;
  else if (domain == Domain::Signed)
    s.i = isMax                      ? INT64_MIN
          : isMin                    ? INT64_MAX
          : kind == ReduceKind::Prod ? 1
                                     : 0;
  else
    s.u = isMax ? 0 : isMin ? UINT64_MAX : kind == ReduceKind::Prod ? 1 : 0;
  return s;
}

static double combineFloat(ReduceKind kind, double a, double b) {
  switch (kind) {
  case ReduceKind::Max:
    return std::isnan(a) ? a : std::isnan(b) || b > a ? b : a;
  case ReduceKind::Min:
    return std::isnan(a) ? a : std::isnan(b) || b < a ? b : a;
  case ReduceKind::Prod:
    return a * b;
  default:
    return a + b;
  }
}

template <typename T>
static T combineInteger(ReduceKind kind, T a, T b) {
  switch (kind) {
  case ReduceKind::Max:
    return std::max(a, b);
  case ReduceKind::Min:
    return std::min(a, b);
  case ReduceKind::Prod:
    return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  default:
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  }
}

static LogicalResult evaluateReduce(const Expression &e, char *out) {
  SmallVector<int64_t> axes;
  auto kind = e.weight.getParams().getAs<nn::ReduceKindAttr>("kind");
  if (!kind || !e.getInts("axes", axes) || e.operands.size() != 1)
    return e.fail("expects an operand, a kind and axes");
  ArrayRef<int64_t> shape = e.getShape(0);
  SmallVector<int64_t> kept(shape), outStrides = getStrides(e.getShape());
  int64_t reduced = 1;
  for (int64_t axis : axes) {
    if (axis < 0 || axis >= static_cast<int64_t>(shape.size()))
      return e.fail("has an axis out of range");
    reduced *= shape[axis];
    kept[axis] = 1;
  }
  if (ArrayRef<int64_t>(kept) != e.getShape())
    return e.fail("has a result of another shape than its axes give");
  for (int64_t axis : axes)
    outStrides[axis] = 0;

  Domain domain = getDomain(e.getKind());
  SmallVector<Scalar, 0> sums(e.weight.getType().getNumElements(),
                              getNeutral(kind.getValue(), domain));
  SmallVector<int64_t> index(shape.size(), 0);
  unsigned bytes = getElementBytes(e.getKind(0));
  for (int64_t n = 0,
               total = e.weight.getOperands()[0].getType().getNumElements();
       n < total; ++n) {
    Scalar value;
    loadElements(e.getKind(0), e.operands[0].get() + n * bytes, 1, 1, &value);
    int64_t place = 0;
    for (size_t d = 0; d < shape.size(); ++d)
      place += index[d] * outStrides[d];
    Scalar &sum = sums[place];
    if (domain == Domain::Float)
      sum.f = combineFloat(kind.getValue(), sum.f, value.f);
    else if (domain == Domain::Signed)
      sum.i = combineInteger(kind.getValue(), sum.i, value.i);
    else
      sum.u = combineInteger(kind.getValue(), sum.u, value.u);
    for (size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];)
      index[d] = 0;
  }
  if (kind.getValue() == ReduceKind::Mean)
    for (Scalar &sum : sums) {
      if (domain == Domain::Float)
        sum.f /= static_cast<double>(reduced);
      else if (reduced != 0)
        sum.i = domain == Domain::Signed
                    ? sum.i / reduced
                    : static_cast<int64_t>(sum.u / reduced);
    }
  storeElements(e.getKind(), sums.data(), sums.size(), out);
  return success();
}

EvaluateFunction sinter::weights::findReduction(StringRef kind) {
  return kind == "reduce" ? evaluateReduce : nullptr;
}
