//===- WindowTest.cpp - numbers of depthwise convolutions and pooling -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NumericsSupport.h"

using namespace sinter::test;

namespace {

/// A window operation on [1, h, w, c].
struct Case {
  int h, w, c, kernel, stride, padBefore, padAfter, dilation = 1;
  std::string kind = "conv"; // or max, mean
  bool countsPads = false, isFree = false, ceil = false;

  int getOut(int size) const {
    int rest = size + padBefore + padAfter - (kernel - 1) * dilation - 1;
    int out = (ceil ? (rest + stride - 1) / stride : rest / stride) + 1;
    if (ceil && (out - 1) * stride >= size + padBefore)
      --out;
    return out;
  }
};

std::string repeat(int value, int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += (i ? ", " : "") + std::to_string(value);
  return text;
}

std::string makeSize(const std::string &symbol, const Case &test) {
  int offset = test.padBefore + test.padAfter -
               (test.kernel - 1) * test.dilation - 1 + test.stride;
  std::string text = symbol;
  if (offset)
    text += (offset < 0 ? " - " : " + ") + std::to_string(std::abs(offset));
  if (test.stride == 1)
    return text;
  return "(" + text + ") floordiv " + std::to_string(test.stride);
}

std::string makeTensor(const Case &test, bool isResult) {
  std::string c = std::to_string(test.c);
  if (test.isFree) {
    std::string h = isResult ? makeSize("h", test) : "h";
    std::string w = isResult ? makeSize("w", test) : "w";
    return "tensor<1x?x?x" + c + "xf32, #nn.dims<[1, " + h + ", " + w + ", " +
           c + "]>>";
  }
  int h = isResult ? test.getOut(test.h) : test.h;
  int w = isResult ? test.getOut(test.w) : test.w;
  return "tensor<1x" + std::to_string(h) + "x" + std::to_string(w) + "x" + c +
         "xf32>";
}

std::string makeBody(const Case &test) {
  std::string c = std::to_string(test.c), k = std::to_string(test.kernel);
  std::string in = makeTensor(test, false), out = makeTensor(test, true);
  std::string packed = "tensor<" + k + "x" + k + "x" + c + "xf32>";
  std::string filter = "tensor<" + c + "x1x" + k + "x" + k + "xf32>";
  std::string geometry = " strides [" + repeat(test.stride, 2) + "] pads [" +
                         repeat(test.padBefore, 2) + ", " +
                         repeat(test.padAfter, 2) + "] dilations [" +
                         repeat(test.dilation, 2) + "]";
  std::string head = "@f(%a: " + in + ", %w: " + packed + ", %b: tensor<" + c +
                     "xf32>) -> " + out +
                     " attributes {kind = #kernel.kind<window>} {";
  std::string op = test.kind == "conv"
                       ? " %u = kernel.unpack %w : " + packed + " -> " +
                             filter + " %r = nn.conv %a, %u" + geometry +
                             " group " + c + " channels_last : " + in + ", " +
                             filter
                       : " %r = nn.pool " + test.kind + " %a window [" +
                             repeat(test.kernel, 2) + "]" + geometry +
                             (test.ceil ? " ceil" : "") +
                             (test.countsPads ? " include_pad" : "") +
                             " channels_last : " + in;
  return head + op + " %s = nn.add %r, %b : " + out + ", tensor<" + c +
         "xf32> kernel.yield %s : " + out + " }";
}

float evaluate(const Case &test, const std::vector<float> &a,
               const std::vector<float> &w, int i, int j, int c) {
  double sum = test.kind == "max" ? -INFINITY : 0;
  int count = 0;
  for (int y = 0; y < test.kernel; ++y)
    for (int x = 0; x < test.kernel; ++x) {
      int row = i * test.stride - test.padBefore + y * test.dilation;
      int column = j * test.stride - test.padBefore + x * test.dilation;
      if (test.countsPads && row < test.h + test.padAfter &&
          column < test.w + test.padAfter)
        ++count;
      if (row < 0 || row >= test.h || column < 0 || column >= test.w)
        continue;
      count += !test.countsPads;
      double value = a[(row * test.w + column) * test.c + c];
      if (test.kind == "conv")
        sum += value * w[(y * test.kernel + x) * test.c + c];
      else
        sum = test.kind == "max" ? std::max(sum, value) : sum + value;
    }
  return test.kind == "mean" ? sum / count : sum;
}

void check(const Case &test) {
  SCOPED_TRACE(makeBody(test));
  std::vector<float> a = makeUniform(test.h * test.w * test.c);
  std::vector<float> w = makeUniform(test.kernel * test.kernel * test.c);
  std::vector<float> b = makeUniform(test.c, -1, 1, 3), expected;
  for (int i = 0; i < test.getOut(test.h); ++i)
    for (int j = 0; j < test.getOut(test.w); ++j)
      for (int c = 0; c < test.c; ++c)
        expected.push_back(evaluate(test, a, w, i, j, c) + b[c]);
  FreeDims dims;
  if (test.isFree)
    dims = {{"h", test.h}, {"w", test.w}};
  expectKernel(makeBody(test), {toBytes(a), toBytes(w), toBytes(b)}, expected,
               dims, 2e-7 * std::max(10, test.kernel * test.kernel));
}

} // namespace

TEST(Window, DepthwiseOfCommonShapes) {
  check({14, 14, 40, 3, 1, 1, 1});
  check({16, 16, 24, 3, 2, 0, 1});
  check({14, 9, 16, 5, 2, 2, 2});
  check({7, 7, 300, 3, 1, 1, 1});
}

TEST(Window, DepthwiseWithOddGeometry) {
  check({9, 9, 5, 3, 1, 0, 0});
  check({12, 13, 17, 3, 1, 2, 2, 2});
  check({3, 3, 8, 3, 1, 1, 1});
  check({1, 1, 8, 3, 1, 1, 1});
  check({2, 1, 20, 5, 1, 2, 2});
  check({10, 40, 8, 9, 1, 4, 4}); // too many taps to unroll
}

TEST(Window, DepthwiseOverFreeSizes) {
  for (int stride : {1, 2})
    for (auto [h, w] : {std::pair{1, 1}, {2, 5}, {9, 30}, {20, 17}}) {
      Case test{h, w, 24, 3, stride, 1, 1};
      test.isFree = true;
      check(test);
    }
}

TEST(Window, MaxPooling) {
  Case test{16, 17, 40, 3, 2, 1, 1, 1, "max"};
  check(test);
  check({8, 8, 33, 2, 2, 0, 0, 1, "max"});
  test.ceil = true;
  check(test);
  test.ceil = false;
  test.isFree = true;
  check(test);
}

TEST(Window, MeanPooling) {
  Case test{14, 15, 20, 3, 2, 1, 1, 1, "mean"};
  check(test);
  test.countsPads = true;
  check(test);
  test.isFree = true;
  check(test);
  check({7, 7, 50, 7, 1, 0, 0, 1, "mean"});
  check({12, 12, 50, 12, 1, 0, 0, 1, "mean"}); // too many taps to unroll
}

TEST(Window, PoolsBytes) {
  std::string body =
      "@f(%a: tensor<1x4x4x20xui8>) -> tensor<1x2x2x20xui8> attributes {kind = "
      "#kernel.kind<window>} { %r = nn.pool max %a window [2, 2] strides [2, "
      "2] "
      "pads [0, 0, 0, 0] dilations [1, 1] channels_last : "
      "tensor<1x4x4x20xui8> kernel.yield %r : tensor<1x2x2x20xui8> }";
  std::vector<uint8_t> a, expected;
  for (int i = 0; i < 320; ++i)
    a.push_back(i * 37 % 256);
  for (int i = 0; i < 4; ++i)
    for (int c = 0; c < 20; ++c) {
      int first = (i / 2 * 8 + i % 2 * 2) * 20 + c;
      expected.push_back(
          std::max({a[first], a[first + 20], a[first + 80], a[first + 100]}));
    }
  runKernel(body, {toBytes(a)}, {80}, {}, [&](const RunResult &result) {
    EXPECT_EQ(result.get<uint8_t>(0), expected);
  });
}

TEST(Window, PoolsOneSpatialDimension) {
  std::string body =
      "@f(%a: tensor<2x20x12xf32>) -> tensor<2x10x12xf32> attributes {kind = "
      "#kernel.kind<window>} { %r = nn.pool max %a window [3] strides "
      "[2] pads [1, 1] dilations [1] channels_last "
      ": tensor<2x20x12xf32> kernel.yield %r : tensor<2x10x12xf32> }";
  std::vector<float> a = makeUniform(480), expected;
  for (int n = 0; n < 2; ++n)
    for (int i = 0; i < 10; ++i)
      for (int c = 0; c < 12; ++c) {
        float best = -INFINITY;
        for (int p = std::max(2 * i - 1, 0); p < std::min(2 * i + 2, 20); ++p)
          best = std::max(best, a[(n * 20 + p) * 12 + c]);
        expected.push_back(best);
      }
  expectKernel(body, {toBytes(a)}, expected, {}, 0);
}

TEST(Window, PoolsThreeSpatialDimensions) {
  std::string body =
      "@f(%a: tensor<1x5x6x7x9xf32>) -> tensor<1x3x3x4x9xf32> attributes {kind "
      "= #kernel.kind<window>} { %r = nn.pool mean %a window [3, 2, 3] "
      "strides [2, 2, 2] pads [1, 0, 1, 1, 0, 1] dilations "
      "[1, 1, 1] channels_last : tensor<1x5x6x7x9xf32> kernel.yield %r "
      ": tensor<1x3x3x4x9xf32> }";
  std::vector<float> a = makeUniform(5 * 6 * 7 * 9), expected;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k)
        for (int c = 0; c < 9; ++c) {
          double sum = 0;
          int count = 0;
          for (int x = 2 * i - 1; x < 2 * i + 2; ++x)
            for (int y = 2 * j; y < 2 * j + 2; ++y)
              for (int z = 2 * k - 1; z < 2 * k + 2; ++z) {
                if (x < 0 || x >= 5 || y >= 6 || z < 0 || z >= 7)
                  continue;
                sum += a[((x * 6 + y) * 7 + z) * 9 + c];
                ++count;
              }
          expected.push_back(sum / count);
        }
  expectKernel(body, {toBytes(a)}, expected);
}
