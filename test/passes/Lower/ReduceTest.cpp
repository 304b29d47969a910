//===- ReduceTest.cpp - numbers of reductions -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NumericsSupport.h"

#include <limits>

using namespace sinter::test;

namespace {

/// Reduces [sizes] over the axes given by `mask` bits, in double precision.
std::vector<float> reduce(const std::string &kind, const std::vector<float> &x,
                          const std::vector<int> &sizes, unsigned mask) {
  size_t kept = 1, count = 1;
  for (size_t d = 0; d < sizes.size(); ++d)
    (mask >> d & 1 ? count : kept) *= sizes[d];
  double start = kind == "max"    ? -INFINITY
                 : kind == "min"  ? INFINITY
                 : kind == "prod" ? 1
                                  : 0;
  std::vector<double> sums(kept, start);
  for (size_t i = 0; i < x.size(); ++i) {
    size_t rest = i, place = 0, stride = 1;
    for (size_t d = sizes.size(); d-- > 0;) {
      if (!(mask >> d & 1)) {
        place += rest % sizes[d] * stride;
        stride *= sizes[d];
      }
      rest /= sizes[d];
    }
    double &sum = sums[place];
    sum = kind == "max"    ? std::max<double>(sum, x[i])
          : kind == "min"  ? std::min<double>(sum, x[i])
          : kind == "prod" ? sum * x[i]
                           : sum + x[i];
  }
  std::vector<float> result;
  for (double sum : sums)
    result.push_back(kind == "mean" ? sum / count : sum);
  return result;
}

std::string makeType(const std::vector<int> &sizes, unsigned ones = 0) {
  std::string type = "tensor<";
  for (size_t d = 0; d < sizes.size(); ++d)
    type += std::to_string(ones >> d & 1 ? 1 : sizes[d]) + "x";
  return type + "f32>";
}

std::string makeReduce(const std::string &kind, const std::vector<int> &sizes,
                       unsigned mask) {
  std::string axes;
  for (size_t d = 0; d < sizes.size(); ++d)
    if (mask >> d & 1)
      axes += (axes.empty() ? "" : ", ") + std::to_string(d);
  std::string in = makeType(sizes), out = makeType(sizes, mask);
  return "@f(%a: " + in + ") -> " + out +
         " attributes {kind = #kernel.kind<reduce>} { %r = nn.reduce " + kind +
         " %a axes [" + axes + "] : " + in + " kernel.yield %r : " + out + " }";
}

} // namespace

TEST(Reduce, EveryChoiceOfAxes) {
  std::vector<int> sizes{3, 7, 5, 37};
  std::vector<float> x = makeUniform(3 * 7 * 5 * 37);
  for (unsigned mask = 1; mask < 16; ++mask) {
    SCOPED_TRACE(mask);
    expectKernel(makeReduce("sum", sizes, mask), {toBytes(x)},
                 reduce("sum", x, sizes, mask), {}, 1e-5);
  }
}

TEST(Reduce, EveryKind) {
  std::vector<int> sizes{40, 9, 20};
  std::vector<float> x = makeUniform(40 * 9 * 20, 0.9f, 1.1f);
  for (std::string kind : {"sum", "mean", "max", "min", "prod"})
    for (unsigned mask : {2u, 4u, 1u}) {
      SCOPED_TRACE(kind);
      expectKernel(makeReduce(kind, sizes, mask), {toBytes(x)},
                   reduce(kind, x, sizes, mask), {}, 1e-5);
    }
}

TEST(Reduce, ManyColumnsAndManyRows) {
  for (std::vector<int> sizes : {std::vector<int>{3, 49, 300}, {500, 2, 3}}) {
    std::vector<float> x = makeUniform(sizes[0] * sizes[1] * sizes[2]);
    for (unsigned mask : {2u, 4u, 6u})
      expectKernel(makeReduce("mean", sizes, mask), {toBytes(x)},
                   reduce("mean", x, sizes, mask), {}, 1e-5);
  }
}

TEST(Reduce, LargeSumsStayAccurate) {
  std::vector<int> sizes{1, 1000000};
  std::vector<float> x(1000000, 0.1f);
  expectKernel(makeReduce("mean", sizes, 2), {toBytes(x)}, {0.1f}, {}, 1e-6);
  expectKernel(makeReduce("mean", {1000000, 1}, 1), {toBytes(x)}, {0.1f}, {},
               1e-6);
  expectKernel(makeReduce("mean", {250000, 4}, 1), {toBytes(x)},
               std::vector<float>(4, 0.1f), {}, 2e-6);
}

TEST(Reduce, NanReachesTheMaximum) {
  std::vector<float> x = makeUniform(100);
  x[37] = NAN;
  expectKernel(makeReduce("max", {4, 25}, 2), {toBytes(x)},
               {*std::max_element(x.begin(), x.begin() + 25), NAN,
                *std::max_element(x.begin() + 50, x.begin() + 75),
                *std::max_element(x.begin() + 75, x.end())});
}

TEST(Reduce, PrologueAndEpilogueOverFreeSizes) {
  // Through a transpose, as [n, h, w, c] in memory seen as [n, c, h, w].
  std::string in = "tensor<?x?x6x18xf32, #nn.dims<[n, h, 6, 18]>>";
  std::string seen = "tensor<?x18x?x6xf32, #nn.dims<[n, 18, h, 6]>>";
  std::string out = "tensor<?x18x1x1xf32, #nn.dims<[n, 18, 1, 1]>>";
  std::string body = "@f(%a: " + in + ", %b: tensor<18x1x1xf32>) -> " + out +
                     " attributes {kind = #kernel.kind<reduce>} {"
                     " %t = nn.transpose %a [0, 3, 1, 2] : " +
                     in + " %q = nn.mul %t, %t : " + seen + ", " + seen +
                     " %r = nn.reduce sum %q axes [2, 3] : " + seen +
                     " %s = nn.sqrt %r : " + out +
                     " %u = nn.add %s, %b : " + out +
                     ", tensor<18x1x1xf32>"
                     " kernel.yield %u : " +
                     out + " }";
  for (auto [n, h] : {std::pair{1, 1}, {3, 11}}) {
    std::vector<float> a = makeUniform(n * h * 6 * 18), b = makeUniform(18);
    std::vector<float> expected;
    for (int i = 0; i < n; ++i)
      for (int c = 0; c < 18; ++c) {
        double sum = 0;
        for (int p = 0; p < h * 6; ++p)
          sum += std::pow(a[(i * h * 6 + p) * 18 + c], 2);
        expected.push_back(std::sqrt(sum) + b[c]);
      }
    expectKernel(body, {toBytes(a), toBytes(b)}, expected, {{"n", n}, {"h", h}},
                 1e-5);
  }
}

TEST(Serial, ArgumentOfTheMaximum) {
  std::vector<float> x = makeUniform(3 * 50 * 11);
  x[7 * 11] = x[9 * 11] = 50; // a tie in row 0, column 0
  for (bool last : {false, true})
    for (int axis : {0, 1, 2}) {
      std::vector<int> sizes{3, 50, 11};
      std::string body =
          "@f(%a: " + makeType(sizes) + ") -> tensor<" +
          std::to_string(axis == 0 ? 1 : 3) + "x" +
          std::to_string(axis == 1 ? 1 : 50) + "x" +
          std::to_string(axis == 2 ? 1 : 11) +
          "xi64> attributes {kind = #kernel.kind<serial>} { %r = nn.arg_reduce "
          "max %a axis " +
          std::to_string(axis) + (last ? " last" : "") + " : " +
          makeType(sizes) + " kernel.yield %r : tensor<" +
          std::to_string(axis == 0 ? 1 : 3) + "x" +
          std::to_string(axis == 1 ? 1 : 50) + "x" +
          std::to_string(axis == 2 ? 1 : 11) + "xi64> }";
      int inner = axis == 2 ? 1 : axis == 1 ? 11 : 550, extent = sizes[axis];
      std::vector<int64_t> expected;
      for (int outer = 0; outer < 1650 / (inner * extent); ++outer)
        for (int i = 0; i < inner; ++i) {
          int best = 0;
          auto at = [&](int k) { return x[(outer * extent + k) * inner + i]; };
          for (int k = 1; k < extent; ++k)
            if (at(k) > at(best) || (last && at(k) == at(best)))
              best = k;
          expected.push_back(best);
        }
      runKernel(body, {toBytes(x)}, {expected.size() * 8}, {},
                [&](const RunResult &result) {
                  EXPECT_EQ(result.get<int64_t>(0), expected);
                });
    }
}
