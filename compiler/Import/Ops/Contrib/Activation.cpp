//===- Activation.cpp - activations of com.microsoft ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Term.h"
#include <cmath>

using namespace mlir;
using namespace sinter;

/// x / 2 * (1 + erf(x / sqrt(2))).
static Term gelu(Term x) { return 0.5 * x * (1 + (x * M_SQRT1_2).erf()); }

/// The same by the hyperbolic tangent (Hendrycks, Gimpel: GELUs, 2016).
static Term fastGelu(Term x) {
  Term inner = std::sqrt(2 / M_PI) * (x + 0.044715 * (x * x * x));
  return 0.5 * x * (1 + inner.tanh());
}

static LogicalResult buildGelu(NodeContext &node) {
  return node.setOutput(0, gelu(Term::input(node, 0)));
}

static LogicalResult buildBiasGelu(NodeContext &node) {
  return node.setOutput(0, gelu(Term::input(node, 0) + Term::input(node, 1)));
}

static LogicalResult buildFastGelu(NodeContext &node) {
  Term x = Term::input(node, 0);
  if (Term bias = Term::input(node, 1))
    x = x + bias;
  return node.setOutput(0, fastGelu(x));
}

static LogicalResult buildQuickGelu(NodeContext &node) {
  Term x = Term::input(node, 0);
  double alpha = node.getFloat("alpha", 1.702f);
  return node.setOutput(0, x * (alpha * x).sigmoid());
}

/// (X, bias, skip): their sum.
static LogicalResult buildBiasAdd(NodeContext &node) {
  return node.setOutput(0, Term::input(node, 0) + Term::input(node, 1) +
                               Term::input(node, 2));
}

ArrayRef<OpRow> sinter::getContribActivationRows() {
  static const OpRow rows[] = {
      makeContribRow("BiasAdd", buildBiasAdd, {"X bias skip", "Y", ""}),
      makeContribRow("BiasGelu", buildBiasGelu, {"A B", "C", ""}),
      makeContribRow("FastGelu", buildFastGelu, {"X bias?", "Y", ""}),
      makeContribRow("Gelu", buildGelu, {"X", "Y", ""}),
      makeContribRow("QuickGelu", buildQuickGelu, {"X", "Y", "alpha=float"}),
  };
  return rows;
}
