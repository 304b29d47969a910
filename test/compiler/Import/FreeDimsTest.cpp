//===- FreeDimsTest.cpp - how ranges of dimensions are written ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/FreeDims.h"
#include "gtest/gtest.h"

using sinter::DimRange;

TEST(DimRange, ReadsSizesAndRanges) {
  auto fixed = DimRange::parse("8");
  ASSERT_TRUE(fixed);
  EXPECT_TRUE(fixed->isFixed());
  EXPECT_EQ(fixed->min, 8);

  auto range = DimRange::parse("2..32@8");
  ASSERT_TRUE(range);
  EXPECT_FALSE(range->isFixed());
  EXPECT_EQ(range->min, 2);
  EXPECT_EQ(range->max, 32);
  EXPECT_EQ(range->optimum, 8);

  auto open = DimRange::parse("4..");
  ASSERT_TRUE(open);
  EXPECT_EQ(open->min, 4);
  EXPECT_FALSE(open->max);
}

TEST(DimRange, RefusesWhatIsNone) {
  for (const char *text :
       {"", "x", "0", "-3", "1.5", "8..2", "1..32@64", "2..8@1", "1..x", "..8",
        "1..8@", "99999999999999999999"})
    EXPECT_FALSE(DimRange::parse(text)) << text;
}
