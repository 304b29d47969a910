//===- LateSizesTest.cpp - formulas of sizes that come from data ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Formulas are evaluated for every value that matters and compared with the
// same thing written with branches.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/LateSizes.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

namespace {

class LateSizesTest : public ::testing::Test {
protected:
  LateSizesTest() { context.loadDialect<nn::NNDialect>(); }

  SizeAttr constant(int64_t value) { return nn::getSize(&context, value); }
  SizeAttr symbol(StringRef name) { return nn::getSymbol(&context, name); }
  /// `size` where the late dimensions ?0, ?1, .. are `lates`, and n is 7.
  static int64_t evaluate(SizeAttr size, ArrayRef<int64_t> lates) {
    auto value = nn::evaluate(size, [&](StringRef name) {
      return std::optional<int64_t>(name == "n" ? 7 : lates[name[1] - '0']);
    });
    EXPECT_TRUE(value.has_value());
    return value.value_or(INT64_MIN);
  }
  /// A set of `count` late axes of a tensor of rank `rank`, as
  /// NodeContext::makeAxes makes it.
  AxisSet makeAxes(unsigned count, int64_t rank) {
    AxisSet set;
    set.rank = rank;
    for (unsigned i = 0; i < count; ++i) {
      SmallVector<SizeAttr> &hit = set.hits.emplace_back();
      for (int64_t dim = 0; dim < rank; ++dim)
        hit.push_back(isEqual(symbol("?" + std::to_string(i)), dim));
    }
    return set;
  }

  MLIRContext context;
};

TEST_F(LateSizesTest, ConditionsAreOneOrZero) {
  SizeAttr late = symbol("?0");
  for (int64_t value : {INT64_MIN + 1, int64_t(-3), int64_t(-1), int64_t(0),
                        int64_t(1), int64_t(2), INT64_MAX}) {
    for (int64_t wanted : {-1, 0, 1, 2})
      EXPECT_EQ(evaluate(isEqual(late, wanted), value), value == wanted)
          << value << " == " << wanted;
    EXPECT_EQ(evaluate(isNegative(late), value), value < 0) << value;
  }
  SizeAttr chosen = select(isEqual(late, 2), symbol("n"), constant(-5));
  EXPECT_EQ(evaluate(chosen, 2), 7);
  EXPECT_EQ(evaluate(chosen, 3), -5);
}

TEST_F(LateSizesTest, ConditionsOfWhatIsKnownFold) {
  EXPECT_TRUE(isEqual(constant(3), 3).isConstant(1));
  EXPECT_TRUE(isEqual(constant(3), 2).isConstant(0));
  // A free dimension is at least 1.
  EXPECT_TRUE(isEqual(symbol("n"), 0).isConstant(0));
  EXPECT_TRUE(isEqual(symbol("n"), -1).isConstant(0));
  EXPECT_TRUE(isNegative(symbol("n")).isConstant(0));
  EXPECT_TRUE(isNegative(constant(-1)).isConstant(1));
}

TEST_F(LateSizesTest, AxesDropAndInsert) {
  SmallVector<SizeAttr> sizes = {constant(2), symbol("n"), constant(5)};
  const int64_t values[] = {2, 7, 5};
  AxisSet one = makeAxes(1, 3), two = makeAxes(2, 5);
  for (int64_t axis = 0; axis < 3; ++axis) {
    SmallVector<int64_t> kept;
    for (int64_t dim = 0; dim < 3; ++dim) {
      EXPECT_EQ(evaluate(one.contains(&context, dim), axis), dim == axis);
      EXPECT_EQ(evaluate(one.pick(symbol("n"), dim, constant(1)), axis),
                dim == axis ? 7 : 1);
      if (dim != axis)
        kept.push_back(values[dim]);
    }
    SmallVector<SizeAttr> dropped = one.drop(&context, sizes);
    ASSERT_EQ(dropped.size(), 2u);
    for (int64_t i = 0; i < 2; ++i)
      EXPECT_EQ(evaluate(dropped[i], axis), kept[i]) << axis;
  }
  SmallVector<SizeAttr> inserted = two.insertOnes(&context, sizes);
  ASSERT_EQ(inserted.size(), 5u);
  for (int64_t a = 0; a < 5; ++a)
    for (int64_t b = 0; b < 5; ++b) {
      const int64_t *next = values;
      for (int64_t dim = 0; a != b && dim < 5; ++dim)
        EXPECT_EQ(evaluate(inserted[dim], {a, b}),
                  dim == a || dim == b ? 1 : *next++)
            << a << ", " << b;
    }
}

TEST_F(LateSizesTest, KnownAxesAreConstants) {
  AxisSet late = makeAxes(1, 2), known;
  EXPECT_FALSE(late.getKnown().has_value());
  known.rank = 3;
  known.hits = {{constant(0), constant(0), constant(1)},
                {constant(1), constant(0), constant(0)}};
  EXPECT_EQ(known.getKnown(), (SmallVector<int64_t>{0, 2}));
}

} // namespace
