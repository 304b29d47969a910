//===- Optimizer.cpp - steps of gradient descent --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ai.onnx.preview.training. Inputs are the learning rate R, the number T of
// steps done, and then, in groups, all variables X, all gradients G, and all
// tensors of each kind of state; outputs are the new X and states, in groups.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Term.h"

using namespace mlir;
using namespace sinter;

namespace {
/// One variable: its value, gradient and states; replaced by the new ones.
struct Variable {
  Term value, gradient;
  SmallVector<Term, 2> states;
};
} // namespace

/// Runs `update` for each variable, with R and T in its element type and the
/// gradient regularized: G + norm_coefficient * X.
template <typename Update>
static LogicalResult updateAll(NodeContext &node, unsigned numStates,
                               Update update) {
  unsigned kinds = 2 + numStates;
  if (node.getNumInputs() < 2 + kinds || (node.getNumInputs() - 2) % kinds != 0)
    return node.invalid("R, T and " + Twine(kinds) +
                            " tensors for each variable",
                        Twine(node.getNumInputs()) + " inputs");
  unsigned count = (node.getNumInputs() - 2) / kinds;
  double norm = node.getFloat("norm_coefficient", 0);
  for (unsigned index = 0; index < count; ++index) {
    auto getInput = [&](unsigned kind) {
      return Term::input(node, 2 + kind * count + index);
    };
    Variable variable{getInput(0), getInput(1), {}};
    for (unsigned state = 0; state < numStates; ++state)
      variable.states.push_back(getInput(2 + state));
    Type type = variable.value.getElementType();
    Term rate = Term::input(node, 0).cast(type),
         steps = Term::input(node, 1).cast(type);
    if (norm != 0)
      variable.gradient = variable.gradient + norm * variable.value;
    update(variable, rate, steps);
    if (failed(node.setOutput(index, variable.value)))
      return failure();
    for (unsigned state = 0; state < numStates; ++state)
      if (failed(node.setOutput((1 + state) * count + index,
                                variable.states[state])))
        return failure();
  }
  return success();
}

/// Duchi, Hazan, Singer: Adaptive Subgradient Methods (2011).
static LogicalResult buildAdagrad(NodeContext &node) {
  double decay = node.getFloat("decay_factor", 0),
         epsilon = node.getFloat("epsilon", 1e-6);
  return updateAll(node, 1, [&](Variable &v, Term rate, Term steps) {
    Term &h = v.states[0], g = v.gradient;
    h = h + g * g;
    v.value = v.value - rate / (1 + steps * decay) * g / (h.sqrt() + epsilon);
  });
}

/// Kingma, Ba: Adam: A Method for Stochastic Optimization (2015).
static LogicalResult buildAdam(NodeContext &node) {
  double alpha = node.getFloat("alpha", 0.9),
         beta = node.getFloat("beta", 0.999),
         epsilon = node.getFloat("epsilon", 1e-6),
         post = node.getFloat("norm_coefficient_post", 0);
  return updateAll(node, 2, [&](Variable &v, Term rate, Term steps) {
    Term &mean = v.states[0], &square = v.states[1], g = v.gradient;
    mean = alpha * mean + (1 - alpha) * g;
    square = beta * square + (1 - beta) * (g * g);
    Term corrected = rate * (1 - steps.like(beta).pow(steps)).sqrt() /
                     (1 - steps.like(alpha).pow(steps));
    Term adjusted = (steps.like(0) < steps).select(corrected, rate);
    v.value = v.value - adjusted * mean / (square.sqrt() + epsilon);
    if (post != 0)
      v.value = (1 - post) * v.value;
  });
}

static LogicalResult buildMomentum(NodeContext &node) {
  double alpha = node.getFloat("alpha", 0), beta = node.getFloat("beta", 0);
  StringRef mode = node.getString("mode", "");
  if (mode != "standard" && mode != "nesterov")
    return node.invalid("'mode' standard or nesterov", "'" + mode + "'");
  return updateAll(node, 1, [&](Variable &v, Term rate, Term steps) {
    Term &velocity = v.states[0], g = v.gradient;
    Term scale =
        (steps.like(0) < steps).select(steps.like(beta), steps.like(1));
    velocity = alpha * velocity + scale * g;
    Term direction = mode == "nesterov" ? g + alpha * velocity : velocity;
    v.value = v.value - rate * direction;
  });
}

ArrayRef<OpRow> sinter::getOptimizerRows() {
  static constexpr llvm::StringLiteral domain = "ai.onnx.preview.training";
  static const OpRow rows[] = {
      {"Adagrad", buildAdagrad, nullptr, 1, INT64_MAX, domain},
      {"Adam", buildAdam, nullptr, 1, INT64_MAX, domain},
      {"Momentum", buildMomentum, nullptr, 1, INT64_MAX, domain},
  };
  return rows;
}
