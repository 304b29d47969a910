//===- CudaFixture.h - the fixture on the fake driver -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_RUNTIME_CUDA_CUDAFIXTURE_H
#define SINTER_TEST_RUNTIME_CUDA_CUDAFIXTURE_H

#include "FakeCuda.h"
#include "Handles.h"
#include <algorithm>
#include <atomic>

namespace sinter::test {

/// Lowers the status word of a launch, as `atom.global.min.u32` does.
inline void report(uint32_t *status, uint32_t value) {
  *status = std::min(*status, value);
}

/// The kernels of fixture/model.c, as a device would run them.
inline std::map<std::string, FakeKernel> makeKernels() {
  auto scale = [](const FakeLaunch &launch) {
    const float *x = launch.pointer<float>(0), *bias = launch.pointer<float>(1),
                *weight = launch.pointer<float>(2);
    float *y = launch.pointer<float>(3), *copy = launch.pointer<float>(4);
    int64_t rows = launch.grid[0], width = int64_t(launch.parameters[6]);
    for (int64_t i = 0; i < rows * width; ++i) {
      if (x[i] < 0)
        report(launch.pointer<uint32_t>(8), 2);
      y[i] = copy[i] = x[i] * weight[0] + bias[i % width];
    }
  };
  auto sum = [](const FakeLaunch &launch) {
    const float *copy = launch.pointer<float>(0);
    float *s = launch.pointer<float>(1);
    int64_t width = int64_t(launch.parameters[3]);
    float *partial = launch.pointer<float>(4); // scratch of a whole row
    for (int64_t row = 0; row < launch.grid[1]; ++row) {
      std::copy_n(copy + row * width, width, partial);
      s[row] = 0;
      for (int64_t i = 0; i < width; ++i)
        s[row] += partial[i];
    }
  };
  auto mark = [](const FakeLaunch &launch) { *launch.pointer<float>(0) = 80; };
  return {{"scale", {9, scale}}, {"sum", {6, sum}}, {"mark", {5, mark}}};
}

/// A fresh driver for each test, which must be left as it was found.
struct Cuda : testing::Test {
  Cuda() {
    fake = FakeCuda();
    fake.kernels = makeKernels();
    auto check = [this](const FakeLaunch &launch, size_t buffers) {
      for (size_t i = 0; i < buffers; ++i)
        if (launch.parameters[i] % 64)
          fake.violation = "a buffer that is not aligned to 64 bytes";
    };
    for (auto &[name, kernel] : fake.kernels)
      kernel.run = [run = kernel.run, check,
                    buffers =
                        kernel.parameterCount - 4](const FakeLaunch &launch) {
        check(launch, buffers);
        run(launch);
      };
  }
  /// After the handles of derived classes are gone.
  ~Cuda() override {
    EXPECT_EQ(fake.violation, "");
    EXPECT_TRUE(fake.allocations.empty()) << "device memory was not freed";
    EXPECT_EQ(fake.liveStreams + fake.liveEvents + fake.liveModules +
                  fake.livePrimaries + fake.liveGraphs,
              0u);
  }

  static sinter_context_options_t onDevice(int32_t id = 0) {
    sinter_context_options_t options = Context::defaults();
    options.device = {SINTER_DEVICE_CUDA, id};
    return options;
  }

  FakeCuda &fake = getFakeCuda();
};

/// Device memory of the test, as an application would have it.
class DeviceMemory {
public:
  explicit DeviceMemory(size_t bytes)
      : memory(static_cast<uint8_t *>(
            aligned_alloc(256, (bytes + 511) / 256 * 256))) {
    getFakeCuda().allocations[reinterpret_cast<uint64_t>(memory)] = bytes;
  }
  DeviceMemory(const DeviceMemory &) = delete;
  ~DeviceMemory() {
    getFakeCuda().allocations.erase(reinterpret_cast<uint64_t>(memory));
    free(memory);
  }
  void *data(size_t offset = 0) { return memory + offset; }
  void assign(const void *from, size_t offset, size_t count) {
    std::copy_n(static_cast<const uint8_t *>(from), count, memory + offset);
  }

private:
  uint8_t *memory;
};

} // namespace sinter::test

#endif // SINTER_TEST_RUNTIME_CUDA_CUDAFIXTURE_H
