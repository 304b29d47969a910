//===- SparseTest.cpp - contractions with sparse weights ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Against loops that follow the definition, in double precision: blocks of
// 1 x 16 and single elements, on every instruction set of this processor, in
// one slot and in three, which must agree in every bit.
//
//===----------------------------------------------------------------------===//

#include "NumericsSupport.h"
#include "SparseWeights.h"

using namespace sinter::test;

namespace {

/// A product [m, k] x [k, n] with a bias, and relu.
struct SparseCase {
  long m, k, n;
  /// Whether element (k, column) is stored.
  std::function<bool(long k, long column)> isStored;
  /// The sizes of rows as they are written in types, and their values.
  std::string rows = std::to_string(m);
  FreeDims dims = {};
};

std::function<bool(long, long)> share(int percent, unsigned seed = 1) {
  return [=](long k, long column) {
    // A block is stored as a whole, for single elements this is one pattern.
    std::minstd_rand random(seed + k * 7919 + column / 16 * 104729);
    random.discard(3);
    return int(random() % 100) < percent;
  };
}

std::vector<float> makeWeight(const SparseCase &test) {
  std::vector<float> weight = makeUniform(test.k * test.n, 0.25f, 2, 7);
  for (long k = 0; k < test.k; ++k)
    for (long j = 0; j < test.n; ++j) {
      float &element = weight[k * test.n + j];
      if (!test.isStored(k, j))
        element = 0;
      else if ((k + j) % 2)
        element = -element;
    }
  return weight;
}

std::vector<float> getExpected(const SparseCase &test,
                               const std::vector<float> &lhs,
                               const std::vector<float> &weight,
                               const std::vector<float> &bias) {
  std::vector<float> expected(test.m * test.n);
  for (long i = 0; i < test.m; ++i)
    for (long j = 0; j < test.n; ++j) {
      double sum = bias[j];
      for (long k = 0; k < test.k; ++k)
        sum += double(lhs[i * test.k + k]) * weight[k * test.n + j];
      expected[i * test.n + j] = std::max(sum, 0.0);
    }
  return expected;
}

/// "tensor<RxCxf32>"; with an encoding where the rows are a formula.
std::string getType(const std::string &rows, long columns) {
  std::string tail = std::to_string(columns) + "xf32";
  if (rows.find_first_not_of("0123456789") == std::string::npos)
    return "tensor<" + rows + "x" + tail + ">";
  return "tensor<?x" + tail + ", #nn.dims<[" + rows + ", " +
         std::to_string(columns) + "]>>";
}

/// Sums of k products of numbers up to 2, each rounded: k * 4 * 2^-24 at most,
/// of a sum that is often larger than 1.
double getTolerance(long k) { return (k + 2) * 4 / 16777216.0; }

void check(const SparseCase &test, long width) {
  SCOPED_TRACE(std::to_string(test.m) + "x" + std::to_string(test.k) + "x" +
               std::to_string(test.n) + ", blocks of " + std::to_string(width));
  std::vector<float> weight = makeWeight(test);
  SparseWeight packed(weight, test.k, test.n, width);
  std::vector<float> lhs = makeUniform(test.m * test.k),
                     bias = makeUniform(test.n, -1, 1, 3);
  std::string a = getType(test.rows, test.k), r = getType(test.rows, test.n);
  std::string b = getType(std::to_string(test.k), test.n);
  std::string vector = "tensor<" + std::to_string(test.n) + "xf32>";
  std::string body =
      "@f(%a: " + a + ", " + packed.getArguments() + ", %b: " + vector +
      ") -> " + r + " attributes {kind = #kernel.kind<contract>} {\n" +
      "  %0 = kernel.unpack_sparse %s, %i, %v : " + packed.getTypes() + " -> " +
      b + "\n  %1 = nn.matmul %a, %0 : " + a + ", " + b +
      "\n  %2 = nn.add %1, %b : " + r + ", " + vector +
      "\n  %3 = nn.relu %2 : " + r + "\n  kernel.yield %3 : " + r + "\n}";
  expectKernel(body,
               {toBytes(lhs), toBytes(packed.starts), toBytes(packed.indices),
                toBytes(packed.values), toBytes(bias)},
               getExpected(test, lhs, weight, bias), test.dims,
               getTolerance(test.k));
}

void checkBoth(const SparseCase &test) {
  check(test, 16);
  check(test, 1);
}

TEST(Sparse, SomeBlocks) { checkBoth({28, 96, 64, share(20)}); }

TEST(Sparse, OddSizes) {
  checkBoth({29, 67, 37, share(30)});
  checkBoth({1, 130, 16, share(30)});
  checkBoth({3, 5, 1, share(60)});
  checkBoth({197, 33, 17, share(25)});
}

TEST(Sparse, PanelsWithoutElements) {
  // Columns 16 to 47 and 64 to 69 have no element at all.
  checkBoth(
      {30, 40, 70, [](long, long j) { return j < 16 || (j >= 48 && j < 64); }});
}

TEST(Sparse, OneElement) {
  checkBoth({17, 80, 33, [](long k, long j) { return k == 79 && j == 32; }});
}

TEST(Sparse, FullPanels) {
  checkBoth({31, 70, 48, [](long, long) { return true; }});
}

TEST(Sparse, ManyDepthsAndColumns) {
  // Several rounds of 64 rows of the weight, several groups of 256 columns.
  checkBoth({140, 200, 300, share(15)});
}

TEST(Sparse, GroupsOfRows) {
  check({50, 64, 40, [](long k, long j) { return (k + j) % 4 < 2; }}, 1);
  check({50, 64, 40, [](long k, long j) { return (k + j) % 8 == 0; }}, 1);
}

TEST(Sparse, FreeRows) {
  for (long rows : {1, 27, 129, 300})
    checkBoth({rows, 90, 50, share(20), "rows", {{"rows", rows}}});
}

TEST(Sparse, HeavyEpilogue) {
  SparseCase test{45, 48, 35, share(30)};
  std::vector<float> weight = makeWeight(test),
                     lhs = makeUniform(test.m * test.k);
  std::vector<float> expected(test.m * test.n);
  for (long i = 0; i < test.m; ++i)
    for (long j = 0; j < test.n; ++j) {
      double sum = 0;
      for (long k = 0; k < test.k; ++k)
        sum += double(lhs[i * test.k + k]) * weight[k * test.n + j];
      expected[i * test.n + j] = sum / (1 + std::exp(-sum));
    }
  for (long width : {16, 1}) {
    SparseWeight packed(weight, test.k, test.n, width);
    std::string body =
        "@f(%a: tensor<45x48xf32>, " + packed.getArguments() +
        ") -> tensor<45x35xf32> attributes {kind = #kernel.kind<contract>} {\n"
        "  %0 = kernel.unpack_sparse %s, %i, %v : " +
        packed.getTypes() +
        " -> tensor<48x35xf32>\n"
        "  %1 = nn.matmul %a, %0 : tensor<45x48xf32>, tensor<48x35xf32>\n"
        "  %2 = nn.sigmoid %1 : tensor<45x35xf32>\n"
        "  %3 = nn.mul %1, %2 : tensor<45x35xf32>, tensor<45x35xf32>\n"
        "  kernel.yield %3 : tensor<45x35xf32>\n}";
    expectKernel(body,
                 {toBytes(lhs), toBytes(packed.starts), toBytes(packed.indices),
                  toBytes(packed.values)},
                 expected, {}, 2 * getTolerance(test.k));
  }
}

TEST(Sparse, HalfPrecision) {
  // Operands of 16 bits, sums of 32; the result may be rounded to 11 digits.
  SparseCase test{33, 70, 40, share(30)};
  auto toHalf = [](const std::vector<float> &values) {
    return std::vector<_Float16>(values.begin(), values.end());
  };
  auto toFloat = [](const std::vector<_Float16> &values) {
    return std::vector<float>(values.begin(), values.end());
  };
  std::vector<_Float16> lhs = toHalf(makeUniform(test.m * test.k));
  std::vector<float> weight = toFloat(toHalf(makeWeight(test)));
  std::vector<float> expected =
      getExpected(test, toFloat(lhs), weight, std::vector<float>(test.n, 0.0f));
  for (long width : {16, 1}) {
    SparseWeight packed(weight, test.k, test.n, width);
    std::string types = packed.getTypes();
    types.replace(types.rfind("f32"), 3, "f16");
    std::string arguments = packed.getArguments();
    arguments.replace(arguments.rfind("f32"), 3, "f16");
    std::string body =
        "@f(%a: tensor<33x70xf16>, " + arguments +
        ") -> tensor<33x40xf32> attributes {kind = #kernel.kind<contract>} {\n"
        "  %0 = kernel.unpack_sparse %s, %i, %v : " +
        types +
        " -> tensor<70x40xf16>\n"
        "  %1 = nn.matmul %a, %0 : tensor<33x70xf16>, tensor<70x40xf16>\n"
        "  %2 = nn.relu %1 : tensor<33x40xf16>\n"
        "  %3 = nn.cast %2 : tensor<33x40xf16> to tensor<33x40xf32>\n"
        "  kernel.yield %3 : tensor<33x40xf32>\n}";
    expectKernel(body,
                 {toBytes(lhs), toBytes(packed.starts), toBytes(packed.indices),
                  toBytes(toHalf(packed.values))},
                 expected, {}, 1.0 / 1024);
  }
}

TEST(Sparse, StridedPointwiseConvolution) {
  // [1, 9, 7, 24] at every second place -> [1, 5, 4, 20].
  long channels = 24, columns = 20;
  SparseCase test{20, channels, columns, share(35)};
  std::vector<float> weight = makeWeight(test),
                     input = makeUniform(9 * 7 * channels);
  std::vector<float> expected;
  for (long y = 0; y < 9; y += 2)
    for (long x = 0; x < 7; x += 2)
      for (long j = 0; j < columns; ++j) {
        double sum = 0;
        for (long k = 0; k < channels; ++k)
          sum += double(input[(y * 7 + x) * channels + k]) *
                 weight[k * columns + j];
        expected.push_back(sum);
      }
  for (long width : {16, 1}) {
    SparseWeight packed(weight, channels, columns, width);
    std::string body =
        "@f(%x: tensor<1x9x7x24xf32>, " + packed.getArguments() +
        ") -> tensor<1x5x4x20xf32> "
        "attributes {kind = #kernel.kind<contract>} {\n"
        "  %0 = kernel.unpack_sparse %s, %i, %v : " +
        packed.getTypes() +
        " -> tensor<20x24x1x1xf32>\n"
        "  %1 = nn.conv %x, %0 strides [2, 2] pads [0, 0, 0, 0] dilations "
        "[1, 1] group 1 channels_last : tensor<1x9x7x24xf32>, "
        "tensor<20x24x1x1xf32>\n"
        "  kernel.yield %1 : tensor<1x5x4x20xf32>\n}";
    expectKernel(body,
                 {toBytes(input), toBytes(packed.starts),
                  toBytes(packed.indices), toBytes(packed.values)},
                 expected, {}, getTolerance(channels));
  }
}

TEST(Sparse, ChannelsFirstInputAndResult) {
  // The input is read, and the result stored, through a transposition.
  SparseCase test{35, 40, 33, share(30)};
  std::vector<float> weight = makeWeight(test),
                     input = makeUniform(test.m * test.k);
  std::vector<float> expected(test.n * test.m);
  for (long j = 0; j < test.n; ++j)
    for (long i = 0; i < test.m; ++i) {
      double sum = 0;
      for (long k = 0; k < test.k; ++k)
        sum += double(input[k * test.m + i]) * weight[k * test.n + j];
      expected[j * test.m + i] = sum;
    }
  for (long width : {16, 1}) {
    SparseWeight packed(weight, test.k, test.n, width);
    std::string body =
        "@f(%x: tensor<40x35xf32>, " + packed.getArguments() +
        ") -> tensor<33x35xf32> attributes {kind = #kernel.kind<contract>} {\n"
        "  %0 = kernel.unpack_sparse %s, %i, %v : " +
        packed.getTypes() +
        " -> tensor<40x33xf32>\n"
        "  %1 = nn.transpose %x [1, 0] : tensor<40x35xf32>\n"
        "  %2 = nn.matmul %1, %0 : tensor<35x40xf32>, tensor<40x33xf32>\n"
        "  %3 = nn.transpose %2 [1, 0] : tensor<35x33xf32>\n"
        "  kernel.yield %3 : tensor<33x35xf32>\n}";
    expectKernel(body,
                 {toBytes(input), toBytes(packed.starts),
                  toBytes(packed.indices), toBytes(packed.values)},
                 expected, {}, getTolerance(test.k));
  }
}

} // namespace
