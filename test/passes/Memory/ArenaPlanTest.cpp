//===- ArenaPlanTest.cpp - no two live buffers overlap --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Memory/ArenaPlan.h"

#include "dialects/NN/Size.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"
#include <random>

using namespace sinter;
using namespace sinter::memory;

namespace {

/// A lifetime as in a network: most values are used soon, some much later.
Lifetime makeLifetime(std::mt19937 &random, int64_t launches) {
  int64_t first = random() % launches;
  int64_t length = random() % 8 == 0 ? random() % launches : random() % 4;
  return {first, std::min(first + length, launches - 1)};
}

std::vector<FixedBuffer> makeFixedBuffers(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<FixedBuffer> buffers(1 + random() % 120);
  int64_t launches = 1 + random() % 80;
  for (FixedBuffer &buffer : buffers) {
    buffer.bytes = random() % 3 == 0 ? random() % 100 : random() % 100000;
    buffer.life = makeLifetime(random, launches);
  }
  return buffers;
}

class FixedPlanTest : public testing::TestWithParam<uint32_t> {};

TEST_P(FixedPlanTest, LiveBuffersDoNotOverlap) {
  std::vector<FixedBuffer> buffers = makeFixedBuffers(GetParam());
  FixedPlan plan = planFixed(buffers);
  ASSERT_EQ(plan.offsets.size(), buffers.size());
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % alignment, 0);
    EXPECT_LE(plan.offsets[i] + buffers[i].bytes, plan.bytes);
    for (size_t j = 0; j < i; ++j) {
      if (!buffers[i].life.overlaps(buffers[j].life))
        continue;
      EXPECT_TRUE(plan.offsets[i] + buffers[i].bytes <= plan.offsets[j] ||
                  plan.offsets[j] + buffers[j].bytes <= plan.offsets[i])
          << "buffers " << i << " and " << j;
    }
  }
}

TEST_P(FixedPlanTest, ArenaIsCloseToTheLowerBound) {
  std::vector<FixedBuffer> buffers = makeFixedBuffers(GetParam());
  FixedPlan plan = planFixed(buffers);
  int64_t bound = getLowerBound(buffers);
  EXPECT_GE(plan.bytes, bound);
  EXPECT_LE(plan.bytes, bound + bound / 5);
}

INSTANTIATE_TEST_SUITE_P(Random, FixedPlanTest, testing::Range(0u, 60u));

TEST(FixedPlan, NothingNeedsNothing) {
  EXPECT_EQ(planFixed({}).bytes, 0);
  EXPECT_EQ(getLowerBound({}), 0);
}

TEST(FixedPlan, LifetimesIncludeTheirEnds) {
  // The second is written while the first is read.
  FixedPlan plan = planFixed({{64, {0, 1}}, {64, {1, 2}}, {64, {2, 3}}});
  EXPECT_NE(plan.offsets[0], plan.offsets[1]);
  EXPECT_NE(plan.offsets[1], plan.offsets[2]);
  EXPECT_EQ(plan.offsets[0], plan.offsets[2]);
  EXPECT_EQ(plan.bytes, 128);
}

TEST(FixedPlan, PicksTheSmallestGapThatFits) {
  // Three long-lived walls leave a gap of 256 and one of 128.
  FixedPlan plan = planFixed({{1024, {0, 9}},
                              {256, {0, 4}},
                              {1024, {0, 9}},
                              {128, {0, 4}},
                              {1024, {0, 9}},
                              {128, {5, 9}},
                              {256, {5, 9}}});
  EXPECT_EQ(plan.bytes, 3 * 1024 + 256 + 128);
}

class FreePlanTest : public testing::TestWithParam<uint32_t> {
protected:
  FreePlanTest() { context.loadDialect<nn::NNDialect>(); }

  std::vector<FreeBuffer> makeBuffers() {
    std::mt19937 random(GetParam());
    nn::SizeAttr h = nn::getSymbol(&context, "h"),
                 w = nn::getSymbol(&context, "w");
    std::vector<FreeBuffer> buffers(1 + random() % 40);
    int64_t launches = 1 + random() % 40;
    for (FreeBuffer &buffer : buffers) {
      int64_t scale = 1 + random() % 1000;
      nn::SizeAttr forms[] = {nn::getSize(&context, scale), nn::mul(h, scale),
                              nn::mul(nn::mul(h, w), scale),
                              nn::mul(nn::ceilDiv(nn::mul(h, w), 4), scale)};
      buffer = {forms[random() % 4], makeLifetime(random, launches)};
    }
    return buffers;
  }

  static int64_t evaluateAt(nn::SizeAttr size, int64_t h, int64_t w) {
    return *nn::evaluate(size, [&](llvm::StringRef name) {
      return std::optional(name == "h" ? h : w);
    });
  }

  mlir::MLIRContext context;
};

/// Whatever the dimensions are, not only where the plan was estimated.
TEST_P(FreePlanTest, LiveBuffersDoNotOverlap) {
  std::vector<FreeBuffer> buffers = makeBuffers();
  FreePlan plan = planFree(&context, buffers, [](nn::SizeAttr size) {
    return evaluateAt(size, 32, 32);
  });
  for (auto [h, w] : {std::pair(1, 1), std::pair(3, 1000), std::pair(640, 7)}) {
    auto begin = [&](size_t i) {
      return evaluateAt(plan.offsets[plan.slots[i]], h, w);
    };
    auto end = [&](size_t i) {
      return begin(i) + evaluateAt(buffers[i].bytes, h, w);
    };
    for (size_t i = 0; i < buffers.size(); ++i) {
      EXPECT_EQ(begin(i) % alignment, 0);
      EXPECT_LE(end(i), evaluateAt(plan.bytes, h, w));
      for (size_t j = 0; j < i; ++j)
        if (buffers[i].life.overlaps(buffers[j].life))
          EXPECT_TRUE(end(i) <= begin(j) || end(j) <= begin(i))
              << "buffers " << i << " and " << j << " at " << h << ", " << w;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Random, FreePlanTest, testing::Range(0u, 30u));

TEST(AlignBytes, RoundsUpTo64) {
  EXPECT_EQ(alignBytes(0), 0);
  EXPECT_EQ(alignBytes(1), 64);
  EXPECT_EQ(alignBytes(64), 64);
  mlir::MLIRContext context;
  context.loadDialect<nn::NNDialect>();
  nn::SizeAttr batch = nn::getSymbol(&context, "batch");
  // A multiple of 64 stays the formula it is.
  EXPECT_EQ(alignBytes(nn::mul(batch, 128)), nn::mul(batch, 128));
  EXPECT_EQ(alignBytes(nn::getSize(&context, 65)), nn::getSize(&context, 128));
}

} // namespace
