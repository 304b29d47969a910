//===- LoopTest.cpp - numbers of kernels that move data -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NumericsSupport.h"

using namespace sinter::test;

namespace {

std::vector<float> iota(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = i;
  return values;
}

const std::string kLoop = " attributes {kind = #kernel.kind<loop>} ";

} // namespace

TEST(Loop, BroadcastsOverFreeDimensions) {
  std::string type = "tensor<?x?x7xf32, #nn.dims<[n, m, 7]>>";
  std::string column = "tensor<?x1xf32, #nn.dims<[m, 1]>>";
  std::string body = "@f(%a: " + type + ", %b: " + column + ") -> " + type +
                     kLoop + "{ %r = nn.mul %a, %b : " + type + ", " + column +
                     " kernel.yield %r : " + type + " }";
  for (auto [n, m] : {std::pair{1, 1}, {2, 3}, {5, 40}, {3, 2000}}) {
    std::vector<float> a = makeUniform(n * m * 7), b = makeUniform(m), expected;
    for (int i = 0; i < n * m * 7; ++i)
      expected.push_back(a[i] * b[i / 7 % m]);
    expectKernel(body, {toBytes(a), toBytes(b)}, expected,
                 {{"n", n}, {"m", m}});
  }
}

TEST(Loop, EvaluatesSeveralResults) {
  std::string type = "tensor<?xf32, #nn.dims<[n]>>";
  std::string body = "@f(%a: " + type + ") -> (" + type + ", " + type + ")" +
                     kLoop + "{ %r = nn.relu %a : " + type +
                     " %s = nn.neg %r : " + type +
                     " kernel.yield %r, %s : " + type + ", " + type + " }";
  std::vector<float> a = makeUniform(77);
  runKernel(body, {toBytes(a)}, {77 * 4, 77 * 4}, {{"n", 77}},
            [&](const RunResult &result) {
              for (int i = 0; i < 77; ++i) {
                EXPECT_EQ(result.get<float>(0)[i], std::max(a[i], 0.0f));
                EXPECT_EQ(result.get<float>(1)[i], -std::max(a[i], 0.0f));
              }
            });
}

TEST(Loop, TransposesMatrices) {
  // Whole blocks, rests in both dimensions, few rows, few columns.
  for (auto [rows, columns] : {std::pair{32, 48},
                               {37, 53},
                               {3, 500},
                               {500, 3},
                               {1, 9},
                               {150, 290},
                               {7, 7}}) {
    std::string r = std::to_string(rows), c = std::to_string(columns);
    std::string body =
        "@f(%a: tensor<2x" + r + "x" + c + "xf32>) -> tensor<2x" + c + "x" + r +
        "xf32>" + kLoop + "{ %t = nn.transpose %a [0, 2, 1] : tensor<2x" + r +
        "x" + c + "xf32> kernel.yield %t : tensor<2x" + c + "x" + r + "xf32> }";
    std::vector<float> a = iota(2 * rows * columns), expected;
    for (int b = 0; b < 2; ++b)
      for (int j = 0; j < columns; ++j)
        for (int i = 0; i < rows; ++i)
          expected.push_back(a[(b * rows + i) * columns + j]);
    expectKernel(body, {toBytes(a)}, expected, {}, 0);
  }
}

TEST(Loop, TransposesFreeDimensionsWithEpilogue) {
  std::string in = "tensor<?x?x5xf32, #nn.dims<[h, w, 5]>>";
  std::string out = "tensor<5x?x?xf32, #nn.dims<[5, h, w]>>";
  std::string body = "@f(%a: " + in + ", %b: " + out + ") -> " + out + kLoop +
                     "{ %t = nn.transpose %a [2, 0, 1] : " + in +
                     " %s = nn.add %t, %b : " + out + ", " + out +
                     " kernel.yield %s : " + out + " }";
  for (auto [h, w] : {std::pair{1, 1}, {4, 9}, {20, 33}}) {
    std::vector<float> a = iota(h * w * 5), b = makeUniform(h * w * 5),
                       expected;
    for (int c = 0; c < 5; ++c)
      for (int i = 0; i < h * w; ++i)
        expected.push_back(a[i * 5 + c] + b[c * h * w + i]);
    expectKernel(body, {toBytes(a), toBytes(b)}, expected,
                 {{"h", h}, {"w", w}});
  }
}

TEST(Loop, SlicesWithStepsOfBothSigns) {
  std::string body = "@f(%a: tensor<6x40xf32>) -> tensor<3x13xf32>" + kLoop +
                     R"({ %s = nn.slice %a starts [#nn.size<1>, #nn.size<38>]
      sizes [#nn.size<3>, #nn.size<13>] steps [2, -3] : tensor<6x40xf32>
      kernel.yield %s : tensor<3x13xf32> })";
  std::vector<float> a = iota(240), expected;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 13; ++j)
      expected.push_back(a[(1 + 2 * i) * 40 + 38 - 3 * j]);
  expectKernel(body, {toBytes(a)}, expected, {}, 0);
}

TEST(Loop, JoinsAlongEveryAxis) {
  std::vector<float> a = iota(2 * 5 * 20), b = iota(2 * 30 * 20);
  std::string body =
      "@f(%a: tensor<2x5x20xf32>, %b: tensor<2x30x20xf32>) -> "
      "tensor<2x35x20xf32>" +
      kLoop +
      R"({ %c = nn.concat %a, %b axis 1 : tensor<2x5x20xf32>, tensor<2x30x20xf32>
      %r = nn.neg %c : tensor<2x35x20xf32>
      kernel.yield %r : tensor<2x35x20xf32> })";
  std::vector<float> expected;
  for (int n = 0; n < 2; ++n)
    for (int i = 0; i < 35; ++i)
      for (int j = 0; j < 20; ++j)
        expected.push_back(
            -(i < 5 ? a[(n * 5 + i) * 20 + j] : b[(n * 30 + i - 5) * 20 + j]));
  expectKernel(body, {toBytes(a), toBytes(b)}, expected, {}, 0);
}

TEST(Loop, JoinsNestedPartsAlongFreeRows) {
  // [a | [b | a]] along the last axis, whose parts are no whole vectors.
  std::string x = "tensor<?x3xf32, #nn.dims<[n, 3]>>";
  std::string y = "tensor<?x21xf32, #nn.dims<[n, 21]>>";
  std::string inner = "tensor<?x24xf32, #nn.dims<[n, 24]>>";
  std::string all = "tensor<?x27xf32, #nn.dims<[n, 27]>>";
  std::string body = "@f(%a: " + x + ", %b: " + y + ") -> " + all + kLoop +
                     "{ %c = nn.concat %b, %a axis 1 : " + y + ", " + x +
                     " %d = nn.concat %a, %c axis 1 : " + x + ", " + inner +
                     " kernel.yield %d : " + all + " }";
  for (int n : {1, 7, 700}) {
    std::vector<float> a = makeUniform(n * 3), b = makeUniform(n * 21, 5, 6);
    std::vector<float> expected;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < 27; ++j)
        expected.push_back(j < 3    ? a[i * 3 + j]
                           : j < 24 ? b[i * 21 + j - 3]
                                    : a[i * 3 + j - 24]);
    expectKernel(body, {toBytes(a), toBytes(b)}, expected, {{"n", n}}, 0);
  }
}

TEST(Loop, GathersRowsAndChecksIndices) {
  std::string body =
      "@f(%t: tensor<10x24xf32>, %i: tensor<5xi64>) -> "
      "tensor<5x24xf32>" +
      kLoop +
      R"({ %g = nn.gather %t, %i axis 0 {check = 6 : i64} : tensor<10x24xf32>, tensor<5xi64>
      kernel.yield %g : tensor<5x24xf32> })";
  std::vector<float> table = iota(240), expected;
  std::vector<int64_t> rows{0, 9, -1, -10, 4};
  for (int64_t row : rows)
    for (int j = 0; j < 24; ++j)
      expected.push_back(table[(row < 0 ? row + 10 : row) * 24 + j]);
  expectKernel(body, {toBytes(table), toBytes(rows)}, expected, {}, 0);
  for (int64_t bad : {int64_t(10), int64_t(-11), INT64_MIN, INT64_MAX}) {
    rows[3] = bad;
    runKernel(body, {toBytes(table), toBytes(rows)}, {480}, {},
              [&](const RunResult &result) { EXPECT_EQ(result.status, 7); });
  }
}

TEST(Loop, GathersAlongTheLastAxis) {
  std::string body =
      "@f(%t: tensor<3x10xf32>, %i: tensor<21xi32>) -> "
      "tensor<3x21xf32>" +
      kLoop +
      R"({ %g = nn.gather %t, %i axis 1 {check = 0 : i64} : tensor<3x10xf32>, tensor<21xi32>
      kernel.yield %g : tensor<3x21xf32> })";
  std::vector<float> table = iota(30), expected;
  std::vector<int32_t> picks;
  for (int i = 0; i < 21; ++i)
    picks.push_back(i % 2 ? i % 10 : -1 - i % 10);
  for (int n = 0; n < 3; ++n)
    for (int32_t pick : picks)
      expected.push_back(table[n * 10 + (pick < 0 ? pick + 10 : pick)]);
  expectKernel(body, {toBytes(table), toBytes(picks)}, expected, {}, 0);
  picks[20] = 10;
  runKernel(body, {toBytes(table), toBytes(picks)}, {252}, {},
            [&](const RunResult &result) { EXPECT_EQ(result.status, 1); });
}

TEST(Loop, GathersSingleElements) {
  std::string body =
      "@f(%t: tensor<4x9xf32>, %i: tensor<4x5xi64>) -> "
      "tensor<4x5xf32>" +
      kLoop +
      R"({ %g = nn.gather_elements %t, %i axis 1 : tensor<4x9xf32>, tensor<4x5xi64>
      kernel.yield %g : tensor<4x5xf32> })";
  std::vector<float> table = iota(36), expected;
  std::vector<int64_t> picks;
  for (int i = 0; i < 20; ++i) {
    picks.push_back(i * 7 % 9);
    expected.push_back(table[i / 5 * 9 + picks.back()]);
  }
  expectKernel(body, {toBytes(table), toBytes(picks)}, expected, {}, 0);
}

TEST(Loop, PadsInEveryMode) {
  for (std::string mode : {"constant", "reflect", "edge", "wrap"}) {
    SCOPED_TRACE(mode);
    std::string body =
        "@f(%a: tensor<4x6xf32>, %v: tensor<f32>) -> "
        "tensor<7x9xf32>" +
        kLoop + "{ %p = nn.pad %a, %v " + mode +
        R"( before [#nn.size<2>, #nn.size<-1>] after [#nn.size<1>, #nn.size<4>]
          : tensor<4x6xf32>, tensor<f32>
        kernel.yield %p : tensor<7x9xf32> })";
    std::vector<float> a = iota(24), expected;
    auto map = [&](int i, int size) {
      if (mode == "edge")
        return std::min(std::max(i, 0), size - 1);
      if (mode == "wrap")
        return (i % size + size) % size;
      if (mode == "reflect") {
        int period = 2 * (size - 1);
        i = (i % period + period) % period;
        return std::min(i, period - i);
      }
      return i;
    };
    for (int i = -2; i < 5; ++i)
      for (int j = 1; j < 10; ++j) {
        bool inside = i >= 0 && i < 4 && j < 6;
        expected.push_back(
            mode == "constant" && !inside ? 99 : a[map(i, 4) * 6 + map(j, 6)]);
      }
    expectKernel(body, {toBytes(a), toBytes(std::vector<float>{99})}, expected,
                 {}, 0);
  }
}

TEST(Loop, CountsAndKnowsSizes) {
  std::string type = "tensor<?xi64, #nn.dims<[n]>>";
  std::string body = "@f() -> " + type + kLoop +
                     "{ %i = nn.iota axis 0 from <3> step <2> : " + type +
                     " %s = nn.size_value [#nn.size<n>] : tensor<1xi64>"
                     " %r = nn.add %i, %s : " +
                     type + ", tensor<1xi64> kernel.yield %r : " + type + " }";
  runKernel(body, {}, {37 * 8}, {{"n", 37}}, [](const RunResult &result) {
    for (int i = 0; i < 37; ++i)
      EXPECT_EQ(result.get<int64_t>(0)[i], 3 + 2 * i + 37);
  });
}

namespace {

/// One coordinate of a half_pixel linear resize.
void linear(int out, double scale, int size, int &low, int &high,
            double &part) {
  double x = std::min(std::max((out + 0.5) / scale - 0.5, 0.0), size - 1.0);
  low = static_cast<int>(x);
  high = std::min(low + 1, size - 1);
  part = x - low;
}

} // namespace

TEST(Loop, ResizesLinearlyOverFreeSizes) {
  std::string in = "tensor<1x?x?x20xf32, #nn.dims<[1, h, w, 20]>>";
  std::string out = "tensor<1x?x?x20xf32, #nn.dims<[1, 2 * h, 2 * w, 20]>>";
  std::string body = "@f(%a: " + in + ") -> " + out + kLoop +
                     "{ %r = nn.resize linear %a half_pixel floor scales "
                     "[1.0, 2.0, 2.0, 1.0] : " +
                     in + " to " + out + " kernel.yield %r : " + out + " }";
  for (auto [h, w] : {std::pair{1, 1}, {3, 5}, {8, 11}}) {
    std::vector<float> a = makeUniform(h * w * 20), expected;
    for (int i = 0; i < 2 * h; ++i)
      for (int j = 0; j < 2 * w; ++j)
        for (int c = 0; c < 20; ++c) {
          int i0, i1, j0, j1;
          double u, v;
          linear(i, 2, h, i0, i1, u);
          linear(j, 2, w, j0, j1, v);
          auto at = [&](int y, int x) { return a[(y * w + x) * 20 + c]; };
          expected.push_back((1 - u) * ((1 - v) * at(i0, j0) + v * at(i0, j1)) +
                             u * ((1 - v) * at(i1, j0) + v * at(i1, j1)));
        }
    expectKernel(body, {toBytes(a)}, expected, {{"h", h}, {"w", w}});
  }
}

TEST(Loop, ResizesToNearest) {
  std::string body =
      "@f(%a: tensor<5x7xf32>) -> tensor<12x21xf32>" + kLoop +
      R"({ %r = nn.resize nearest %a asymmetric floor scales [0.0, 3.0]
        : tensor<5x7xf32> to tensor<12x21xf32>
      kernel.yield %r : tensor<12x21xf32> })";
  std::vector<float> a = iota(35), expected;
  for (int i = 0; i < 12; ++i)
    for (int j = 0; j < 21; ++j)
      expected.push_back(a[int(i / (12.0f / 5.0f)) * 7 + j / 3]);
  expectKernel(body, {toBytes(a)}, expected, {}, 0);
}

TEST(Loop, ScalarsAndEmptyTensors) {
  std::string scalar = "@f(%a: tensor<f32>, %b: tensor<1x1xf32>) -> "
                       "tensor<1x1xf32>" +
                       kLoop +
                       R"({ %r = nn.sub %a, %b : tensor<f32>, tensor<1x1xf32>
      kernel.yield %r : tensor<1x1xf32> })";
  std::vector<float> five{5}, two{2};
  expectKernel(scalar, {toBytes(five), toBytes(two)}, {3});
  std::string rankZero = "@f(%a: tensor<f32>) -> tensor<f32>" + kLoop +
                         "{ %r = nn.neg %a : tensor<f32>"
                         " kernel.yield %r : tensor<f32> }";
  expectKernel(rankZero, {toBytes(five)}, {-5});
  std::string empty = "@f(%a: tensor<0x3xf32>) -> tensor<0x3xf32>" + kLoop +
                      "{ %r = nn.neg %a : tensor<0x3xf32>"
                      " kernel.yield %r : tensor<0x3xf32> }";
  expectKernel(empty, {Bytes()}, {});
}

TEST(Loop, MayWriteOverAnOperand) {
  // The buffer of %a is that of the result; the harness passes it twice.
  std::string body = "@f(%a: tensor<1000xf32>) -> tensor<1000xf32>" + kLoop +
                     "{ %r = nn.exp %a : tensor<1000xf32>"
                     " %s = nn.add %r, %a : tensor<1000xf32>, tensor<1000xf32>"
                     " kernel.yield %s : tensor<1000xf32> }";
  for (unsigned lanes : {8u, 16u}) {
    if (!canRun(lanes))
      continue;
    auto kernel = CompiledKernel::compile("kernel.func " + body, lanes);
    ASSERT_TRUE(kernel);
    std::vector<float> a = makeUniform(1000), both = a;
    EXPECT_EQ(kernel->run({both.data(), both.data()}), 0);
    for (int i = 0; i < 1000; ++i)
      EXPECT_NEAR(both[i], std::exp(a[i]) + a[i], 1e-5);
  }
}
