//===- Gpu.h - what the tests of the virtual GPU share ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_UNIT_GPU_H
#define SINTER_TEST_VIRTUALGPU_UNIT_GPU_H

#include "DriverCalls.h"
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace sinter::vgpu::abi {

struct Grid {
  unsigned x = 1, y = 1, z = 1;
};

/// A fresh device for each test, driven through the driver API.
class Gpu : public ::testing::Test {
public:
  void SetUp() override;
  void TearDown() override;

  /// Loads a PTX text; the test fails when that fails.
  void load(const std::string &ptx);
  /// A PTX module of version 8.0 for sm_80 with one kernel `k`, whose
  /// parameters are 64-bit and named p0, p1, ...
  void loadKernel(const std::string &body, int parameters,
                  const std::string &before = "");
  /// Loads kernels/NAME.cu as nvcc has compiled it; false when there is no
  /// toolkit, for `GTEST_SKIP`.
  bool loadCompiled(const std::string &name);

  CUdeviceptr allocate(size_t bytes);
  template <typename T>
  CUdeviceptr upload(const std::vector<T> &values) {
    CUdeviceptr address = allocate(values.size() * sizeof(T));
    EXPECT_EQ(
        cuMemcpyHtoD_v2(address, values.data(), values.size() * sizeof(T)),
        CUDA_SUCCESS);
    return address;
  }
  template <typename T>
  std::vector<T> download(CUdeviceptr address, size_t count) {
    std::vector<T> values(count);
    EXPECT_EQ(cuMemcpyDtoH_v2(values.data(), address, count * sizeof(T)),
              CUDA_SUCCESS);
    return values;
  }

  /// Starts a kernel and waits for it.
  template <typename... Args>
  CUresult launch(const char *name, Grid grid, Grid block, unsigned sharedBytes,
                  Args... args) {
    void *pointers[] = {&args..., nullptr};
    return launchWith(name, grid, block, sharedBytes, pointers);
  }
  CUresult launchWith(const char *name, Grid grid, Grid block,
                      unsigned sharedBytes, void **arguments);
  CUfunction function(const char *name);

  /// What was found since the start of the test.
  std::string report() const;
  /// Expects exactly one finding, which holds all of `parts`.
  void expectReport(std::initializer_list<const char *> parts) const;

  CUcontext context = nullptr;
  CUmodule module = nullptr;
};

} // namespace sinter::vgpu::abi

#endif // SINTER_TEST_VIRTUALGPU_UNIT_GPU_H
