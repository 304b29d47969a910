//===- FakeCuda.h - a driver that tests control -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A libcuda.so.1 whose devices are the memory of this process and whose kernels
// are C++ functions. It keeps the runtime to the rules of the driver: a current
// context for every call, addresses inside allocations, and asynchronous work
// done as late as the rules allow. What it cannot do is run PTX.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_RUNTIME_CUDA_FAKECUDA_H
#define SINTER_TEST_RUNTIME_CUDA_FAKECUDA_H

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sinter::test {

/// What a launch gets: the values of its parameters, each of 8 bytes.
struct FakeLaunch {
  unsigned grid[3], block[3], shared;
  std::vector<uint64_t> parameters;

  template <typename T>
  T *pointer(size_t index) const {
    return reinterpret_cast<T *>(parameters[index]);
  }
};

struct FakeKernel {
  size_t parameterCount;
  std::function<void(const FakeLaunch &)> run;
};

/// Settings and counts of the driver; reset before each test.
struct FakeCuda {
  // What it is.
  int devices = 1, major = 8, minor = 6;
  int initResult = 0;
  size_t freeBytes = size_t(1) << 30, totalBytes = size_t(1) << 32;
  int maxGrid[3] = {0x7fffffff, 65535, 65535}, maxShared = 101376;
  int staticShared = 1024;
  std::map<std::string, FakeKernel> kernels;
  // How it fails: CUresult values.
  int cubinResult = 0, ptxResult = 0, syncResult = 0;
  int captureResult = 0, graphResult = 0;
  std::string ptxLog;
  std::map<std::string, int> launchResults;
  /// Called when a kernel is launched, before it runs.
  std::function<void(const std::string &)> onLaunch;
  // What it saw.
  std::vector<std::string> modules;  ///< Images that were loaded.
  std::vector<std::string> launches; ///< Entries in order.
  size_t uploads = 0, uploadedBytes = 0, downloads = 0, deviceCopies = 0;
  size_t fills = 0, graphLaunches = 0;
  std::map<uint64_t, size_t> allocations; ///< Address and bytes, live ones.
  size_t liveStreams = 0, liveEvents = 0, liveModules = 0, livePrimaries = 0;
  size_t liveGraphs = 0;
  std::string violation; ///< The first rule that was broken, or empty.
};

/// The one driver of the process.
FakeCuda &getFakeCuda();

} // namespace sinter::test

#endif // SINTER_TEST_RUNTIME_CUDA_FAKECUDA_H
