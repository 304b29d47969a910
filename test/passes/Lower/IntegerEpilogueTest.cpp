//===- IntegerEpilogueTest.cpp - what follows integer contractions --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Requantization: sums of i32 with their bias become floats, then bytes. The
// reference rounds as the definition says; a product and a sum that were
// contracted may put a value on the other side of a half, so a result may be
// off by one. All instruction sets give the same bytes.
//
//===----------------------------------------------------------------------===//

#include "IntegerCases.h"

#include "gtest/gtest.h"
#include <cmath>
#include <cstring>

using namespace sinter;
using namespace sinter::test;

namespace {

constexpr long kRows = 29, kColumns = 50, kDepth = 70;

/// Sums with their epilogue, `body`: from %1 (the product, i32 as !s) to %y. It
/// may use %bias (!b), %scale (!c), %rest (!u, of the result's shape), and the
/// constants %half, %one and %zero.
std::string makeKernel(const std::string &body) {
  return "!s = tensor<29x50xi32>\n!r = tensor<29x50xf32>\n"
         "!u = tensor<29x50xui8>\n!b = tensor<50xi32>\n!c = tensor<50xf32>\n"
         "!f = tensor<f32>\n!z = tensor<ui8>\n"
         "kernel.func @k(%a: tensor<29x70xui8>, %w: "
         "tensor<1x2x18x32x4xi8>, %bias: !b, %scale: !c, %rest: !u) -> !u "
         "attributes {kind = #kernel.kind<contract>} {\n"
         "  %half = nn.weight #nn.weight<dense {value = dense<0.37> : !f} : "
         "!f>\n"
         "  %one = nn.weight #nn.weight<dense {value = dense<1.0> : !f} : !f>\n"
         "  %zero = nn.weight #nn.weight<dense {value = dense<131> : !z} : "
         "!z>\n"
         "  %0 = kernel.unpack %w : tensor<1x2x18x32x4xi8> -> "
         "tensor<70x50xi8>\n"
         "  %1 = nn.matmul %a, %0 : tensor<29x70xui8>, tensor<70x50xi8>\n" +
         body + "  kernel.yield %y : !u\n}\n";
}

constexpr const char *kReal = "  %2 = nn.add %1, %bias : !s, !b\n"
                              "  %3 = nn.cast %2 : !s to !r\n"
                              "  %4 = nn.mul %3, %scale : !r, !c\n";

struct Operands {
  std::vector<uint8_t> lhs = makeUnsigned(kRows * kDepth, Values::Random);
  std::vector<int8_t> rhs = makeSigned(kDepth * kColumns, Values::Random);
  std::vector<uint8_t> rest = makeUnsigned(kRows * kColumns, Values::Random);
  std::vector<int32_t> bias;
  std::vector<float> scale;

  Operands() {
    for (long j = 0; j < kColumns; ++j) {
      bias.push_back(int32_t(j * 977 % 4001 - 2000));
      scale.push_back(1e-3f + 1e-5f * float(j));
    }
  }
  /// The sum with its bias, scaled.
  float getReal(long i, long j) const {
    int32_t sum = bias[j];
    for (long k = 0; k < kDepth; ++k)
      sum += int32_t(lhs[i * kDepth + k]) * rhs[k * kColumns + j];
    return float(sum) * scale[j];
  }
};

uint8_t quantize(double quotient, int zero) {
  return uint8_t(
      std::min(255.0, std::max(0.0, std::nearbyint(quotient) + zero)));
}

void expect(const std::string &body,
            llvm::function_ref<uint8_t(const Operands &, long, long)> get) {
  Operands operands;
  std::vector<int8_t> packed =
      packQuads(1, kColumns, 1, kDepth, [&](long, long, long k, long j) {
        return operands.rhs[k * kColumns + j];
      });
  std::vector<uint8_t> first;
  for (const InstructionSet *set : getRunnableSets()) {
    auto kernel = CompiledKernel::compile(makeKernel(body), *set);
    ASSERT_TRUE(kernel) << body;
    GuardedBuffer result(kRows * kColumns);
    ASSERT_EQ(kernel->run({operands.lhs.data(), packed.data(),
                           operands.bias.data(), operands.scale.data(),
                           operands.rest.data(), result.data()}),
              0);
    std::vector<uint8_t> found(result.as<uint8_t>(),
                               result.as<uint8_t>() + result.size());
    long others = 0;
    for (long i = 0; i < kRows; ++i)
      for (long j = 0; j < kColumns; ++j) {
        int want = get(operands, i, j), got = found[i * kColumns + j];
        ASSERT_LE(std::abs(want - got), 1)
            << "at " << i << ", " << j << " on " << set->name.str() << "\n"
            << body;
        others += want != got;
      }
    EXPECT_LE(others, 2) << set->name.str() << "\n" << body;
    if (first.empty())
      first = found;
    EXPECT_EQ(found, first) << set->name.str() << " computes other bits\n"
                            << body;
  }
}

} // namespace

TEST(IntegerEpilogue, Requantizes) {
  expect(std::string(kReal) +
             "  %y = nn.quantize %4, %half, %zero : !r, !f, !z\n",
         [](const Operands &o, long i, long j) {
           return quantize(o.getReal(i, j) / 0.37f, 131);
         });
}

TEST(IntegerEpilogue, RequantizesByTheScaleOfTheColumn) {
  expect(std::string(kReal) +
             "  %5 = nn.relu %4 : !r\n"
             "  %y = nn.quantize %5, %one, %zero : !r, !f, !z\n",
         [](const Operands &o, long i, long j) {
           return quantize(std::max(0.0f, o.getReal(i, j)), 131);
         });
}

TEST(IntegerEpilogue, AddsAQuantizedResidual) {
  expect(std::string(kReal) +
             "  %5 = nn.dequantize %rest, %half, %zero : !u, !f, !z\n"
             "  %6 = nn.add %4, %5 : !r, !r\n"
             "  %7 = nn.clamp %6 range(0.0, 6.0) : !r\n"
             "  %y = nn.quantize %7, %half, %zero : !r, !f, !z\n",
         [](const Operands &o, long i, long j) {
           float rest = float(int(o.rest[i * kColumns + j]) - 131) * 0.37f;
           float sum = o.getReal(i, j) + rest;
           return quantize(std::min(6.0f, std::max(0.0f, sum)) / 0.37f, 131);
         });
}

/// Expensive, so in a loop over the tile.
TEST(IntegerEpilogue, AppliesAFunction) {
  expect(std::string(kReal) +
             "  %5 = nn.sigmoid %4 : !r\n"
             "  %6 = nn.mul %4, %5 : !r, !r\n"
             "  %y = nn.quantize %6, %half, %zero : !r, !f, !z\n",
         [](const Operands &o, long i, long j) {
           double x = o.getReal(i, j);
           return quantize(x / (1 + std::exp(-x)) / 0.37f, 131);
         });
}
