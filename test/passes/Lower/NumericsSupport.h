//===- NumericsSupport.h - numbers in, numbers out --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs a kernel given as text on every instruction set of this processor, with
// its tiles in one and in several slots, and expects the same bits from both.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_PASSES_LOWER_NUMERICSSUPPORT_H
#define SINTER_TEST_PASSES_LOWER_NUMERICSSUPPORT_H

#include "KernelHarness.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace sinter::test {

/// Bytes of a buffer.
using Bytes = std::vector<char>;

template <typename T>
Bytes toBytes(const std::vector<T> &values) {
  Bytes bytes(values.size() * sizeof(T));
  if (!bytes.empty())
    std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <typename T>
std::vector<T> fromBytes(const Bytes &bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!bytes.empty())
    std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

/// Values of free dimensions by name, in the order of the ABI.
using FreeDims = std::vector<std::pair<std::string, int64_t>>;

/// What a run gave: the status and the bytes of each result.
struct RunResult {
  int32_t status = 0;
  std::vector<Bytes> results;

  template <typename T>
  std::vector<T> get(size_t number) const {
    return fromBytes<T>(results[number]);
  }
};

/// Runs `body` ("@f(..) -> .. attributes {..} {..}") with `inputs`, for results
/// of these many bytes, and gives `check` the outcome for every instruction
/// set.
void runKernel(const std::string &body, const std::vector<Bytes> &inputs,
               const std::vector<size_t> &resultBytes, const FreeDims &dims,
               const std::function<void(const RunResult &)> &check);

/// For one f32 result of `expected.size()` elements: each differs from what is
/// expected by at most `tolerance` relative to the larger of it and 1; NaN and
/// infinities agree.
void expectKernel(const std::string &body, const std::vector<Bytes> &inputs,
                  const std::vector<float> &expected, const FreeDims &dims = {},
                  double tolerance = 1e-6);

/// Uniform values, the same in every run.
std::vector<float> makeUniform(size_t count, float low = -2, float high = 2,
                               unsigned seed = 1);

} // namespace sinter::test

#endif // SINTER_TEST_PASSES_LOWER_NUMERICSSUPPORT_H
