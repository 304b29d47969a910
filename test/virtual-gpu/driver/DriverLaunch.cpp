//===- DriverLaunch.cpp - kernel launches ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include <cstdio>
#include <cstring>

using namespace sinter::vgpu;
using namespace sinter::vgpu::abi;

namespace {

/// What is wrong with the sizes of a launch; empty when nothing is.
std::string complain(const Kernel &kernel, const Launch &launch) {
  const Program &program = *kernel.program;
  const uint32_t block[3] = {launch.block.x, launch.block.y, launch.block.z};
  const uint32_t grid[3] = {launch.grid.x, launch.grid.y, launch.grid.z};
  for (int i = 0; i < 3; ++i) {
    std::string axis(1, "xyz"[i]);
    if (block[i] == 0 || block[i] > Limits::blockDim[i])
      return "blocks of " + std::to_string(block[i]) + " threads along " +
             axis + ", at least 1 and at most " +
             std::to_string(Limits::blockDim[i]);
    if (grid[i] == 0 || grid[i] > Limits::gridDim[i])
      return "a grid of " + std::to_string(grid[i]) + " blocks along " + axis +
             ", at least 1 and at most " + std::to_string(Limits::gridDim[i]);
    if (program.requiredThreads[0] && block[i] != program.requiredThreads[i])
      return "blocks of " + std::to_string(block[i]) + " threads along " +
             axis + ", but the kernel requires " +
             std::to_string(program.requiredThreads[i]);
  }
  uint64_t threads = launch.block.count();
  if (threads > Limits::threadsPerBlock)
    return "blocks of " + std::to_string(threads) + " threads, at most " +
           std::to_string(Limits::threadsPerBlock);
  uint64_t bound = uint64_t{program.maxThreads[0]} * program.maxThreads[1] *
                   program.maxThreads[2];
  if (bound && threads > bound)
    return "blocks of " + std::to_string(threads) +
           " threads, but .maxntid promises at most " + std::to_string(bound);
  if (launch.dynamicSharedBytes > kernel.dynamicSharedLimit)
    return std::to_string(launch.dynamicSharedBytes) +
           " bytes of dynamic shared memory, but the kernel's limit is " +
           std::to_string(kernel.dynamicSharedLimit) +
           " (cuFuncSetAttribute raises it)";
  return "";
}

/// Without .maxntid a kernel may be compiled to the most registers there are,
/// with which a block of more threads than this does not start.
std::string missingBounds(const Launch &launch) {
  const Program &program = *launch.program;
  uint32_t safe = Limits::registersPerBlock / (Limits::registersPerThread + 1);
  uint64_t threads = launch.block.count();
  if (program.maxThreads[0] || program.requiredThreads[0] || threads <= safe)
    return "";
  return "blocks of " + std::to_string(threads) +
         " threads, but the kernel has no .maxntid: more than " +
         std::to_string(safe) +
         " threads may need more registers than there "
         "are";
}

/// Arguments from the list of pointers, or from one buffer (`extra`).
bool gather(const Program &program, void **parameters, void **extra,
            std::vector<uint8_t> &bytes) {
  bytes.resize(program.argumentBytes);
  if (parameters) {
    for (size_t i = 0; i < program.arguments.size(); ++i)
      std::memcpy(bytes.data() + program.arguments[i].offset, parameters[i],
                  program.arguments[i].bytes);
    return true;
  }
  const void *buffer = nullptr;
  size_t size = 0;
  for (; extra && *extra; extra += 2) {
    if (reinterpret_cast<uintptr_t>(extra[0]) == 1)
      buffer = extra[1];
    if (reinterpret_cast<uintptr_t>(extra[0]) == 2)
      size = *static_cast<size_t *>(extra[1]);
  }
  if (program.arguments.empty())
    return true;
  if (!buffer || size < bytes.size())
    return false;
  std::memcpy(bytes.data(), buffer, bytes.size());
  return true;
}

CUresult execute(Driver &driver, Context &context, const Launch &launch) {
  try {
    auto start = std::chrono::steady_clock::now();
    uint64_t steps = runLaunch(launch, *context.memory);
    std::chrono::duration<double, std::milli> time =
        std::chrono::steady_clock::now() - start;
    if (driver.settings.printsStatistics)
      std::fprintf(stderr,
                   "virtual GPU: kernel '%s': %llu blocks of %llu threads, "
                   "%llu warp instructions, %.2f ms\n",
                   launch.program->name.c_str(),
                   static_cast<unsigned long long>(launch.grid.count()),
                   static_cast<unsigned long long>(launch.block.count()),
                   static_cast<unsigned long long>(steps), time.count());
    return CUDA_SUCCESS;
  } catch (const Report &report) {
    return driver.report(report);
  }
}

} // namespace

SINTER_VGPU_API cuLaunchKernel(CUfunction function, unsigned gridX,
                               unsigned gridY, unsigned gridZ, unsigned blockX,
                               unsigned blockY, unsigned blockZ,
                               unsigned sharedBytes, CUstream handle,
                               void **parameters, void **extra) {
  return onStream(handle, [&](Driver &driver, Context &context,
                              Stream &stream) {
    if (!function)
      return CUDA_ERROR_INVALID_HANDLE;
    Launch launch;
    launch.program = function->program;
    launch.grid = {gridX, gridY, gridZ};
    launch.block = {blockX, blockY, blockZ};
    launch.dynamicSharedBytes = sharedBytes;
    launch.stepLimit = driver.settings.stepLimit;
    auto refuse = [&](const std::string &why) {
      return driver.report({FaultKind::LaunchLimits,
                            std::string(faultName(FaultKind::LaunchLimits)) +
                                ": kernel '" + launch.program->name +
                                "': " + why});
    };
    std::string wrong = complain(*function, launch);
    if (!wrong.empty()) {
      refuse(wrong);
      return CUDA_ERROR_INVALID_VALUE;
    }
    wrong = missingBounds(launch);
    if (!wrong.empty())
      return refuse(wrong);
    if (!gather(*launch.program, parameters, extra, launch.arguments))
      return CUDA_ERROR_INVALID_VALUE;
    Driver *by = &driver;
    Context *at = &context;
    CUresult result = driver.submit(context, &stream,
                                    [=] { return execute(*by, *at, launch); });
    if (result != CUDA_SUCCESS || stream.capture ||
        !driver.settings.launchBlocks)
      return result;
    return driver.finish(context, stream);
  });
}
