//===- Elementwise.cpp - weights computed element by element --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Weights/Evaluator.h"
#include "llvm/ADT/StringMap.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace sinter;
using namespace sinter::weights;

namespace {

/// Parameters of the operations that have some.
struct Params {
  double min = 0, max = 0;
  bool fmod = false;
};

/// Computes one element from those of the operands.
using ElementFunction = Scalar (*)(const Scalar *in, const Params &params);

/// How one operation computes in each domain; null where it is not defined.
struct Row {
  unsigned operands;
  ElementFunction onFloat, onSigned, onUnsigned;
};

} // namespace

static Scalar ofFloat(double value) { return {value}; }
static Scalar ofInt(int64_t value) {
  Scalar s;
  s.i = value;
  return s;
}
static Scalar ofUnsigned(uint64_t value) {
  Scalar s;
  s.u = value;
  return s;
}

static double roundHalfEven(double x) { return std::nearbyint(x); }
static double maxNan(double a, double b) {
  return std::isnan(a) ? a : std::isnan(b) ? b : a > b ? a : b;
}
static double minNan(double a, double b) {
  return std::isnan(a) ? a : std::isnan(b) ? b : a < b ? a : b;
}
static double floorMod(double a, double b) {
  double r = std::fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
static int64_t divide(int64_t a, int64_t b) {
  return b == 0    ? 0
         : b == -1 ? static_cast<int64_t>(-static_cast<uint64_t>(a))
                   : a / b;
}
static int64_t remainder(int64_t a, int64_t b, bool fmod) {
  if (b == 0 || b == -1)
    return 0;
  int64_t r = a % b;
  return !fmod && r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/// An integer stays exact where the bounds do not touch it.
static Scalar clampInteger(Scalar value, double asDouble, ElementKind kind,
                           const Params &params) {
  if (asDouble > params.max)
    return convertElement(ofFloat(params.max), ElementKind::F64, kind);
  if (asDouble < params.min)
    return convertElement(ofFloat(std::min(params.min, params.max)),
                          ElementKind::F64, kind);
  return value;
}

#define F1(EXPR)                                                               \
  [](const Scalar *in, const Params &) {                                       \
    double x = in[0].f;                                                        \
    (void)x;                                                                   \
    return ofFloat(EXPR);                                                      \
  }
#define F2(EXPR)                                                               \
  [](const Scalar *in, const Params &) {                                       \
    double x = in[0].f, y = in[1].f;                                           \
    return ofFloat(EXPR);                                                      \
  }
#define I1(EXPR)                                                               \
  [](const Scalar *in, const Params &) {                                       \
    int64_t x = in[0].i;                                                       \
    return ofInt(EXPR);                                                        \
  }
#define I2(EXPR)                                                               \
  [](const Scalar *in, const Params &) {                                       \
    int64_t x = in[0].i, y = in[1].i;                                          \
    return ofInt(EXPR);                                                        \
  }
#define U1(EXPR)                                                               \
  [](const Scalar *in, const Params &) {                                       \
    uint64_t x = in[0].u;                                                      \
    return ofUnsigned(EXPR);                                                   \
  }
#define U2(EXPR)                                                               \
  [](const Scalar *in, const Params &) {                                       \
    uint64_t x = in[0].u, y = in[1].u;                                         \
    return ofUnsigned(EXPR);                                                   \
  }
#define FC(EXPR)                                                               \
  [](const Scalar *in, const Params &) {                                       \
    double x = in[0].f, y = in[1].f;                                           \
    return ofInt(EXPR);                                                        \
  }
#define WRAP(A, OP, B)                                                         \
  static_cast<int64_t>(static_cast<uint64_t>(A) OP static_cast<uint64_t>(B))

/// One row for each element-wise operation of the nn dialect but cast,
/// bit_cast, where, quantize and dequantize.
static const llvm::StringMap<Row> &getRows() {
  static const llvm::StringMap<Row> rows = {
      {"abs", {1, F1(std::fabs(x)), I1(x < 0 ? WRAP(0, -, x) : x), U1(x)}},
      {"ceil", {1, F1(std::ceil(x)), nullptr, nullptr}},
      {"cos", {1, F1(std::cos(x)), nullptr, nullptr}},
      {"erf", {1, F1(std::erf(x)), nullptr, nullptr}},
      {"exp", {1, F1(std::exp(x)), nullptr, nullptr}},
      {"floor", {1, F1(std::floor(x)), nullptr, nullptr}},
      {"is_nan",
       {1,
        [](const Scalar *in, const Params &) {
          return ofInt(std::isnan(in[0].f));
        },
        nullptr, nullptr}},
      {"log", {1, F1(std::log(x)), nullptr, nullptr}},
      {"neg", {1, F1(-x), I1(WRAP(0, -, x)), U1(0 - x)}},
      {"not", {1, nullptr, I1(x == 0), nullptr}},
      {"relu", {1, F1(x < 0 ? 0.0 : x), I1(x < 0 ? 0 : x), U1(x)}},
      {"round", {1, F1(roundHalfEven(x)), nullptr, nullptr}},
      {"sigmoid", {1, F1(1 / (1 + std::exp(-x))), nullptr, nullptr}},
      {"sign",
       {1, F1(std::isnan(x) ? x : double((x > 0) - (x < 0))),
        I1((x > 0) - (x < 0)), U1(x != 0)}},
      {"sin", {1, F1(std::sin(x)), nullptr, nullptr}},
      {"sqrt", {1, F1(std::sqrt(x)), nullptr, nullptr}},
      {"tanh", {1, F1(std::tanh(x)), nullptr, nullptr}},
      {"add", {2, F2(x + y), I2(WRAP(x, +, y)), U2(x + y)}},
      {"div", {2, F2(x / y), I2(divide(x, y)), U2(y == 0 ? 0 : x / y)}},
      {"max", {2, F2(maxNan(x, y)), I2(std::max(x, y)), U2(std::max(x, y))}},
      {"min", {2, F2(minNan(x, y)), I2(std::min(x, y)), U2(std::min(x, y))}},
      {"mod",
       {2,
        [](const Scalar *in, const Params &p) {
          return ofFloat(p.fmod ? std::fmod(in[0].f, in[1].f)
                                : floorMod(in[0].f, in[1].f));
        },
        [](const Scalar *in, const Params &p) {
          return ofInt(remainder(in[0].i, in[1].i, p.fmod));
        },
        U2(y == 0 ? 0 : x % y)}},
      {"mul", {2, F2(x * y), I2(WRAP(x, *, y)), U2(x * y)}},
      {"pow", {2, F2(std::pow(x, y)), nullptr, nullptr}},
      {"sub", {2, F2(x - y), I2(WRAP(x, -, y)), U2(x - y)}},
      {"and", {2, nullptr, I2((x != 0) & (y != 0)), nullptr}},
      {"bit_and", {2, nullptr, I2(x & y), U2(x & y)}},
      {"bit_not", {1, nullptr, I1(~x), U1(~x)}},
      {"bit_or", {2, nullptr, I2(x | y), U2(x | y)}},
      {"bit_xor", {2, nullptr, I2(x ^ y), U2(x ^ y)}},
      {"shift_left",
       {2, nullptr, I2(uint64_t(y) < 64 ? int64_t(uint64_t(x) << y) : 0),
        U2(y < 64 ? x << y : 0)}},
      {"shift_right",
       {2, nullptr, I2(x >> (uint64_t(y) < 64 ? y : 63)),
        U2(y < 64 ? x >> y : 0)}},
      {"or", {2, nullptr, I2((x != 0) | (y != 0)), nullptr}},
      {"xor", {2, nullptr, I2((x != 0) ^ (y != 0)), nullptr}},
      {"equal", {2, FC(x == y), I2(x == y), U2(x == y)}},
      {"less", {2, FC(x < y), I2(x < y), U2(x < y)}},
      {"less_equal", {2, FC(x <= y), I2(x <= y), U2(x <= y)}},
      {"clamp",
       {1,
        [](const Scalar *in, const Params &p) {
          return ofFloat(std::isnan(in[0].f)
                             ? in[0].f
                             : std::min(std::max(in[0].f, p.min), p.max));
        },
        [](const Scalar *in, const Params &p) {
          return clampInteger(in[0], double(in[0].i), ElementKind::I64, p);
        },
        [](const Scalar *in, const Params &p) {
          return clampInteger(in[0], double(in[0].u), ElementKind::U64, p);
        }}},
  };
  return rows;
}

#undef F1
#undef F2
#undef I1
#undef I2
#undef U1
#undef U2
#undef FC
#undef WRAP

/// Strides of an operand in the index space of `shape`: 0 where it repeats.
/// Nothing if it does not broadcast to `shape`.
static std::optional<SmallVector<int64_t>>
getBroadcastStrides(ArrayRef<int64_t> operand, ArrayRef<int64_t> shape) {
  if (operand.size() > shape.size())
    return std::nullopt;
  SmallVector<int64_t> strides(shape.size(), 0), own = getStrides(operand);
  size_t lead = shape.size() - operand.size();
  for (size_t i = 0; i < operand.size(); ++i) {
    if (operand[i] != 1 && operand[i] != shape[lead + i])
      return std::nullopt;
    strides[lead + i] = operand[i] == 1 ? 0 : own[i];
  }
  return strides;
}

/// Merges neighbouring dimensions that every operand walks in one stride.
static void collapse(SmallVectorImpl<int64_t> &shape,
                     SmallVectorImpl<SmallVector<int64_t>> &strides) {
  for (size_t i = shape.size(); i-- > 1;) {
    bool joins = llvm::all_of(strides, [&](ArrayRef<int64_t> s) {
      return s[i - 1] == s[i] * shape[i];
    });
    if (!joins && shape[i - 1] != 1)
      continue;
    shape[i - 1] *= shape[i];
    for (SmallVector<int64_t> &s : strides) {
      s[i - 1] = s[i];
      s.erase(s.begin() + i);
    }
    shape.erase(shape.begin() + i);
  }
}

/// Calls `compute` for runs of result elements with the operands' elements.
static LogicalResult
forEachRun(const Expression &e, char *out,
           llvm::function_ref<void(ArrayRef<SmallVector<Scalar, 0>> in,
                                   Scalar *result, int64_t count)>
               compute) {
  constexpr int64_t kRun = 1024;
  SmallVector<int64_t> shape(e.getShape());
  if (shape.empty())
    shape.push_back(1);
  SmallVector<SmallVector<int64_t>> strides;
  for (unsigned i = 0; i < e.operands.size(); ++i) {
    auto operand = getBroadcastStrides(e.getShape(i), shape);
    if (!operand)
      return e.fail("an operand does not broadcast to the result");
    strides.push_back(std::move(*operand));
  }
  if (llvm::is_contained(shape, 0))
    return success();
  collapse(shape, strides);

  SmallVector<SmallVector<Scalar, 0>> in(e.operands.size(),
                                         SmallVector<Scalar, 0>(kRun));
  SmallVector<Scalar, 0> result(kRun);
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t row = shape.back();
  unsigned outBytes = getElementBytes(e.getKind());
  for (;;) {
    for (int64_t begin = 0; begin < row; begin += kRun) {
      int64_t count = std::min(kRun, row - begin);
      for (unsigned i = 0; i < e.operands.size(); ++i) {
        int64_t offset = begin * strides[i].back();
        for (size_t d = 0; d + 1 < shape.size(); ++d)
          offset += index[d] * strides[i][d];
        loadElements(e.getKind(i),
                     e.operands[i].get() +
                         offset * getElementBytes(e.getKind(i)),
                     strides[i].back(), count, in[i].data());
      }
      compute(in, result.data(), count);
      storeElements(e.getKind(), result.data(), count, out);
      out += count * outBytes;
    }
    size_t d = shape.size() - 1;
    while (d > 0 && ++index[d - 1] == shape[d - 1])
      index[--d] = 0;
    if (d == 0)
      return success();
  }
}

static LogicalResult evaluateElementwise(const Expression &e, char *out) {
  const Row &row = getRows().find(e.weight.getKind().getValue())->second;
  if (e.operands.size() != row.operands)
    return e.fail("has another number of operands");
  Domain domain = getDomain(e.getKind(0));
  ElementFunction function = domain == Domain::Float    ? row.onFloat
                             : domain == Domain::Signed ? row.onSigned
                                                        : row.onUnsigned;
  if (!function)
    return e.fail("is not defined for this element type");
  for (unsigned i = 1; i < e.operands.size(); ++i)
    if (e.getKind(i) != e.getKind(0))
      return e.fail("has operands of different element types");
  Params params;
  DictionaryAttr given = e.weight.getParams();
  if (auto min = given.getAs<FloatAttr>("min"))
    params.min = min.getValueAsDouble();
  if (auto max = given.getAs<FloatAttr>("max"))
    params.max = max.getValueAsDouble();
  params.fmod = given.contains("fmod");
  return forEachRun(
      e, out,
      [&](ArrayRef<SmallVector<Scalar, 0>> in, Scalar *result, int64_t count) {
        Scalar operands[2];
        for (int64_t n = 0; n < count; ++n) {
          for (size_t i = 0; i < in.size(); ++i)
            operands[i] = in[i][n];
          result[n] = function(operands, params);
        }
      });
}

static LogicalResult evaluateWhere(const Expression &e, char *out) {
  if (e.operands.size() != 3 || e.getKind(1) != e.getKind(2))
    return e.fail("expects a condition and two operands of one type");
  return forEachRun(
      e, out,
      [&](ArrayRef<SmallVector<Scalar, 0>> in, Scalar *result, int64_t count) {
        for (int64_t n = 0; n < count; ++n)
          result[n] = in[0][n].i ? in[1][n] : in[2][n];
      });
}

static LogicalResult evaluateCast(const Expression &e, char *out) {
  if (e.operands.size() != 1)
    return e.fail("expects one operand");
  return forEachRun(
      e, out,
      [&](ArrayRef<SmallVector<Scalar, 0>> in, Scalar *result, int64_t count) {
        for (int64_t n = 0; n < count; ++n)
          result[n] = convertElement(in[0][n], e.getKind(0), e.getKind());
      });
}

static LogicalResult evaluateBitCast(const Expression &e, char *out) {
  if (e.operands.size() != 1 ||
      getElementBytes(e.getKind()) != getElementBytes(e.getKind(0)))
    return e.fail("expects one operand with elements of as many bits");
  int64_t count = 1;
  for (int64_t size : e.getShape())
    count *= size;
  const char *in = e.operands[0].get();
  if (getElementBits(e.getKind()) >= 8) {
    if (count > 0)
      std::memcpy(out, in, count * getElementBytes(e.getKind()));
    return success();
  }
  // As integers: what lies above the bits in memory depends on the type.
  auto asInteger = [](ElementKind kind) {
    return kind == ElementKind::F4E2M1 ? ElementKind::U4 : kind;
  };
  SmallVector<Scalar, 0> elements(count);
  loadElements(asInteger(e.getKind(0)), in, 1, count, elements.data());
  if (e.getKind() == ElementKind::I1)
    for (Scalar &element : elements)
      element.i = element.i != 0;
  storeElements(asInteger(e.getKind()), elements.data(), count, out);
  return success();
}

/// The quotient in the type that nn.quantize divides in.
static double divideScaled(double x, double scale, ElementKind kind) {
  return kind == ElementKind::F64 ? x / scale : double(float(x / scale));
}

static LogicalResult evaluateQuantize(const Expression &e, char *out) {
  if (e.operands.size() != 3 || getDomain(e.getKind(0)) != Domain::Float ||
      e.getKind(0) != e.getKind(1) || e.getKind(2) != e.getKind())
    return e.fail("expects floats, a scale of their type and a zero point of "
                  "the result's type");
  ElementKind kind = e.getKind();
  bool isUnsigned = getDomain(kind) == Domain::Unsigned;
  unsigned bits = getElementBits(kind);
  double least = isUnsigned ? 0.0 : -std::ldexp(1.0, bits - 1);
  double most = std::ldexp(1.0, isUnsigned ? bits : bits - 1) - 1;
  return forEachRun(
      e, out,
      [&](ArrayRef<SmallVector<Scalar, 0>> in, Scalar *result, int64_t count) {
        for (int64_t n = 0; n < count; ++n) {
          double zero = isUnsigned ? double(in[2][n].u) : double(in[2][n].i);
          double x = divideScaled(in[0][n].f, in[1][n].f, e.getKind(0));
          x = roundHalfEven(x) + zero;
          // NaN gives the smallest.
          x = x > least ? std::min(x, most) : least;
          result[n] = convertElement(ofFloat(x), ElementKind::F64, kind);
        }
      });
}

static LogicalResult evaluateDequantize(const Expression &e, char *out) {
  if (e.operands.size() != 3 || getDomain(e.getKind(0)) == Domain::Float ||
      e.getKind(0) != e.getKind(2) || e.getKind(1) != e.getKind())
    return e.fail("expects integers, a scale of the result's type and a zero "
                  "point of the integers' type");
  bool isWord = e.getKind(0) == ElementKind::I32;
  return forEachRun(
      e, out,
      [&](ArrayRef<SmallVector<Scalar, 0>> in, Scalar *result, int64_t count) {
        for (int64_t n = 0; n < count; ++n) {
          int64_t difference = in[0][n].i - in[2][n].i;
          if (isWord) // As int32 wraps.
            difference = static_cast<int32_t>(difference);
          double real = e.getKind() == ElementKind::F64
                            ? double(difference)
                            : double(float(difference));
          result[n] = ofFloat(real * in[1][n].f);
        }
      });
}

EvaluateFunction sinter::weights::findElementwise(StringRef kind) {
  if (kind == "quantize")
    return evaluateQuantize;
  if (kind == "dequantize")
    return evaluateDequantize;
  if (kind == "where")
    return evaluateWhere;
  if (kind == "cast")
    return evaluateCast;
  if (kind == "bit_cast")
    return evaluateBitCast;
  return getRows().contains(kind) ? evaluateElementwise : nullptr;
}
