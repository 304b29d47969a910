//===- peak.cpp - the most that one core can compute ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints the single precision GFLOP/s of one thread doing nothing but fused
// multiply-adds on registers, with the widest vectors that the processor has.
//
//===----------------------------------------------------------------------===//
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>

// Built for the processor it runs on (-march=native).
#if defined(__AVX512F__)
typedef float Vector __attribute__((vector_size(64)));
#else
typedef float Vector __attribute__((vector_size(32)));
#endif

// As many chains as hide the latency of an operation on two ports.
static constexpr int chains = 12;
static constexpr int64_t steps = 2000000;

/// Runs the chains; returns something that depends on all of them.
static float runChains() {
  Vector sums[chains], factor = {}, term = {};
  factor += 0.999f;
  term += 0.001f;
  for (int i = 0; i < chains; ++i)
    sums[i] = term * static_cast<float>(i);
  for (int64_t step = 0; step < steps; ++step)
#pragma clang loop unroll(full)
    for (int i = 0; i < chains; ++i) {
      sums[i] = __builtin_elementwise_fma(sums[i], factor, term);
      asm volatile("" : "+v"(sums[i])); // keeps each chain in its register
    }
  Vector total = {};
  for (const Vector &sum : sums)
    total += sum;
  return total[0];
}

int main() {
  constexpr double lanes = sizeof(Vector) / sizeof(float);
  double best = 0;
  volatile float sink = 0;
  for (int round = 0; round < 20; ++round) {
    auto start = std::chrono::steady_clock::now();
    sink = sink + runChains();
    std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - start;
    best = std::max(best, 2 * lanes * chains * double(steps) / took.count());
  }
  std::printf("%.1f\n", best * 1e-9);
}
