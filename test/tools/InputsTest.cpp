//===- InputsTest.cpp - names, generators and messages ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Inputs.h"
#include "tools/sinter/Errors.h"

#include <gtest/gtest.h>

using namespace sinter::cli;

static Value draw(ElementType type, const std::string &how, uint64_t seed) {
  Generator generator;
  EXPECT_TRUE(parseGenerator(how, generator));
  Value tensor;
  tensor.type = type;
  tensor.dims = {4096};
  generate(tensor, generator, seed);
  return tensor;
}

TEST(Generate, StaysInsideItsBounds) {
  Statistics uniform =
      computeStatistics(draw(ElementType::F32, "uniform:-2:3", 1));
  EXPECT_GE(uniform.min, -2);
  EXPECT_LT(uniform.max, 3);
  EXPECT_NEAR(uniform.mean, 0.5, 0.1);
  Statistics integers =
      computeStatistics(draw(ElementType::I64, "randint:-1:4", 1));
  EXPECT_EQ(integers.min, -1);
  EXPECT_EQ(integers.max, 3);
}

TEST(Generate, RandomIsNormalForFloatsAndABitForIntegers) {
  Value normal = draw(ElementType::F32, "random", 1);
  double square = 0;
  for (size_t i = 0; i < 4096; ++i)
    square += getElement(normal, i) * getElement(normal, i) / 4096;
  EXPECT_NEAR(square, 1, 0.1);
  Statistics bits = computeStatistics(draw(ElementType::I64, "random", 1));
  EXPECT_EQ(bits.min, 0);
  EXPECT_EQ(bits.max, 1);
}

TEST(Generate, TheSeedDecides) {
  EXPECT_EQ(draw(ElementType::F32, "random", 5).bytes,
            draw(ElementType::F32, "random", 5).bytes);
  EXPECT_NE(draw(ElementType::F32, "random", 5).bytes,
            draw(ElementType::F32, "random", 6).bytes);
}

TEST(Generate, ConstantsFillEveryType) {
  for (ElementType type : {ElementType::F16, ElementType::BF16,
                           ElementType::Bool, ElementType::U8}) {
    EXPECT_EQ(computeStatistics(draw(type, "ones", 0)).min, 1);
    EXPECT_EQ(computeStatistics(draw(type, "zeros", 0)).max, 0);
  }
}

TEST(Generate, RefusesMalformedBounds) {
  Generator generator;
  EXPECT_FALSE(parseGenerator("x.npy", generator));
  for (const char *text : {"uniform:1", "uniform:2:1", "uniform:a:b",
                           "randint:0:1.5", "uniform:0:inf", "randint:0:1:2"})
    EXPECT_THROW(parseGenerator(text, generator), Failure) << text;
}

TEST(Errors, NearestNameFindsSlipsOfTheFinger) {
  std::vector<std::string> names = {"--threads", "--shape", "--seed"};
  EXPECT_EQ(nearestName("--thread", names), "--threads");
  EXPECT_EQ(nearestName("--sahpe", names), "--shape");
  EXPECT_EQ(nearestName("--profile", names), "");
}

TEST(Errors, ListsReadLikeASentence) {
  EXPECT_EQ(listNames({}), "none");
  EXPECT_EQ(listNames({"a"}), "'a'");
  EXPECT_EQ(listNames({"a", "b", "c"}), "'a', 'b' or 'c'");
}
