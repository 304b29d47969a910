//===- StatisticsTest.cpp - ranges from observed values -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Quantize/Statistics.h"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

using namespace sinter::quantize;

static double getLow(const Grid &grid) {
  return -grid.zeroPoint * double(grid.scale);
}
static double getHigh(const Grid &grid) {
  return (255 - grid.zeroPoint) * double(grid.scale);
}

static std::vector<float> drawNormal(size_t count, float deviation) {
  std::mt19937 generator(7);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> values(count);
  for (float &value : values)
    value = normal(generator);
  return values;
}

TEST(Grid, HoldsZeroExactly) {
  Grid grid = makeGrid(-1, 3);
  EXPECT_FLOAT_EQ(grid.scale, 4.0f / 255);
  EXPECT_EQ(grid.zeroPoint, 64); // round(63.75)
  // A range that does not contain 0 is extended to it.
  EXPECT_EQ(makeGrid(2, 3).zeroPoint, 0);
  EXPECT_FLOAT_EQ(makeGrid(2, 3).scale, 3.0f / 255);
  EXPECT_EQ(makeGrid(-3, -2).zeroPoint, 255);
}

TEST(Grid, ConstantZeroHasAGrid) {
  Grid grid = makeGrid(0, 0);
  EXPECT_EQ(grid.scale, 1);
  EXPECT_EQ(grid.zeroPoint, 0);
  EXPECT_GT(makeGrid(0, 1e-45).scale, 0);
}

TEST(Statistics, MinMaxCoversEverything) {
  Statistics statistics;
  EXPECT_TRUE(statistics.isEmpty());
  statistics.add({-2, 0.5}, 1, 1);
  statistics.add({1000, 3}, 1, 1);
  EXPECT_EQ(statistics.getMin(), -2);
  EXPECT_EQ(statistics.getMax(), 1000);
  Grid grid = statistics.getGrid(RangeMethod::MinMax);
  EXPECT_NEAR(grid.scale, 1002.0 / 255, 1e-6);
  EXPECT_FALSE(statistics.hasNonFinite());
}

TEST(Statistics, MeansOfChannels) {
  Statistics statistics;
  // Channels last: [2, 3]; then channels first: [1, 3, 2].
  statistics.add({1, 2, 3, 5, 6, 7}, 3, 1);
  EXPECT_EQ(statistics.getMeans(), (std::vector<float>{3, 4, 5}));
  Statistics outer;
  outer.add({1, 2, 3, 5, 6, 7}, 3, 2);
  EXPECT_EQ(outer.getMeans(), (std::vector<float>{1.5, 4, 6.5}));
  // Pieces that disagree on the number of channels have no means.
  outer.add({1, 2}, 2, 1);
  EXPECT_TRUE(outer.getMeans().empty());
}

TEST(Statistics, PercentileLeavesOutliersOut) {
  std::vector<float> values = drawNormal(100000, 1);
  values[5] = 500;
  values[6] = -300;
  Statistics statistics;
  statistics.add(values, 1, 1);
  EXPECT_NEAR(getHigh(statistics.getGrid(RangeMethod::MinMax)), 500, 4);
  Grid grid = statistics.getGrid(RangeMethod::Percentile);
  // The quantile 0.9999 of the normal distribution is 3.72; bins are 1024 /
  // 8192 wide, and the zero point moves the ends by a step.
  EXPECT_NEAR(getHigh(grid), 3.72, 0.3);
  EXPECT_NEAR(getLow(grid), -3.72, 0.3);
}

TEST(Statistics, PercentileOfOneSidedValuesKeepsZero) {
  std::vector<float> values = drawNormal(100000, 1);
  for (float &value : values)
    value = std::max(value, 0.0f);
  Statistics statistics;
  statistics.add(values, 1, 1);
  Grid grid = statistics.getGrid(RangeMethod::Percentile);
  EXPECT_EQ(grid.zeroPoint, 0);
  EXPECT_NEAR(getHigh(grid), 3.72, 0.1);
}

/// The mean squared error of rounding `values` to `grid`, computed directly.
static double measureError(const std::vector<float> &values, const Grid &grid) {
  double sum = 0;
  for (float value : values) {
    double integer = std::nearbyint(value / grid.scale) + grid.zeroPoint;
    integer = std::min(std::max(integer, 0.0), 255.0);
    double back = (integer - grid.zeroPoint) * grid.scale;
    sum += (back - value) * (back - value);
  }
  return sum / values.size();
}

TEST(Statistics, MseIsNotWorseThanTheOthers) {
  for (float outlier : {0.0f, 8.0f, 40.0f}) {
    std::vector<float> values = drawNormal(50000, 1);
    values[3] = outlier;
    Statistics statistics;
    statistics.add(values, 1, 1);
    double mse = measureError(values, statistics.getGrid(RangeMethod::Mse));
    // The search knows values up to the width of a bin.
    EXPECT_LE(mse, 1.02 * measureError(
                              values, statistics.getGrid(RangeMethod::MinMax)));
    EXPECT_LE(mse, 1.02 * measureError(values, statistics.getGrid(
                                                   RangeMethod::Percentile)));
  }
}

TEST(Statistics, DoesNotDependOnThePieces) {
  std::vector<float> values = drawNormal(10000, 3);
  Statistics whole, pieces;
  whole.add(values, 1, 1);
  for (size_t n = 0; n < values.size(); n += 1000)
    pieces.add(llvm::ArrayRef(values).slice(n, 1000), 1, 1);
  for (RangeMethod method :
       {RangeMethod::MinMax, RangeMethod::Percentile, RangeMethod::Mse}) {
    EXPECT_EQ(whole.getGrid(method).scale, pieces.getGrid(method).scale);
    EXPECT_EQ(whole.getGrid(method).zeroPoint,
              pieces.getGrid(method).zeroPoint);
  }
}

TEST(Statistics, NoticesNaNAndInfinity) {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(),
                    std::numeric_limits<float>::infinity()}) {
    Statistics statistics;
    statistics.add({1, bad}, 1, 1);
    EXPECT_TRUE(statistics.hasNonFinite());
  }
}
