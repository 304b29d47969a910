//===- KernelsTest.cpp - kernels whose answers are known ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernels in kernels/*.cu, compiled by nvcc, against the same computation
// in C++. Sums are taken in binary64 here; the bounds follow from the length of
// the sum in binary32 (Higham, "Accuracy and Stability of Numerical
// Algorithms", chapter 4): n * u * sum of |terms|.
//
//===----------------------------------------------------------------------===//

#include "Gpu.h"
#include <cmath>
#include <random>

using namespace sinter::vgpu::abi;

namespace {

constexpr double kUnit = 0x1p-24; ///< rounding of binary32

std::vector<float> randomFloats(size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> range(-1.0f, 1.0f);
  std::vector<float> values(count);
  for (float &value : values)
    value = range(engine);
  return values;
}

std::vector<int> randomInts(size_t count, int least, int most, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<int> range(least, most);
  std::vector<int> values(count);
  for (int &value : values)
    value = range(engine);
  return values;
}

} // namespace

#define LOAD(name)                                                             \
  if (!loadCompiled(name))                                                     \
  GTEST_SKIP() << "no nvcc that works: it compiles this kernel"

TEST_F(Gpu, VectorAdd) {
  LOAD("elementwise");
  std::vector<float> a = randomFloats(1000, 1), b = randomFloats(1000, 2);
  CUdeviceptr sum = allocate(1000 * 4);
  ASSERT_EQ(
      launch("vector_add", {4}, {256}, 0, upload(a), upload(b), sum, 1000),
      CUDA_SUCCESS);
  std::vector<float> got = download<float>(sum, 1000);
  for (size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(got[i], a[i] + b[i]);
}

TEST_F(Gpu, DivergentControlFlow) {
  LOAD("elementwise");
  std::vector<int> in = randomInts(300, 1, 5000, 3);
  CUdeviceptr out = allocate(300 * 4);
  ASSERT_EQ(launch("divergent", {3}, {128}, 0, upload(in), out, 300),
            CUDA_SUCCESS);
  std::vector<int> got = download<int>(out, 300);
  for (size_t i = 0; i < got.size(); ++i) {
    int value = in[i], steps = 0;
    while (value != 1 && steps < 100) {
      if (value % 2 == 0)
        value /= 2;
      else {
        steps += value % 3 == 0;
        value = 3 * value + 1;
      }
      ++steps;
    }
    switch (in[i] % 5) {
    case 0:
      steps *= 3;
      break;
    case 1:
      steps -= 7;
      break;
    case 3:
      for (int j = 0; j < in[i] % 11; ++j)
        steps ^= j * value;
      break;
    case 4:
      steps = -steps;
      break;
    default:
      steps += 1000;
      break;
    }
    EXPECT_EQ(got[i], steps) << in[i];
  }
}

TEST_F(Gpu, Integers) {
  LOAD("elementwise");
  std::mt19937_64 engine(4);
  std::vector<int64_t> a(100), b(100);
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<int64_t>(engine()) >> (i % 50);
    b[i] = static_cast<int64_t>(engine()) >> (i * 7 % 60);
  }
  b[5] = 0;
  CUdeviceptr out = allocate(100 * 12 * 8);
  ASSERT_EQ(launch("integers", {1}, {128}, 0, upload(a), upload(b), out, 100),
            CUDA_SUCCESS);
  std::vector<int64_t> got = download<int64_t>(out, 100 * 12);
  for (size_t i = 0; i < a.size(); ++i) {
    int64_t x = a[i], y = b[i];
    auto ux = static_cast<uint64_t>(x), uy = static_cast<uint64_t>(y);
    auto low = static_cast<uint32_t>(x), high = static_cast<uint32_t>(y);
    auto half = static_cast<int16_t>(x);
    auto byte = static_cast<int8_t>(y);
    uint32_t reversed = 0;
    for (int bit = 0; bit < 32; ++bit)
      reversed |= (low >> bit & 1) << (31 - bit);
    // Selector 0x5142: bytes 2, 4, 1 and 5 of (high, low).
    uint32_t bytes = (low >> 16 & 0xff) | (high & 0xff) << 8 |
                     (low >> 8 & 0xff) << 16 | (high >> 8 & 0xff) << 24;
    int64_t expected[12] = {
        y ? x / y : -1,
        y ? x % y : -1,
        static_cast<int64_t>(ux / (uy | 1)),
        static_cast<int64_t>((static_cast<__int128>(x) * y) >> 64),
        half * byte + (half >> 3),
        __builtin_popcount(low) + (high ? __builtin_clz(high) : 32) * 100 +
            __builtin_ffs(static_cast<int>(low)) * 10000,
        static_cast<int64_t>(reversed ^ bytes),
        static_cast<int64_t>(high << 13 | low >> 19),
        static_cast<int64_t>(ux << (uy & 63)),
        x >> (uy & 63),
        static_cast<uint8_t>(x) + static_cast<uint16_t>(y),
        static_cast<int64_t>(static_cast<uint64_t>(std::min(x, y)) ^
                             std::max(ux, uy))};
    for (size_t j = 0; j < 12; ++j)
      EXPECT_EQ(got[i * 12 + j], expected[j])
          << "item " << j << " of " << x << ", " << y;
  }
}

TEST_F(Gpu, Doubles) {
  LOAD("elementwise");
  std::vector<double> a, b;
  for (int i = 0; i < 100; ++i) {
    a.push_back(std::sin(i) * 100);
    b.push_back(std::cos(i * 3) * 7);
  }
  CUdeviceptr out = allocate(100 * 6 * 8);
  ASSERT_EQ(launch("doubles", {1}, {128}, 0, upload(a), upload(b), out, 100),
            CUDA_SUCCESS);
  std::vector<double> got = download<double>(out, 600);
  for (size_t i = 0; i < a.size(); ++i) {
    double x = a[i], y = b[i];
    const double *to = &got[i * 6];
    EXPECT_EQ(to[0], std::fma(x, y, 0.5));
    EXPECT_EQ(to[1], x / y);
    EXPECT_EQ(to[2], std::sqrt(std::fabs(x)));
    EXPECT_EQ(to[3],
              std::floor(x) + std::ceil(y) + std::trunc(x * y) + std::rint(x));
    EXPECT_EQ(to[4],
              static_cast<double>(static_cast<long long>(x * 1000)) + (x < y));
    double expected = std::exp(-std::fabs(x)) + std::log(1 + std::fabs(y));
    // CUDA Math API: at most 1 ulp for each of the two functions.
    EXPECT_NEAR(to[5], expected, 4 * 0x1p-53 * std::fabs(expected));
  }
}

TEST_F(Gpu, ReductionWithShuffles) {
  LOAD("reduce");
  std::vector<float> in = randomFloats(3000, 5);
  CUdeviceptr sum = upload(std::vector<float>{0.0f});
  ASSERT_EQ(launch("reduce", {3}, {256}, 0, upload(in), sum, 3000),
            CUDA_SUCCESS);
  double expected = 0, terms = 0;
  for (float value : in) {
    expected += value;
    terms += std::fabs(value);
  }
  EXPECT_NEAR(download<float>(sum, 1)[0], expected, 32 * kUnit * terms);
}

TEST_F(Gpu, Softmax) {
  LOAD("reduce");
  constexpr size_t rows = 4, columns = 300;
  std::vector<float> in = randomFloats(rows * columns, 6);
  CUdeviceptr out = allocate(in.size() * 4);
  ASSERT_EQ(launch("softmax", {rows}, {256}, 0, upload(in), out,
                   static_cast<int>(columns)),
            CUDA_SUCCESS);
  std::vector<float> got = download<float>(out, in.size());
  for (size_t row = 0; row < rows; ++row) {
    double sum = 0;
    for (size_t i = 0; i < columns; ++i)
      sum += std::exp(static_cast<double>(in[row * columns + i]));
    for (size_t i = 0; i < columns; ++i) {
      double expected =
          std::exp(static_cast<double>(in[row * columns + i])) / sum;
      // 2 ulp for each exponential, the sum, the quotient.
      EXPECT_NEAR(got[row * columns + i], expected, 24 * kUnit * expected);
    }
  }
}

TEST_F(Gpu, LayerNorm) {
  LOAD("reduce");
  constexpr size_t rows = 3, columns = 260;
  std::vector<float> in = randomFloats(rows * columns, 7),
                     scale = randomFloats(columns, 8),
                     shift = randomFloats(columns, 9);
  CUdeviceptr out = allocate(in.size() * 4);
  ASSERT_EQ(launch("layer_norm", {rows}, {128}, 0, upload(in), upload(scale),
                   upload(shift), out, static_cast<int>(columns / 4), 1e-5f),
            CUDA_SUCCESS);
  std::vector<float> got = download<float>(out, in.size());
  for (size_t row = 0; row < rows; ++row) {
    double mean = 0, squares = 0;
    for (size_t i = 0; i < columns; ++i)
      mean += in[row * columns + i] / static_cast<double>(columns);
    for (size_t i = 0; i < columns; ++i)
      squares += std::pow(in[row * columns + i] - mean, 2) / columns;
    for (size_t i = 0; i < columns; ++i) {
      double normal =
          (in[row * columns + i] - mean) / std::sqrt(squares + 1e-5);
      double expected = normal * scale[i] + shift[i];
      EXPECT_NEAR(got[row * columns + i], expected, 64 * kUnit * 4);
    }
  }
}

TEST_F(Gpu, Scan) {
  LOAD("reduce");
  std::vector<int> in = randomInts(250, -100, 100, 10);
  CUdeviceptr out = allocate(250 * 4);
  ASSERT_EQ(launch("scan", {1}, {256}, 0, upload(in), out, 250), CUDA_SUCCESS);
  std::vector<int> got = download<int>(out, 250);
  int sum = 0;
  for (size_t i = 0; i < in.size(); ++i)
    EXPECT_EQ(got[i], sum += in[i]);
}

TEST_F(Gpu, Transpose) {
  LOAD("tile");
  constexpr size_t rows = 70, columns = 45;
  std::vector<float> in = randomFloats(rows * columns, 11);
  CUdeviceptr out = allocate(in.size() * 4);
  ASSERT_EQ(launch("transpose", {2, 3}, {32, 8}, 0, upload(in), out,
                   static_cast<int>(rows), static_cast<int>(columns)),
            CUDA_SUCCESS);
  std::vector<float> got = download<float>(out, in.size());
  for (size_t y = 0; y < rows; ++y)
    for (size_t x = 0; x < columns; ++x)
      EXPECT_EQ(got[x * rows + y], in[y * columns + x]);
}

namespace {
/// |A| |B| and A B, in binary64.
void multiply(const std::vector<float> &a, const std::vector<float> &b,
              size_t m, size_t n, size_t k, std::vector<double> &product,
              std::vector<double> &terms) {
  product.assign(m * n, 0);
  terms.assign(m * n, 0);
  for (size_t i = 0; i < m; ++i)
    for (size_t at = 0; at < k; ++at)
      for (size_t j = 0; j < n; ++j) {
        double term = static_cast<double>(a[i * k + at]) * b[at * n + j];
        product[i * n + j] += term;
        terms[i * n + j] += std::fabs(term);
      }
}
} // namespace

TEST_F(Gpu, TiledMatmul) {
  LOAD("tile");
  constexpr int m = 37, n = 50, k = 41;
  std::vector<float> a = randomFloats(m * k, 12), b = randomFloats(k * n, 13);
  CUdeviceptr c = allocate(m * n * 4);
  ASSERT_EQ(
      launch("matmul", {4, 3}, {16, 16}, 0, upload(a), upload(b), c, m, n, k),
      CUDA_SUCCESS);
  std::vector<float> got = download<float>(c, m * n);
  std::vector<double> product, terms;
  multiply(a, b, m, n, k, product, terms);
  for (size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got[i], product[i], k * kUnit * terms[i]);
}

TEST_F(Gpu, PipelinedMatmul) {
  LOAD("tile");
  constexpr int m = 32, n = 48, k = 80;
  std::vector<float> a = randomFloats(m * k, 14), b = randomFloats(k * n, 15);
  CUdeviceptr c = allocate(m * n * 4);
  ASSERT_EQ(launch("matmul_async", {3, 2}, {16, 16}, 4 * 16 * 16 * 4, upload(a),
                   upload(b), c, m, n, k),
            CUDA_SUCCESS);
  std::vector<float> got = download<float>(c, m * n);
  std::vector<double> product, terms;
  multiply(a, b, m, n, k, product, terms);
  for (size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got[i], product[i], k * kUnit * terms[i]);
}

TEST_F(Gpu, Convolution) {
  LOAD("tile");
  constexpr int channels = 5, height = 9, width = 11, filters = 8;
  std::vector<float> in = randomFloats(channels * height * width, 16),
                     weight = randomFloats(filters * channels * 9, 17),
                     bias = randomFloats(filters, 18);
  CUdeviceptr out = allocate(filters * height * width * 4), constant = 0;
  size_t bytes = 0;
  ASSERT_EQ(cuModuleGetGlobal_v2(&constant, &bytes, module, "bias"),
            CUDA_SUCCESS);
  ASSERT_EQ(bytes, filters * sizeof(float));
  ASSERT_EQ(cuMemcpyHtoD_v2(constant, bias.data(), bytes), CUDA_SUCCESS);
  ASSERT_EQ(launch("conv", {1, filters}, {128}, 0, upload(in), upload(weight),
                   out, channels, height, width, 3, 1),
            CUDA_SUCCESS);
  std::vector<float> got = download<float>(out, filters * height * width);
  for (int f = 0; f < filters; ++f)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        double sum = bias[f], terms = std::fabs(sum);
        for (int c = 0; c < channels; ++c)
          for (int r = 0; r < 3; ++r)
            for (int s = 0; s < 3; ++s) {
              int row = y - 1 + r, column = x - 1 + s;
              if (row < 0 || row >= height || column < 0 || column >= width)
                continue;
              double term =
                  static_cast<double>(in[(c * height + row) * width + column]) *
                  weight[((f * channels + c) * 3 + r) * 3 + s];
              sum += term;
              terms += std::fabs(term);
            }
        EXPECT_NEAR(got[(f * height + y) * width + x], std::max(sum, 0.0),
                    (channels * 9 + 1) * kUnit * terms);
      }
}

TEST_F(Gpu, Histogram) {
  LOAD("memory");
  std::vector<int> in = randomInts(1000, -500, 500, 19);
  CUdeviceptr counts = upload(std::vector<int>(64, 0)),
              extremes = upload(std::vector<int>{1000, -1000});
  ASSERT_EQ(
      launch("histogram", {4}, {256}, 0, upload(in), counts, extremes, 1000),
      CUDA_SUCCESS);
  std::vector<int> expected(64, 0);
  for (int value : in)
    ++expected[static_cast<size_t>(value & 63)];
  EXPECT_EQ(download<int>(counts, 64), expected);
  std::vector<int> bounds = {*std::min_element(in.begin(), in.end()),
                             *std::max_element(in.begin(), in.end())};
  EXPECT_EQ(download<int>(extremes, 2), bounds);
}

TEST_F(Gpu, Calls) {
  LOAD("memory");
  std::vector<int> a = randomInts(100, 1, 1000, 20),
                   b = randomInts(100, 1, 1000, 21);
  CUdeviceptr out = allocate(400);
  ASSERT_EQ(launch("calls", {2}, {64}, 0, upload(a), upload(b), out, 100),
            CUDA_SUCCESS);
  std::vector<int> got = download<int>(out, 100);
  auto gcd = [](int x, int y) {
    while (y)
      std::swap(x %= y, y);
    return x;
  };
  for (size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(got[i],
              i % 3 ? a[i] / gcd(a[i], b[i]) * b[i] : gcd(a[i], b[i]) + 1);
}

TEST_F(Gpu, LocalArray) {
  LOAD("memory");
  static const int table[8] = {3, 1, 4, 1, 5, 9, 2, 6};
  std::vector<int> in = randomInts(100, 0, 100, 22);
  CUdeviceptr out = allocate(400);
  ASSERT_EQ(launch("local_array", {2}, {64}, 0, upload(in), out, 100),
            CUDA_SUCCESS);
  std::vector<int> got = download<int>(out, 100);
  for (size_t i = 0; i < got.size(); ++i) {
    int digits[16];
    unsigned sum = 0;
    for (int j = 0; j < 16; ++j)
      digits[(j * 5 + in[i]) & 15] = table[j & 7] * j;
    for (int j = 0; j < 16; ++j)
      sum = sum * 3 + static_cast<unsigned>(digits[(in[i] + j) & 15]);
    EXPECT_EQ(got[i], static_cast<int>(sum));
  }
}
