//===- ValueTest.cpp - numbers in tensors of all types ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/files/Value.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

using namespace sinter::files;

static Value makeTensor(ElementType type, std::vector<int64_t> dims) {
  Value tensor;
  tensor.type = type;
  tensor.dims = std::move(dims);
  tensor.bytes.resize(static_cast<size_t>(*countElements(tensor.dims)) *
                      getTypeInfo(type)->bytes);
  return tensor;
}

static uint16_t roundTo16(ElementType type, double number) {
  Value tensor = makeTensor(type, {1});
  setElement(tensor, 0, number);
  uint16_t bits;
  std::memcpy(&bits, tensor.bytes.data(), sizeof bits);
  return bits;
}

TEST(Value, HalvesRoundToNearestEven) {
  EXPECT_EQ(roundTo16(ElementType::F16, 1.0), 0x3c00);
  EXPECT_EQ(roundTo16(ElementType::F16, -2.5), 0xc100);
  EXPECT_EQ(roundTo16(ElementType::F16, 1.0 + 0x1p-11), 0x3c00); // tie, to even
  EXPECT_EQ(roundTo16(ElementType::F16, 1.0 + 3 * 0x1p-11), 0x3c02);
  EXPECT_EQ(roundTo16(ElementType::F16, 65504), 0x7bff);
  EXPECT_EQ(roundTo16(ElementType::F16, 65520), 0x7c00);
  EXPECT_EQ(roundTo16(ElementType::F16, 0x1p-24), 0x0001);
  EXPECT_EQ(roundTo16(ElementType::F16, 0x1p-14 - 0x1p-26), 0x0400);
}

TEST(Value, HalvesOfAllBitPatternsSurviveTheWayThroughDouble) {
  Value tensor = makeTensor(ElementType::F16, {1});
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    auto half = static_cast<uint16_t>(bits);
    std::memcpy(tensor.bytes.data(), &half, sizeof half);
    double number = getElement(tensor, 0);
    if (std::isnan(number))
      continue;
    ASSERT_EQ(roundTo16(ElementType::F16, number), half) << number;
  }
}

TEST(Value, BfloatsRoundToNearestEven) {
  EXPECT_EQ(roundTo16(ElementType::BF16, 1.0), 0x3f80);
  EXPECT_EQ(roundTo16(ElementType::BF16, 1.0 + 0x1p-8), 0x3f80);
  EXPECT_EQ(roundTo16(ElementType::BF16, 1.0 + 3 * 0x1p-8), 0x3f82);
}

TEST(Value, StatisticsLeaveOutNaN) {
  Value tensor = makeTensor(ElementType::F32, {4});
  setElement(tensor, 0, 2);
  setElement(tensor, 1, std::numeric_limits<double>::quiet_NaN());
  setElement(tensor, 2, -4);
  setElement(tensor, 3, 5);
  Statistics statistics = computeStatistics(tensor);
  EXPECT_EQ(statistics.min, -4);
  EXPECT_EQ(statistics.max, 5);
  EXPECT_EQ(statistics.mean, 1);
  EXPECT_EQ(statistics.nans, 1u);
}

TEST(Value, CountElementsRefusesNegativeAndHuge) {
  EXPECT_EQ(countElements({}), 1);
  EXPECT_EQ(countElements({2, 0, 3}), 0);
  EXPECT_EQ(countElements({2, -1}), std::nullopt);
  EXPECT_EQ(countElements({1ll << 40, 1ll << 40}), std::nullopt);
}

TEST(Value, OneByteTypesTakeAnyByteOrderMark) {
  EXPECT_EQ(getTypeOfNpy("|b1"), ElementType::Bool);
  EXPECT_EQ(getTypeOfNpy("<u1"), ElementType::U8);
  EXPECT_EQ(getTypeOfNpy("<f4"), ElementType::F32);
  EXPECT_EQ(getTypeOfNpy(">f4"), std::nullopt);
}
