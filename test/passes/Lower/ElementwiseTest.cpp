//===- ElementwiseTest.cpp - numbers of element-wise operations -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NumericsSupport.h"

#include <limits>

using namespace sinter::test;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// A loop kernel of one operation on tensors of `count` elements.
std::string makeLoop(const std::string &operation, size_t count,
                     const std::vector<std::string> &types,
                     const std::string &resultType) {
  auto tensor = [&](const std::string &type) {
    return "tensor<" + std::to_string(count) + "x" + type + ">";
  };
  std::string arguments, operands, operandTypes;
  for (size_t i = 0; i < types.size(); ++i) {
    std::string separator = i ? ", " : "";
    std::string name = "%a" + std::to_string(i);
    arguments += separator + name + ": " + tensor(types[i]);
    operands += separator + name;
    operandTypes += separator + tensor(types[i]);
  }
  // The name of the operation, then what stands behind its operands.
  size_t space = operation.find(' ');
  std::string rest = space == std::string::npos ? "" : operation.substr(space);
  std::string text =
      operation.substr(0, space) + " " + operands + rest + " : " + operandTypes;
  if (operation == "nn.cast" || operation == "nn.bit_cast")
    text += " to " + tensor(resultType);
  return "@f(" + arguments + ") -> " + tensor(resultType) +
         " attributes {kind = #kernel.kind<loop>} {\n%r = " + text +
         "\nkernel.yield %r : " + tensor(resultType) + "\n}";
}

using Unary = double (*)(double);

void checkUnary(const std::string &operation, Unary reference, float low,
                float high, double tolerance = 4e-7) {
  SCOPED_TRACE(operation);
  std::vector<float> x = makeUniform(1003, low, high), expected;
  std::vector<float> special{0.0f, -0.0f, 1.0f, -1.0f, kInf, -kInf, kNan};
  x.insert(x.end(), special.begin(), special.end());
  for (float value : x)
    expected.push_back(static_cast<float>(reference(value)));
  expectKernel(makeLoop(operation, x.size(), {"f32"}, "f32"), {toBytes(x)},
               expected, {}, tolerance);
}

template <typename T, typename R>
void checkExact(const std::string &operation, const std::string &type,
                const std::string &resultType,
                const std::vector<std::vector<T>> &operands,
                const std::vector<R> &expected) {
  SCOPED_TRACE(operation + " " + type);
  std::vector<Bytes> inputs;
  for (const std::vector<T> &operand : operands)
    inputs.push_back(toBytes(operand));
  std::string body =
      makeLoop(operation, expected.size(),
               std::vector<std::string>(operands.size(), type), resultType);
  runKernel(
      body, inputs, {expected.size() * sizeof(R)}, {},
      [&](const RunResult &result) { EXPECT_EQ(result.get<R>(0), expected); });
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double relu(double x) { return std::isnan(x) ? x : x > 0 ? x : 0; }
double sign(double x) { return std::isnan(x) ? x : (x > 0) - (x < 0); }

} // namespace

TEST(Elementwise, Rounding) {
  checkUnary("nn.floor", std::floor, -100, 100, 0);
  checkUnary("nn.ceil", std::ceil, -100, 100, 0);
  std::vector<float> halves;
  for (int i = -20; i < 20; ++i)
    halves.push_back(i * 0.5f);
  std::vector<float> expected;
  for (float value : halves)
    expected.push_back(std::nearbyint(value));
  expectKernel(makeLoop("nn.round", halves.size(), {"f32"}, "f32"),
               {toBytes(halves)}, expected, {}, 0);
}

TEST(Elementwise, SignsAndLimits) {
  checkUnary("nn.abs", std::fabs, -5, 5, 0);
  checkUnary("nn.neg", [](double x) { return -x; }, -5, 5, 0);
  checkUnary("nn.relu", relu, -5, 5, 0);
  checkUnary("nn.sign", sign, -5, 5, 0);
  checkUnary("nn.sqrt", std::sqrt, -1, 100);
  checkUnary(
      "nn.clamp range(-1.0, 2.5)",
      [](double x) {
        return std::isnan(x) ? x : std::min(std::max(x, -1.0), 2.5);
      },
      -5, 5, 0);
}

TEST(Elementwise, Bits) {
  std::vector<int16_t> x{-32768, -3, 0, 1, 255, 32767};
  std::vector<int16_t> y{1, 15, 16, -1, 8, 0};
  auto check = [&](const std::string &operation,
                   const std::vector<int16_t> &expected) {
    checkExact<int16_t, int16_t>(operation, "i16", "i16", {x, y}, expected);
  };
  check("nn.bit_and", {0, 13, 0, 1, 8, 0});
  check("nn.bit_or", {-32767, -1, 16, -1, 255, 32767});
  check("nn.bit_xor", {-32767, -14, 16, -2, 247, 32767});
  check("nn.shift_left", {0, -32768, 0, 0, -256, 32767});
  check("nn.shift_right", {-16384, -1, 0, 0, 0, 32767});
  checkExact<int16_t, int16_t>("nn.bit_not", "i16", "i16", {x},
                               {32767, 2, -1, -2, -256, -32768});
  checkExact<uint8_t, uint8_t>("nn.shift_right", "ui8", "ui8",
                               {{255, 255, 128}, {1, 8, 7}}, {127, 0, 1});
}

TEST(Elementwise, BitsOfAnotherType) {
  checkExact<float, int32_t>("nn.bit_cast", "f32", "i32", {{1.0f, -0.0f}},
                             {0x3f800000, INT32_MIN});
  checkExact<int64_t, double>("nn.bit_cast", "i64", "f64",
                              {{0x3ff0000000000000, 0}}, {1.0, 0.0});
  checkExact<uint16_t, uint16_t>("nn.bit_cast", "bf16", "ui16",
                                 {{0x3f80, 0xc000}}, {0x3f80, 0xc000});
  checkExact<uint8_t, uint8_t>("nn.bit_cast", "i1", "ui8", {{1, 0}}, {1, 0});
}

TEST(Elementwise, Exponentials) {
  checkUnary("nn.exp", std::exp, -20, 20);
  checkUnary("nn.exp", std::exp, -110, 92);
  checkUnary("nn.log", std::log, 0, 3);
  checkUnary("nn.log", std::log, 0, 1e-37f);
  checkUnary("nn.log", std::log, -1, 1e38f);
  checkUnary("nn.sigmoid", sigmoid, -100, 100);
  checkUnary("nn.sigmoid", sigmoid, -3, 3);
  checkUnary("nn.tanh", std::tanh, -10, 10);
  checkUnary("nn.erf", std::erf, -5, 5);
}

TEST(Elementwise, SmallResultsKeepRelativePrecision) {
  std::vector<float> x = makeUniform(500, -80, -20), expected;
  for (float value : x)
    expected.push_back(std::exp(double(value)));
  std::string body = makeLoop("nn.exp", x.size(), {"f32"}, "f32");
  runKernel(body, {toBytes(x)}, {2000}, {}, [&](const RunResult &result) {
    std::vector<float> found = result.get<float>(0);
    for (size_t i = 0; i < x.size(); ++i)
      EXPECT_NEAR(found[i] / expected[i], 1.0, 1e-6) << x[i];
  });
}

TEST(Elementwise, Trigonometry) {
  for (float range : {1.0f, 10.0f, 1000.0f, 50000.0f}) {
    auto sine = [](double x) { return std::isinf(x) ? NAN : std::sin(x); };
    auto cosine = [](double x) { return std::isinf(x) ? NAN : std::cos(x); };
    checkUnary("nn.sin", sine, -range, range);
    checkUnary("nn.cos", cosine, -range, range);
  }
}

TEST(Elementwise, Power) {
  std::vector<float> x = makeUniform(400, 0, 10),
                     y = makeUniform(400, -3, 3, 2);
  for (auto [base, exponent] :
       std::vector<std::pair<float, float>>{{-2, 3},
                                            {-2, 2},
                                            {-2, -3},
                                            {-2, 0.5},
                                            {0, 0},
                                            {0, 2},
                                            {0, -1},
                                            {1, kInf},
                                            {1, kNan},
                                            {kNan, 0},
                                            {2, kInf},
                                            {0.5, kInf},
                                            {kInf, 2},
                                            {kInf, -2},
                                            {-kInf, 3},
                                            {-kInf, 2},
                                            {-0.0f, 3}}) {
    x.push_back(base);
    y.push_back(exponent);
  }
  std::vector<float> expected;
  for (size_t i = 0; i < x.size(); ++i)
    expected.push_back(std::pow(double(x[i]), double(y[i])));
  expectKernel(makeLoop("nn.pow", x.size(), {"f32", "f32"}, "f32"),
               {toBytes(x), toBytes(y)}, expected, {}, 4e-6);
}

TEST(Elementwise, NanWinsMaximumAndMinimum) {
  std::vector<float> x{1, kNan, 3, -kInf, 5, kNan},
      y{2, 1, kNan, 4, kInf, kNan};
  std::string max = makeLoop("nn.max", 6, {"f32", "f32"}, "f32");
  std::string min = makeLoop("nn.min", 6, {"f32", "f32"}, "f32");
  expectKernel(max, {toBytes(x), toBytes(y)}, {2, kNan, kNan, 4, kInf, kNan});
  expectKernel(min, {toBytes(x), toBytes(y)}, {1, kNan, kNan, -kInf, 5, kNan});
}

TEST(Elementwise, FloatRemainders) {
  std::vector<float> x{5.5f, -5.5f, 5.5f, -5.5f, 4, 7, 1e6f, 3};
  std::vector<float> y{2, 2, -2, -2, 2, kInf, 0.3f, 0};
  std::vector<float> truncated, floored;
  for (size_t i = 0; i < x.size(); ++i) {
    float rest = std::fmod(x[i], y[i]);
    truncated.push_back(rest);
    floored.push_back(rest != 0 && (rest < 0) != (y[i] < 0) ? rest + y[i]
                                                            : rest);
  }
  expectKernel(makeLoop("nn.mod fmod", 8, {"f32", "f32"}, "f32"),
               {toBytes(x), toBytes(y)}, truncated);
  expectKernel(makeLoop("nn.mod", 8, {"f32", "f32"}, "f32"),
               {toBytes(x), toBytes(y)}, floored);
}

TEST(Elementwise, Doubles) {
  std::vector<double> x;
  for (float value : makeUniform(300, -6, 6))
    x.push_back(value);
  for (auto [name, reference] :
       std::vector<std::pair<std::string, Unary>>{{"nn.exp", std::exp},
                                                  {"nn.tanh", std::tanh},
                                                  {"nn.erf", std::erf},
                                                  {"nn.sin", std::sin},
                                                  {"nn.cos", std::cos},
                                                  {"nn.sigmoid", sigmoid},
                                                  {"nn.log", std::log}}) {
    SCOPED_TRACE(name);
    std::string body = makeLoop(name, x.size(), {"f64"}, "f64");
    runKernel(
        body, {toBytes(x)}, {x.size() * 8}, {},
        [&, reference = reference](const RunResult &result) {
          std::vector<double> found = result.get<double>(0);
          for (size_t i = 0; i < x.size(); ++i) {
            double want = reference(x[i]);
            if (std::isnan(want))
              EXPECT_TRUE(std::isnan(found[i]));
            else
              EXPECT_NEAR(found[i], want, 4e-15 * std::max(1.0, std::abs(want)))
                  << x[i];
          }
        });
  }
}

TEST(Elementwise, IntegerDivisionIsDefined) {
  int32_t low = std::numeric_limits<int32_t>::min();
  std::vector<int32_t> x{7, -7, 7, -7, 5, low, 0}, y{2, 2, -2, -2, 0, -1, 3};
  checkExact<int32_t, int32_t>("nn.div", "i32", "i32", {x, y},
                               {3, -3, -3, 3, 0, low, 0});
  checkExact<int32_t, int32_t>("nn.mod", "i32", "i32", {x, y},
                               {1, 1, -1, -1, 0, 0, 0});
  checkExact<int32_t, int32_t>("nn.mod fmod", "i32", "i32", {x, y},
                               {1, -1, 1, -1, 0, 0, 0});
  checkExact<uint8_t, uint8_t>("nn.div", "ui8", "ui8",
                               {{200, 7, 9}, {3, 0, 255}}, {66, 0, 0});
  checkExact<int64_t, int64_t>("nn.div", "i64", "i64",
                               {{1ll << 40, -9, 4}, {3, 2, 0}},
                               {(1ll << 40) / 3, -4, 0});
}

TEST(Elementwise, Integers) {
  checkExact<int64_t, int64_t>("nn.mul", "i64", "i64",
                               {{1ll << 33, -3, 5}, {2, 7, 5}},
                               {1ll << 34, -21, 25});
  checkExact<int32_t, int32_t>("nn.abs", "i32", "i32", {{-5, 5, 0}}, {5, 5, 0});
  checkExact<int32_t, int32_t>("nn.max", "i32", "i32", {{-5, 5, 0}, {1, 2, -3}},
                               {1, 5, 0});
  checkExact<uint32_t, uint32_t>("nn.max", "ui32", "ui32",
                                 {{4000000000u, 1}, {5, 2}}, {4000000000u, 2});
  checkExact<int32_t, int32_t>("nn.sign", "i32", "i32", {{-5, 5, 0}},
                               {-1, 1, 0});
  checkExact<int64_t, int64_t>("nn.clamp range(-2.5, 3.5)", "i64", "i64",
                               {{-9, 0, 9}}, {-2, 0, 3});
}

TEST(Elementwise, ComparisonsAndTruthValues) {
  std::vector<float> x{1, 2, kNan, 4}, y{1, 3, kNan, 3};
  checkExact<float, uint8_t>("nn.equal", "f32", "i1", {x, y}, {1, 0, 0, 0});
  checkExact<float, uint8_t>("nn.less", "f32", "i1", {x, y}, {0, 1, 0, 0});
  checkExact<float, uint8_t>("nn.less_equal", "f32", "i1", {x, y},
                             {1, 1, 0, 0});
  checkExact<float, uint8_t>("nn.is_nan", "f32", "i1", {x}, {0, 0, 1, 0});
  std::vector<uint8_t> p{0, 0, 1, 1}, q{0, 1, 0, 1};
  checkExact<uint8_t, uint8_t>("nn.and", "i1", "i1", {p, q}, {0, 0, 0, 1});
  checkExact<uint8_t, uint8_t>("nn.or", "i1", "i1", {p, q}, {0, 1, 1, 1});
  checkExact<uint8_t, uint8_t>("nn.xor", "i1", "i1", {p, q}, {0, 1, 1, 0});
  checkExact<uint8_t, uint8_t>("nn.not", "i1", "i1", {p}, {1, 1, 0, 0});
  checkExact<uint8_t, uint8_t>("nn.equal", "i1", "i1", {p, q}, {1, 0, 0, 1});
  checkExact<uint8_t, uint8_t>("nn.max", "i1", "i1", {p, q}, {0, 1, 1, 1});
  checkExact<uint8_t, uint8_t>("nn.less", "i1", "i1", {p, q}, {0, 1, 0, 0});
}

TEST(Elementwise, CastsSaturate) {
  std::vector<float> x{1.9f, -1.9f, 1e20f, -1e20f, kNan, kInf, -kInf, 200};
  checkExact<float, int32_t>(
      "nn.cast", "f32", "i32", {x},
      {1, -1, INT32_MAX, INT32_MIN, 0, INT32_MAX, INT32_MIN, 200});
  checkExact<float, int64_t>(
      "nn.cast", "f32", "i64", {x},
      {1, -1, INT64_MAX, INT64_MIN, 0, INT64_MAX, INT64_MIN, 200});
  checkExact<float, int8_t>("nn.cast", "f32", "i8", {x},
                            {1, -1, 127, -128, 0, 127, -128, 127});
  checkExact<float, uint8_t>("nn.cast", "f32", "ui8", {x},
                             {1, 0, 255, 0, 0, 255, 0, 200});
  checkExact<float, uint8_t>("nn.cast", "f32", "i1", {{0, 0.5f, kNan, -0.0f}},
                             {0, 1, 1, 0});
}

TEST(Elementwise, CastsBetweenIntegersAndFloats) {
  checkExact<int64_t, int32_t>("nn.cast", "i64", "i32",
                               {{5, -5, (1ll << 32) + 7}}, {5, -5, 7});
  checkExact<int8_t, int64_t>("nn.cast", "i8", "i64", {{-1, 100}}, {-1, 100});
  checkExact<uint8_t, int64_t>("nn.cast", "ui8", "i64", {{255, 1}}, {255, 1});
  checkExact<uint8_t, float>("nn.cast", "ui8", "f32", {{255, 1}}, {255, 1});
  checkExact<uint8_t, float>("nn.cast", "i1", "f32", {{0, 1}}, {0, 1});
  checkExact<int64_t, float>("nn.cast", "i64", "f32", {{-3, 1ll << 40}},
                             {-3, float(1ll << 40)});
  checkExact<float, double>("nn.cast", "f32", "f64", {{0.5f, -3}}, {0.5, -3});
}

TEST(Elementwise, HalfPrecisionIsComputedInSingle) {
  // 1.0 + 2^-11 is no f16: the cast rounds it to even.
  checkExact<float, uint16_t>("nn.cast", "f32", "f16",
                              {{1.0f, 1.00048828125f, -2.0f, 65520.0f}},
                              {0x3c00, 0x3c00, 0xc000, 0x7c00});
  checkExact<uint16_t, uint16_t>("nn.add", "f16", "f16",
                                 {{0x3c00, 0x4000}, {0x3c00, 0xc000}},
                                 {0x4000, 0});
  checkExact<uint16_t, float>("nn.cast", "bf16", "f32", {{0x3f80, 0xc000}},
                              {1.0f, -2.0f});
}

TEST(Elementwise, WhereBroadcastsItsOperands) {
  std::string body =
      R"(@f(%c: tensor<3x1xi1>, %a: tensor<3x5xf32>, %b: tensor<5xf32>) -> tensor<3x5xf32>
      attributes {kind = #kernel.kind<loop>} {
    %r = nn.where %c, %a, %b : tensor<3x1xi1>, tensor<3x5xf32>, tensor<5xf32>
    kernel.yield %r : tensor<3x5xf32>
  })";
  std::vector<float> a = makeUniform(15), b = makeUniform(5), expected;
  for (int i = 0; i < 15; ++i)
    expected.push_back(i / 5 == 1 ? b[i % 5] : a[i]);
  expectKernel(body,
               {toBytes(std::vector<uint8_t>{1, 0, 1}), toBytes(a), toBytes(b)},
               expected, {}, 0);
}

/// saturate(round(x / scale) + zero) as ONNX QuantizeLinear says.
template <typename T>
static T quantize(float x, float scale, T zero) {
  double value = std::nearbyint(x / scale) + double(zero);
  double least = std::numeric_limits<T>::min(),
         most = std::numeric_limits<T>::max();
  return static_cast<T>(value > least ? std::min(value, most) : least);
}

/// A kernel of nn.quantize or nn.dequantize with a scale and a zero point for
/// each of 5 columns.
static std::string makeScaled(const std::string &operation,
                              const std::string &from, const std::string &scale,
                              const std::string &zero, const std::string &to) {
  return "@f(%x: tensor<40x5x" + from + ">, %s: tensor<5x" + scale +
         ">, %z: tensor<5x" + zero + ">) -> tensor<40x5x" + to +
         "> attributes {kind = #kernel.kind<loop>} {\n%r = " + operation +
         " %x, %s, %z : tensor<40x5x" + from + ">, tensor<5x" + scale +
         ">, tensor<5x" + zero + ">\nkernel.yield %r : tensor<40x5x" + to +
         ">\n}";
}

template <typename T>
static void checkQuantization(const std::string &type, std::vector<T> zeros) {
  SCOPED_TRACE(type);
  std::vector<float> scales{0.5f, 1.0f, 0.037f, 3e-3f, 1e-30f};
  std::vector<float> x = makeUniform(190, -40, 40);
  for (float value : {0.25f, 0.75f, -0.25f, 1.5f, 2.5f, kInf, -kInf, kNan,
                      1e30f, -1e30f}) // Halves, then what saturates.
    x.push_back(value);
  std::vector<T> quantized;
  std::vector<float> reals;
  for (size_t i = 0; i < x.size(); ++i)
    quantized.push_back(quantize(x[i], scales[i % 5], zeros[i % 5]));
  for (size_t i = 0; i < x.size(); ++i)
    reals.push_back(float(int32_t(quantized[i]) - int32_t(zeros[i % 5])) *
                    scales[i % 5]);
  runKernel(
      makeScaled("nn.quantize", "f32", "f32", type, type),
      {toBytes(x), toBytes(scales), toBytes(zeros)}, {x.size() * sizeof(T)}, {},
      [&](const RunResult &result) { EXPECT_EQ(result.get<T>(0), quantized); });
  expectKernel(makeScaled("nn.dequantize", type, "f32", type, "f32"),
               {toBytes(quantized), toBytes(scales), toBytes(zeros)}, reals, {},
               0);
}

/// A constant scale is divided by without a division; the quotients are those
/// of one. Values around all halves, where a rounded one would show.
TEST(Elementwise, QuantizationByConstantsDividesExactly) {
  for (float scale : {1.0f, 0.25f, 0.1f, 0.037f, 3e-3f, 7.0f, 1e-25f}) {
    uint8_t zero = scale < 0.1f ? 131 : 44;
    std::vector<float> x{0.0f, -0.0f, kInf, -kInf, kNan, 1e38f, -1e38f};
    for (int half = -300; half <= 300; ++half)
      for (float toward : {-kInf, 0.0f, kInf}) {
        float value = static_cast<float>(half) / 2 * scale;
        x.push_back(toward == 0.0f ? value : std::nextafter(value, toward));
      }
    std::vector<uint8_t> expected;
    for (float value : x)
      expected.push_back(quantize<uint8_t>(value, scale, zero));
    char text[40];
    snprintf(text, sizeof text, "%.9e", scale);
    std::string type = "tensor<" + std::to_string(x.size()) + "x";
    runKernel("@f(%x: " + type + "f32>) -> " + type +
                  "ui8> attributes {kind = #kernel.kind<loop>} {\n"
                  "%s = nn.weight #nn.weight<dense {value = dense<" +
                  text +
                  "> : tensor<f32>} : tensor<f32>>\n"
                  "%z = nn.weight #nn.weight<dense {value = dense<" +
                  std::to_string(zero) +
                  "> : tensor<ui8>} : tensor<ui8>>\n"
                  "%r = nn.quantize %x, %s, %z : " +
                  type + "f32>, tensor<f32>, tensor<ui8>\nkernel.yield %r : " +
                  type + "ui8>\n}",
              {toBytes(x)}, {x.size()}, {}, [&](const RunResult &result) {
                EXPECT_EQ(result.get<uint8_t>(0), expected) << scale;
              });
  }
}

TEST(Elementwise, QuantizationSaturatesAndRoundsHalvesToEven) {
  checkQuantization<uint8_t>("ui8", {0, 128, 255, 7, 100});
  checkQuantization<int8_t>("i8", {0, -128, 127, 7, -100});
  checkQuantization<uint16_t>("ui16", {0, 32768, 65535, 7, 100});
  checkQuantization<int16_t>("i16", {0, -32768, 32767, 7, -100});
}

TEST(Elementwise, SumsAreDequantized) {
  std::vector<int32_t> x(200), zeros{0, 0, 5, -5, 0};
  std::vector<float> scales{0.5f, 1.0f, 0.037f, 3e-3f, 1e-30f}, expected;
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = int32_t(i * 2654435761u) >> (i % 25);
    expected.push_back(float(x[i] - zeros[i % 5]) * scales[i % 5]);
  }
  expectKernel(makeScaled("nn.dequantize", "i32", "f32", "i32", "f32"),
               {toBytes(x), toBytes(scales), toBytes(zeros)}, expected, {}, 0);
}

// The last byte of 17 is stored alone: the page behind it is not writable.
TEST(Elementwise, QuantizationStaysInTheResult) {
  std::string body =
      R"(@f(%x: tensor<17xf32>) -> tensor<17xui8> attributes {kind = #kernel.kind<loop>} {
    %s = nn.weight #nn.weight<dense {value = dense<0.1> : tensor<f32>} : tensor<f32>>
    %z = nn.weight #nn.weight<dense {value = dense<3> : tensor<ui8>} : tensor<ui8>>
    %r = nn.quantize %x, %s, %z : tensor<17xf32>, tensor<f32>, tensor<ui8>
    kernel.yield %r : tensor<17xui8>
  })";
  std::vector<float> x = makeUniform(17, 0, 20);
  std::vector<uint8_t> expected;
  for (float value : x)
    expected.push_back(quantize<uint8_t>(value, 0.1f, 3));
  runKernel(body, {toBytes(x)}, {17}, {}, [&](const RunResult &result) {
    EXPECT_EQ(result.get<uint8_t>(0), expected);
  });
}
