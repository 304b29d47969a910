//===- Elementwise.cpp - arithmetic, comparison, logic --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Folding.h"
#include <cmath>

using namespace mlir;
using namespace sinter;

//===- One operand --------------------------------------------------------===//

template <typename OpTy>
static LogicalResult importUnary(NodeContext &node) {
  return node.setOutput(0, node.elementwise<OpTy>(node.getInput(0)));
}

static LogicalResult importReciprocal(NodeContext &node) {
  return node.setOutput(
      0, node.elementwise<nn::DivOp>(
             {node.scalar(1, node.getElementType(0)), node.getInput(0)}));
}

/// tan, sinh, cosh from what the dialect has.
static LogicalResult importTan(NodeContext &node) {
  Value x = node.getInput(0);
  return node.setOutput(
      0, node.elementwise<nn::DivOp>(
             {node.elementwise<nn::SinOp>(x), node.elementwise<nn::CosOp>(x)}));
}
template <typename Combine>
static LogicalResult importHyperbolic(NodeContext &node) {
  Value x = node.getInput(0);
  Value minus = node.elementwise<nn::ExpOp>(node.elementwise<nn::NegOp>(x));
  Value both =
      node.elementwise<Combine>({node.elementwise<nn::ExpOp>(x), minus});
  return node.setOutput(0,
                        node.elementwise<nn::MulOp>(
                            {both, node.scalar(0.5, node.getElementType(0))}));
}

static LogicalResult importIsInf(NodeContext &node) {
  bool negative = node.getInt("detect_negative", 1),
       positive = node.getInt("detect_positive", 1);
  Type type = node.getElementType(0);
  double infinity = std::numeric_limits<double>::infinity();
  Value x = node.getInput(0);
  if (negative && positive)
    return node.setOutput(
        0, node.elementwise<nn::EqualOp>(
               {node.elementwise<nn::AbsOp>(x), node.scalar(infinity, type)}));
  if (!negative && !positive)
    return node.unsupported("IsInf that looks for some infinity",
                            "one that looks for none",
                            "replace the node by a constant");
  return node.setOutput(
      0, node.elementwise<nn::EqualOp>(
             {x, node.scalar(positive ? infinity : -infinity, type)}));
}

//===- Two operands and more ----------------------------------------------===//

/// Operand 1 as opset 6 places it: its dimensions start at `axis`.
static Value placeOperand(NodeContext &node, Value rhs) {
  if (node.getOpset() >= 7 || !node.getInt("broadcast", 0) ||
      !node.hasAttribute("axis"))
    return rhs;
  SmallVector<nn::SizeAttr> sizes = nn::getSizes(rhs.getType());
  int64_t trailing = node.getRank(0) - node.getInt("axis", 0) -
                     static_cast<int64_t>(sizes.size());
  sizes.append(trailing > 0 ? trailing : 0, node.getSize(1));
  return node.reshape(rhs, sizes);
}

template <typename OpTy>
static LogicalResult importBinary(NodeContext &node) {
  return node.setOutput(
      0, node.elementwise<OpTy>(
             {node.getInput(0), placeOperand(node, node.getInput(1))}));
}
/// x > y as y < x.
template <typename OpTy>
static LogicalResult importSwapped(NodeContext &node) {
  return node.setOutput(
      0, node.elementwise<OpTy>(
             {placeOperand(node, node.getInput(1)), node.getInput(0)}));
}

template <typename OpTy>
static Value combineAll(NodeContext &node) {
  Value result = node.getInput(0);
  for (unsigned i = 1; i < node.getNumInputs(); ++i)
    result = node.elementwise<OpTy>({result, node.getInput(i)});
  return result;
}
template <typename OpTy>
static LogicalResult importVariadic(NodeContext &node) {
  return node.setOutput(0, combineAll<OpTy>(node));
}

static LogicalResult importMean(NodeContext &node) {
  Value count = node.scalar(node.getNumInputs(), node.getElementType(0));
  return node.setOutput(
      0, node.elementwise<nn::DivOp>({combineAll<nn::AddOp>(node), count}));
}

static LogicalResult importMod(NodeContext &node) {
  bool fmod = node.getInt("fmod", 0) != 0;
  return node.setOutput(0, node.elementwise<nn::ModOp>(
                               {node.getInput(0), node.getInput(1)}, fmod));
}

/// The power of an integer by an integer, which wraps: squares for each bit of
/// the exponent. A negative exponent gives the quotient 1 / |power|, towards 0.
static Value buildIntegerPower(NodeContext &node, Value base, Value exponent) {
  auto getElement = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getElementType();
  };
  Type type = getElement(base), count = getElement(exponent);
  Value one = node.scalar(1, type), zero = node.scalar(0, count), result = one;
  Value square = base;
  unsigned bits = count.getIntOrFloatBitWidth();
  // A known exponent says which squares are needed.
  std::optional<int64_t> known;
  if (auto list = node.getIntegerList(1); list && list->size() == 1 &&
                                          list->front() > 0 &&
                                          node.getRank(1) <= node.getRank(0))
    known = list->front();
  for (unsigned bit = 0; bit < bits; ++bit) {
    if (known) {
      if (*known >> bit == 0)
        break;
      if (*known >> bit & 1)
        result = node.elementwise<nn::MulOp>({result, square});
    } else {
      Value isClear = node.elementwise<nn::EqualOp>(
          {node.elementwise<nn::BitAndOp>(
               {node.elementwise<nn::ShiftRightOp>(
                    {exponent, node.scalar(bit, count)}),
                node.scalar(1, count)}),
           zero});
      result = node.elementwise<nn::WhereOp>(
          {isClear, result, node.elementwise<nn::MulOp>({result, square})});
    }
    if (bit + 1 < bits)
      square = node.elementwise<nn::MulOp>({square, square});
  }
  if (count.isUnsignedInteger() || known)
    return result;
  // 1 and -1 are their own reciprocals; their powers are right as they are.
  Value isUnit =
      node.elementwise<nn::EqualOp>({node.elementwise<nn::AbsOp>(base), one});
  Value isQuotient = node.elementwise<nn::AndOp>(
      {node.elementwise<nn::LessOp>({exponent, zero}),
       node.elementwise<nn::NotOp>(isUnit)});
  return node.elementwise<nn::WhereOp>(
      {isQuotient, node.scalar(0, type), result});
}

static LogicalResult importPow(NodeContext &node) {
  Type type = node.getElementType(0);
  Value base = node.getInput(0);
  auto exponent = node.getNumberList(1);
  if (exponent && exponent->size() == 1 && exponent->front() == 2 &&
      node.getRank(1) <= node.getRank(0))
    return node.setOutput(0, node.elementwise<nn::MulOp>({base, base}));
  if (isa<FloatType>(type))
    return node.setOutput(
        0, node.elementwise<nn::PowOp>(
               {base, placeOperand(node, node.cast(node.getInput(1), type))}));
  if (!isa<FloatType>(node.getElementType(1)))
    return node.setOutput(0, buildIntegerPower(node, base, node.getInput(1)));
  Type f32 = Float32Type::get(node.getContext());
  Value power = node.elementwise<nn::PowOp>(
      {node.cast(base, f32), node.cast(node.getInput(1), f32)});
  return node.setOutput(0, node.cast(power, type));
}

static LogicalResult importWhere(NodeContext &node) {
  return node.setOutput(
      0, node.elementwise<nn::WhereOp>(
             {node.getInput(0), node.getInput(1), node.getInput(2)}));
}

static LogicalResult importBitShift(NodeContext &node) {
  StringRef direction = node.getString("direction", "");
  if (direction == "LEFT")
    return importBinary<nn::ShiftLeftOp>(node);
  if (direction == "RIGHT")
    return importBinary<nn::ShiftRightOp>(node);
  return node.invalid("'direction' LEFT or RIGHT", "'" + direction + "'");
}

llvm::ArrayRef<OpRow> sinter::getElementwiseRows() {
  static const OpRow rows[] = {
      {"Abs", importUnary<nn::AbsOp>, foldAbs},
      {"Add", importBinary<nn::AddOp>, foldAdd},
      {"And", importBinary<nn::AndOp>, foldAnd},
      {"BitShift", importBitShift},
      {"BitwiseAnd", importBinary<nn::BitAndOp>},
      {"BitwiseNot", importUnary<nn::BitNotOp>},
      {"BitwiseOr", importBinary<nn::BitOrOp>},
      {"BitwiseXor", importBinary<nn::BitXorOp>},
      {"Ceil", importUnary<nn::CeilOp>, foldCeil},
      {"Cos", importUnary<nn::CosOp>},
      {"Cosh", importHyperbolic<nn::AddOp>},
      {"Div", importBinary<nn::DivOp>, foldDiv},
      {"Equal", importBinary<nn::EqualOp>, foldEqual},
      {"Erf", importUnary<nn::ErfOp>},
      {"Exp", importUnary<nn::ExpOp>, foldExp},
      {"Floor", importUnary<nn::FloorOp>, foldFloor},
      {"Greater", importSwapped<nn::LessOp>, foldGreater},
      {"GreaterOrEqual", importSwapped<nn::LessEqualOp>, foldGreaterOrEqual},
      {"IsInf", importIsInf},
      {"IsNaN", importUnary<nn::IsNanOp>},
      {"Less", importBinary<nn::LessOp>, foldLess},
      {"LessOrEqual", importBinary<nn::LessEqualOp>, foldLessOrEqual},
      {"Log", importUnary<nn::LogOp>, foldLog},
      {"Max", importVariadic<nn::MaxOp>, foldMax},
      {"Mean", importMean},
      {"Min", importVariadic<nn::MinOp>, foldMin},
      {"Mod", importMod, foldMod},
      {"Mul", importBinary<nn::MulOp>, foldMul},
      {"Neg", importUnary<nn::NegOp>, foldNeg},
      {"Not", importUnary<nn::NotOp>, foldNot},
      {"Or", importBinary<nn::OrOp>, foldOr},
      {"Pow", importPow, foldPow},
      {"Reciprocal", importReciprocal, foldReciprocal},
      {"Round", importUnary<nn::RoundOp>},
      {"Sign", importUnary<nn::SignOp>},
      {"Sin", importUnary<nn::SinOp>},
      {"Sinh", importHyperbolic<nn::SubOp>},
      {"Sqrt", importUnary<nn::SqrtOp>, foldSqrt},
      {"Sub", importBinary<nn::SubOp>, foldSub},
      {"Sum", importVariadic<nn::AddOp>, foldAdd},
      {"Tan", importTan},
      {"Where", importWhere, foldWhere},
      {"Xor", importBinary<nn::XorOp>},
  };
  return rows;
}
