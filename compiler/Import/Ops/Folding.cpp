//===- Folding.cpp - computations on content ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Folding.h"
#include <cmath>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

namespace {
using Folded = std::optional<Element>;
using UnaryFold = Folded (*)(const Element &x, Type type);
using BinaryFold = Folded (*)(const Element &x, const Element &y, Type type);
} // namespace

bool sinter::mayHaveContent(ArrayRef<int64_t> shape, Type elementType) {
  constexpr int64_t kMaxFloats = 16;
  int64_t count = 1;
  for (int64_t size : shape) {
    if (ShapedType::isDynamic(size) || size > Content::kMaxElements)
      return false;
    count *= size;
    if (count > Content::kMaxElements)
      return false;
  }
  return count <=
         (isa<FloatType>(elementType) ? kMaxFloats : Content::kMaxElements);
}

bool sinter::setElements(NodeContext &node, const Content &content,
                         ArrayRef<int64_t> shape,
                         llvm::function_ref<int64_t(ArrayRef<int64_t>)> place) {
  if (!mayHaveContent(shape, content.elementType))
    return false;
  Content result;
  result.shape.assign(shape.begin(), shape.end());
  result.elementType = content.elementType;
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  SmallVector<int64_t> index(shape.size(), 0);
  for (int64_t n = 0; n < count; ++n) {
    result.elements.push_back(content.elements[place(index)]);
    for (size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];)
      index[d] = 0;
  }
  return succeeded(node.setContent(0, std::move(result)));
}

//===- Elements -----------------------------------------------------------===//

static Element ofTruth(MLIRContext *context, bool value) {
  return Element::ofSize(nn::getSize(context, value));
}

/// An operand as a quotient of sizes. Numbers must be small dyadic fractions.
static std::optional<std::pair<SizeAttr, SizeAttr>>
toQuotient(const Element &x, MLIRContext *context) {
  if (x.size)
    return std::make_pair(x.size,
                          x.divisor ? x.divisor : nn::getSize(context, 1));
  int64_t divisor = 1;
  double number = x.number;
  for (int i = 0; i < 20 && number != std::trunc(number); ++i, divisor *= 2)
    number *= 2;
  if (number != std::trunc(number) ||
      std::fabs(number) > double(int64_t(1) << 40))
    return std::nullopt;
  return std::make_pair(nn::getSize(context, static_cast<int64_t>(number)),
                        nn::getSize(context, divisor));
}

static bool isPositive(SizeAttr size) { return nn::getRange(size).first > 0; }
static bool isNonNegative(SizeAttr size) {
  return nn::getRange(size).first >= 0;
}

/// Floats: numbers by `onNumbers`, else quotients by `onQuotients`.
template <typename OnNumbers, typename OnQuotients>
static Folded foldFloats(const Element &x, const Element &y, Type type,
                         OnNumbers onNumbers, OnQuotients onQuotients) {
  if (x.isNumber() && y.isNumber())
    return Element::ofNumber(roundToType(onNumbers(x.number, y.number), type));
  MLIRContext *context = type.getContext();
  auto left = toQuotient(x, context), right = toQuotient(y, context);
  if (!left || !right)
    return std::nullopt;
  return onQuotients(left->first, left->second, right->first, right->second);
}

static Folded quotient(SizeAttr size, SizeAttr divisor) {
  if (size.isUnknown() || divisor.isUnknown() || !isPositive(divisor))
    return std::nullopt;
  return Element::ofQuotient(size, divisor);
}

static Folded integer(SizeAttr size) {
  if (size.isUnknown())
    return std::nullopt;
  return Element::ofSize(size);
}

static Folded addElements(const Element &x, const Element &y, Type type) {
  if (!isa<FloatType>(type))
    return integer(nn::add(x.size, y.size));
  return foldFloats(
      x, y, type, [](double a, double b) { return a + b; },
      [](SizeAttr a, SizeAttr b, SizeAttr c, SizeAttr d) {
        return quotient(nn::add(nn::mul(a, d), nn::mul(c, b)), nn::mul(b, d));
      });
}

static Folded subElements(const Element &x, const Element &y, Type type) {
  if (!isa<FloatType>(type))
    return integer(nn::sub(x.size, y.size));
  return foldFloats(
      x, y, type, [](double a, double b) { return a - b; },
      [](SizeAttr a, SizeAttr b, SizeAttr c, SizeAttr d) {
        return quotient(nn::sub(nn::mul(a, d), nn::mul(c, b)), nn::mul(b, d));
      });
}

static Folded mulElements(const Element &x, const Element &y, Type type) {
  if (!isa<FloatType>(type))
    return integer(nn::mul(x.size, y.size));
  return foldFloats(
      x, y, type, [](double a, double b) { return a * b; },
      [](SizeAttr a, SizeAttr b, SizeAttr c, SizeAttr d) {
        return quotient(nn::mul(a, c), nn::mul(b, d));
      });
}

static Folded divElements(const Element &x, const Element &y, Type type) {
  if (isa<FloatType>(type))
    return foldFloats(
        x, y, type, [](double a, double b) { return a / b; },
        [](SizeAttr a, SizeAttr b, SizeAttr c, SizeAttr d) {
          return quotient(nn::mul(a, d), nn::mul(b, c));
        });
  std::optional<int64_t> a = x.getInteger(), b = y.getInteger();
  if (a && b) {
    if (*b == 0 || (*b == -1 && *a == INT64_MIN))
      return std::nullopt;
    return Element::ofSize(nn::getSize(type.getContext(), *a / *b));
  }
  // Division truncates; that is rounding down where nothing is negative.
  if (!isNonNegative(x.size) || !isPositive(y.size))
    return std::nullopt;
  return integer(nn::floorDiv(x.size, y.size));
}

static Folded modElements(const Element &x, const Element &y, Type type) {
  if (isa<FloatType>(type) || !isPositive(y.size))
    return std::nullopt;
  return integer(nn::mod(x.size, y.size));
}

static Folded powElements(const Element &x, const Element &y, Type type) {
  if (isa<FloatType>(type) && x.isNumber() && y.isNumber())
    return Element::ofNumber(roundToType(std::pow(x.number, y.number), type));
  return std::nullopt;
}

static Folded minElements(const Element &x, const Element &y, Type type) {
  if (!isa<FloatType>(type))
    return integer(nn::min(x.size, y.size));
  return foldFloats(
      x, y, type, [](double a, double b) { return a < b ? a : b; },
      [](SizeAttr a, SizeAttr b, SizeAttr c, SizeAttr d) {
        return quotient(nn::min(nn::mul(a, d), nn::mul(c, b)), nn::mul(b, d));
      });
}

static Folded maxElements(const Element &x, const Element &y, Type type) {
  if (!isa<FloatType>(type))
    return integer(nn::max(x.size, y.size));
  return foldFloats(
      x, y, type, [](double a, double b) { return a > b ? a : b; },
      [](SizeAttr a, SizeAttr b, SizeAttr c, SizeAttr d) {
        return quotient(nn::max(nn::mul(a, d), nn::mul(c, b)), nn::mul(b, d));
      });
}

/// The interval that holds x - y.
static std::optional<std::pair<double, double>>
getDifference(const Element &x, const Element &y, MLIRContext *context) {
  if (x.isNumber() && y.isNumber())
    return std::make_pair(x.number - y.number, x.number - y.number);
  auto left = toQuotient(x, context), right = toQuotient(y, context);
  if (!left || !right)
    return std::nullopt;
  SizeAttr difference = nn::sub(nn::mul(left->first, right->second),
                                nn::mul(right->first, left->second));
  if (difference.isUnknown() || !isPositive(left->second) ||
      !isPositive(right->second))
    return std::nullopt;
  auto [low, high] = nn::getRange(difference);
  return std::make_pair(double(low), double(high));
}

static Folded equalElements(const Element &x, const Element &y, Type type) {
  auto difference = getDifference(x, y, type.getContext());
  if (!difference)
    return std::nullopt;
  if (difference->first == 0 && difference->second == 0)
    return ofTruth(type.getContext(), true);
  if (difference->first > 0 || difference->second < 0)
    return ofTruth(type.getContext(), false);
  return std::nullopt;
}

static Folded lessElements(const Element &x, const Element &y, Type type) {
  auto difference = getDifference(x, y, type.getContext());
  if (!difference || (difference->first < 0 && difference->second >= 0))
    return std::nullopt;
  return ofTruth(type.getContext(), difference->second < 0);
}

static Folded lessEqualElements(const Element &x, const Element &y, Type type) {
  auto difference = getDifference(x, y, type.getContext());
  if (!difference || (difference->first <= 0 && difference->second > 0))
    return std::nullopt;
  return ofTruth(type.getContext(), difference->second <= 0);
}

static Folded andElements(const Element &x, const Element &y, Type type) {
  return ofTruth(type.getContext(), *x.getInteger() && *y.getInteger());
}
static Folded orElements(const Element &x, const Element &y, Type type) {
  return ofTruth(type.getContext(), *x.getInteger() || *y.getInteger());
}

template <double (*Function)(double)>
static Folded numberElement(const Element &x, Type type) {
  if (!x.isNumber())
    return std::nullopt;
  return Element::ofNumber(roundToType(Function(x.number), type));
}

static Folded negElement(const Element &x, Type type) {
  return subElements(isa<FloatType>(type)
                         ? Element::ofNumber(0)
                         : Element::ofSize(nn::getSize(type.getContext(), 0)),
                     x, type);
}
static Folded absElement(const Element &x, Type) {
  if (x.isNumber())
    return Element::ofNumber(std::fabs(x.number));
  // Divisors are positive.
  SizeAttr size = nn::max(x.size, nn::mul(x.size, -1));
  return size.isUnknown() ? Folded() : Element{size, x.divisor, 0};
}
static Folded floorElement(const Element &x, Type) {
  if (x.isNumber())
    return Element::ofNumber(std::floor(x.number));
  return x.divisor ? integer(nn::floorDiv(x.size, x.divisor)) : Folded(x);
}
static Folded ceilElement(const Element &x, Type) {
  if (x.isNumber())
    return Element::ofNumber(std::ceil(x.number));
  return x.divisor ? integer(nn::ceilDiv(x.size, x.divisor)) : Folded(x);
}
static Folded reciprocalElement(const Element &x, Type type) {
  return divElements(Element::ofNumber(1), x, type);
}
static Folded notElement(const Element &x, Type type) {
  return ofTruth(type.getContext(), !*x.getInteger());
}

//===- Tensors ------------------------------------------------------------===//

/// The content of a result whose elements are computed from those of `inputs`,
/// which broadcast. Nothing if one element cannot be computed.
static std::optional<Content>
mapElements(ArrayRef<const Content *> inputs, Type resultType,
            llvm::function_ref<Folded(ArrayRef<const Element *>)> compute) {
  Content result;
  result.elementType = resultType;
  size_t rank = 0;
  for (const Content *input : inputs)
    rank = std::max(rank, input->shape.size());
  result.shape.assign(rank, 1);
  for (const Content *input : inputs)
    for (size_t i = 0, lead = rank - input->shape.size();
         i < input->shape.size(); ++i) {
      int64_t &size = result.shape[lead + i];
      if (size == 1)
        size = input->shape[i];
      else if (input->shape[i] != 1 && input->shape[i] != size)
        return std::nullopt;
    }
  if (!mayHaveContent(result.shape, resultType))
    return std::nullopt;

  int64_t count = 1;
  for (int64_t size : result.shape)
    count *= size;
  SmallVector<int64_t> index(rank, 0);
  for (int64_t n = 0; n < count; ++n) {
    SmallVector<const Element *, 3> elements;
    for (const Content *input : inputs) {
      int64_t place = 0;
      for (size_t i = 0, lead = rank - input->shape.size();
           i < input->shape.size(); ++i)
        place = place * input->shape[i] +
                (input->shape[i] == 1 ? 0 : index[lead + i]);
      elements.push_back(&input->elements[place]);
    }
    Folded element = compute(elements);
    if (!element)
      return std::nullopt;
    result.elements.push_back(*element);
    for (size_t d = rank; d-- > 0 && ++index[d] == result.shape[d];)
      index[d] = 0;
  }
  return result;
}

/// Whether every integer is in the range of its type: those that wrap are
/// computed by the model.
static bool isInRange(const Content &content) {
  auto type = dyn_cast<IntegerType>(content.elementType);
  unsigned width = type ? type.getWidth() : 64;
  bool isUnsigned = width == 1 || (type && type.isUnsigned());
  return llvm::all_of(content.elements, [&](const Element &element) {
    std::optional<int64_t> value = element.getInteger();
    if (!value) // Sizes do fit 32 bits.
      return width >= 32;
    if (isUnsigned)
      return *value >= 0 && (width == 64 || *value >> width == 0);
    return llvm::isIntN(width, *value);
  });
}

static bool setFolded(NodeContext &node, std::optional<Content> content) {
  return content && isInRange(*content) &&
         succeeded(node.setContent(0, std::move(*content)));
}

template <UnaryFold Fold>
static bool foldUnary(NodeContext &node) {
  const Content *input = node.getContent(0);
  return input &&
         setFolded(node, mapElements(input, input->elementType,
                                     [&](ArrayRef<const Element *> in) {
                                       return Fold(*in[0], input->elementType);
                                     }));
}

/// Operators with two inputs, or any number that are combined one by one.
static bool foldWith(NodeContext &node, BinaryFold fold, bool isTruth) {
  const Content *first = node.getContent(0);
  // Before opset 7 operands broadcast only by attributes.
  if (!first || node.hasAttribute("axis"))
    return false;
  std::optional<Content> result = *first;
  for (unsigned i = 1; i < node.getNumInputs() && result; ++i) {
    const Content *next = node.getContent(i);
    if (!next || next->elementType != first->elementType)
      return false;
    Type type = first->elementType;
    result =
        mapElements({&*result, next},
                    isTruth ? IntegerType::get(node.getContext(), 1) : type,
                    [&](ArrayRef<const Element *> in) {
                      return fold(*in[0], *in[1], type);
                    });
  }
  return setFolded(node, std::move(result));
}

template <BinaryFold Fold>
static bool foldBinary(NodeContext &node) {
  return foldWith(node, Fold, /*isTruth=*/false);
}
template <BinaryFold Fold>
static bool foldTruth(NodeContext &node) {
  return foldWith(node, Fold, /*isTruth=*/true);
}

bool sinter::foldAbs(NodeContext &node) { return foldUnary<absElement>(node); }
bool sinter::foldCeil(NodeContext &node) {
  return foldUnary<ceilElement>(node);
}
bool sinter::foldExp(NodeContext &node) {
  return foldUnary<numberElement<std::exp>>(node);
}
bool sinter::foldFloor(NodeContext &node) {
  return foldUnary<floorElement>(node);
}
bool sinter::foldLog(NodeContext &node) {
  return foldUnary<numberElement<std::log>>(node);
}
bool sinter::foldNeg(NodeContext &node) { return foldUnary<negElement>(node); }
bool sinter::foldNot(NodeContext &node) { return foldUnary<notElement>(node); }
bool sinter::foldReciprocal(NodeContext &node) {
  return foldUnary<reciprocalElement>(node);
}
bool sinter::foldSqrt(NodeContext &node) {
  return foldUnary<numberElement<std::sqrt>>(node);
}
bool sinter::foldAdd(NodeContext &node) {
  return foldBinary<addElements>(node);
}
bool sinter::foldDiv(NodeContext &node) {
  return foldBinary<divElements>(node);
}
bool sinter::foldMax(NodeContext &node) {
  return foldBinary<maxElements>(node);
}
bool sinter::foldMin(NodeContext &node) {
  return foldBinary<minElements>(node);
}
bool sinter::foldMul(NodeContext &node) {
  return foldBinary<mulElements>(node);
}
bool sinter::foldPow(NodeContext &node) {
  return foldBinary<powElements>(node);
}
bool sinter::foldSub(NodeContext &node) {
  return foldBinary<subElements>(node);
}
bool sinter::foldAnd(NodeContext &node) {
  return foldBinary<andElements>(node);
}
bool sinter::foldOr(NodeContext &node) { return foldBinary<orElements>(node); }
bool sinter::foldEqual(NodeContext &node) {
  return foldTruth<equalElements>(node);
}
bool sinter::foldLess(NodeContext &node) {
  return foldTruth<lessElements>(node);
}
bool sinter::foldLessOrEqual(NodeContext &node) {
  return foldTruth<lessEqualElements>(node);
}

static Folded greaterElements(const Element &x, const Element &y, Type type) {
  return lessElements(y, x, type);
}
static Folded greaterEqualElements(const Element &x, const Element &y,
                                   Type type) {
  return lessEqualElements(y, x, type);
}
bool sinter::foldGreater(NodeContext &node) {
  return foldTruth<greaterElements>(node);
}
bool sinter::foldGreaterOrEqual(NodeContext &node) {
  return foldTruth<greaterEqualElements>(node);
}

bool sinter::foldMod(NodeContext &node) {
  // The C remainder is the same where nothing is negative; do not rely on it.
  return node.getInt("fmod", 0) == 0 && foldBinary<modElements>(node);
}

bool sinter::foldWhere(NodeContext &node) {
  const Content *condition = node.getContent(0), *onTrue = node.getContent(1),
                *onFalse = node.getContent(2);
  if (!condition || !onTrue || !onFalse)
    return false;
  return setFolded(
      node, mapElements({condition, onTrue, onFalse}, onTrue->elementType,
                        [](ArrayRef<const Element *> in) -> Folded {
                          std::optional<int64_t> truth = in[0]->getInteger();
                          if (!truth)
                            return std::nullopt;
                          return *truth ? *in[1] : *in[2];
                        }));
}

//===- Cast ---------------------------------------------------------------===//

static Folded castElement(const Element &x, Type from, Type to) {
  MLIRContext *context = from.getContext();
  if (isa<FloatType>(to)) {
    if (x.isNumber())
      return Element::ofNumber(roundToType(x.number, to));
    if (std::optional<int64_t> value = x.getInteger())
      return Element::ofNumber(roundToType(static_cast<double>(*value), to));
    return x;
  }
  if (to.isInteger(1)) {
    if (x.isNumber())
      return ofTruth(context, x.number != 0);
    if (auto value = x.getInteger())
      return ofTruth(context, *value != 0);
    return isPositive(x.size) && !x.divisor ? Folded(ofTruth(context, true))
                                            : std::nullopt;
  }
  unsigned width = to.getIntOrFloatBitWidth();
  if (x.isNumber()) {
    double whole = std::trunc(x.number);
    double limit = std::ldexp(1.0, static_cast<int>(width) - 1);
    if (!(whole >= (to.isUnsignedInteger() ? 0 : -limit) && whole < limit))
      return std::nullopt;
    return Element::ofSize(nn::getSize(context, static_cast<int64_t>(whole)));
  }
  // Rounding down is truncation where nothing is negative.
  SizeAttr size = x.divisor ? nn::floorDiv(x.size, x.divisor) : x.size;
  if ((x.divisor && !isNonNegative(x.size)) || size.isUnknown())
    return std::nullopt;
  std::optional<int64_t> value = size.getConstant();
  bool fits = width == 64 || (width == 32 && !value) ||
              (value && *value >= 0 && *value < (int64_t(1) << (width - 1))) ||
              (value && !to.isUnsignedInteger() && *value < 0 &&
               *value >= -(int64_t(1) << (width - 1)));
  return fits ? Folded(Element::ofSize(size)) : std::nullopt;
}

bool sinter::foldCast(NodeContext &node) {
  const Content *input = node.getContent(0);
  Type type = node.getImporter().getElementType(
      static_cast<onnx::ElementType>(node.getInt("to", 0)));
  if (node.getOp() == "CastLike")
    type = node.getElementType(1);
  // How small floats saturate is said by attributes.
  bool isKnown =
      type && !(isa<FloatType>(type) && type.getIntOrFloatBitWidth() <= 8);
  return input && isKnown &&
         setFolded(node,
                   mapElements(input, type, [&](ArrayRef<const Element *> in) {
                     return castElement(*in[0], input->elementType, type);
                   }));
}
