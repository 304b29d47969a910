//===- CompareTest.cpp - outputs against a reference ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Compare.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace sinter::cli;

static Value makeTensor(ElementType type, std::vector<double> elements) {
  Value tensor;
  tensor.type = type;
  tensor.dims = {static_cast<int64_t>(elements.size())};
  tensor.bytes.resize(getTypeInfo(type)->countBytes(elements.size()));
  for (size_t i = 0; i < elements.size(); ++i)
    setElement(tensor, i, elements[i]);
  return tensor;
}

static std::string difference(const Value &expected, const Value &found) {
  return compare(expected, found, {1e-3, 1e-6}).difference;
}

TEST(Compare, FloatsAgreeWithinTheTolerance) {
  Value expected = makeTensor(ElementType::F32, {1, -100, 0});
  EXPECT_EQ(difference(expected,
                       makeTensor(ElementType::F32, {1.0009, -100.09, 9e-7})),
            "");
  EXPECT_EQ(
      difference(expected, makeTensor(ElementType::F32, {1, -100.2, 2e-6})),
      "2 of 3 elements differ; the first is element 1: expected -100, found "
      "-100.2");
}

TEST(Compare, NanAgreesWithNanAndInfinityWithItself) {
  double nan = std::numeric_limits<double>::quiet_NaN();
  double inf = std::numeric_limits<double>::infinity();
  Value expected = makeTensor(ElementType::F32, {nan, inf});
  EXPECT_EQ(difference(expected, expected), "");
  EXPECT_NE(difference(expected, makeTensor(ElementType::F32, {0, inf})), "");
  EXPECT_NE(difference(expected, makeTensor(ElementType::F32, {nan, -inf})),
            "");
  EXPECT_NE(difference(expected, makeTensor(ElementType::F32, {nan, 1e30})),
            "");
}

TEST(Compare, IntegersAreExact) {
  Value expected = makeTensor(ElementType::I64, {1000000, 5});
  EXPECT_EQ(difference(expected, expected), "");
  EXPECT_EQ(difference(expected, makeTensor(ElementType::I64, {1000001, 5})),
            "element 0 differs: expected 1e+06, found 1e+06");
}

TEST(Compare, TypeAndShapeMustBeTheSame) {
  Value expected = makeTensor(ElementType::F32, {1, 2});
  EXPECT_EQ(difference(expected, makeTensor(ElementType::F64, {1, 2})),
            "expected float32[2], found float64[2]");
  EXPECT_EQ(difference(expected, makeTensor(ElementType::F32, {1})),
            "expected float32[2], found float32[1]");
}

TEST(Compare, SequencesElementByElement) {
  Value expected, found;
  expected.kind = found.kind = Value::Kind::Sequence;
  expected.elements = {makeTensor(ElementType::F32, {1}),
                       makeTensor(ElementType::F32, {2})};
  found.elements = {makeTensor(ElementType::F32, {1}),
                    makeTensor(ElementType::F32, {3})};
  EXPECT_NE(difference(expected, found).find("element 1 of the sequence"),
            std::string::npos);
  found.elements.pop_back();
  EXPECT_EQ(difference(expected, found),
            "expected a sequence of 2, found a sequence of 1");
}
