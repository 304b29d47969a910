//===- NumericsSupport.cpp - numbers in, numbers out ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NumericsSupport.h"

#include <map>

using namespace sinter::test;

static RunResult runOnce(const CompiledKernel &kernel,
                         const std::vector<Bytes> &inputs,
                         const std::vector<size_t> &resultBytes,
                         const std::vector<int64_t> &dims, int64_t slots) {
  std::vector<GuardedBuffer> buffers;
  std::vector<void *> addresses;
  for (const Bytes &input : inputs) {
    buffers.emplace_back(input.size());
    if (!input.empty())
      std::memcpy(buffers.back().data(), input.data(), input.size());
  }
  for (size_t bytes : resultBytes) {
    buffers.emplace_back(bytes);
    std::memset(buffers.back().data(), 0x5a, bytes);
  }
  for (GuardedBuffer &buffer : buffers)
    addresses.push_back(buffer.data());
  RunResult result;
  result.status = kernel.run(addresses, dims, slots);
  for (size_t i = 0; i < resultBytes.size(); ++i) {
    const char *data = buffers[inputs.size() + i].as<char>();
    result.results.emplace_back(data, data + resultBytes[i]);
  }
  return result;
}

/// The kernel for these lanes; kept as long as the same text is asked for, as
/// tests of several sizes do.
static const CompiledKernel *getKernel(const std::string &body, unsigned lanes,
                                       llvm::ArrayRef<llvm::StringRef> names) {
  static std::string text;
  static std::map<unsigned, std::unique_ptr<CompiledKernel>> kernels;
  if (text != body)
    kernels.clear();
  text = body;
  std::unique_ptr<CompiledKernel> &kernel = kernels[lanes];
  if (!kernel)
    kernel = CompiledKernel::compile("kernel.func " + body, lanes, names);
  return kernel.get();
}

void sinter::test::runKernel(
    const std::string &body, const std::vector<Bytes> &inputs,
    const std::vector<size_t> &resultBytes, const FreeDims &dims,
    const std::function<void(const RunResult &)> &check) {
  std::vector<llvm::StringRef> names;
  std::vector<int64_t> values;
  for (auto &[name, value] : dims) {
    names.push_back(name);
    values.push_back(value);
  }
  for (unsigned lanes : {8u, 16u}) {
    SCOPED_TRACE("lanes: " + std::to_string(lanes));
    const CompiledKernel *kernel = getKernel(body, lanes, names);
    ASSERT_TRUE(kernel) << body;
    if (!canRun(lanes))
      continue;
    RunResult one = runOnce(*kernel, inputs, resultBytes, values, 1);
    RunResult several = runOnce(*kernel, inputs, resultBytes, values, 3);
    EXPECT_EQ(one.status, several.status);
    EXPECT_TRUE(one.results == several.results)
        << "the bits depend on how the tiles are split";
    check(one);
  }
}

void sinter::test::expectKernel(const std::string &body,
                                const std::vector<Bytes> &inputs,
                                const std::vector<float> &expected,
                                const FreeDims &dims, double tolerance) {
  runKernel(body, inputs, {expected.size() * sizeof(float)}, dims,
            [&](const RunResult &result) {
              EXPECT_EQ(result.status, 0);
              std::vector<float> found = result.get<float>(0);
              int reported = 0;
              for (size_t i = 0; i < expected.size() && reported < 5; ++i) {
                float want = expected[i], got = found[i];
                bool agrees =
                    std::isfinite(want)
                        ? std::abs(double(got) - want) <=
                              tolerance * std::max(1.0, std::abs(double(want)))
                        : (std::isnan(want) ? std::isnan(got) : got == want);
                EXPECT_TRUE(agrees) << "element " << i << ": expected " << want
                                    << ", found " << got;
                reported += !agrees;
              }
            });
}

std::vector<float> sinter::test::makeUniform(size_t count, float low,
                                             float high, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(count);
  for (float &value : values)
    value = uniform(random);
  return values;
}
