//===- ContractTest.cpp - numbers that contractions compute
//----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractCases.h"

#include "gtest/gtest.h"

using namespace sinter::test;

namespace {

/// Every test runs for both widths of vectors.
class Contract : public testing::TestWithParam<unsigned> {
protected:
  unsigned getLanes() const { return GetParam(); }
  void checkMatmuls(const std::vector<MatmulCase> &cases) {
    for (const MatmulCase &test : cases)
      check(test, getLanes());
  }
  void checkConvs(const std::vector<ConvCase> &cases) {
    for (const ConvCase &test : cases)
      check(test, getLanes());
  }
};

/// [m, k] x packed [k, n].
MatmulCase makePacked(Dim m, long n, long k, Epilogue epilogue = Epilogue::None,
                      FreeDims free = {}) {
  return {{m, k}, {k, n}, {m, n}, {}, {}, {}, true, epilogue, free};
}

/// A convolution [n, h, w, c] with a square filter and the same pad all around.
ConvCase makeConv(long h, long w, long in, long out, long filter, long stride,
                  long pad, Epilogue epilogue = Epilogue::None) {
  auto getOut = [&](long size) {
    return (size + 2 * pad - filter) / stride + 1;
  };
  return {{1, h, w, in},
          {1, getOut(h), getOut(w), out},
          {filter, filter},
          {stride, stride},
          {pad, pad, pad, pad},
          {1, 1},
          1,
          epilogue};
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Lanes, Contract, testing::Values(8u, 16u),
                         testing::PrintToStringParamName());

TEST_P(Contract, MatmulOfEveryHeight) {
  for (long m : {1, 3, 6, 7, 15, 29, 43})
    check(makePacked(m, 40, 9), getLanes());
}

TEST_P(Contract, MatmulOfEveryWidth) {
  for (long n : {1, 8, 9, 16, 24, 32, 48, 50, 300})
    check(makePacked(15, n, 10), getLanes());
}

TEST_P(Contract, MatmulOfEveryDepth) {
  for (long k : {1, 2, 3, 24, 25, 64, 257})
    check(makePacked(9, 33, k), getLanes());
}

TEST_P(Contract, MatmulInSeveralUnits) {
  checkMatmuls({makePacked(300, 100, 101), makePacked(97, 416, 130)});
}

TEST_P(Contract, MatmulEpilogues) {
  for (Epilogue epilogue : {Epilogue::BiasRelu, Epilogue::Residual,
                            Epilogue::RowScale, Epilogue::Swish}) {
    check(makePacked(17, 70, 12, epilogue), getLanes());
    check(makePacked(3, 10, 12, epilogue), getLanes());
  }
}

TEST_P(Contract, MatmulWithFreeRows) {
  for (long m : {1, 2, 3, 4, 5, 7, 8, 9, 13, 14, 15, 29, 97, 200})
    for (Epilogue epilogue : {Epilogue::BiasRelu, Epilogue::Swish})
      check(makePacked({m, "m"}, 40, 12, epilogue, {{"m"}, {m}}), getLanes());
}

TEST_P(Contract, MatmulBatchesBroadcast) {
  checkMatmuls({
      // [b, m, k] x [b, k, n]
      {{3, 5, 6}, {3, 6, 33}, {3, 5, 33}},
      // [b, m, k] x [k, n]
      {{3, 5, 6}, {6, 40}, {3, 5, 40}},
      // [k, n] on the right of a weight-like left
      {{5, 6}, {4, 6, 32}, {4, 5, 32}},
      // [b, 1, m, k] x [c, k, n]
      {{2, 1, 5, 6}, {3, 6, 20}, {2, 3, 5, 20}},
      {{2, 1, 5, 6},
       {3, 6, 20},
       {2, 3, 5, 20},
       {},
       {},
       {},
       false,
       Epilogue::Residual},
      // one row
      {{4, 1, 6}, {4, 6, 20}, {4, 1, 20}},
  });
}

TEST_P(Contract, MatmulLeftTransposed) {
  checkMatmuls({{{7, 12}, {12, 40}, {7, 40}, {1, 0}},
                {{2, 7, 12}, {12, 40}, {2, 7, 40}, {0, 2, 1}, {}, {}, true},
                {{7, 12}, {12, 40}, {7, 40}, {1, 0}, {}, {}, true}});
}

TEST_P(Contract, MatmulRightTransposed) {
  for (long n : {5, 16, 33, 64})
    for (long k : {3, 16, 40})
      check(MatmulCase{{20, k}, {k, n}, {20, n}, {}, {1, 0}}, getLanes());
  // Neither dimension of the right operand lies together.
  check(MatmulCase{{3, 9, 5}, {3, 5, 21}, {3, 9, 21}, {}, {2, 1, 0}},
        getLanes());
}

TEST_P(Contract, MatmulOfAttention) {
  // Arguments [b, s, h, d]; scores [b, h, s, s]; context stored as [b, s, h,
  // d].
  checkMatmuls({{{2, 3, 17, 16},
                 {2, 3, 16, 17},
                 {2, 3, 17, 17},
                 {0, 2, 1, 3},
                 {0, 2, 3, 1}},
                {{2, 3, 17, 17},
                 {2, 3, 17, 16},
                 {2, 3, 17, 16},
                 {},
                 {0, 2, 1, 3},
                 {0, 2, 1, 3}}});
}

TEST_P(Contract, MatmulOfAttentionWithFreeSizes) {
  for (long s : {1, 5, 16, 37}) {
    Dim b(2, "b"), seq(s, "s");
    FreeDims free{{"b", "s"}, {2, s}};
    checkMatmuls({{{b, 3, seq, 16},
                   {b, 3, 16, seq},
                   {b, 3, seq, seq},
                   {0, 2, 1, 3},
                   {0, 2, 3, 1},
                   {},
                   false,
                   Epilogue::None,
                   free},
                  {{b, 3, seq, seq},
                   {b, 3, seq, 16},
                   {b, 3, seq, 16},
                   {},
                   {0, 2, 1, 3},
                   {0, 2, 1, 3},
                   false,
                   Epilogue::None,
                   free}});
  }
}

TEST_P(Contract, MatmulStoredTransposed) {
  checkMatmuls(
      {{{20, 6}, {6, 40}, {20, 40}, {}, {}, {1, 0}, true},
       {{33, 6}, {6, 21}, {33, 21}, {}, {}, {1, 0}, true},
       {{3, 6}, {6, 32}, {3, 32}, {}, {}, {1, 0}, true},
       {{20, 6}, {6, 40}, {20, 40}, {}, {}, {1, 0}, true, Epilogue::BiasRelu}});
}

/// [25, 9] x packed [9, 40] of elements that `T` holds exactly.
template <typename T>
static void checkElementType(const std::string &type, unsigned lanes) {
  if (!canRun(lanes))
    GTEST_SKIP() << "no vectors of " << lanes << " lanes on this processor";
  auto tensor = [&](const char *sizes) {
    return std::string("tensor<") + sizes + "x" + type + ">";
  };
  std::string a = tensor("25x9"), w = tensor("1x2x9x32"), b = tensor("9x40");
  std::string y = tensor("25x40");
  auto kernel = CompiledKernel::compile(
      "kernel.func @k(%a: " + a + ", %w: " + w + ") -> " + y +
          " attributes {kind = #kernel.kind<contract>} {\n"
          "  %0 = kernel.unpack %w : " +
          w + " -> " + b + "\n  %1 = nn.matmul %a, %0 : " + a + ", " + b +
          "\n  kernel.yield %1 : " + y + "\n}\n",
      lanes);
  ASSERT_TRUE(kernel) << type;
  GuardedBuffer lhs(25 * 9 * sizeof(T)), rhs(2 * 9 * 32 * sizeof(T)),
      result(25 * 40 * sizeof(T));
  for (int i = 0; i < 25 * 9; ++i)
    lhs.as<T>()[i] = T(i % 17 - 8);
  for (int i = 0; i < 2 * 9 * 32; ++i)
    rhs.as<T>()[i] = T(i % 13 - 6);
  ASSERT_EQ(kernel->run({lhs.data(), rhs.data(), result.data()}), 0);
  for (int m = 0; m < 25; ++m)
    for (int n = 0; n < 40; ++n) {
      double sum = 0;
      for (int k = 0; k < 9; ++k)
        sum += double(lhs.as<T>()[m * 9 + k]) *
               double(rhs.as<T>()[(n / 32 * 9 + k) * 32 + n % 32]);
      ASSERT_EQ(double(result.as<T>()[m * 40 + n]), sum)
          << type << " " << lanes;
    }
}

TEST_P(Contract, MatmulOfEveryElementType) {
  checkElementType<double>("f64", getLanes());
  checkElementType<_Float16>("f16", getLanes());
  checkElementType<int32_t>("i32", getLanes());
  checkElementType<int64_t>("i64", getLanes());
}

TEST_P(Contract, ConvOfEverySize) {
  for (long size : {1, 3, 7, 8, 14, 29})
    check(makeConv(size, size, 6, 33, 3, 1, 1), getLanes());
}

TEST_P(Contract, ConvStrides) {
  checkConvs({makeConv(14, 15, 5, 20, 3, 2, 1),
              makeConv(14, 15, 5, 20, 1, 2, 0),
              makeConv(20, 21, 3, 40, 7, 2, 3), makeConv(9, 9, 4, 8, 2, 2, 0),
              makeConv(9, 12, 4, 8, 3, 3, 0)});
}

TEST_P(Contract, ConvPointwise) {
  checkConvs({makeConv(5, 6, 24, 40, 1, 1, 0),
              makeConv(5, 6, 24, 40, 1, 1, 0, Epilogue::Residual),
              makeConv(5, 6, 24, 40, 1, 1, 1, Epilogue::BiasRelu)});
}

TEST_P(Contract, ConvEpilogues) {
  for (Epilogue epilogue : {Epilogue::BiasRelu, Epilogue::Residual,
                            Epilogue::RowScale, Epilogue::Swish}) {
    check(makeConv(7, 7, 4, 40, 3, 1, 1, epilogue), getLanes());
    check(makeConv(9, 17, 4, 12, 3, 1, 1, epilogue), getLanes());
  }
}

TEST_P(Contract, ConvAsymmetricPadsAndDilation) {
  checkConvs({
      {{1, 9, 10, 4}, {1, 9, 11, 9}, {3, 2}, {1, 1}, {2, 0, 0, 2}, {1, 1}},
      {{1, 9, 10, 4}, {1, 5, 10, 9}, {3, 3}, {1, 1}, {0, 2, 0, 2}, {2, 2}},
      {{2, 12, 7, 3}, {2, 6, 4, 9}, {3, 1}, {2, 2}, {1, 0, 1, 0}, {1, 3}},
  });
}

TEST_P(Contract, ConvGroups) {
  ConvCase grouped = {{2, 6, 7, 12}, {2, 6, 7, 40}, {3, 3}, {1, 1},
                      {1, 1, 1, 1},  {1, 1},        4,      Epilogue::BiasRelu};
  check(grouped, getLanes());
  grouped.channelsFirstInput = grouped.channelsFirstResult = true;
  check(grouped, getLanes());
  check(ConvCase{{1, 6, 7, 12},
                 {1, 6, 7, 80},
                 {1, 1},
                 {1, 1},
                 {0, 0, 0, 0},
                 {1, 1},
                 2},
        getLanes());
}

TEST_P(Contract, ConvChannelsFirst) {
  for (long pad : {0, 1}) {
    ConvCase first = makeConv(16, 17, 3, 20, 3, 2, pad, Epilogue::BiasRelu);
    first.channelsFirstInput = true;
    check(first, getLanes());
    first.channelsFirstResult = true;
    check(first, getLanes());
  }
}

TEST_P(Contract, ConvOneAndThreeDimensions) {
  checkConvs({
      {{2, 40, 6}, {2, 40, 10}, {5}, {1}, {2, 2}, {1}, 1, Epilogue::BiasRelu},
      {{1, 3000, 32}, {1, 1500, 10}, {3}, {2}, {1, 1}, {1}},
      {{1, 5, 6, 7, 3},
       {1, 5, 3, 7, 9},
       {3, 3, 3},
       {1, 2, 1},
       {1, 1, 1, 1, 1, 1},
       {1, 1, 1}},
  });
}

TEST_P(Contract, ConvInSeveralUnits) {
  checkConvs(
      {makeConv(40, 41, 8, 70, 3, 1, 1), makeConv(14, 14, 24, 200, 3, 1, 1)});
}

TEST_P(Contract, ConvWithFreeSizes) {
  for (auto [h, w] : {std::pair<long, long>{1, 1}, {5, 3}, {8, 14}, {17, 40}}) {
    FreeDims free{{"n", "h", "w"}, {2, h, w}};
    ConvCase same = {{{2, "n"}, {h, "h"}, {w, "w"}, 6},
                     {{2, "n"}, {h, "h"}, {w, "w"}, 36},
                     {3, 3},
                     {1, 1},
                     {1, 1, 1, 1},
                     {1, 1},
                     1,
                     Epilogue::BiasRelu};
    same.free = free;
    check(same, getLanes());
    same.channelsFirstInput = true;
    check(same, getLanes());
    ConvCase halved = same;
    halved.result[1] = Dim((h - 1) / 2 + 1, "(h - 1) floordiv 2 + 1");
    halved.result[2] = Dim((w - 1) / 2 + 1, "(w - 1) floordiv 2 + 1");
    halved.strides = {2, 2};
    check(halved, getLanes());
    ConvCase pointwise = halved;
    pointwise.filter = {1, 1};
    pointwise.pads = {0, 0, 0, 0};
    pointwise.channelsFirstInput = false;
    check(pointwise, getLanes());
  }
}

TEST_P(Contract, ConvTranspose) {
  ConvCase twice = {{1, 5, 6, 8}, {1, 10, 12, 20}, {2, 2}, {2, 2},
                    {0, 0, 0, 0}, {1, 1},          1,      Epilogue::BiasRelu,
                    true,         {0, 0}};
  check(twice, getLanes());
  checkConvs({
      {{2, 5, 6, 4},
       {2, 9, 11, 9},
       {3, 3},
       {2, 2},
       {1, 1, 1, 1},
       {1, 1},
       1,
       Epilogue::Residual,
       true,
       {0, 0}},
      {{1, 5, 6, 4},
       {1, 10, 12, 9},
       {3, 3},
       {2, 2},
       {1, 1, 1, 1},
       {1, 1},
       1,
       Epilogue::None,
       true,
       {1, 1}},
      {{1, 4, 5, 4},
       {1, 6, 7, 9},
       {3, 3},
       {1, 1},
       {0, 0, 0, 0},
       {1, 1},
       1,
       Epilogue::None,
       true,
       {0, 0}},
      // A filter smaller than the stride leaves gaps.
      {{1, 4, 5, 4},
       {1, 10, 13, 9},
       {1, 1},
       {3, 3},
       {0, 0, 0, 0},
       {1, 1},
       1,
       Epilogue::BiasRelu,
       true,
       {0, 0}},
      {{1, 4, 5, 6},
       {1, 14, 16, 8},
       {3, 3},
       {2, 2},
       {0, 0, 0, 0},
       {3, 3},
       2,
       Epilogue::None,
       true,
       {1, 1}},
      {{1, 9, 4},
       {1, 18, 9},
       {4},
       {2},
       {1, 1},
       {1},
       1,
       Epilogue::None,
       true,
       {0}},
  });
}

TEST_P(Contract, ConvTransposeWithFreeSizes) {
  for (auto [h, w] : {std::pair<long, long>{1, 2}, {6, 21}}) {
    ConvCase twice = {{1, {h, "h"}, {w, "w"}, 8},
                      {1, {2 * h, "2 * h"}, {2 * w, "2 * w"}, 20},
                      {2, 2},
                      {2, 2},
                      {0, 0, 0, 0},
                      {1, 1},
                      1,
                      Epilogue::BiasRelu,
                      true,
                      {0, 0}};
    twice.free = {{"h", "w"}, {h, w}};
    check(twice, getLanes());
  }
}
