//===- ExecuteHalf.cpp - arithmetic of binary16 and bfloat16 --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations are done in binary64 and rounded once: exact for sums, products
// and quotients, and for fused ones but for ties in the last of 53 bits.
//
//===----------------------------------------------------------------------===//

#include "Lanes.h"

using namespace sinter::vgpu;

namespace {

template <typename T>
T add(T a, T b) {
  return roundTo<T>(static_cast<double>(toFloat(a)) + toFloat(b));
}
template <typename T>
T sub(T a, T b) {
  return roundTo<T>(static_cast<double>(toFloat(a)) - toFloat(b));
}
template <typename T>
T mul(T a, T b) {
  return roundTo<T>(static_cast<double>(toFloat(a)) * toFloat(b));
}
template <typename T>
T fma(T a, T b, T c) {
  return roundTo<T>(static_cast<double>(toFloat(a)) * toFloat(b) + toFloat(c));
}
template <typename T>
T relu(T a) {
  return toFloat(a) > 0.0f || toFloat(a) != toFloat(a) ? a : T{0};
}
template <typename T>
T fmaRelu(T a, T b, T c) {
  return relu(fma(a, b, c));
}
template <typename T>
T fmaSat(T a, T b, T c) {
  float value = toFloat(fma(a, b, c));
  return roundTo<T>(value > 0.0f ? std::fmin(value, 1.0f) : 0.0f);
}
template <typename T>
T neg(T a) {
  return {static_cast<uint16_t>(a.bits ^ 0x8000)};
}
template <typename T>
T absolute(T a) {
  return {static_cast<uint16_t>(a.bits & 0x7fff)};
}
template <typename T>
bool isNan(T a) {
  return toFloat(a) != toFloat(a);
}
template <typename T>
T min(T a, T b) {
  if (isNan(a))
    return isNan(b) ? T{0x7fff} : b;
  if (isNan(b))
    return a;
  if (toFloat(a) == toFloat(b))
    return a.bits & 0x8000 ? a : b;
  return toFloat(a) < toFloat(b) ? a : b;
}
template <typename T>
T max(T a, T b) {
  if (isNan(a) || isNan(b))
    return min(a, b);
  return neg(min(neg(a), neg(b)));
}
template <typename T>
T minNan(T a, T b) {
  return isNan(a) || isNan(b) ? T{0x7fff} : min(a, b);
}
template <typename T>
T maxNan(T a, T b) {
  return isNan(a) || isNan(b) ? T{0x7fff} : max(a, b);
}
template <typename T>
T ex2(T a) {
  return roundTo<T>(std::exp2(toFloat(a)));
}
template <typename T>
T tanhyp(T a) {
  return roundTo<T>(std::tanh(toFloat(a)));
}

enum class Compare { Eq, Ne, Lt, Le, Gt, Ge, Equ, Neu, Ltu, Leu, Gtu, Geu };
template <Compare compare, typename T>
bool holds(T first, T second) {
  float a = toFloat(first), b = toFloat(second);
  bool isUnordered = a != a || b != b;
  switch (compare) {
  case Compare::Eq:
    return a == b;
  case Compare::Ne:
    return !isUnordered && a != b;
  case Compare::Lt:
    return a < b;
  case Compare::Le:
    return a <= b;
  case Compare::Gt:
    return a > b;
  case Compare::Ge:
    return a >= b;
  case Compare::Equ:
    return isUnordered || a == b;
  case Compare::Neu:
    return a != b;
  case Compare::Ltu:
    return !(a >= b);
  case Compare::Leu:
    return !(a > b);
  case Compare::Gtu:
    return !(a <= b);
  case Compare::Geu:
    return !(a < b);
  }
  return false;
}
/// `set` gives 1.0 or 0.0 in the type of its result.
template <Compare compare, typename T>
T setOne(T a, T b) {
  return holds<compare>(a, b) ? roundTo<T>(1.0) : T{0};
}

template <auto f>
Half flushed1(Half a) {
  return flush(f(flush(a)));
}
template <auto f>
Half flushed2(Half a, Half b) {
  return flush(f(flush(a), flush(b)));
}
template <auto f>
Half flushed3(Half a, Half b, Half c) {
  return flush(f(flush(a), flush(b), flush(c)));
}
template <typename T, auto f>
Two<T> both1(Two<T> a) {
  return {f(a.low), f(a.high)};
}
template <typename T, auto f>
Two<T> both2(Two<T> a, Two<T> b) {
  return {f(a.low, b.low), f(a.high, b.high)};
}
template <typename T, auto f>
Two<T> both3(Two<T> a, Two<T> b, Two<T> c) {
  return {f(a.low, b.low, c.low), f(a.high, b.high, c.high)};
}

/// Enters an operation for one and for two numbers.
template <typename T, auto f>
void enter1(ArithmeticTable &table, const std::string &name,
            const std::string &type) {
  table[name + "." + type] = arithmetic<f>();
  table[name + "." + type + "x2"] = arithmetic<both1<T, f>>();
}
template <typename T, auto f>
void enter2(ArithmeticTable &table, const std::string &name,
            const std::string &type) {
  table[name + "." + type] = arithmetic<f>();
  table[name + "." + type + "x2"] = arithmetic<both2<T, f>>();
}
template <typename T, auto f>
void enter3(ArithmeticTable &table, const std::string &name,
            const std::string &type) {
  table[name + "." + type] = arithmetic<f>();
  table[name + "." + type + "x2"] = arithmetic<both3<T, f>>();
}

template <typename T, Compare compare>
void enterSet(ArithmeticTable &table, const std::string &name,
              const std::string &type) {
  table["set." + name + "." + type + "." + type] =
      arithmetic<setOne<compare, T>>();
  table["set." + name + "." + type + "x2." + type + "x2"] =
      arithmetic<both2<T, setOne<compare, T>>>();
}

template <typename T>
void addType(ArithmeticTable &table, const std::string &type) {
  enter2<T, add<T>>(table, "add", type);
  enter2<T, sub<T>>(table, "sub", type);
  enter2<T, mul<T>>(table, "mul", type);
  enter3<T, fma<T>>(table, "fma", type);
  enter3<T, fmaRelu<T>>(table, "fma.relu", type);
  enter3<T, fmaSat<T>>(table, "fma.sat", type);
  enter1<T, neg<T>>(table, "neg", type);
  enter1<T, absolute<T>>(table, "abs", type);
  enter2<T, min<T>>(table, "min", type);
  enter2<T, max<T>>(table, "max", type);
  enter2<T, minNan<T>>(table, "min.NaN", type);
  enter2<T, maxNan<T>>(table, "max.NaN", type);
  enter1<T, ex2<T>>(table, "ex2", type);
  enter1<T, tanhyp<T>>(table, "tanh", type);
  enterSet<T, Compare::Eq>(table, "eq", type);
  enterSet<T, Compare::Ne>(table, "ne", type);
  enterSet<T, Compare::Lt>(table, "lt", type);
  enterSet<T, Compare::Le>(table, "le", type);
  enterSet<T, Compare::Gt>(table, "gt", type);
  enterSet<T, Compare::Ge>(table, "ge", type);
  enterSet<T, Compare::Equ>(table, "equ", type);
  enterSet<T, Compare::Neu>(table, "neu", type);
  enterSet<T, Compare::Ltu>(table, "ltu", type);
  enterSet<T, Compare::Leu>(table, "leu", type);
  enterSet<T, Compare::Gtu>(table, "gtu", type);
  enterSet<T, Compare::Geu>(table, "geu", type);
}

} // namespace

void sinter::vgpu::addHalfArithmetic(ArithmeticTable &table) {
  addType<Half>(table, "f16");
  addType<Bfloat>(table, "bf16");
  enter2<Half, flushed2<add<Half>>>(table, "add.ftz", "f16");
  enter2<Half, flushed2<sub<Half>>>(table, "sub.ftz", "f16");
  enter2<Half, flushed2<mul<Half>>>(table, "mul.ftz", "f16");
  enter3<Half, flushed3<fma<Half>>>(table, "fma.ftz", "f16");
  enter1<Half, flushed1<neg<Half>>>(table, "neg.ftz", "f16");
  enter1<Half, flushed1<absolute<Half>>>(table, "abs.ftz", "f16");
  enter2<Half, flushed2<min<Half>>>(table, "min.ftz", "f16");
  enter2<Half, flushed2<max<Half>>>(table, "max.ftz", "f16");
  // bfloat16 has the exponents of binary32: nothing these functions return for
  // a subnormal differs.
  enter1<Bfloat, ex2<Bfloat>>(table, "ex2.ftz", "bf16");
}
