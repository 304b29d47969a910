//===- InstructionsTest.cpp - one instruction, one known result -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Results written out by hand after the definitions of the PTX ISA.
//
//===----------------------------------------------------------------------===//

#include "Gpu.h"
#include <cmath>
#include <cstring>

using namespace sinter::vgpu::abi;

namespace {

uint32_t bits(float value) {
  uint32_t result;
  std::memcpy(&result, &value, 4);
  return result;
}
float fromBits(uint64_t value) {
  auto low = static_cast<uint32_t>(value);
  float result;
  std::memcpy(&result, &low, 4);
  return result;
}

/// An instruction, its operands, and its result.
struct Case {
  const char *text;
  uint64_t a, b, c, expected;
};

class Instructions : public Gpu {
public:
  /// Runs `text`: the operands are %d1 to %d3, their low halves %r1 to %r3 and
  /// %f1 to %f3, their low quarters %h1 to %h3. The result is the first
  /// register of the text if that is %p0, %h0, %r0 or %f0, and else %d0.
  uint64_t evaluate(const std::string &text, uint64_t a, uint64_t b,
                    uint64_t c) {
    std::string body = "ld.param.u64 %d15, [p0];\n";
    for (int i = 1; i <= 3; ++i) {
      std::string n = std::to_string(i);
      body += "ld.global.u64 %d" + n + ", [%d15+" + std::to_string(8 * i) +
              "];\ncvt.u32.u64 %r" + n + ", %d" + n + ";\nmov.b32 %f" + n +
              ", %r" + n + ";\ncvt.u16.u64 %h" + n + ", %d" + n + ";\n";
    }
    std::string result;
    size_t at = text.find('%');
    while (at < text.size() && (std::isalnum(text[at]) || text[at] == '%'))
      result += text[at++];
    body += text + ";\n";
    if (result == "%p0")
      body += "selp.u64 %d0, 1, 0, %p0;\n";
    else if (result == "%h0")
      body += "cvt.u64.u16 %d0, %h0;\n";
    else if (result == "%r0")
      body += "cvt.u64.u32 %d0, %r0;\n";
    else if (result == "%f0")
      body += "mov.b32 %r0, %f0;\ncvt.u64.u32 %d0, %r0;\n";
    loadKernel(body + "st.global.u64 [%d15], %d0;", 1);
    CUdeviceptr buffer = upload(std::vector<uint64_t>{0, a, b, c});
    EXPECT_EQ(launch("k", {1}, {1}, 0, buffer), CUDA_SUCCESS) << text;
    uint64_t got = download<uint64_t>(buffer, 1)[0];
    cuModuleUnload(module);
    return got;
  }
  void check(std::initializer_list<Case> cases) {
    for (const Case &each : cases)
      EXPECT_EQ(evaluate(each.text, each.a, each.b, each.c), each.expected)
          << each.text << " of " << std::hex << each.a << ", " << each.b << ", "
          << each.c;
  }
};

const uint64_t kNan = 0x7fc00000, kInfinity = 0x7f800000, kMinusZero = 1u << 31;

} // namespace

TEST_F(Instructions, IntegerArithmetic) {
  check({
      {"add.sat.s32 %r0, %r1, %r2", 0x7fffffff, 1, 0, 0x7fffffff},
      {"sub.sat.s32 %r0, %r1, %r2", 0x80000000, 1, 0, 0x80000000},
      {"mul.hi.u16 %h0, %h1, %h2", 0xffff, 0xffff, 0, 0xfffe},
      {"mul.hi.s16 %h0, %h1, %h2", 0xffff, 2, 0, 0xffff},
      {"mul.lo.s16 %h0, %h1, %h2", 300, 300, 0, 0x5f90},
      {"mul.hi.u32 %r0, %r1, %r2", 0xffffffff, 0xffffffff, 0, 0xfffffffe},
      {"mul.hi.s32 %r0, %r1, %r2", 0xffffffff, 2, 0, 0xffffffff},
      {"mul.hi.u64 %d0, %d1, %d2", ~0ull, ~0ull, 0, ~0ull - 1},
      {"mul.hi.s64 %d0, %d1, %d2", ~0ull, ~0ull, 0, 0},
      {"mul.wide.s32 %d0, %r1, %r2", 0xffffffff, 3, 0, ~0ull - 2},
      {"mul.wide.u16 %r0, %h1, %h2", 0xffff, 0xffff, 0, 0xfffe0001},
      {"mad.hi.s32 %r0, %r1, %r2, %r3", 0x40000000, 8, 5, 7},
      {"mad.wide.u32 %d0, %r1, %r2, %d3", 0xffffffff, 2, 1, 0x1ffffffff},
      {"mul24.lo.s32 %r0, %r1, %r2", 0xff800000 | 0xffffff, 2, 0, 0xfffffffe},
      {"div.s32 %r0, %r1, %r2", static_cast<uint32_t>(-7), 2, 0, 0xfffffffd},
      {"rem.s32 %r0, %r1, %r2", static_cast<uint32_t>(-7), 2, 0, 0xffffffff},
      {"rem.u64 %d0, %d1, %d2", ~0ull, 10, 0, 5},
      {"min.s32 %r0, %r1, %r2", 0xffffffff, 1, 0, 0xffffffff},
      {"min.u32 %r0, %r1, %r2", 0xffffffff, 1, 0, 1},
      {"abs.s32 %r0, %r1", 0xfffffff0, 0, 0, 16},
      {"sad.s32 %r0, %r1, %r2, %r3", 3, 10, 100, 107},
      {"dp4a.u32.s32 %r0, %r1, %r2, %r3", 0xff010203, 0xff0000ff, 1000, 742},
      {"dp2a.lo.s32.s32 %r0, %r1, %r2, %r3", 0x00020003, 0x0504, 1, 23},
  });
}

TEST_F(Instructions, Bits) {
  check({
      {"bfe.u32 %r0, %r1, %r2, %r3", 0xabcd1234, 8, 8, 0x12},
      {"bfe.s32 %r0, %r1, %r2, %r3", 0x0000f000, 8, 8, 0xfffffff0},
      {"bfe.s32 %r0, %r1, %r2, %r3", 0x80000000, 28, 8, 0xfffffff8},
      {"bfe.u64 %d0, %d1, %r2, %r3", 0x123456789abcdef0, 36, 12, 0x567},
      {"bfi.b32 %r0, %r1, %r2, 4, 8", 0xab, 0xffffffff, 0, 0xfffffabf},
      {"bfi.b64 %d0, %d1, %d2, 40, 8", 0x7, 0, 0, 0x0000070000000000},
      {"lop3.b32 %r0, %r1, %r2, %r3, 0x96", 0xf0, 0xcc, 0xaa, 0x96},
      {"lop3.b32 %r0, %r1, %r2, %r3, 0xca", 0xf0, 0xcc, 0xaa, 0xca},
      {"prmt.b32 %r0, %r1, %r2, 0x7501", 0x33221100, 0x77665544, 0, 0x77550011},
      {"prmt.b32 %r0, %r1, %r2, 0x98ba", 0x80ff7f01, 0, 0, 0x0000ffff},
      {"shf.l.wrap.b32 %r0, %r1, %r2, %r3", 0x80000000, 1, 33, 3},
      {"shf.l.clamp.b32 %r0, %r1, %r2, %r3", 0x80000000, 1, 33, 0x80000000},
      {"shf.r.wrap.b32 %r0, %r1, %r2, %r3", 0x10, 3, 4, 0x30000001},
      {"shl.b32 %r0, %r1, %r2", 1, 32, 0, 0},
      {"shr.s32 %r0, %r1, %r2", 0x80000000, 40, 0, 0xffffffff},
      {"shr.u16 %h0, %h1, %r2", 0x8000, 15, 0, 1},
      {"popc.b64 %r0, %d1", 0xff00ff0000000001, 0, 0, 17},
      {"clz.b64 %r0, %d1", 1, 0, 0, 63},
      {"clz.b32 %r0, %r1", 0, 0, 0, 32},
      {"brev.b32 %r0, %r1", 0x00000003, 0, 0, 0xc0000000},
      {"bfind.u32 %r0, %r1", 0x00800000, 0, 0, 23},
      {"bfind.s32 %r0, %r1", 0xffffffff, 0, 0, 0xffffffff},
      {"bfind.shiftamt.u32 %r0, %r1", 0x00800000, 0, 0, 8},
      {"bmsk.clamp.b32 %r0, %r1, %r2", 4, 8, 0, 0xff0},
      {"cnot.b32 %r0, %r1", 0, 0, 0, 1},
      {"not.b16 %h0, %h1", 0x00ff, 0, 0, 0xff00},
  });
}

TEST_F(Instructions, Rounding) {
  const uint64_t one = bits(1.0f), tiny = bits(0x1p-30f),
                 next = bits(1.0f + 0x1p-23f), before = bits(1.0f - 0x1p-24f),
                 minusTiny = bits(-0x1p-30f);
  check({
      {"add.f32 %f0, %f1, %f2", one, tiny, 0, one},
      {"add.rp.f32 %f0, %f1, %f2", one, tiny, 0, next},
      {"add.rm.f32 %f0, %f1, %f2", one, tiny, 0, one},
      {"add.rm.f32 %f0, %f1, %f2", one, minusTiny, 0, before},
      {"add.rz.f32 %f0, %f1, %f2", one, minusTiny, 0, before},
      {"mul.rz.f32 %f0, %f1, %f2", next, next, 0, bits(1.0f + 0x1p-22f)},
      {"mul.rp.f32 %f0, %f1, %f2", next, next, 0,
       bits(1.0f + 0x1p-22f + 0x1p-23f)},
      {"fma.rn.f32 %f0, %f1, %f2, %f3", next, next, bits(-1.0f - 0x1p-22f),
       bits(0x1p-46f)},
      {"mul.ftz.f32 %f0, %f1, %f2", bits(0x1p-100f), bits(-0x1p-40f), 0,
       kMinusZero},
      {"add.ftz.f32 %f0, %f1, %f2", bits(0x1p-130f), bits(0.0f), 0, 0},
      {"add.sat.f32 %f0, %f1, %f2", one, one, 0, one},
      {"fma.rn.sat.f32 %f0, %f1, %f2, %f3", one, one, kNan, 0},
      {"min.f32 %f0, %f1, %f2", kNan, one, 0, one},
      {"min.f32 %f0, %f1, %f2", 0, kMinusZero, 0, kMinusZero},
      {"max.f32 %f0, %f1, %f2", kMinusZero, 0, 0, 0},
      {"copysign.f32 %f0, %f1, %f2", kMinusZero, one, 0, bits(-1.0f)},
      {"neg.f32 %f0, %f1", one, 0, 0, bits(-1.0f)},
      {"rcp.rn.f32 %f0, %f1", bits(3.0f), 0, 0, bits(1.0f / 3.0f)},
      {"div.rn.f32 %f0, %f1, %f2", one, 0, 0, kInfinity},
  });
  EXPECT_TRUE(std::isnan(
      fromBits(evaluate("max.NaN.f32 %f0, %f1, %f2", kNan, one, 0))));
}

TEST_F(Instructions, Approximations) {
  struct Function {
    const char *text;
    double (*exact)(double);
  };
  const Function functions[] = {
      {"ex2.approx.f32 %f0, %f1", std::exp2},
      {"lg2.approx.f32 %f0, %f1", std::log2},
      {"sqrt.approx.f32 %f0, %f1", std::sqrt},
      {"sin.approx.f32 %f0, %f1", std::sin},
      {"cos.approx.f32 %f0, %f1", std::cos},
      {"tanh.approx.f32 %f0, %f1", std::tanh},
      {"rsqrt.approx.f32 %f0, %f1", [](double x) { return 1 / std::sqrt(x); }}};
  for (const Function &each : functions)
    for (float value : {0.1f, 0.75f, 1.5f, 3.0f}) {
      double exact = each.exact(static_cast<double>(value));
      EXPECT_NEAR(fromBits(evaluate(each.text, bits(value), 0, 0)), exact,
                  2 * 0x1p-24 * std::fabs(exact))
          << each.text << " of " << value;
    }
}

TEST_F(Instructions, Conversions) {
  check({
      {"cvt.sat.u8.s32 %r0, %r1", 300, 0, 0, 255},
      {"cvt.sat.u8.s32 %r0, %r1", 0xffffff00, 0, 0, 0},
      {"cvt.sat.s8.s32 %r0, %r1", 0xffffff00, 0, 0, 0xffffff80},
      {"cvt.s32.s8 %r0, %r1", 0x1234ff80, 0, 0, 0xffffff80},
      {"cvt.u32.u8 %r0, %r1", 0x1234ff80, 0, 0, 0x80},
      {"cvt.s64.s32 %d0, %r1", 0x80000000, 0, 0, 0xffffffff80000000},
      {"cvt.u32.u64 %r0, %d1", 0x1234567890, 0, 0, 0x34567890},
      {"cvt.rzi.s32.f32 %r0, %f1", bits(-2.9f), 0, 0, 0xfffffffe},
      {"cvt.rni.s32.f32 %r0, %f1", bits(2.5f), 0, 0, 2},
      {"cvt.rni.s32.f32 %r0, %f1", bits(3.5f), 0, 0, 4},
      {"cvt.rmi.s32.f32 %r0, %f1", bits(-2.1f), 0, 0, 0xfffffffd},
      {"cvt.rpi.s32.f32 %r0, %f1", bits(2.1f), 0, 0, 3},
      {"cvt.rzi.s32.f32 %r0, %f1", kNan, 0, 0, 0},
      {"cvt.rzi.s32.f32 %r0, %f1", kInfinity, 0, 0, 0x7fffffff},
      {"cvt.rzi.u32.f32 %r0, %f1", bits(-5.0f), 0, 0, 0},
      {"cvt.rzi.s64.f32 %d0, %f1", bits(1e30f), 0, 0, 0x7fffffffffffffff},
      {"cvt.rni.f32.f32 %f0, %f1", bits(-0.25f), 0, 0, kMinusZero},
      {"cvt.rn.f32.u64 %f0, %d1", ~0ull, 0, 0, bits(0x1p64f)},
      {"cvt.rn.f32.s32 %f0, %r1", 0x01000001, 0, 0, bits(0x1p24f)},
      {"cvt.sat.f32.f32 %f0, %f1", bits(-3.0f), 0, 0, 0},
      // 2049 lies between 2048 and 2050 in binary16: the even one.
      {"cvt.rn.f16.f32 %h0, %f1", bits(2049.0f), 0, 0, 0x6800},
      {"cvt.rn.f16.f32 %h0, %f1", bits(2051.0f), 0, 0, 0x6802},
      {"cvt.rz.f16.f32 %h0, %f1", bits(2051.0f), 0, 0, 0x6801},
      {"cvt.rn.f16.f32 %h0, %f1", bits(1e6f), 0, 0, 0x7c00},
      {"cvt.f32.f16 %f0, %h1", 0x0001, 0, 0, bits(0x1p-24f)},
      {"cvt.rn.bf16.f32 %h0, %f1", 0x3f808000, 0, 0, 0x3f80},
      {"cvt.rn.bf16.f32 %h0, %f1", 0x3f818000, 0, 0, 0x3f82},
      {"cvt.f32.bf16 %f0, %h1", 0x3f81, 0, 0, 0x3f810000},
      {"cvt.rn.f16x2.f32 %r0, %f1, %f2", bits(1.0f), bits(2.0f), 0, 0x3c004000},
      {"cvt.rn.relu.f16x2.f32 %r0, %f1, %f2", bits(-1.0f), bits(2.0f), 0,
       0x00004000},
      {"cvt.rna.tf32.f32 %r0, %f1", 0x3f801000, 0, 0, 0x3f802000},
      {"cvt.rna.tf32.f32 %r0, %f1", 0x3f800fff, 0, 0, 0x3f800000},
  });
}

TEST_F(Instructions, Halves) {
  // 1.0 is 0x3c00, 2.0 is 0x4000 in binary16; 0x3f80 and 0x4000 in bfloat16.
  check({
      {"add.f16 %h0, %h1, %h2", 0x3c00, 0x4000, 0, 0x4200},
      {"fma.rn.f16x2 %r0, %r1, %r2, %r3", 0x3c004000, 0x40004000, 0x3c00bc00,
       0x42004200},
      {"fma.rn.relu.f16 %h0, %h1, %h2, %h3", 0x3c00, 0xc000, 0x3c00, 0},
      {"fma.rn.bf16 %h0, %h1, %h2, %h3", 0x3f80, 0x4000, 0x3f80, 0x4040},
      {"max.f16x2 %r0, %r1, %r2", 0x3c004000, 0x40003c00, 0, 0x40004000},
      {"max.NaN.f16 %h0, %h1, %h2", 0x7e00, 0x3c00, 0, 0x7fff},
      {"neg.bf16x2 %r0, %r1", 0x3f80bf80, 0, 0, 0xbf803f80},
      {"ex2.approx.f16 %h0, %h1", 0x4000, 0, 0, 0x4400},
      {"set.lt.f16x2.f16x2 %r0, %r1, %r2", 0x3c004000, 0x40003c00, 0,
       0x3c000000},
  });
}

TEST_F(Instructions, Comparisons) {
  const uint64_t one = bits(1.0f), two = bits(2.0f);
  check({
      {"setp.lt.f32 %p0, %f1, %f2", one, two, 0, 1},
      {"setp.lt.f32 %p0, %f1, %f2", kNan, two, 0, 0},
      {"setp.ltu.f32 %p0, %f1, %f2", kNan, two, 0, 1},
      {"setp.ne.f32 %p0, %f1, %f2", kNan, two, 0, 0},
      {"setp.neu.f32 %p0, %f1, %f2", kNan, two, 0, 1},
      {"setp.equ.f32 %p0, %f1, %f2", one, two, 0, 0},
      {"setp.num.f32 %p0, %f1, %f2", one, two, 0, 1},
      {"setp.nan.f32 %p0, %f1, %f2", one, kNan, 0, 1},
      {"setp.lt.s32 %p0, %r1, %r2", 0xffffffff, 0, 0, 1},
      {"setp.lo.u32 %p0, %r1, %r2", 0xffffffff, 0, 0, 0},
      {"setp.ge.s64 %p0, %d1, %d2", 5, ~0ull, 0, 1},
      {"setp.lt.u16 %p0, %h1, %h2", 1, 0xffff, 0, 1},
      {"set.lt.u32.f32 %r0, %f1, %f2", one, two, 0, 0xffffffff},
      {"set.lt.f32.s32 %f0, %r1, %r2", 1, 2, 0, one},
      {"testp.infinite.f32 %p0, %f1", kInfinity, 0, 0, 1},
      {"testp.finite.f32 %p0, %f1", kNan, 0, 0, 0},
      {"testp.subnormal.f32 %p0, %f1", 1, 0, 0, 1},
  });
  // The second predicate is the opposite before it is combined.
  const char *pair = "setp.eq.u32 %p1, %r3, 1; setp.lt.and.u32 %p2|%p0, %r1, "
                     "%r2, %p1; selp.u32 %r0, 1, 0, %p0; cvt.u64.u32 %d0, %r0";
  for (uint64_t c : {0, 1})
    EXPECT_EQ(evaluate(pair, 5, 2, c), c) << "5 is not less than 2";
  EXPECT_EQ(evaluate("setp.eq.u32 %p1, %r1, 1; setp.lt.or.u32 %p0, %r1, %r2, "
                     "!%p1; selp.u64 %d0, 1, 0, %p0",
                     3, 2, 0),
            1u);
}
