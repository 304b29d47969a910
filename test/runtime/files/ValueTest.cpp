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
  tensor.bytes.resize(getTypeInfo(type)->countBytes(
      static_cast<size_t>(*countElements(tensor.dims))));
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

TEST(Value, SmallFloats) {
  auto read = [](ElementType type, uint8_t code) {
    Value tensor = makeTensor(type, {1});
    tensor.bytes[0] = code;
    return getElement(tensor, 0);
  };
  // The largest and the least numbers, and what is no number (OFP8 1.0, table
  // 1; MX 1.0, tables 5 and 7).
  EXPECT_EQ(read(ElementType::F8E4M3FN, 0x7e), 448);
  EXPECT_EQ(read(ElementType::F8E4M3FN, 0x81), -0x1p-9);
  EXPECT_TRUE(std::isnan(read(ElementType::F8E4M3FN, 0xff)));
  EXPECT_EQ(read(ElementType::F8E4M3FNUZ, 0x7f), 240);
  EXPECT_TRUE(std::isnan(read(ElementType::F8E4M3FNUZ, 0x80)));
  EXPECT_EQ(read(ElementType::F8E5M2, 0x7b), 57344);
  EXPECT_EQ(read(ElementType::F8E5M2, 0xfc), -INFINITY);
  EXPECT_TRUE(std::isnan(read(ElementType::F8E5M2, 0x7d)));
  EXPECT_EQ(read(ElementType::F8E5M2FNUZ, 0x01), 0x1p-17);
  EXPECT_EQ(read(ElementType::F8E8M0, 0), 0x1p-127);
  EXPECT_EQ(read(ElementType::F8E8M0, 128), 2);
  EXPECT_EQ(read(ElementType::F4E2M1, 0x07), 6);
  EXPECT_EQ(read(ElementType::F4E2M1, 0x09), -0.5);
}

TEST(Value, SmallElementsShareBytes) {
  for (ElementType type : {ElementType::I4, ElementType::I2}) {
    Value tensor = makeTensor(type, {5});
    EXPECT_EQ(tensor.bytes.size(), type == ElementType::I4 ? 3u : 2u);
    for (size_t i = 0; i < 5; ++i)
      setElement(tensor, i, i % 2 ? -2 : 1);
    for (size_t i = 0; i < 5; ++i)
      EXPECT_EQ(getElement(tensor, i), i % 2 ? -2 : 1) << i;
  }
  Value tensor = makeTensor(ElementType::F4E2M1, {2});
  setElement(tensor, 0, 1.3);
  setElement(tensor, 1, -5);
  EXPECT_EQ(tensor.bytes[0], 0xe3) << "1.5 in the low bits, -4 above";
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
