//===- SizeOrderTest.cpp - which of two sizes is larger -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Memory/SizeOrder.h"

#include "dialects/NN/Size.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace sinter;
using namespace sinter::memory;

namespace {

class SizeOrderTest : public testing::Test {
protected:
  SizeOrderTest() {
    context.loadDialect<nn::NNDialect>();
    h = symbol("h");
    w = symbol("w");
  }

  nn::SizeAttr symbol(llvm::StringRef name) {
    return nn::getSymbol(&context, name);
  }
  nn::SizeAttr number(int64_t value) { return nn::getSize(&context, value); }

  mlir::MLIRContext context;
  nn::SizeAttr h, w;
};

TEST_F(SizeOrderTest, RangesDecide) {
  EXPECT_TRUE(isAtLeast(nn::mul(h, 4), h));
  EXPECT_TRUE(isAtLeast(nn::mul(h, 4), number(4)));
  EXPECT_FALSE(isAtLeast(nn::mul(h, 4), number(5)));
}

TEST_F(SizeOrderTest, StridesMakeSmaller) {
  nn::SizeAttr full = nn::mul(nn::mul(h, w), 8);
  nn::SizeAttr half = nn::mul(nn::mul(nn::ceilDiv(h, 2), nn::ceilDiv(w, 2)), 8);
  nn::SizeAttr quarter =
      nn::mul(nn::mul(nn::ceilDiv(h, 4), nn::ceilDiv(w, 4)), 8);
  EXPECT_TRUE(isAtLeast(full, half));
  EXPECT_TRUE(isAtLeast(half, quarter));
  EXPECT_TRUE(isAtLeast(quarter, nn::mul(nn::ceilDiv(w, 8), 8)));
  EXPECT_FALSE(isAtLeast(half, full));
  EXPECT_FALSE(isAtLeast(quarter, half));
  // Twice the channels on a quarter of the area: less from h = w = 2 on, but
  // more at 1.
  EXPECT_FALSE(isAtLeast(full, nn::mul(half, 2)));
}

TEST_F(SizeOrderTest, OtherDimensionsDoNotCompare) {
  EXPECT_FALSE(isAtLeast(h, w));
  EXPECT_FALSE(isAtLeast(nn::mul(h, h), nn::mul(h, w)));
  EXPECT_TRUE(isAtLeast(nn::mul(h, h), h));
}

TEST_F(SizeOrderTest, OneSideOfAMaximumIsEnough) {
  nn::SizeAttr maximum = nn::max(nn::max(h, nn::mul(w, 8)), nn::mul(h, w));
  EXPECT_TRUE(isAtLeast(maximum, nn::mul(w, 3)));
  EXPECT_FALSE(isAtLeast(nn::mul(w, 8), maximum));
  EXPECT_EQ(getLarger(maximum, nn::ceilDiv(h, 2)), maximum);
}

TEST_F(SizeOrderTest, QuotientsMayBeZero) {
  // floor(h / 2) is 0 at h = 1.
  nn::SizeAttr half = nn::floorDiv(h, 2);
  EXPECT_FALSE(isAtLeast(half, number(1)));
  EXPECT_FALSE(isAtLeast(nn::mul(w, half), w));
  EXPECT_TRUE(isAtLeast(nn::ceilDiv(h, 2), half));
}

/// What is shown holds at every point of a grid.
TEST_F(SizeOrderTest, AgreesWithValues) {
  std::vector<nn::SizeAttr> sizes;
  for (nn::SizeAttr x : {h, nn::ceilDiv(h, 2), nn::floorDiv(nn::add(h, 5), 3),
                         nn::floorDiv(nn::add(h, -1), 2)})
    for (nn::SizeAttr y : {number(1), w, nn::ceilDiv(w, 4), h})
      for (int64_t scale : {1, 3})
        sizes.push_back(nn::mul(nn::mul(x, y), scale));
  for (nn::SizeAttr a : sizes)
    for (nn::SizeAttr b : sizes) {
      bool shown = isAtLeast(a, b);
      nn::SizeAttr larger = getLarger(a, b);
      for (int64_t hValue : {1, 2, 3, 5, 8, 100})
        for (int64_t wValue : {1, 2, 7, 64}) {
          auto get = [&](nn::SizeAttr size) {
            return *nn::evaluate(size, [&](llvm::StringRef name) {
              return std::optional(name == "h" ? hValue : wValue);
            });
          };
          if (shown)
            EXPECT_GE(get(a), get(b)) << nn::toString(a) << " and "
                                      << nn::toString(b) << " at " << hValue;
          EXPECT_EQ(get(larger), std::max(get(a), get(b)));
        }
    }
}

} // namespace
