//===- ExecuteFloat.cpp - arithmetic of binary32 and binary64 -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The approximate functions of the device (ex2.approx and others) are computed
// as well as the host can: their error lies within what the PTX ISA allows.
//
//===----------------------------------------------------------------------===//

#include "Lanes.h"
#include <limits>

using namespace sinter::vgpu;

namespace {

template <typename T>
T add(T a, T b) {
  return a + b;
}
template <typename T>
T sub(T a, T b) {
  return a - b;
}
template <typename T>
T mul(T a, T b) {
  return a * b;
}
template <typename T>
T div(T a, T b) {
  return a / b;
}
template <typename T>
T fma(T a, T b, T c) {
  return std::fma(a, b, c);
}
template <typename T>
T neg(T a) {
  return -a;
}
template <typename T>
T absolute(T a) {
  return std::fabs(a);
}
template <typename T>
T copysign(T sign, T value) {
  return std::copysign(value, sign);
}
/// The number if one is a NaN; -0 is less than +0.
template <typename T>
T min(T a, T b) {
  if (a != a)
    return b;
  if (b != b)
    return a;
  if (a == b)
    return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
template <typename T>
T max(T a, T b) {
  return -min<T>(-a, -b);
}
template <typename T>
T minNan(T a, T b) {
  return a != a || b != b ? std::numeric_limits<T>::quiet_NaN() : min(a, b);
}
template <typename T>
T maxNan(T a, T b) {
  return a != a || b != b ? std::numeric_limits<T>::quiet_NaN() : max(a, b);
}
template <typename T>
T rcp(T a) {
  return T(1) / a;
}
template <typename T>
T sqrt(T a) {
  return std::sqrt(a);
}
template <typename T>
T rsqrt(T a) {
  return T(1) / std::sqrt(a);
}
float ex2(float a) { return std::exp2(a); }
float lg2(float a) { return std::log2(a); }
float sine(float a) { return std::sin(a); }
float cosine(float a) { return std::cos(a); }
float tanhyp(float a) { return std::tanh(a); }

float saturate(float a) { return a > 0.0f ? (a < 1.0f ? a : 1.0f) : 0.0f; }

// The same with subnormal operands and results flushed, and with the result
// held in [0, 1].
template <auto f>
float flushed1(float a) {
  return flush(f(flush(a)));
}
template <auto f>
float flushed2(float a, float b) {
  return flush(f(flush(a), flush(b)));
}
template <auto f>
float flushed3(float a, float b, float c) {
  return flush(f(flush(a), flush(b), flush(c)));
}
template <auto f>
float saturated2(float a, float b) {
  return saturate(f(a, b));
}
template <auto f>
float saturated3(float a, float b, float c) {
  return saturate(f(a, b, c));
}

/// a * b + c rounded down (-1), up (+1) or to zero (0). The product is exact in
/// binary64, and the error of the sum is known exactly (Knuth's TwoSum).
template <int direction>
float fmaDirected(float a, float b, float c) {
  double product = static_cast<double>(a) * b;
  double sum = product + c;
  double part = sum - product;
  double error = (product - (sum - part)) + (c - part);
  auto rounded = static_cast<float>(sum);
  if (!std::isfinite(sum) || !std::isfinite(rounded))
    return rounded;
  double rest = (sum - rounded) + error;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  bool goesDown = direction < 0 || (direction == 0 && sum > 0);
  if (rest < 0 && goesDown)
    return std::nextafter(rounded, -kInfinity);
  bool goesUp = direction > 0 || (direction == 0 && sum < 0);
  if (rest > 0 && goesUp)
    return std::nextafter(rounded, kInfinity);
  return rounded;
}
template <int direction>
float addDirected(float a, float b) {
  return fmaDirected<direction>(a, 1.0f, b);
}
template <int direction>
float mulDirected(float a, float b) {
  return fmaDirected<direction>(a, b, std::copysign(0.0f, a * b));
}

template <typename T>
void addCommon(ArithmeticTable &table, const std::string &type) {
  table["add." + type] = arithmetic<add<T>>();
  table["sub." + type] = arithmetic<sub<T>>();
  table["mul." + type] = arithmetic<mul<T>>();
  table["div." + type] = arithmetic<div<T>>();
  table["fma." + type] = arithmetic<fma<T>>();
  table["mad." + type] = arithmetic<fma<T>>();
  table["neg." + type] = arithmetic<neg<T>>();
  table["abs." + type] = arithmetic<absolute<T>>();
  table["copysign." + type] = arithmetic<copysign<T>>();
  table["min." + type] = arithmetic<min<T>>();
  table["max." + type] = arithmetic<max<T>>();
  table["rcp." + type] = arithmetic<rcp<T>>();
  table["sqrt." + type] = arithmetic<sqrt<T>>();
  table["rsqrt." + type] = arithmetic<rsqrt<T>>();
}

template <auto f>
void addUnary(ArithmeticTable &table, const std::string &name) {
  table[name + ".f32"] = arithmetic<f>();
  table[name + ".ftz.f32"] = arithmetic<flushed1<f>>();
}
template <auto f>
void addBinary(ArithmeticTable &table, const std::string &name) {
  table[name + ".ftz.f32"] = arithmetic<flushed2<f>>();
}

template <int direction>
void addDirection(ArithmeticTable &table, const std::string &mode) {
  table["add." + mode + ".f32"] = arithmetic<addDirected<direction>>();
  table["mul." + mode + ".f32"] = arithmetic<mulDirected<direction>>();
  table["fma." + mode + ".f32"] = arithmetic<fmaDirected<direction>>();
  table["add." + mode + ".ftz.f32"] =
      arithmetic<flushed2<addDirected<direction>>>();
  table["mul." + mode + ".ftz.f32"] =
      arithmetic<flushed2<mulDirected<direction>>>();
  table["fma." + mode + ".ftz.f32"] =
      arithmetic<flushed3<fmaDirected<direction>>>();
}

} // namespace

void sinter::vgpu::addFloatArithmetic(ArithmeticTable &table) {
  addCommon<float>(table, "f32");
  addCommon<double>(table, "f64");
  addUnary<ex2>(table, "ex2");
  addUnary<lg2>(table, "lg2");
  addUnary<sine>(table, "sin");
  addUnary<cosine>(table, "cos");
  addUnary<tanhyp>(table, "tanh");
  addUnary<rcp<float>>(table, "rcp");
  addUnary<sqrt<float>>(table, "sqrt");
  addUnary<rsqrt<float>>(table, "rsqrt");
  addUnary<neg<float>>(table, "neg");
  addUnary<absolute<float>>(table, "abs");
  addBinary<add<float>>(table, "add");
  addBinary<sub<float>>(table, "sub");
  addBinary<mul<float>>(table, "mul");
  addBinary<div<float>>(table, "div");
  addBinary<min<float>>(table, "min");
  addBinary<max<float>>(table, "max");
  addBinary<minNan<float>>(table, "min.NaN");
  addBinary<maxNan<float>>(table, "max.NaN");
  table["min.ftz.NaN.f32"] = arithmetic<flushed2<minNan<float>>>();
  table["max.ftz.NaN.f32"] = arithmetic<flushed2<maxNan<float>>>();
  table["min.NaN.f32"] = arithmetic<minNan<float>>();
  table["max.NaN.f32"] = arithmetic<maxNan<float>>();
  table["fma.ftz.f32"] = arithmetic<flushed3<fma<float>>>();
  table["mad.ftz.f32"] = arithmetic<flushed3<fma<float>>>();
  table["add.sat.f32"] = arithmetic<saturated2<add<float>>>();
  table["sub.sat.f32"] = arithmetic<saturated2<sub<float>>>();
  table["mul.sat.f32"] = arithmetic<saturated2<mul<float>>>();
  table["fma.sat.f32"] = arithmetic<saturated3<fma<float>>>();
  table["add.ftz.sat.f32"] = arithmetic<saturated2<flushed2<add<float>>>>();
  table["mul.ftz.sat.f32"] = arithmetic<saturated2<flushed2<mul<float>>>>();
  table["fma.ftz.sat.f32"] = arithmetic<saturated3<flushed3<fma<float>>>>();
  table["rcp.ftz.f64"] = arithmetic<rcp<double>>();
  table["rsqrt.ftz.f64"] = arithmetic<rsqrt<double>>();
  addDirection<-1>(table, "rm");
  addDirection<1>(table, "rp");
  addDirection<0>(table, "rz");
}
