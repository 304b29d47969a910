//===- SmallTypesTest.cpp - numbers of 8 bits and less --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Casts between every small type and f32 against LLVM's software floats.
//
//===----------------------------------------------------------------------===//

#include "NumericsSupport.h"

#include "llvm/ADT/APFloat.h"

#include <limits>

using namespace sinter::test;
using llvm::APFloat;

namespace {

struct Format {
  const char *name;
  const llvm::fltSemantics &(*semantics)();
  unsigned bits;
};

const Format kFormats[] = {
    {"f8E4M3FN", APFloat::Float8E4M3FN, 8},
    {"f8E4M3FNUZ", APFloat::Float8E4M3FNUZ, 8},
    {"f8E5M2", APFloat::Float8E5M2, 8},
    {"f8E5M2FNUZ", APFloat::Float8E5M2FNUZ, 8},
    {"f8E8M0FNU", APFloat::Float8E8M0FNU, 8},
    {"f4E2M1FN", APFloat::Float4E2M1FN, 4},
};

double decode(const Format &format, unsigned code) {
  APFloat number(format.semantics(), llvm::APInt(format.bits, code));
  // Converted, the NaN of f8E8M0FNU would be an infinity.
  if (number.isNaN())
    return std::numeric_limits<double>::quiet_NaN();
  bool lost;
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
  return number.convertToDouble();
}

/// What nn.cast says; NaN has many codes.
double round(const Format &format, double value) {
  std::string name = format.name;
  if (name == "f8E8M0FNU") {
    if (std::isnan(value))
      return value;
    if (std::isinf(value))
      return 0x1p127;
    int exponent;
    bool isPower = std::frexp(std::fabs(value), &exponent) == 0.5;
    double power = std::ldexp(1.0, exponent - isPower);
    return std::min(std::max(power, 0x1p-127), 0x1p127);
  }
  if (name == "f4E2M1FN")
    value = std::isnan(value) ? 0 : std::min(std::max(value, -6.0), 6.0);
  APFloat number(value);
  bool lost;
  number.convert(format.semantics(), APFloat::rmNearestTiesToEven, &lost);
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
  return number.convertToDouble();
}

std::string makeCast(const std::string &from, const std::string &to,
                     size_t count) {
  std::string shape = "tensor<" + std::to_string(count) + "x";
  return "@f(%a: " + shape + from + ">) -> " + shape + to +
         "> attributes {kind = #kernel.kind<loop>} {\n%r = nn.cast %a : " +
         shape + from + "> to " + shape + to + ">\nkernel.yield %r : " + shape +
         to + ">\n}";
}

/// Every number of the format, halfway between neighbours, a bit to either
/// side, and what lies beyond.
template <typename T>
std::vector<T> makeProbes(const Format &format) {
  std::vector<double> numbers;
  for (unsigned code = 0; code < 1u << format.bits; ++code)
    if (double value = decode(format, code); std::isfinite(value))
      numbers.push_back(value);
  std::sort(numbers.begin(), numbers.end());
  std::vector<T> probes;
  for (size_t i = 0; i < numbers.size(); ++i) {
    double next = i + 1 < numbers.size() ? numbers[i + 1] : 2 * numbers[i];
    for (double value : {numbers[i], (numbers[i] + next) / 2}) {
      T at = static_cast<T>(value);
      for (T probe : {std::nextafter(at, T(-INFINITY)), at,
                      std::nextafter(at, T(INFINITY))})
        probes.push_back(probe);
    }
  }
  for (T special : {T(0), -T(0), T(1e30), T(-1e30), T(INFINITY), T(-INFINITY),
                    std::numeric_limits<T>::quiet_NaN()})
    probes.push_back(special);
  return probes;
}

template <typename T>
void checkMaking(const Format &format, const char *type) {
  SCOPED_TRACE(std::string(type) + " to " + format.name);
  std::vector<T> probes = makeProbes<T>(format);
  // Zero has no power of two, and no sign there.
  bool isPower = std::string(format.name) == "f8E8M0FNU";
  runKernel(makeCast(type, format.name, probes.size()), {toBytes(probes)},
            {probes.size()}, {}, [&](const RunResult &result) {
              std::vector<uint8_t> codes = result.get<uint8_t>(0);
              for (size_t i = 0; i < probes.size(); ++i) {
                double expected = round(format, probes[i]);
                if (isPower && probes[i] == 0)
                  expected = 0x1p-127;
                double found = decode(format, codes[i]);
                if (std::isnan(expected))
                  EXPECT_TRUE(std::isnan(found)) << probes[i];
                else
                  EXPECT_EQ(found, expected) << probes[i];
                EXPECT_EQ(codes[i] >> format.bits, 0) << probes[i];
              }
            });
}

} // namespace

TEST(SmallFloats, EveryCodeIsRead) {
  for (const Format &format : kFormats) {
    SCOPED_TRACE(format.name);
    std::vector<uint8_t> codes;
    std::vector<float> expected;
    for (unsigned code = 0; code < 1u << format.bits; ++code) {
      codes.push_back(static_cast<uint8_t>(code));
      expected.push_back(static_cast<float>(decode(format, code)));
    }
    runKernel(makeCast(format.name, "f32", codes.size()), {toBytes(codes)},
              {codes.size() * sizeof(float)}, {}, [&](const RunResult &result) {
                std::vector<float> found = result.get<float>(0);
                for (size_t i = 0; i < codes.size(); ++i)
                  if (std::isnan(expected[i]))
                    EXPECT_TRUE(std::isnan(found[i])) << i;
                  else
                    EXPECT_TRUE(found[i] == expected[i] &&
                                std::signbit(found[i]) ==
                                    std::signbit(expected[i]))
                        << i << ": " << found[i];
              });
  }
}

TEST(SmallFloats, RoundToNearest) {
  for (const Format &format : kFormats)
    checkMaking<float>(format, "f32");
}

TEST(SmallFloats, DoublesRoundOnce) {
  for (const Format &format : kFormats)
    checkMaking<double>(format, "f64");
}

TEST(Halves, DoublesRoundOnce) {
  // Just above the middle of two halves, by less than f32 can hold.
  std::vector<double> x = {1 + 0x1p-11 + 0x1p-40,
                           1 + 0x1p-11,
                           -(1 + 0x1p-11 + 0x1p-40),
                           1e300,
                           -INFINITY,
                           0.1};
  std::vector<uint16_t> expected = {0x3c01, 0x3c00, 0xbc01,
                                    0x7c00, 0xfc00, 0x2e66};
  runKernel(makeCast("f64", "f16", x.size()), {toBytes(x)}, {2 * x.size()}, {},
            [&](const RunResult &result) {
              EXPECT_EQ(result.get<uint16_t>(0), expected);
            });
}

TEST(SmallIntegers, WrapFromIntegers) {
  std::vector<int32_t> x;
  for (int value = -300; value < 300; ++value)
    x.push_back(value);
  auto check = [&](const char *type, auto wrap) {
    SCOPED_TRACE(type);
    std::vector<int8_t> expected;
    for (int32_t value : x)
      expected.push_back(static_cast<int8_t>(wrap(value)));
    runKernel(makeCast("i32", type, x.size()), {toBytes(x)}, {x.size()}, {},
              [&](const RunResult &result) {
                EXPECT_EQ(result.get<int8_t>(0), expected);
              });
  };
  check("ui4", [](int v) { return v & 15; });
  check("i4", [](int v) { return ((v & 15) ^ 8) - 8; });
  check("ui2", [](int v) { return v & 3; });
  check("i2", [](int v) { return ((v & 3) ^ 2) - 2; });
}

TEST(SmallIntegers, SaturateFromFloats) {
  std::vector<float> x = makeUniform(500, -20, 20);
  for (float special : {0.0f, 7.99f, -8.99f, 15.5f, INFINITY, -INFINITY, NAN})
    x.push_back(special);
  auto check = [&](const char *type, float low, float high) {
    SCOPED_TRACE(type);
    std::vector<int8_t> expected;
    for (float value : x)
      expected.push_back(static_cast<int8_t>(
          std::isnan(value)
              ? 0
              : std::min(std::max(std::trunc(value), low), high)));
    runKernel(makeCast("f32", type, x.size()), {toBytes(x)}, {x.size()}, {},
              [&](const RunResult &result) {
                EXPECT_EQ(result.get<int8_t>(0), expected);
              });
  };
  check("ui4", 0, 15);
  check("i4", -8, 7);
  check("ui2", 0, 3);
  check("i2", -2, 1);
}

TEST(SmallIntegers, WidenBySign) {
  std::vector<int8_t> x = {-8, -1, 0, 7};
  std::vector<int32_t> expected = {-8, -1, 0, 7};
  runKernel(makeCast("i4", "i32", 4), {toBytes(x)}, {16}, {},
            [&](const RunResult &result) {
              EXPECT_EQ(result.get<int32_t>(0), expected);
            });
}
