//===- ContractBench.cpp - speed of contractions ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles matrix products and convolutions as the compiler does and prints
// GFLOP/s (GOP/s for 8-bit integers) at one thread beside the peak of the
// processor, measured in between:
//
//   sinter_contract_bench [instruction set] [substring of a case's name]
//
// The peak of 8-bit integers is that of vpdpbusd; without VNNI, where no
// instruction multiplies them exactly, it is that of fused multiply-adds.
//
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <immintrin.h>

using namespace sinter::test;

/// Seconds that this thread has run: what other programs take does not count.
static double now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

/// Fused multiply-adds on registers only, in GFLOP/s.
__attribute__((target("avx512f"), noinline)) static double measurePeak16() {
  constexpr int sums = 24;
  __m512 sum[sums], a = _mm512_set1_ps(1.0000001f), b = _mm512_set1_ps(1e-9f);
  for (__m512 &s : sum)
    s = a;
  long rounds = 200000;
  double start = now();
  for (long i = 0; i < rounds; ++i) {
#pragma clang loop unroll(full)
    for (int j = 0; j < sums; ++j)
      sum[j] = _mm512_fmadd_ps(sum[j], a, b);
  }
  double seconds = now() - start;
  float total = 0;
  for (__m512 s : sum)
    total += _mm512_reduce_add_ps(s);
  volatile float keep = total;
  (void)keep;
  return rounds * sums * 32.0 / seconds / 1e9;
}

__attribute__((target("avx2,fma"), noinline)) static double measurePeak8() {
  constexpr int sums = 12;
  __m256 sum[sums], a = _mm256_set1_ps(1.0000001f), b = _mm256_set1_ps(1e-9f);
  for (__m256 &s : sum)
    s = a;
  long rounds = 400000;
  double start = now();
  for (long i = 0; i < rounds; ++i) {
#pragma clang loop unroll(full)
    for (int j = 0; j < sums; ++j)
      sum[j] = _mm256_fmadd_ps(sum[j], a, b);
  }
  double seconds = now() - start;
  float lanes[8];
  float total = 0;
  for (__m256 s : sum) {
    _mm256_storeu_ps(lanes, s);
    total += lanes[0];
  }
  volatile float keep = total;
  (void)keep;
  return rounds * sums * 16.0 / seconds / 1e9;
}

/// Products of four bytes on registers only, in GOP/s.
__attribute__((target("avx512f,avx512vnni"), noinline)) static double
measureVnniPeak() {
  constexpr int sums = 24;
  __m512i sum[sums], a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(5);
  for (__m512i &s : sum)
    s = a;
  long rounds = 200000;
  double start = now();
  for (long i = 0; i < rounds; ++i) {
#pragma clang loop unroll(full)
    for (int j = 0; j < sums; ++j)
      sum[j] = _mm512_dpbusd_epi32(sum[j], a, b);
  }
  double seconds = now() - start;
  int total = 0;
  for (__m512i s : sum)
    total += _mm512_reduce_add_epi32(s);
  volatile int keep = total;
  (void)keep;
  return rounds * sums * 128.0 / seconds / 1e9;
}

/// One kernel to measure.
struct Case {
  std::string name, source;
  std::vector<size_t> elements; ///< of the buffers
  double flop;
  std::vector<llvm::StringRef> freeDims = {};
  std::vector<int64_t> dims = {};
  /// f: f32, i: i32, b: a byte, for each buffer; empty: all f32.
  std::string types = {};
};

static std::string tensor(std::initializer_list<long> sizes,
                          const char *element = "f32") {
  std::string text = "tensor<";
  for (long size : sizes)
    text += std::to_string(size) + "x";
  return text + element + ">";
}

static Case makeMatmul(long m, long n, long k) {
  long panels = (n + 31) / 32;
  std::string a = tensor({m, k}), w = tensor({1, panels, k, 32});
  std::string b = tensor({k, n}), r = tensor({m, n}), bias = tensor({n});
  std::string source = "kernel.func @k(%a: " + a + ", %w: " + w +
                       ", %b: " + bias + ") -> " + r +
                       " attributes {kind = #kernel.kind<contract>} {\n"
                       "  %0 = kernel.unpack %w : " +
                       w + " -> " + b +
                       "\n"
                       "  %1 = nn.matmul %a, %0 : " +
                       a + ", " + b +
                       "\n"
                       "  %2 = nn.add %1, %b : " +
                       r + ", " + bias +
                       "\n"
                       "  kernel.yield %2 : " +
                       r + "\n}\n";
  char name[64];
  snprintf(name, sizeof name, "matmul %ldx%ldx%ld", m, n, k);
  return {name,
          source,
          {size_t(m * k), size_t(panels * k * 32), size_t(n), size_t(m * n)},
          2.0 * m * n * k};
}

/// `size`: height and width of the output. `channelsFirst`: the input is the
/// graph's, channels before height and width.
static Case makeConv(long size, long in, long out, long filter, long stride,
                     bool channelsFirst = false) {
  long pad = filter / 2, inSize = size * stride, panels = (out + 31) / 32;
  std::string x = tensor({1, inSize, inSize, in});
  std::string w = tensor({1, panels, filter, filter, in, 32});
  std::string f = tensor({out, in, filter, filter});
  std::string r = tensor({1, size, size, out}), bias = tensor({out});
  auto twice = [](long value) {
    return std::to_string(value) + ", " + std::to_string(value);
  };
  std::string argument = channelsFirst ? tensor({1, in, inSize, inSize}) : x;
  std::string source =
      "kernel.func @k(%x: " + argument + ", %w: " + w + ", %b: " + bias +
      ") -> " + r + " attributes {kind = #kernel.kind<contract>} {\n" +
      (channelsFirst
           ? "  %t = nn.transpose %x [0, 2, 3, 1] : " + argument + "\n"
           : "") +
      "  %0 = kernel.unpack %w : " + w + " -> " + f +
      "\n"
      "  %1 = nn.conv " +
      (channelsFirst ? "%t" : "%x") + ", %0 strides [" + twice(stride) +
      "] pads [" + twice(pad) + ", " + twice(pad) +
      "] dilations [1, 1] group 1 channels_last : " + x + ", " + f +
      "\n"
      "  %2 = nn.add %1, %b : " +
      r + ", " + bias +
      "\n"
      "  %3 = nn.relu %2 : " +
      r +
      "\n"
      "  kernel.yield %3 : " +
      r + "\n}\n";
  char name[64];
  snprintf(name, sizeof name, "%s %ldx%ld %ld->%ld %ldx%ld s%ld",
           channelsFirst ? "first conv" : "conv", size, size, in, out, filter,
           filter, stride);
  return {name,
          source,
          {size_t(inSize * inSize * in),
           size_t(panels * filter * filter * in * 32), size_t(out),
           size_t(size * size * out)},
          2.0 * size * size * out * in * filter * filter};
}

/// The same with free height and width.
static Case makeFreeConv(long size, long in, long out) {
  std::string panels = std::to_string((out + 31) / 32);
  std::string ic = std::to_string(in), oc = std::to_string(out);
  std::string x =
      "tensor<1x?x?x" + ic + "xf32, #nn.dims<[1, h, w, " + ic + "]>>";
  std::string r =
      "tensor<1x?x?x" + oc + "xf32, #nn.dims<[1, h, w, " + oc + "]>>";
  std::string w = "tensor<1x" + panels + "x3x3x" + ic + "x32xf32>";
  std::string f = "tensor<" + oc + "x" + ic + "x3x3xf32>";
  std::string source =
      "kernel.func @k(%x: " + x + ", %w: " + w + ") -> " + r +
      " attributes {kind = #kernel.kind<contract>} {\n"
      "  %0 = kernel.unpack %w : " +
      w + " -> " + f +
      "\n"
      "  %1 = nn.conv %x, %0 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] "
      "group 1 channels_last : " +
      x + ", " + f +
      "\n"
      "  kernel.yield %1 : " +
      r + "\n}\n";
  char name[64];
  snprintf(name, sizeof name, "free conv %ldx%ld %ld->%ld", size, size, in,
           out);
  return {name,
          source,
          {size_t(size * size * in), size_t((out + 31) / 32 * 32 * 9 * in),
           size_t(size * size * out)},
          2.0 * size * size * out * in * 9,
          {"h", "w"},
          {size, size}};
}

/// The two products of an attention: [b, s, h, d] arguments.
static Case makeAttention(long s, long h, long d, bool scores) {
  std::string x = tensor({1, s, h, d}), q = tensor({1, h, s, d});
  std::string k = tensor({1, h, d, s}), p = tensor({1, h, s, s});
  std::string head = " attributes {kind = #kernel.kind<contract>} {\n";
  std::string source =
      scores ? "kernel.func @k(%a: " + x + ", %b: " + x + ") -> " + p + head +
                   "  %0 = nn.transpose %a [0, 2, 1, 3] : " + x +
                   "\n"
                   "  %1 = nn.transpose %b [0, 2, 3, 1] : " +
                   x +
                   "\n"
                   "  %2 = nn.matmul %0, %1 : " +
                   q + ", " + k +
                   "\n"
                   "  kernel.yield %2 : " +
                   p + "\n}\n"
             : "kernel.func @k(%a: " + p + ", %b: " + x + ") -> " + x + head +
                   "  %0 = nn.transpose %b [0, 2, 1, 3] : " + x +
                   "\n"
                   "  %1 = nn.matmul %a, %0 : " +
                   p + ", " + q +
                   "\n"
                   "  %2 = nn.transpose %1 [0, 2, 1, 3] : " +
                   q +
                   "\n"
                   "  kernel.yield %2 : " +
                   x + "\n}\n";
  size_t small = s * h * d, large = h * s * s;
  return {scores ? "attention scores" : "attention context",
          source,
          {scores ? small : large, small, scores ? large : small},
          2.0 * s * s * h * d};
}

/// Bias, requantization and store of %y, sums of type `sums`.
static std::string makeRequantization(const std::string &sums,
                                      const std::string &bias,
                                      const std::string &scale,
                                      const std::string &reals,
                                      const std::string &result) {
  return "  %s = nn.weight #nn.weight<dense {value = dense<1.0> : tensor<f32>} "
         ": tensor<f32>>\n"
         "  %z = nn.weight #nn.weight<dense {value = dense<3> : tensor<ui8>} : "
         "tensor<ui8>>\n"
         "  %2 = nn.add %1, %b : " +
         sums + ", " + bias + "\n  %3 = nn.cast %2 : " + sums + " to " + reals +
         "\n  %4 = nn.mul %3, %m : " + reals + ", " + scale +
         "\n  %5 = nn.quantize %4, %s, %z : " + reals +
         ", tensor<f32>, tensor<ui8>\n  kernel.yield %5 : " + result + "\n}\n";
}

/// The matrix product on bytes, requantized.
static Case makeIntegerMatmul(long m, long n, long k) {
  long panels = (n + 31) / 32;
  std::string a = tensor({m, k}, "ui8"), b = tensor({k, n}, "i8");
  std::string w = tensor({1, panels, (k + 3) / 4, 32, 4}, "i8");
  std::string bias = tensor({n}, "i32"), scale = tensor({n});
  std::string r = tensor({m, n}, "ui8");
  std::string source =
      "kernel.func @k(%a: " + a + ", %w: " + w + ", %b: " + bias +
      ", %m: " + scale + ") -> " + r +
      " attributes {kind = #kernel.kind<contract>} {\n"
      "  %0 = kernel.unpack %w : " +
      w + " -> " + b + "\n  %1 = nn.matmul %a, %0 : " + a + ", " + b + "\n" +
      makeRequantization(tensor({m, n}, "i32"), bias, scale, tensor({m, n}), r);
  char name[64];
  snprintf(name, sizeof name, "int8 matmul %ldx%ldx%ld", m, n, k);
  return {name,
          source,
          {size_t(m * k), size_t(panels * (k + 3) / 4 * 128), size_t(n),
           size_t(n), size_t(m * n)},
          2.0 * m * n * k,
          {},
          {},
          "bbifb"};
}

/// The convolution on bytes, requantized; depthwise if `in` is 0.
static Case makeIntegerConv(long size, long in, long out, long filter,
                            long stride) {
  bool depthwise = in == 0;
  long group = depthwise ? out : 1, inGroup = depthwise ? 1 : in;
  in = depthwise ? out : in;
  long pad = filter / 2, inSize = size * stride, panels = (out + 31) / 32;
  std::string x = tensor({1, inSize, inSize, in}, "ui8");
  std::string w =
      depthwise
          ? tensor({(filter + 3) / 4, filter, out, 4}, "i8")
          : tensor({1, panels, filter, filter, (in + 3) / 4, 32, 4}, "i8");
  std::string f = tensor({out, inGroup, filter, filter}, "i8");
  std::string r = tensor({1, size, size, out}, "ui8");
  std::string bias = tensor({out}, "i32"), scale = tensor({out});
  auto twice = [](long value) {
    return std::to_string(value) + ", " + std::to_string(value);
  };
  std::string source =
      "kernel.func @k(%x: " + x + ", %w: " + w + ", %b: " + bias +
      ", %m: " + scale + ") -> " + r + " attributes {kind = #kernel.kind<" +
      (depthwise ? "window" : "contract") +
      ">} {\n  %0 = kernel.unpack %w : " + w + " -> " + f +
      "\n  %1 = nn.conv %x, %0 strides [" + twice(stride) + "] pads [" +
      twice(pad) + ", " + twice(pad) + "] dilations [1, 1] group " +
      std::to_string(group) + " channels_last pad_value 7 : " + x + ", " + f +
      "\n" +
      makeRequantization(tensor({1, size, size, out}, "i32"), bias, scale,
                         tensor({1, size, size, out}), r);
  char name[64];
  snprintf(name, sizeof name, "int8 %s %ldx%ld %ld->%ld %ldx%ld s%ld",
           depthwise ? "depthwise" : "conv", size, size, in, out, filter,
           filter, stride);
  size_t weights = depthwise ? (filter + 3) / 4 * filter * out * 4
                             : panels * filter * filter * ((in + 3) / 4) * 128;
  return {name,
          source,
          {size_t(inSize * inSize * in), weights, size_t(out), size_t(out),
           size_t(size * size * out)},
          2.0 * size * size * out * inGroup * filter * filter,
          {},
          {},
          "bbifb"};
}

/// The same on floats.
static Case makeDepthwise(long size, long channels, long filter, long stride) {
  long pad = filter / 2, inSize = size * stride;
  std::string x = tensor({1, inSize, inSize, channels});
  std::string w = tensor({filter, filter, channels});
  std::string f = tensor({channels, 1, filter, filter});
  std::string r = tensor({1, size, size, channels}), bias = tensor({channels});
  auto twice = [](long value) {
    return std::to_string(value) + ", " + std::to_string(value);
  };
  std::string source =
      "kernel.func @k(%x: " + x + ", %w: " + w + ", %b: " + bias + ") -> " + r +
      " attributes {kind = #kernel.kind<window>} {\n  %0 = kernel.unpack %w "
      ": " +
      w + " -> " + f + "\n  %1 = nn.conv %x, %0 strides [" + twice(stride) +
      "] pads [" + twice(pad) + ", " + twice(pad) +
      "] dilations [1, 1] group " + std::to_string(channels) +
      " channels_last : " + x + ", " + f + "\n  %2 = nn.add %1, %b : " + r +
      ", " + bias + "\n  kernel.yield %2 : " + r + "\n}\n";
  char name[64];
  snprintf(name, sizeof name, "depthwise %ldx%ld %ld->%ld %ldx%ld s%ld", size,
           size, channels, channels, filter, filter, stride);
  return {name,
          source,
          {size_t(inSize * inSize * channels),
           size_t(filter * filter * channels), size_t(channels),
           size_t(size * size * channels)},
          2.0 * size * size * channels * filter * filter};
}

int main(int argc, char **argv) {
  const char *wantedSet = argc > 1 ? argv[1] : "x86-64-v4+vnni";
  const sinter::InstructionSet *set = sinter::findInstructionSet(wantedSet);
  const char *wanted = argc > 2 ? argv[2] : "";
  if (!set || !canRun(*set)) {
    printf("this processor has no instruction set '%s'\n", wantedSet);
    return 0;
  }
  bool hasVnni = set->dot == sinter::InstructionSet::Dot::Vnni;
  std::vector<Case> cases = {
      makeMatmul(512, 512, 512),          makeMatmul(64, 768, 3072),
      makeMatmul(196, 768, 768),          makeMatmul(3136, 64, 576),
      makeMatmul(128, 3072, 768),         makeMatmul(128, 768, 3072),
      makeMatmul(128, 768, 768),          makeMatmul(1, 1000, 2048),
      makeConv(56, 64, 64, 3, 1),         makeConv(14, 256, 256, 3, 1),
      makeConv(7, 512, 512, 3, 1),        makeConv(28, 128, 128, 3, 2),
      makeConv(56, 64, 256, 1, 1),        makeConv(28, 128, 128, 3, 1),
      makeConv(7, 512, 2048, 1, 1),       makeConv(7, 2048, 512, 1, 1),
      makeConv(112, 3, 64, 7, 2),         makeConv(14, 256, 1024, 1, 1),
      makeConv(28, 256, 512, 1, 2),       makeConv(112, 16, 96, 1, 1),
      makeConv(56, 144, 24, 1, 1),        makeConv(112, 3, 32, 3, 2),
      makeConv(112, 3, 64, 7, 2, true),   makeConv(112, 3, 32, 3, 2, true),
      makeFreeConv(56, 64, 64),           makeFreeConv(15, 96, 96),
      makeAttention(128, 12, 64, true),   makeAttention(128, 12, 64, false),
      makeDepthwise(112, 32, 3, 1),       makeDepthwise(56, 144, 3, 1),
      makeDepthwise(28, 144, 3, 2),       makeDepthwise(14, 384, 3, 1),
      makeDepthwise(7, 960, 3, 1),        makeIntegerMatmul(512, 512, 512),
      makeIntegerMatmul(196, 768, 768),   makeIntegerMatmul(128, 768, 768),
      makeIntegerMatmul(128, 3072, 768),  makeIntegerMatmul(128, 768, 3072),
      makeIntegerConv(56, 64, 64, 3, 1),  makeIntegerConv(14, 256, 256, 3, 1),
      makeIntegerConv(7, 512, 512, 3, 1), makeIntegerConv(28, 128, 128, 3, 2),
      makeIntegerConv(56, 64, 256, 1, 1), makeIntegerConv(7, 512, 2048, 1, 1),
      makeIntegerConv(112, 3, 64, 7, 2),  makeIntegerConv(112, 16, 96, 1, 1),
      makeIntegerConv(56, 144, 24, 1, 1), makeIntegerConv(112, 0, 32, 3, 1),
      makeIntegerConv(56, 0, 144, 3, 1),  makeIntegerConv(28, 0, 144, 3, 2),
      makeIntegerConv(14, 0, 384, 3, 1),  makeIntegerConv(7, 0, 960, 3, 1)};
  for (const Case &c : cases) {
    if (c.name.find(wanted) == std::string::npos)
      continue;
    double begin = now();
    auto kernel = CompiledKernel::compile(c.source, *set, c.freeDims);
    double compileSeconds = now() - begin;
    if (!kernel)
      return 1;
    std::vector<GuardedBuffer> buffers;
    std::vector<void *> addresses;
    for (auto [number, elements] : llvm::enumerate(c.elements)) {
      char type = c.types.empty() ? 'f' : c.types[number];
      // Whole lines of the cache, as the runtime aligns them.
      size_t bytes = type == 'b' ? elements : elements * 4;
      buffers.emplace_back((bytes + 63) / 64 * 64);
      addresses.push_back(buffers.back().data());
      for (size_t i = 0; i < elements; ++i)
        if (type == 'b')
          buffers.back().as<char>()[i] = char(i % 251);
        else if (type == 'i')
          buffers.back().as<int>()[i] = int(i % 17);
        else
          buffers.back().as<float>()[i] = float(i % 17) / 8 - 1;
    }
    double best = 1e9, peak = 0;
    for (int repeat = 0; repeat < 10; ++repeat) {
      bool isInteger = !c.types.empty();
      peak = std::max(peak, isInteger && hasVnni ? measureVnniPeak()
                            : set->lanes == 16   ? measurePeak16()
                                                 : measurePeak8());
      double until = now() + 0.05;
      do {
        double start = now();
        kernel->run(addresses, c.dims);
        best = std::min(best, now() - start);
      } while (now() < until);
    }
    double speed = c.flop / best / 1e9;
    printf("%-28s %8.1f us %7.1f G/s %5.1f %% of %.1f  tiles %ld scratch "
           "%ld, compiled in %.0f ms\n",
           c.name.c_str(), best * 1e6, speed, 100 * speed / peak, peak,
           long(kernel->getTiles(c.dims)), long(kernel->getScratch(c.dims)),
           compileSeconds * 1e3);
    fflush(stdout);
  }
  return 0;
}
