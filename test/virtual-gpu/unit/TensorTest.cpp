//===- TensorTest.cpp - kernels that use tensor cores ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gpu.h"
#include <cmath>
#include <cstring>
#include <random>

using namespace sinter::vgpu::abi;

namespace {

/// binary16 of a number that it holds exactly.
uint16_t halfBits(float value) {
  auto half = static_cast<_Float16>(value);
  uint16_t bits;
  std::memcpy(&bits, &half, 2);
  return bits;
}
float fromHalf(uint16_t bits) {
  _Float16 half;
  std::memcpy(&half, &bits, 2);
  return static_cast<float>(half);
}

/// Small multiples of 1/16: exact in binary16, and so are their products and
/// sums in binary32.
std::vector<float> exactFloats(size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<int> range(-64, 64);
  std::vector<float> values(count);
  for (float &value : values)
    value = static_cast<float>(range(engine)) / 16;
  return values;
}

std::vector<uint16_t> toHalves(const std::vector<float> &values) {
  std::vector<uint16_t> halves;
  for (float value : values)
    halves.push_back(halfBits(value));
  return halves;
}

} // namespace

TEST_F(Gpu, MatrixOfHalves) {
  if (!loadCompiled("tensor"))
    GTEST_SKIP() << "no nvcc that works: it compiles this kernel";
  std::vector<float> a = exactFloats(16 * 16, 1), b = exactFloats(8 * 16, 2);
  CUdeviceptr c = allocate(16 * 8 * 4);
  ASSERT_EQ(launch("mma_f16", {1}, {32}, 0, upload(toHalves(a)),
                   upload(toHalves(b)), c),
            CUDA_SUCCESS);
  std::vector<float> got = download<float>(c, 16 * 8);
  for (size_t row = 0; row < 16; ++row)
    for (size_t column = 0; column < 8; ++column) {
      float sum = 0;
      for (size_t k = 0; k < 16; ++k)
        sum += a[row * 16 + k] * b[column * 16 + k];
      EXPECT_EQ(got[row * 8 + column], sum);
    }
}

TEST_F(Gpu, MatrixOfBytes) {
  if (!loadCompiled("tensor"))
    GTEST_SKIP() << "no nvcc that works: it compiles this kernel";
  std::mt19937 engine(3);
  std::vector<uint8_t> a(16 * 32);
  std::vector<int8_t> b(8 * 32);
  for (uint8_t &value : a)
    value = static_cast<uint8_t>(engine());
  for (int8_t &value : b)
    value = static_cast<int8_t>(engine());
  CUdeviceptr c = allocate(16 * 8 * 4);
  ASSERT_EQ(launch("mma_s8", {1}, {32}, 0, upload(a), upload(b), c),
            CUDA_SUCCESS);
  std::vector<int> got = download<int>(c, 16 * 8);
  for (size_t row = 0; row < 16; ++row)
    for (size_t column = 0; column < 8; ++column) {
      // The accumulators start at 1 to 4, by register.
      int sum = static_cast<int>(1 + row / 8 * 2 + column % 2);
      for (size_t k = 0; k < 32; ++k)
        sum += a[row * 32 + k] * b[column * 32 + k];
      EXPECT_EQ(got[row * 8 + column], sum);
    }
}

TEST_F(Gpu, MatrixOfTf32) {
  if (!loadCompiled("tensor"))
    GTEST_SKIP() << "no nvcc that works: it compiles this kernel";
  std::vector<float> a = exactFloats(16 * 8, 4), b = exactFloats(8 * 8, 5);
  a[3] = 1.0f + 0x1p-20f; // rounds to 1 in tf32
  CUdeviceptr c = allocate(16 * 8 * 4);
  ASSERT_EQ(launch("mma_tf32", {1}, {32}, 0, upload(a), upload(b), c),
            CUDA_SUCCESS);
  a[3] = 1.0f;
  std::vector<float> got = download<float>(c, 16 * 8);
  for (size_t row = 0; row < 16; ++row)
    for (size_t column = 0; column < 8; ++column) {
      float sum = 0;
      for (size_t k = 0; k < 8; ++k)
        sum += a[row * 8 + k] * b[k * 8 + column];
      EXPECT_EQ(got[row * 8 + column], sum);
    }
}

TEST_F(Gpu, PairsOfHalves) {
  if (!loadCompiled("tensor"))
    GTEST_SKIP() << "no nvcc that works: it compiles this kernel";
  std::vector<float> a = exactFloats(200, 6), b = exactFloats(200, 7);
  CUdeviceptr out = allocate(400), bytes = allocate(100);
  ASSERT_EQ(launch("halves", {1}, {128}, 0, upload(toHalves(a)),
                   upload(toHalves(b)), out, bytes, 100),
            CUDA_SUCCESS);
  std::vector<uint16_t> got = download<uint16_t>(out, 200);
  std::vector<int8_t> quantized = download<int8_t>(bytes, 100);
  for (size_t i = 0; i < 200; ++i) {
    // a * b + (a + b) in binary64 is exact; one rounding each.
    float sum = fromHalf(halfBits(a[i] + b[i]));
    float all = fromHalf(halfBits(a[i] * b[i] + sum));
    EXPECT_EQ(fromHalf(got[i]), std::max(all, -b[i]));
    if (i % 2 == 0) {
      float scaled = std::rint(all * 8);
      EXPECT_EQ(quantized[i / 2],
                static_cast<int8_t>(std::fmin(std::fmax(scaled, -128), 127)));
    }
  }
}
