//===- IntegerTest.cpp - numbers that integer contractions compute --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerCases.h"

#include "gtest/gtest.h"

using namespace sinter::test;

TEST(IntegerContract, MatmulOfEveryHeight) {
  for (long m : {1, 3, 5, 12, 15, 29, 43})
    check(IntegerMatmul{m, 40, 12});
}

TEST(IntegerContract, MatmulOfEveryWidth) {
  for (long n : {1, 8, 9, 16, 24, 33, 300})
    check(IntegerMatmul{15, n, 8});
}

TEST(IntegerContract, MatmulOfEveryDepth) {
  for (long k : {1, 2, 3, 4, 5, 6, 7, 64, 257})
    check(IntegerMatmul{9, 33, k});
}

TEST(IntegerContract, MatmulInSeveralUnits) {
  check(IntegerMatmul{300, 100, 404});
  check(IntegerMatmul{97, 416, 514});
}

TEST(IntegerContract, MatmulOfExtremes) {
  for (Values values : {Values::Highest, Values::Lowest}) {
    check(IntegerMatmul{7, 40, 4608, values});
    check(IntegerMatmul{7, 40, 65535, values});
  }
}

TEST(IntegerContract, MatmulOfFreeSizes) {
  for (long m : {1, 6, 37})
    for (long k : {1, 3, 4, 37, 64})
      for (auto rhs : {IntegerMatmul::Rows, IntegerMatmul::Columns})
        check(IntegerMatmul{m, 40, k, Values::Random, rhs, false, true});
}

TEST(IntegerContract, MatmulOfActivations) {
  for (long n : {5, 16, 33, 64})
    for (long k : {3, 16, 64, 70})
      for (auto rhs : {IntegerMatmul::Rows, IntegerMatmul::Columns})
        check(IntegerMatmul{20, n, k, Values::Random, rhs});
  check(IntegerMatmul{20, 21, 10, Values::Random, IntegerMatmul::Apart});
}

TEST(IntegerContract, MatmulLeftTransposed) {
  check(IntegerMatmul{7, 40, 12, Values::Random, IntegerMatmul::Packed, true});
  check(IntegerMatmul{7, 40, 13, Values::Random, IntegerMatmul::Packed, true});
  check(IntegerMatmul{7, 40, 13, Values::Random, IntegerMatmul::Rows, true});
}

TEST(IntegerContract, ConvOfEverySize) {
  for (long size : {1, 3, 8, 14, 29})
    check(IntegerConv{1, size, size, 8, 33});
}

TEST(IntegerContract, ConvOfEveryChannelCount) {
  for (long in : {1, 2, 3, 4, 5, 6, 7, 9, 31})
    check(IntegerConv{1, 9, 19, in, 20});
}

TEST(IntegerContract, ConvPadsHoldTheZeroPoint) {
  for (long padValue : {7, 128, 255})
    check(IntegerConv{.batch = 2,
                      .height = 6,
                      .width = 7,
                      .in = 8,
                      .out = 16,
                      .pads = {2, 1, 0, 2},
                      .padValue = padValue});
}

TEST(IntegerContract, ConvFirstLayers) {
  IntegerConv first{.batch = 1,
                    .height = 30,
                    .width = 41,
                    .in = 3,
                    .out = 20,
                    .filter = {7, 7},
                    .strides = {2, 2},
                    .pads = {3, 3, 3, 3},
                    .padValue = 114};
  check(first);
  first.channelsFirst = true;
  check(first);
  first.in = 5;
  check(first);
}

TEST(IntegerContract, ConvStridesAndDilations) {
  check(IntegerConv{.batch = 1,
                    .height = 14,
                    .width = 15,
                    .in = 8,
                    .out = 20,
                    .strides = {2, 2}});
  check(IntegerConv{.batch = 1,
                    .height = 14,
                    .width = 15,
                    .in = 8,
                    .out = 20,
                    .filter = {1, 1},
                    .strides = {2, 2},
                    .pads = {0, 0, 0, 0}});
  check(IntegerConv{.batch = 2,
                    .height = 12,
                    .width = 9,
                    .in = 6,
                    .out = 9,
                    .filter = {3, 2},
                    .strides = {2, 1},
                    .pads = {1, 0, 2, 2},
                    .dilations = {2, 3},
                    .padValue = 3});
}

TEST(IntegerContract, ConvPointwise) {
  for (long in : {10, 24})
    check(IntegerConv{.batch = 1,
                      .height = 5,
                      .width = 6,
                      .in = in,
                      .out = 40,
                      .filter = {1, 1},
                      .pads = {0, 0, 0, 0}});
}

TEST(IntegerContract, ConvGroups) {
  for (bool channelsFirst : {false, true})
    for (long in : {12, 16})
      check(IntegerConv{.batch = 2,
                        .height = 6,
                        .width = 7,
                        .in = in,
                        .out = 40,
                        .group = 4,
                        .padValue = 9,
                        .channelsFirst = channelsFirst});
}

TEST(IntegerContract, ConvOfFreeSizes) {
  for (auto [h, w] : {std::pair<long, long>{1, 1}, {5, 3}, {17, 40}})
    for (long in : {3, 8})
      check(IntegerConv{.batch = 2,
                        .height = h,
                        .width = w,
                        .in = in,
                        .out = 36,
                        .padValue = 128,
                        .isFree = true});
}

TEST(IntegerContract, ConvOfExtremes) {
  for (Values values : {Values::Highest, Values::Lowest})
    check(IntegerConv{.batch = 1,
                      .height = 4,
                      .width = 4,
                      .in = 512,
                      .out = 16,
                      .padValue = 255,
                      .values = values});
}

namespace {
/// A depthwise convolution.
IntegerConv makeDepthwise(long height, long width, long channels, long filter,
                          long stride, long pad, long padValue) {
  return {.batch = 2,
          .height = height,
          .width = width,
          .in = channels,
          .out = channels,
          .filter = {filter, filter},
          .strides = {stride, stride},
          .pads = {pad, pad, pad, pad},
          .group = channels,
          .padValue = padValue};
}
} // namespace

TEST(IntegerDepthwise, Channels) {
  for (long channels : {2, 8, 16, 20, 40, 300})
    check(makeDepthwise(7, 19, channels, 3, 1, 1, 128));
}

TEST(IntegerDepthwise, WindowsAndStrides) {
  for (long filter : {1, 2, 3, 4, 5, 7, 9})
    for (long stride : {1, 2})
      check(makeDepthwise(12, 23, 16, filter, stride, filter / 2, 3));
}

TEST(IntegerDepthwise, WithoutPads) {
  check(makeDepthwise(12, 23, 24, 3, 1, 0, 0));
  check(makeDepthwise(12, 23, 24, 5, 2, 0, 0));
}

TEST(IntegerDepthwise, LargerThanTheInput) {
  check(makeDepthwise(2, 3, 24, 5, 1, 2, 77));
  check(makeDepthwise(1, 1, 24, 3, 1, 1, 0));
}

TEST(IntegerDepthwise, Dilations) {
  IntegerConv dilated = makeDepthwise(12, 23, 20, 3, 1, 4, 200);
  dilated.dilations = {4, 3};
  check(dilated);
}

TEST(IntegerDepthwise, FreeSizes) {
  for (auto [h, w] : {std::pair<long, long>{1, 1}, {3, 2}, {17, 40}})
    for (long stride : {1, 2}) {
      IntegerConv free = makeDepthwise(h, w, 40, 3, stride, 1, 5);
      free.isFree = true;
      check(free);
    }
}

TEST(IntegerDepthwise, Extremes) {
  for (Values values : {Values::Highest, Values::Lowest}) {
    IntegerConv extreme = makeDepthwise(9, 9, 16, 5, 1, 2, 255);
    extreme.values = values;
    check(extreme);
  }
}
