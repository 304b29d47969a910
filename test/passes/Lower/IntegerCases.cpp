//===- IntegerCases.cpp - contractions of 8-bit integers ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerCases.h"

#include "gtest/gtest.h"
#include <cstring>
#include <map>
#include <random>

using namespace sinter;
using namespace sinter::test;

std::vector<const InstructionSet *> sinter::test::getRunnableSets() {
  std::vector<const InstructionSet *> sets;
  for (const InstructionSet &set : getInstructionSets())
    if (canRun(set))
      sets.push_back(&set);
  return sets;
}

std::vector<uint8_t> sinter::test::makeUnsigned(size_t count, Values values) {
  std::vector<uint8_t> result(count, 255);
  std::mt19937 random(1);
  if (values == Values::Random)
    for (uint8_t &value : result)
      value = random() >> 24;
  return result;
}

std::vector<int8_t> sinter::test::makeSigned(size_t count, Values values) {
  std::vector<int8_t> result(count, values == Values::Highest ? 127 : -128);
  std::mt19937 random(2);
  if (values == Values::Random)
    for (int8_t &value : result)
      value = int8_t(random() >> 24);
  return result;
}

std::vector<int8_t> sinter::test::packQuads(
    long groups, long columns, long leading, long depth,
    llvm::function_ref<int8_t(long, long, long, long)> get) {
  std::vector<int8_t> packed;
  for (long g = 0; g < groups; ++g)
    for (long panel = 0; panel < columns; panel += 32)
      for (long lead = 0; lead < leading; ++lead)
        for (long step = 0; step < depth; step += 4)
          for (long j = panel; j < panel + 32; ++j)
            for (long k = step; k < step + 4; ++k)
              packed.push_back(j < columns && k < depth ? get(g, lead, k, j)
                                                        : 0);
  return packed;
}

/// A tensor type; a size with a name is free.
static std::string
getType(const std::vector<std::pair<long, std::string>> &sizes,
        const std::string &element) {
  std::string shape, dims;
  bool isFree = false;
  for (auto &[size, name] : sizes) {
    std::string text = std::to_string(size);
    shape += (name.empty() ? text : "?") + "x";
    dims += (dims.empty() ? "" : ", ") + (name.empty() ? text : name);
    isFree |= !name.empty();
  }
  std::string type = "tensor<" + shape + element;
  return type + (isFree ? ", #nn.dims<[" + dims + "]>>" : ">");
}

template <typename T>
static GuardedBuffer toBuffer(const std::vector<T> &values) {
  GuardedBuffer buffer(values.size() * sizeof(T));
  std::memcpy(buffer.data(), values.data(), buffer.size());
  return buffer;
}

/// Runs `source` everywhere and expects `reference`.
static void
expect(const std::string &source, llvm::ArrayRef<llvm::StringRef> names,
       llvm::ArrayRef<int64_t> dims, const std::vector<uint8_t> &lhs,
       const std::vector<int8_t> &rhs, const std::vector<int32_t> &reference) {
  GuardedBuffer left = toBuffer(lhs), right = toBuffer(rhs);
  // With free sizes several cases are one kernel.
  static std::map<std::pair<std::string, const InstructionSet *>,
                  std::unique_ptr<CompiledKernel>>
      kernels;
  for (const InstructionSet *set : getRunnableSets()) {
    std::unique_ptr<CompiledKernel> &kernel = kernels[{source, set}];
    if (!kernel)
      kernel = CompiledKernel::compile(source, *set, names);
    ASSERT_TRUE(kernel) << source;
    for (int64_t slots : {1, 3}) {
      GuardedBuffer result(reference.size() * sizeof(int32_t));
      ASSERT_EQ(
          kernel->run({left.data(), right.data(), result.data()}, dims, slots),
          0);
      for (size_t i = 0; i < reference.size(); ++i)
        ASSERT_EQ(result.as<int32_t>()[i], reference[i])
            << "at " << i << " of " << reference.size() << " on "
            << set->name.str() << "\n"
            << source;
    }
  }
}

void sinter::test::check(const IntegerMatmul &test) {
  long m = test.m, n = test.n, k = test.k;
  std::vector<uint8_t> lhs = makeUnsigned(m * k, test.values);
  bool isApart = test.rhs == IntegerMatmul::Apart;
  std::vector<int8_t> rhs =
      makeSigned(isApart ? 2 * k * n : k * n, test.values);
  auto getLhs = [&](long i, long p) {
    return lhs[test.lhsTransposed ? p * m + i : i * k + p];
  };
  auto getRhs = [&](long p, long j, long batch = 0) {
    if (isApart)
      return rhs[(j * k + p) * 2 + batch];
    return rhs[test.rhs == IntegerMatmul::Columns ? j * k + p : p * n + j];
  };
  std::vector<int32_t> reference;
  for (long batch = 0; batch < (isApart ? 2 : 1); ++batch)
    for (long i = 0; i < m; ++i)
      for (long j = 0; j < n; ++j) {
        int64_t sum = 0;
        for (long p = 0; p < k; ++p)
          sum += int64_t(getLhs(i, p)) * getRhs(p, j, batch);
        reference.push_back(int32_t(sum));
      }

  using Dim = std::pair<long, std::string>;
  Dim dm{m, test.isFree ? "m" : ""}, dn{n, ""}, dk{k, test.isFree ? "k" : ""};
  std::string a = getType({dm, dk}, "ui8"), b = getType({dk, dn}, "i8");
  std::string leftType = test.lhsTransposed ? getType({dk, dm}, "ui8") : a;
  std::string rightType = b, read;
  if (test.rhs == IntegerMatmul::Packed) {
    std::vector<int8_t> packed = packQuads(
        1, n, 1, k, [&](long, long, long p, long j) { return getRhs(p, j); });
    rightType = getType(
        {{1, ""}, {(n + 31) / 32, ""}, {(k + 3) / 4, ""}, {32, ""}, {4, ""}},
        "i8");
    read = "  %r = kernel.unpack %b : " + rightType + " -> " + b + "\n";
    rhs = packed;
  } else if (test.rhs == IntegerMatmul::Columns) {
    rightType = getType({dn, dk}, "i8");
    read = "  %r = nn.transpose %b [1, 0] : " + rightType + "\n";
  } else if (isApart) {
    rightType = getType({dn, dk, {2, ""}}, "i8");
    read = "  %r = nn.transpose %b [2, 1, 0] : " + rightType + "\n";
    b = getType({{2, ""}, dk, dn}, "i8");
  }
  std::string y = getType(isApart ? std::vector<Dim>{{2, ""}, dm, dn}
                                  : std::vector<Dim>{dm, dn},
                          "i32");
  std::string source = "kernel.func @k(%a: " + leftType + ", %b: " + rightType +
                       ") -> " + y +
                       " attributes {kind = #kernel.kind<contract>} {\n" + read;
  if (test.lhsTransposed)
    source += "  %l = nn.transpose %a [1, 0] : " + leftType + "\n";
  source += std::string("  %y = nn.matmul ") +
            (test.lhsTransposed ? "%l" : "%a") + ", " +
            (read.empty() ? "%b" : "%r") + " : " + a + ", " + b +
            "\n  kernel.yield %y : " + y + "\n}\n";
  std::vector<llvm::StringRef> names;
  std::vector<int64_t> dims;
  if (test.isFree) {
    names = {"m", "k"};
    dims = {m, k};
  }
  expect(source, names, dims, lhs, rhs, reference);
}

static std::string getList(const std::vector<long> &values) {
  std::string text;
  for (long value : values)
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  return "[" + text + "]";
}

void sinter::test::check(const IntegerConv &test) {
  long in = test.in, out = test.out, group = test.group;
  long inGroup = in / group, outGroup = out / group;
  long kh = test.filter[0], kw = test.filter[1];
  auto getOut = [&](long size, int dim) {
    long reach = (test.filter[dim] - 1) * test.dilations[dim] + 1;
    return (size + test.pads[dim] + test.pads[dim + 2] - reach) /
               test.strides[dim] +
           1;
  };
  long height = getOut(test.height, 0), width = getOut(test.width, 1);
  std::vector<uint8_t> input =
      makeUnsigned(test.batch * test.height * test.width * in, test.values);
  std::vector<int8_t> filter = makeSigned(out * inGroup * kh * kw, test.values);
  auto getInput = [&](long b, long y, long x, long c) -> int64_t {
    if (y < 0 || y >= test.height || x < 0 || x >= test.width)
      return test.padValue;
    return test.channelsFirst
               ? input[((b * in + c) * test.height + y) * test.width + x]
               : input[((b * test.height + y) * test.width + x) * in + c];
  };
  auto getFilter = [&](long o, long i, long y, long x) {
    return filter[((o * inGroup + i) * kh + y) * kw + x];
  };
  std::vector<int32_t> reference;
  for (long b = 0; b < test.batch; ++b)
    for (long y = 0; y < height; ++y)
      for (long x = 0; x < width; ++x)
        for (long o = 0; o < out; ++o) {
          int64_t sum = 0;
          for (long fy = 0; fy < kh; ++fy)
            for (long fx = 0; fx < kw; ++fx)
              for (long i = 0; i < inGroup; ++i)
                sum += getInput(b,
                                y * test.strides[0] - test.pads[0] +
                                    fy * test.dilations[0],
                                x * test.strides[1] - test.pads[1] +
                                    fx * test.dilations[1],
                                o / outGroup * inGroup + i) *
                       getFilter(o, i, fy, fx);
          reference.push_back(int32_t(sum));
        }

  using Dim = std::pair<long, std::string>;
  Dim h{test.height, test.isFree ? "h" : ""};
  Dim w{test.width, test.isFree ? "w" : ""};
  auto getFormula = [&](const char *name, int dim) -> std::string {
    if (!test.isFree)
      return "";
    long reach = (test.filter[dim] - 1) * test.dilations[dim] + 1;
    long more = test.pads[dim] + test.pads[dim + 2] - reach;
    return "(" + std::string(name) + " + " + std::to_string(more) +
           ") floordiv " + std::to_string(test.strides[dim]) + " + 1";
  };
  bool isDepthwise = group > 1 && inGroup == 1 && outGroup == 1;
  std::vector<int8_t> packed;
  std::string packedType;
  if (isDepthwise) {
    // [ceil(rows / 4), columns, channels, 4]
    for (long y = 0; y < kh; y += 4)
      for (long x = 0; x < kw; ++x)
        for (long o = 0; o < out; ++o)
          for (long k = y; k < y + 4; ++k)
            packed.push_back(k < kh ? getFilter(o, 0, k, x) : 0);
    packedType =
        getType({{(kh + 3) / 4, ""}, {kw, ""}, {out, ""}, {4, ""}}, "i8");
  } else {
    packed =
        packQuads(group, outGroup, kh * kw, inGroup,
                  [&](long g, long tap, long i, long o) {
                    return getFilter(g * outGroup + o, i, tap / kw, tap % kw);
                  });
    packedType = getType({{group, ""},
                          {(outGroup + 31) / 32, ""},
                          {kh, ""},
                          {kw, ""},
                          {(inGroup + 3) / 4, ""},
                          {32, ""},
                          {4, ""}},
                         "i8");
  }
  Dim b{test.batch, ""}, ic{in, ""};
  std::string x = getType({b, h, w, ic}, "ui8");
  std::string argument = test.channelsFirst ? getType({b, ic, h, w}, "ui8") : x;
  std::string f = getType({{out, ""}, {inGroup, ""}, {kh, ""}, {kw, ""}}, "i8");
  std::string y = getType(
      {b, {height, getFormula("h", 0)}, {width, getFormula("w", 1)}, {out, ""}},
      "i32");
  std::string source = "kernel.func @k(%x: " + argument +
                       ", %f: " + packedType + ") -> " + y +
                       " attributes {kind = #kernel.kind<" +
                       (isDepthwise ? "window" : "contract") + ">} {\n";
  if (test.channelsFirst)
    source += "  %t = nn.transpose %x [0, 2, 3, 1] : " + argument + "\n";
  source += "  %w = kernel.unpack %f : " + packedType + " -> " + f +
            "\n  %y = nn.conv " + (test.channelsFirst ? "%t" : "%x") +
            ", %w strides " + getList(test.strides) + " pads " +
            getList(test.pads) + " dilations " + getList(test.dilations) +
            " group " + std::to_string(group) + " channels_last";
  if (test.padValue)
    source += " pad_value " + std::to_string(test.padValue);
  source += " : " + x + ", " + f + "\n  kernel.yield %y : " + y + "\n}\n";
  std::vector<llvm::StringRef> names;
  std::vector<int64_t> dims;
  if (test.isFree) {
    names = {"h", "w"};
    dims = {test.height, test.width};
  }
  expect(source, names, dims, input, packed, reference);
}
