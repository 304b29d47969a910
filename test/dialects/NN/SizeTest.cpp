//===- SizeTest.cpp - size arithmetic against direct evaluation -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random formulas are built twice: as sizes, which simplify, and as closures
// that compute with numbers. What the library says about a size must be true of
// the number for every value of the free dimensions.
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/Size.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <functional>
#include <random>

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;

namespace {

using Value = std::optional<int64_t>;
using Point = llvm::StringMap<int64_t>;
/// The last two are late: they may be any integer.
constexpr StringRef names[] = {"a", "b", "h", "w", "?s", "?t"};

/// A formula in both forms. `compute` gives nothing where it divides by a zero
/// that no late dimension can be made responsible for.
struct Formula {
  SizeAttr size;
  std::function<Value(const Point &)> compute;
};

class SizeTest : public ::testing::Test {
protected:
  SizeTest() { context.loadDialect<NNDialect>(); }

  SizeAttr parse(StringRef text) {
    return cast<SizeAttr>(
        parseAttribute(("#nn.size<" + text + ">").str(), &context));
  }
  std::string print(SizeAttr size) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    printSize(size, stream);
    return text;
  }
  int64_t draw(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  }
  Point drawPoint() {
    Point point;
    for (StringRef name : names)
      point[name] = isLate(name) ? draw(-4, 4) : draw(1, draw(0, 1) ? 3 : 40);
    return point;
  }
  static Value evaluateAt(SizeAttr size, const Point &point) {
    return evaluate(
        size, [&](StringRef name) -> Value { return point.lookup(name); });
  }
  Formula drawLeaf();
  Formula drawFormula(unsigned depth);

  MLIRContext context;
  std::mt19937_64 random{20240229};
};

Formula SizeTest::drawLeaf() {
  if (draw(0, 2) == 0) {
    int64_t value = draw(-6, 12);
    return {getSize(&context, value), [=](const Point &) { return value; }};
  }
  StringRef name = names[draw(0, std::size(names) - 1)];
  return {getSymbol(&context, name),
          [=](const Point &point) { return point.lookup(name); }};
}

/// Applies `rule` to two formulas that have a value.
std::function<Value(const Point &)>
combine(const Formula &lhs, const Formula &rhs,
        std::function<Value(int64_t, int64_t)> rule) {
  return [=, l = lhs.compute, r = rhs.compute](const Point &point) -> Value {
    Value left = l(point), right = r(point);
    return left && right ? rule(*left, *right) : Value();
  };
}

/// Divides as `rule` does; by 0, gives 0 if `divisor` is late or constant.
static std::function<Value(int64_t, int64_t)>
divide(SizeAttr divisor, std::function<int64_t(int64_t, int64_t)> rule) {
  bool isDefined = hasLate(divisor) || divisor.getConstant();
  return [=](int64_t a, int64_t b) -> Value {
    if (b != 0)
      return rule(a, b);
    return isDefined ? Value(0) : Value();
  };
}

Formula SizeTest::drawFormula(unsigned depth) {
  if (depth == 0)
    return drawLeaf();
  Formula lhs = drawFormula(depth - 1), rhs = drawFormula(depth - 1);
  int64_t rule = draw(0, 7);
  // Most divisors are positive constants, as in models.
  if (rule >= 3 && rule <= 5 && draw(0, 3) != 0) {
    int64_t value = draw(1, 6);
    rhs = {getSize(&context, value), [=](const Point &) { return value; }};
  }
  switch (rule) {
  case 0:
    return {add(lhs.size, rhs.size),
            combine(lhs, rhs, [](int64_t a, int64_t b) { return a + b; })};
  case 1:
    return {sub(lhs.size, rhs.size),
            combine(lhs, rhs, [](int64_t a, int64_t b) { return a - b; })};
  case 2:
    return {mul(lhs.size, rhs.size),
            combine(lhs, rhs, [](int64_t a, int64_t b) { return a * b; })};
  case 3:
    return {floorDiv(lhs.size, rhs.size),
            combine(lhs, rhs, divide(rhs.size, [](int64_t a, int64_t b) {
                      return llvm::divideFloorSigned(a, b);
                    }))};
  case 4:
    return {ceilDiv(lhs.size, rhs.size),
            combine(lhs, rhs, divide(rhs.size, [](int64_t a, int64_t b) {
                      return llvm::divideCeilSigned(a, b);
                    }))};
  case 5:
    return {mod(lhs.size, rhs.size),
            combine(lhs, rhs, divide(rhs.size, [](int64_t a, int64_t b) {
                      return a - b * llvm::divideFloorSigned(a, b);
                    }))};
  case 6:
    return {
        nn::min(lhs.size, rhs.size),
        combine(lhs, rhs, [](int64_t a, int64_t b) { return std::min(a, b); })};
  default:
    return {
        nn::max(lhs.size, rhs.size),
        combine(lhs, rhs, [](int64_t a, int64_t b) { return std::max(a, b); })};
  }
}

/// Makes numbers of sizes, to try `build`.
struct NumberBuilder {
  const Point &point;

  int64_t constant(int64_t value) { return value; }
  int64_t symbol(StringRef name) { return point.lookup(name); }
  int64_t add(int64_t lhs, int64_t rhs) { return lhs + rhs; }
  int64_t mul(int64_t lhs, int64_t rhs) { return lhs * rhs; }
  int64_t floorDiv(int64_t lhs, int64_t rhs) {
    return rhs == 0 ? 0 : llvm::divideFloorSigned(lhs, rhs);
  }
  int64_t mod(int64_t lhs, int64_t rhs) {
    return rhs == 0 ? 0 : lhs - rhs * floorDiv(lhs, rhs);
  }
  int64_t min(int64_t lhs, int64_t rhs) { return std::min(lhs, rhs); }
  int64_t max(int64_t lhs, int64_t rhs) { return std::max(lhs, rhs); }
};

constexpr int formulas = 4000, points = 12;

TEST_F(SizeTest, SimplificationKeepsTheValue) {
  int compared = 0;
  for (int i = 0; i < formulas; ++i) {
    Formula formula = drawFormula(draw(1, 4));
    ASSERT_FALSE(formula.size.isUnknown());
    auto [least, most] = getRange(formula.size);
    for (int j = 0; j < points; ++j) {
      Point point = drawPoint();
      Value expected = formula.compute(point);
      if (!expected)
        continue;
      ++compared;
      ASSERT_EQ(evaluateAt(formula.size, point), expected)
          << print(formula.size);
      NumberBuilder builder{point};
      ASSERT_EQ(build<int64_t>(formula.size, builder), *expected)
          << print(formula.size);
      ASSERT_LE(least, *expected) << print(formula.size);
      ASSERT_GE(most, *expected) << print(formula.size);
    }
  }
  EXPECT_GT(compared, formulas * points / 2);
}

TEST_F(SizeTest, ProvedOrderHolds) {
  int proved = 0;
  for (int i = 0; i < formulas; ++i) {
    Formula lhs = drawFormula(2), rhs = drawFormula(2);
    if (!isLessEqual(lhs.size, rhs.size))
      continue;
    ++proved;
    for (int j = 0; j < points; ++j) {
      Point point = drawPoint();
      Value left = lhs.compute(point), right = rhs.compute(point);
      if (left && right)
        ASSERT_LE(*left, *right)
            << print(lhs.size) << " <= " << print(rhs.size);
    }
  }
  EXPECT_GT(proved, formulas / 20);
}

TEST_F(SizeTest, EqualPolynomialsAreOneAttribute) {
  for (int i = 0; i < formulas; ++i) {
    SizeAttr a = drawFormula(2).size, b = drawFormula(2).size,
             c = drawFormula(1).size;
    ASSERT_EQ(add(a, b), add(b, a));
    ASSERT_EQ(mul(a, b), mul(b, a));
    ASSERT_EQ(mul(add(a, b), c), add(mul(a, c), mul(b, c)));
    ASSERT_EQ(sub(add(a, b), b), a);
    ASSERT_EQ(nn::min(a, b), nn::min(b, a));
    ASSERT_EQ(nn::max(a, b), nn::max(b, a));
    if (!b.isConstant(0)) {
      ASSERT_EQ(divideExactly(mul(a, b), b), a)
          << print(a) << " times " << print(b);
    }
  }
}

TEST_F(SizeTest, CanonicalFormsAreStable) {
  for (int i = 0; i < formulas; ++i) {
    SizeAttr size = drawFormula(draw(1, 4)).size;
    ASSERT_EQ(parse(print(size)), size) << print(size);
    ASSERT_EQ(substitute(size, [](StringRef) { return SizeAttr(); }), size)
        << print(size);
  }
}

TEST_F(SizeTest, SubstitutionOfConstantsEvaluates) {
  for (int i = 0; i < formulas; ++i) {
    SizeAttr size = drawFormula(draw(1, 3)).size;
    Point point = drawPoint();
    SizeAttr constant = substitute(size, [&](StringRef name) {
      return getSize(&context, point.lookup(name));
    });
    ASSERT_EQ(constant.getConstant(), evaluateAt(size, point)) << print(size);
  }
}

TEST_F(SizeTest, DivisionByZeroIsZero) {
  EXPECT_TRUE(floorDiv(parse("a"), int64_t(0)).isConstant(0));
  EXPECT_TRUE(mod(parse("a"), getSize(&context, 0)).isConstant(0));
  // A late dimension may be 0: nothing is cancelled.
  EXPECT_EQ(print(floorDiv(parse("a * \"?s\""), parse("\"?s\""))),
            "(\"?s\" * a) floordiv \"?s\"");
  EXPECT_EQ(print(floorDiv(parse("a * \"?s\""), parse("a"))), "\"?s\"");
  EXPECT_TRUE(mod(parse("a * \"?s\""), parse("\"?s\"")).isConstant(0));
}

TEST_F(SizeTest, NegativeDivisorsRoundDown) {
  EXPECT_TRUE(floorDiv(getSize(&context, 7), -2).isConstant(-4));
  EXPECT_TRUE(mod(getSize(&context, 7), getSize(&context, -2)).isConstant(-1));
  EXPECT_EQ(print(floorDiv(parse("a"), int64_t(-2))),
            print(floorDiv(parse("a * -1"), int64_t(2))));
}

TEST_F(SizeTest, OverflowIsUnknown) {
  SizeAttr large = getSize(&context, INT64_MAX);
  EXPECT_TRUE(add(large, 1).isUnknown());
  EXPECT_TRUE(mul(large, large).isUnknown());
  EXPECT_TRUE(mul(mul(large, 2), 0).isUnknown());
  EXPECT_TRUE(mul(getSymbol(&context, "a"), INT64_MIN).isUnknown());
  EXPECT_FALSE(add(large, 1).getConstant().has_value());
  EXPECT_FALSE(isLessEqual(add(large, 1), add(large, 1)));

  // Too large only with certain values of the free dimension.
  SizeAttr square = mul(parse("a * a"), parse("a * a"));
  auto valueAt = [&](int64_t a) {
    return evaluate(square, [=](StringRef) { return Value(a); });
  };
  EXPECT_EQ(valueAt(1000), 1000000000000);
  EXPECT_EQ(valueAt(int64_t(1) << 32), std::nullopt);
  EXPECT_EQ(getRange(square), std::make_pair(int64_t(1), INT64_MAX));
}

TEST_F(SizeTest, ComparingLongSizesEnds) {
  // A product of sums of functions, as chains of sizes from data make: more
  // terms than are looked at one by one.
  std::string factor, product;
  for (int i = 0; i < 6; ++i)
    factor += (i ? " + max(min(\"?a" : "max(min(\"?a") + std::to_string(i) +
              "\", n), 1)";
  product = "(" + factor + ") * (" + factor + ") * (" + factor + ")";
  SizeAttr size = parse(product);
  EXPECT_GT(size.getTerms().size(), 24u);
  EXPECT_FALSE(isLessEqual(size, parse("n")));
  EXPECT_TRUE(isLessEqual(parse("1"), size));
}

TEST_F(SizeTest, EvaluationNeedsEveryDimension) {
  EXPECT_EQ(
      evaluate(parse("a + b"),
               [](StringRef name) { return name == "a" ? Value(1) : Value(); }),
      std::nullopt);
}

TEST_F(SizeTest, SymbolsInOrderOfFirstUse) {
  SmallVector<StringRef> symbols;
  collectSymbols(parse("w * h + (b floordiv 2) + w + min(c, 7)"), symbols);
  EXPECT_EQ(symbols, (SmallVector<StringRef>{"h", "w", "b", "c"}));
}

TEST_F(SizeTest, TextForUsers) {
  EXPECT_EQ(toString(parse("0")), "0");
  EXPECT_EQ(toString(parse("batch * 2 + 1")), "2*batch + 1");
  EXPECT_EQ(toString(parse("h floordiv 2")), "floor(h/2)");
  EXPECT_EQ(toString(parse("(h + 1) floordiv 2 - 3")), "floor((h + 1)/2) - 3");
  EXPECT_EQ(toString(parse("-h * w")), "-h*w");
  EXPECT_EQ(toString(parse("min(h mod 2, 1) * max(w, 5)")),
            "mod(h, 2)*max(w, 5)");
  EXPECT_EQ(toString(parse("\"p2o.0\" * -3")), "-3*p2o.0");
}

TEST_F(SizeTest, ExactDivision) {
  EXPECT_EQ(divideExactly(parse("h * h - 1"), parse("h - 1")), parse("h + 1"));
  EXPECT_FALSE(divideExactly(parse("h * h + 1"), parse("h - 1")));
  EXPECT_FALSE(divideExactly(parse("3 * h"), parse("2")));
  EXPECT_FALSE(divideExactly(parse("h"), parse("0")));
  EXPECT_EQ(product(&context, {parse("2"), parse("h"), parse("h")}),
            parse("2 * h * h"));
  EXPECT_EQ(product(&context, {}), parse("1"));
}

} // namespace
