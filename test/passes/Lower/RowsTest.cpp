//===- RowsTest.cpp - numbers of kernels that work row by row -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NumericsSupport.h"

using namespace sinter::test;

namespace {

const std::string kRows = " attributes {kind = #kernel.kind<rows>} ";

/// softmax over the last axis of [rows, columns].
std::vector<float> softmax(const std::vector<float> &x, int columns) {
  std::vector<float> result;
  for (size_t row = 0; row < x.size(); row += columns) {
    double largest = -INFINITY, sum = 0;
    for (int j = 0; j < columns; ++j)
      largest = std::max<double>(largest, x[row + j]);
    for (int j = 0; j < columns; ++j)
      sum += std::exp(x[row + j] - largest);
    for (int j = 0; j < columns; ++j)
      result.push_back(std::exp(x[row + j] - largest) / sum);
  }
  return result;
}

} // namespace

TEST(Rows, SoftmaxOfEveryWidth) {
  for (int columns : {1, 3, 8, 15, 16, 33, 64, 100, 1000}) {
    std::string c = std::to_string(columns);
    std::string full = "tensor<?x" + c + "xf32, #nn.dims<[n, " + c + "]>>";
    std::string row = "tensor<?x1xf32, #nn.dims<[n, 1]>>";
    std::string body = "@f(%a: " + full + ") -> " + full + kRows +
                       "{ %m = nn.reduce max %a axes [1] : " + full +
                       " %s = nn.sub %a, %m : " + full + ", " + row +
                       " %e = nn.exp %s : " + full +
                       " %t = nn.reduce sum %e axes [1] : " + full +
                       " %d = nn.div %e, %t : " + full + ", " + row +
                       " kernel.yield %d : " + full + " }";
    for (int n : {1, 5, 300}) {
      std::vector<float> x = makeUniform(n * columns, -30, 30);
      expectKernel(body, {toBytes(x)}, softmax(x, columns), {{"n", n}}, 2e-6);
    }
  }
}

TEST(Rows, SoftmaxOfLargeValuesDoesNotOverflow) {
  std::string full = "tensor<2x20xf32>", row = "tensor<2x1xf32>";
  std::string body = "@f(%a: " + full + ") -> " + full + kRows +
                     "{ %m = nn.reduce max %a axes [1] : " + full +
                     " %s = nn.sub %a, %m : " + full + ", " + row +
                     " %e = nn.exp %s : " + full +
                     " %t = nn.reduce sum %e axes [1] : " + full +
                     " %d = nn.div %e, %t : " + full + ", " + row +
                     " kernel.yield %d : " + full + " }";
  std::vector<float> x(40, -INFINITY);
  x[3] = 1e30f, x[25] = -1e30f, x[30] = -1e30f;
  std::vector<float> expected(40, 0);
  expected[3] = 1, expected[25] = expected[30] = 0.5f;
  expectKernel(body, {toBytes(x)}, expected);
}

TEST(Rows, LayerNormOverTwoDimensionsWithResidual) {
  std::string full = "tensor<?x6x25xf32, #nn.dims<[n, 6, 25]>>";
  std::string row = "tensor<?x1x1xf32, #nn.dims<[n, 1, 1]>>";
  std::string scale = "tensor<25xf32>", shift = "tensor<6x1xf32>";
  std::string body =
      "@f(%a: " + full + ", %b: " + full + ", %g: " + scale + ", %h: " + shift +
      ") -> (" + full + ", " + full + ")" + kRows +
      "{ %eps = nn.weight #nn.weight<dense {value = dense<1.0e-5> : "
      "tensor<f32>} : tensor<f32>>"
      " %x = nn.add %a, %b : " +
      full + ", " + full + " %m = nn.reduce mean %x axes [1, 2] : " + full +
      " %d = nn.sub %x, %m : " + full + ", " + row +
      " %q = nn.mul %d, %d : " + full + ", " + full +
      " %v = nn.reduce mean %q axes [1, 2] : " + full +
      " %e = nn.add %v, %eps : " + row +
      ", tensor<f32>"
      " %s = nn.sqrt %e : " +
      row + " %y = nn.div %d, %s : " + full + ", " + row +
      " %z = nn.mul %y, %g : " + full + ", " + scale +
      " %r = nn.add %z, %h : " + full + ", " + shift +
      " kernel.yield %r, %x : " + full + ", " + full + " }";
  int n = 30, size = 150;
  std::vector<float> a = makeUniform(n * size, 90, 110),
                     b = makeUniform(n * size), g = makeUniform(25),
                     h = makeUniform(6);
  runKernel(
      body, {toBytes(a), toBytes(b), toBytes(g), toBytes(h)},
      {a.size() * 4, a.size() * 4}, {{"n", n}}, [&](const RunResult &result) {
        auto found = result.get<float>(0), sum = result.get<float>(1);
        for (int i = 0; i < n; ++i) {
          double mean = 0, variance = 0;
          for (int j = 0; j < size; ++j)
            mean += double(a[i * size + j] + b[i * size + j]) / size;
          for (int j = 0; j < size; ++j)
            variance +=
                std::pow(a[i * size + j] + b[i * size + j] - mean, 2) / size;
          for (int j = 0; j < size; ++j) {
            int k = i * size + j;
            double want =
                (a[k] + b[k] - mean) / std::sqrt(variance + 1e-5) * g[j % 25] +
                h[j / 25];
            EXPECT_NEAR(found[k], want, 1e-5);
            EXPECT_FLOAT_EQ(sum[k], a[k] + b[k]);
          }
        }
      });
}

TEST(Rows, StoresResultsOfOneElementARow) {
  std::string full = "tensor<?x70xf32, #nn.dims<[n, 70]>>";
  std::string row = "tensor<?x1xf32, #nn.dims<[n, 1]>>";
  std::string body = "@f(%a: " + full + ") -> (" + row + ", " + full + ")" +
                     kRows + "{ %m = nn.reduce max %a axes [1] : " + full +
                     " %d = nn.sub %a, %m : " + full + ", " + row +
                     " %e = nn.neg %m : " + row +
                     " kernel.yield %e, %d : " + row + ", " + full + " }";
  std::vector<float> a = makeUniform(9 * 70);
  runKernel(body, {toBytes(a)}, {36, a.size() * 4}, {{"n", 9}},
            [&](const RunResult &result) {
              for (int i = 0; i < 9; ++i) {
                float largest = *std::max_element(a.begin() + i * 70,
                                                  a.begin() + i * 70 + 70);
                EXPECT_EQ(result.get<float>(0)[i], -largest);
                EXPECT_EQ(result.get<float>(1)[i * 70], a[i * 70] - largest);
              }
            });
}

TEST(Rows, IntegersAndTruthValues) {
  std::string full = "tensor<4x19xi64>", row = "tensor<4x1xi64>";
  std::string body = "@f(%a: " + full + ") -> " + full + kRows +
                     "{ %m = nn.reduce sum %a axes [1] : " + full +
                     " %d = nn.sub %a, %m : " + full + ", " + row +
                     " kernel.yield %d : " + full + " }";
  std::vector<int64_t> a;
  for (int i = 0; i < 76; ++i)
    a.push_back((int64_t(1) << 40) * i);
  runKernel(body, {toBytes(a)}, {76 * 8}, {}, [&](const RunResult &result) {
    for (int i = 0; i < 4; ++i) {
      int64_t sum = 0;
      for (int j = 0; j < 19; ++j)
        sum += a[i * 19 + j];
      for (int j = 0; j < 19; ++j)
        EXPECT_EQ(result.get<int64_t>(0)[i * 19 + j], a[i * 19 + j] - sum);
    }
  });
}
