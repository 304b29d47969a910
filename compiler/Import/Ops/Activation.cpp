//===- Activation.cpp - activation functions ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Activation.h"
#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Term.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace sinter;

namespace {
/// The input of an activation and constants of its type.
struct Activation {
  explicit Activation(NodeContext &node) : Activation(node, node.getInput(0)) {}
  Activation(NodeContext &node, Value x)
      : node(node), x(x),
        type(cast<RankedTensorType>(x.getType()).getElementType()) {}

  Value constant(double value) { return node.scalar(value, type); }
  Value add(Value a, double b) {
    return node.elementwise<nn::AddOp>({a, constant(b)});
  }
  Value mul(Value a, double b) {
    return node.elementwise<nn::MulOp>({a, constant(b)});
  }
  Value mul(Value a, Value b) { return node.elementwise<nn::MulOp>({a, b}); }
  Value exp(Value a) { return node.elementwise<nn::ExpOp>(a); }
  Value clamp(Value a, double min, double max) {
    return node.create<nn::ClampOp>(a, llvm::APFloat(min), llvm::APFloat(max));
  }
  /// `negative` where x < 0, else `positive`.
  Value bySign(Value negative, Value positive) {
    Value isNegative = node.elementwise<nn::LessOp>({x, constant(0)});
    return node.elementwise<nn::WhereOp>({isNegative, negative, positive});
  }
  /// log(1 + exp(x)) without overflow: max(x, 0) + log(1 + exp(-|x|)).
  Value softplus() {
    Value tail =
        exp(node.elementwise<nn::NegOp>(node.elementwise<nn::AbsOp>(x)));
    return node.elementwise<nn::AddOp>(
        {node.elementwise<nn::ReluOp>(x),
         node.elementwise<nn::LogOp>(add(tail, 1))});
  }

  NodeContext &node;
  Value x;
  Type type;
};
} // namespace

template <typename OpTy>
static Value applySimple(NodeContext &node, Value x, double, double) {
  return node.elementwise<OpTy>(x);
}

static Value applyAffine(NodeContext &node, Value x, double alpha,
                         double beta) {
  Activation a(node, x);
  return a.add(a.mul(x, alpha), beta);
}

static Value applyElu(NodeContext &node, Value x, double alpha, double) {
  Activation a(node, x);
  return a.bySign(a.mul(a.add(a.exp(x), -1), alpha), x);
}

static Value applyHardSigmoid(NodeContext &node, Value x, double alpha,
                              double beta) {
  return Activation(node, x).clamp(applyAffine(node, x, alpha, beta), 0, 1);
}

static Value applyLeakyRelu(NodeContext &node, Value x, double alpha, double) {
  Activation a(node, x);
  Value scaled = a.mul(x, alpha);
  return alpha >= 0 && alpha <= 1 ? node.elementwise<nn::MaxOp>({x, scaled})
                                  : a.bySign(scaled, x);
}

static Value applyScaledTanh(NodeContext &node, Value x, double alpha,
                             double beta) {
  Activation a(node, x);
  return a.mul(node.elementwise<nn::TanhOp>(a.mul(x, beta)), alpha);
}

static Value applySoftplus(NodeContext &node, Value x, double, double) {
  return Activation(node, x).softplus();
}

static Value applySoftsign(NodeContext &node, Value x, double, double) {
  Value divisor = Activation(node, x).add(node.elementwise<nn::AbsOp>(x), 1);
  return node.elementwise<nn::DivOp>({x, divisor});
}

static Value applyThresholdedRelu(NodeContext &node, Value x, double alpha,
                                  double) {
  Activation a(node, x);
  Value isAbove = node.elementwise<nn::LessOp>({a.constant(alpha), x});
  return node.elementwise<nn::WhereOp>({isAbove, x, a.constant(0)});
}

static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Those that recurrent layers apply to their gates.
static const ActivationFunction kFunctions[] = {
    {"Affine", applyAffine, 1, 0},
    {"Elu", applyElu, 1, kNone},
    {"HardSigmoid", applyHardSigmoid, 0.2f, 0.5},
    {"LeakyRelu", applyLeakyRelu, 0.01f, kNone},
    {"Relu", applySimple<nn::ReluOp>, kNone, kNone},
    {"ScaledTanh", applyScaledTanh, 1, 1},
    {"Sigmoid", applySimple<nn::SigmoidOp>, kNone, kNone},
    {"Softplus", applySoftplus, kNone, kNone},
    {"Softsign", applySoftsign, kNone, kNone},
    {"Tanh", applySimple<nn::TanhOp>, kNone, kNone},
    {"ThresholdedRelu", applyThresholdedRelu, 1, kNone},
};

const ActivationFunction *sinter::findActivation(StringRef name) {
  for (const ActivationFunction &function : kFunctions)
    if (function.name.equals_insensitive(name))
      return &function;
  return nullptr;
}

/// An operator that is one of the functions.
static LogicalResult importFunction(NodeContext &node) {
  const ActivationFunction &f = *findActivation(node.getNode().op);
  return node.setOutput(0, f.apply(node, node.getInput(0),
                                   node.getFloat("alpha", f.alpha),
                                   node.getFloat("beta", f.beta)));
}

static LogicalResult importPRelu(NodeContext &node) {
  Activation a(node);
  Value slope = node.getInput(1);
  // Before opset 7 a vector of slopes is one for each channel.
  if (node.getOpset() < 7 && node.getRank(1) == 1 &&
      !node.getSizes(1)[0].isConstant(1))
    slope = node.alignChannels(slope, node.getRank(0));
  return node.setOutput(0, a.bySign(a.mul(a.x, slope), a.x));
}

static LogicalResult importCelu(NodeContext &node) {
  Activation a(node);
  double alpha = node.getFloat("alpha", 1);
  return node.setOutput(
      0, a.bySign(a.mul(a.add(a.exp(a.mul(a.x, 1 / alpha)), -1), alpha), a.x));
}

static LogicalResult importSelu(NodeContext &node) {
  Activation a(node);
  double alpha = node.getFloat("alpha", 1.67326319217681884765625),
         gamma = node.getFloat("gamma", 1.05070102214813232421875);
  Value negative = a.mul(a.add(a.exp(a.x), -1), alpha);
  return node.setOutput(0, a.mul(a.bySign(negative, a.x), gamma));
}

static LogicalResult importHardSwish(NodeContext &node) {
  Activation a(node);
  return node.setOutput(
      0, a.mul(a.x, a.clamp(a.add(a.mul(a.x, 1.0 / 6), 0.5), 0, 1)));
}

static LogicalResult importSwish(NodeContext &node) {
  Activation a(node);
  double alpha = node.getFloat("alpha", 1);
  Value scaled = alpha == 1 ? a.x : a.mul(a.x, alpha);
  return node.setOutput(0, a.mul(a.x, node.elementwise<nn::SigmoidOp>(scaled)));
}

static LogicalResult importMish(NodeContext &node) {
  Activation a(node);
  return node.setOutput(0,
                        a.mul(a.x, node.elementwise<nn::TanhOp>(a.softplus())));
}

static LogicalResult importGelu(NodeContext &node) {
  Activation a(node);
  StringRef form = node.getString("approximate", "none");
  if (form == "tanh") {
    // 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))
    Value cube = a.mul(a.mul(a.mul(a.x, a.x), a.x), 0.044715);
    Value inner =
        a.mul(node.elementwise<nn::AddOp>({a.x, cube}), std::sqrt(2 / M_PI));
    return node.setOutput(
        0,
        a.mul(a.mul(a.x, 0.5), a.add(node.elementwise<nn::TanhOp>(inner), 1)));
  }
  if (form != "none")
    return node.invalid("approximate to be 'none' or 'tanh'", "'" + form + "'");
  Value erf = node.elementwise<nn::ErfOp>(a.mul(a.x, M_SQRT1_2));
  return node.setOutput(0, a.mul(a.mul(a.x, 0.5), a.add(erf, 1)));
}

static LogicalResult importClip(NodeContext &node) {
  Activation a(node);
  double infinity = std::numeric_limits<double>::infinity();
  // Bounds are attributes before opset 11, then optional inputs.
  bool byInput = node.getOpset() >= 11;
  auto getBound = [&](unsigned input, StringRef name,
                      double none) -> std::optional<double> {
    if (!byInput)
      return node.getFloat(name, none);
    if (!node.hasInput(input))
      return none;
    auto numbers = node.getNumberList(input);
    return numbers && numbers->size() == 1 ? std::optional(numbers->front())
                                           : std::nullopt;
  };
  std::optional<double> min = getBound(1, "min", -infinity),
                        max = getBound(2, "max", infinity);
  if (isa<FloatType>(a.type) && min && max && !std::isnan(*min) &&
      !std::isnan(*max)) {
    if (*min == -infinity && *max == infinity)
      return node.forward(0);
    return node.setOutput(0, a.clamp(a.x, *min, *max));
  }
  // Bounds that are computed, and integers, which a double may not hold.
  Value result = a.x;
  if (byInput && node.hasInput(1))
    result = node.elementwise<nn::MaxOp>({result, node.getInput(1)});
  if (byInput && node.hasInput(2))
    result = node.elementwise<nn::MinOp>({result, node.getInput(2)});
  return node.setOutput(0, result);
}

/// Values in [-lambd, lambd] become 0, others come nearer to it by `bias`;
/// integers as real numbers, which are truncated in the end.
static LogicalResult importShrink(NodeContext &node) {
  Term given = Term::input(node, 0);
  Type type = given.getElementType();
  Term x = isa<FloatType>(type)
               ? given
               : given.cast(Float64Type::get(node.getContext()));
  double bias = node.getFloat("bias", 0), lambd = node.getFloat("lambd", 0.5);
  Term result =
      (x < -lambd).select(x + bias, (lambd < x).select(x - bias, x.like(0)));
  return node.setOutput(0, result.cast(type));
}

llvm::ArrayRef<OpRow> sinter::getActivationRows() {
  static const OpRow rows[] = {
      {"Celu", importCelu},
      {"Clip", importClip},
      {"Elu", importFunction},
      {"Gelu", importGelu},
      {"HardSigmoid", importFunction},
      {"HardSwish", importHardSwish},
      {"LeakyRelu", importFunction},
      {"Mish", importMish},
      {"PRelu", importPRelu},
      {"Relu", importFunction},
      {"Selu", importSelu},
      {"Shrink", importShrink},
      {"Sigmoid", importFunction},
      {"Softplus", importFunction},
      {"Softsign", importFunction},
      {"Swish", importSwish},
      {"Tanh", importFunction},
      {"ThresholdedRelu", importFunction},
  };
  return rows;
}
