//===- Trigonometry.cpp - inverse trigonometric and hyperbolic functions --===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All from the arc tangent and from log(1 + x), which keep the relative
// precision of small results. Types narrower than float are computed in float.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Term.h"
#include <cmath>

using namespace mlir;
using namespace sinter;

/// Arguments are reduced to |x| <= tan(pi/8), where the Taylor series
/// x - x^3/3 + x^5/5 - .. needs few terms: (x^2)^k <= 0.1716^k.
static Term arcTangent(Term x) {
  int64_t terms = x.getElementType().isF64() ? 21 : 10;
  Term size = x.abs();
  Term isLarge = std::tan(3 * M_PI / 8) < size;
  Term isMiddle = std::tan(M_PI / 8) < size;
  Term reduced =
      isLarge.select(-1 / size, isMiddle.select((size - 1) / (size + 1), size));
  Term square = reduced * reduced;
  Term sum = square.like(0);
  for (int64_t k = terms; k-- > 0;)
    sum = sum * square +
          (k % 2 == 0 ? 1.0 : -1.0) / static_cast<double>(2 * k + 1);
  Term base = isLarge.select(
      size.like(M_PI / 2), isMiddle.select(size.like(M_PI / 4), size.like(0)));
  Term angle = base + reduced * sum;
  return (x < 0).select(-angle, angle);
}

/// log(1 + x): what rounding takes from 1 + x changes both parts of
/// log(u) / (u - 1) in the same way.
static Term logOnePlus(Term x) {
  Term u = x + 1;
  Term result = u.log() * (x / (u - 1));
  return u.equals(1).select(x, u.equals(x).select(u.log(), result));
}

/// `small`, or log(2 x) where x is so large that a square might overflow.
static Term orLogOfDouble(Term x, Term small) {
  return (1e8 < x).select(x.log() + M_LN2, small);
}

/// An odd function of x by its values for |x|.
static Term makeOdd(Term x, Term ofSize) {
  return (x < 0).select(-ofSize, ofSize);
}

template <Term (*compute)(Term)>
static LogicalResult build(NodeContext &node) {
  Term x = Term::input(node, 0);
  Type type = x.getElementType();
  bool isNarrow = type.getIntOrFloatBitWidth() < 32;
  Term wide = isNarrow ? x.cast(Float32Type::get(node.getContext())) : x;
  return node.setOutput(0, compute(wide).cast(type));
}

static Term arcSine(Term x) {
  return arcTangent(x / ((1 - x) * (1 + x)).sqrt());
}
static Term arcCosine(Term x) {
  return 2 * arcTangent(((1 - x) / (1 + x)).sqrt());
}
static Term areaCosine(Term x) {
  Term t = x - 1;
  return orLogOfDouble(x, logOnePlus(t + (t * (t + 2)).sqrt()));
}
static Term areaSine(Term x) {
  Term size = x.abs(), square = size * size;
  Term root = (square + 1).sqrt();
  return makeOdd(x,
                 orLogOfDouble(size, logOnePlus(size + square / (root + 1))));
}
static Term areaTangent(Term x) {
  Term size = x.abs();
  return makeOdd(x, 0.5 * logOnePlus(2 * size / (1 - size)));
}

ArrayRef<OpRow> sinter::getTrigonometryRows() {
  static const OpRow rows[] = {
      {"Acos", build<arcCosine>},  {"Acosh", build<areaCosine>},
      {"Asin", build<arcSine>},    {"Asinh", build<areaSine>},
      {"Atan", build<arcTangent>}, {"Atanh", build<areaTangent>},
  };
  return rows;
}
