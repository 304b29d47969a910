//===- SparseBench.cpp - speed of sparse contractions -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Matrix products with a dense weight and with a sparse one, alternating in one
// run at one thread; prints the time of both and their ratio:
//
//   sinter_sparse_bench [8|16] [substring of a case's name]
//
// The products are one of a transformer (196 x 768 x 768) and the 1x1
// convolutions of MobileNetV2 at 224 x 224.
//
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"
#include "SparseWeights.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <random>

using namespace sinter::test;

/// Seconds that this thread has run: what other programs take does not count.
static double now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static std::string tensor(std::initializer_list<long> sizes,
                          const char *type = "f32") {
  std::string text = "tensor<";
  for (long size : sizes)
    text += std::to_string(size) + "x";
  return text + type + ">";
}

namespace {
/// A kernel with its buffers, all but the last its inputs.
struct Program {
  std::unique_ptr<CompiledKernel> kernel;
  std::vector<GuardedBuffer> buffers;

  template <typename T>
  T *add(size_t elements) {
    // Whole lines of the cache, as the runtime aligns them.
    buffers.emplace_back((elements * sizeof(T) + 63) / 64 * 64);
    std::fill_n(buffers.back().as<T>(), elements, T(0));
    return buffers.back().as<T>();
  }
  double run() const {
    std::vector<void *> addresses;
    for (const GuardedBuffer &buffer : buffers)
      addresses.push_back(buffer.data());
    double start = now();
    kernel->run(addresses);
    return now() - start;
  }
};

struct Shape {
  long m, n, k;
  long count = 0; ///< how often MobileNetV2 has it
};
} // namespace

static float getValue(long i) { return float(i % 17) / 8 - 1; }

/// matmul + bias + relu of [m, k] x [k, n]; `unpack` makes %0 from the weight
/// arguments `weights`.
static std::string makeSource(Shape s, const std::string &weights,
                              const std::string &unpack) {
  std::string a = tensor({s.m, s.k}), b = tensor({s.k, s.n}),
              r = tensor({s.m, s.n}), bias = tensor({s.n});
  return "kernel.func @k(%a: " + a + ", " + weights + ", %b: " + bias +
         ") -> " + r + " attributes {kind = #kernel.kind<contract>} {\n" +
         unpack + " -> " + b + "\n  %1 = nn.matmul %a, %0 : " + a + ", " + b +
         "\n  %2 = nn.add %1, %b : " + r + ", " + bias +
         "\n  %3 = nn.relu %2 : " + r + "\n  kernel.yield %3 : " + r + "\n}\n";
}

/// Values for the k x n weight, zero but for a share of 1 - `sparsity` of the
/// blocks of 1 x `width`; width 0: 2 of 4 rows of each column.
static std::vector<float> makeWeight(Shape s, double sparsity, long width) {
  std::vector<float> weight(s.k * s.n);
  std::mt19937 random(1);
  if (width == 0) {
    for (long i = 0; i < s.k * s.n; ++i)
      weight[i] = (i / s.n + i % s.n) % 4 < 2 ? getValue(i * 3) : 0;
    return weight;
  }
  long perRow = (s.n + width - 1) / width;
  std::vector<long> blocks(s.k * perRow);
  for (size_t i = 0; i < blocks.size(); ++i)
    blocks[i] = i;
  std::shuffle(blocks.begin(), blocks.end(), random);
  blocks.resize(std::lround((1 - sparsity) * blocks.size()));
  for (long block : blocks) {
    long row = block / perRow, first = block % perRow * width;
    for (long j = first; j < std::min(first + width, s.n); ++j)
      weight[row * s.n + j] = getValue(row + j * 3);
  }
  return weight;
}

/// Fills the left operand, and sees to bias and result.
static void addOthers(Program &program, Shape s) {
  float *lhs = program.buffers.front().as<float>();
  for (long i = 0; i < s.m * s.k; ++i)
    lhs[i] = getValue(i) + 0.0625f;
  program.add<float>(s.n);
  program.add<float>(s.m * s.n);
}

static Program makeDense(Shape s, const std::vector<float> &weight,
                         unsigned lanes) {
  Program program;
  long panels = (s.n + 31) / 32;
  std::string w = tensor({1, panels, s.k, 32});
  program.kernel = CompiledKernel::compile(
      makeSource(s, "%w: " + w, "  %0 = kernel.unpack %w : " + w), lanes);
  program.add<float>(s.m * s.k);
  float *packed = program.add<float>(panels * s.k * 32);
  for (long k = 0; k < s.k; ++k)
    for (long j = 0; j < s.n; ++j)
      packed[(j / 32 * s.k + k) * 32 + j % 32] = weight[k * s.n + j];
  addOthers(program, s);
  return program;
}

static Program makeSparse(Shape s, const SparseWeight &weight, unsigned lanes) {
  Program program;
  program.kernel = CompiledKernel::compile(
      makeSource(s, weight.getArguments(),
                 "  %0 = kernel.unpack_sparse %s, %i, %v : " +
                     weight.getTypes()),
      lanes);
  program.add<float>(s.m * s.k);
  auto copy = [&](const auto &values) {
    using T = typename std::decay_t<decltype(values)>::value_type;
    std::copy(values.begin(), values.end(), program.add<T>(values.size()));
  };
  copy(weight.starts);
  copy(weight.indices);
  copy(weight.values);
  addOthers(program, s);
  return program;
}

int main(int argc, char **argv) {
  unsigned lanes = argc > 1 ? atoi(argv[1]) : 16;
  std::string wanted = argc > 2 ? argv[2] : "";
  if (!canRun(lanes)) {
    printf("this processor has no vectors of %u lanes\n", lanes);
    return 0;
  }
  const Shape shapes[] = {
      {196, 768, 768},   {12544, 16, 32, 1}, {12544, 96, 16, 1},
      {3136, 24, 96, 1}, {3136, 144, 24, 2}, {3136, 24, 144, 1},
      {784, 32, 144, 1}, {784, 192, 32, 3},  {784, 32, 192, 2},
      {196, 64, 192, 1}, {196, 384, 64, 4},  {196, 64, 384, 3},
      {196, 96, 384, 1}, {196, 576, 96, 3},  {196, 96, 576, 2},
      {49, 160, 576, 1}, {49, 960, 160, 3},  {49, 160, 960, 2},
      {49, 320, 960, 1}, {49, 1280, 320, 1}};
  struct {
    const char *name;
    double sparsity;
    long width;
  } patterns[] = {{"1x16 80 %", 0.8, 16},
                  {"1x16 90 %", 0.9, 16},
                  {"80 %", 0.8, 1},
                  {"90 %", 0.9, 1},
                  {"2:4", 0.5, 0}};
  for (auto pattern : patterns) {
    double denseTotal = 0, sparseTotal = 0;
    for (Shape s : shapes) {
      char name[64];
      snprintf(name, sizeof name, "%ldx%ldx%ld %s", s.m, s.n, s.k,
               pattern.name);
      if (std::string(name).find(wanted) == std::string::npos)
        continue;
      auto weight = makeWeight(s, pattern.sparsity, pattern.width);
      SparseWeight packed(weight, s.k, s.n, pattern.width == 16 ? 16 : 1);
      Program dense = makeDense(s, weight, lanes),
              sparse = makeSparse(s, packed, lanes);
      if (!dense.kernel || !sparse.kernel)
        return 1;
      double denseBest = 1e9, sparseBest = 1e9, until = now() + 0.3;
      do {
        denseBest = std::min(denseBest, dense.run());
        sparseBest = std::min(sparseBest, sparse.run());
      } while (now() < until);
      double error = 0;
      for (long i = 0; i < s.m * s.n; ++i)
        error = std::max<double>(
            error, std::fabs(dense.buffers.back().as<float>()[i] -
                             sparse.buffers.back().as<float>()[i]));
      double flop = 2.0 * s.m * s.n * s.k;
      printf("%-26s dense %8.1f us (%5.1f GFLOP/s)  sparse %8.1f us  ratio "
             "%5.2f  difference %.1e\n",
             name, denseBest * 1e6, flop / denseBest / 1e9, sparseBest * 1e6,
             denseBest / sparseBest, error);
      fflush(stdout);
      denseTotal += s.count * denseBest;
      sparseTotal += s.count * std::min(denseBest, sparseBest);
    }
    if (wanted.empty())
      printf("%-26s dense %8.1f us                   the faster of both %.1f "
             "us  ratio %5.2f\n",
             (std::string("MobileNetV2 ") + pattern.name).c_str(),
             denseTotal * 1e6, sparseTotal * 1e6, denseTotal / sparseTotal);
  }
  return 0;
}
