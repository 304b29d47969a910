//===- Driver.h - the state behind the driver API ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Work given to a stream is kept in a queue and done when the host waits for
// it: as late as the API allows, so that a missing synchronisation shows.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_DRIVER_DRIVER_H
#define SINTER_TEST_VIRTUALGPU_DRIVER_DRIVER_H

#include "../machine/Block.h"
#include "CudaAbi.h"
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>

namespace sinter::vgpu::abi {

/// What the environment asks for; read by cuInit.
struct Settings {
  int devices = 1;                          ///< SINTER_VGPU_DEVICES
  uint64_t memoryBytes = uint64_t{8} << 30; ///< SINTER_VGPU_MEMORY
  int capability = 80;                      ///< SINTER_VGPU_SM
  uint64_t stepLimit = 4000000000;          ///< SINTER_VGPU_STEPS
  std::string reportFile;                   ///< SINTER_VGPU_REPORT
  bool launchBlocks = false;                ///< CUDA_LAUNCH_BLOCKING
  bool printsStatistics = false;            ///< SINTER_VGPU_STATISTICS
};

/// Limits of a device of compute capability 8.0 (CUDA C++ Programming Guide,
/// technical specifications per compute capability).
struct Limits {
  static constexpr uint32_t threadsPerBlock = 1024;
  static constexpr uint32_t blockDim[3] = {1024, 1024, 64};
  static constexpr uint32_t gridDim[3] = {2147483647, 65535, 65535};
  static constexpr uint32_t sharedPerBlock = 48 * 1024;
  static constexpr uint32_t sharedPerBlockOptIn = 163 * 1024;
  static constexpr uint32_t registersPerBlock = 65536;
  static constexpr uint32_t registersPerThread = 255;
};

/// A piece of work; it can be done again when it is part of a graph.
using Operation = std::function<CUresult()>;

struct Event {
  uint64_t recorded = 0, completed = 0; ///< numbers of recordings
  Stream *stream = nullptr;             ///< of the last recording
  std::chrono::steady_clock::time_point time;
};

struct Graph {
  std::vector<Operation> operations; ///< in the order they were captured
};
struct GraphExec {
  std::vector<Operation> operations;
};

struct Stream {
  Context *context = nullptr;
  std::deque<Operation> queue;
  bool isNonBlocking = false;
  std::unique_ptr<Graph> capture; ///< the graph being recorded
};

struct Context {
  int device = 0;
  std::unique_ptr<DeviceMemory> memory;
  CUresult error = CUDA_SUCCESS; ///< after a fault every call returns it
  Stream legacy;                 ///< the stream with handle 0
  std::set<Stream *> streams;
  std::set<Event *> events;
  std::set<LoadedModule *> modules;
  std::map<const char *, size_t> pinned; ///< host memory of cuMemHostAlloc
  int retained = 0;
};

struct Kernel {
  std::shared_ptr<const Program> program;
  uint32_t dynamicSharedLimit = 0;
};

struct LoadedModule {
  std::shared_ptr<const Module> source;
  std::map<std::string, std::unique_ptr<Kernel>> kernels;
  std::map<std::string, std::pair<uint64_t, uint64_t>> globals;
};

class Driver {
public:
  static Driver &get();

  std::recursive_mutex mutex;
  bool isInitialised = false;
  Settings settings;
  std::vector<std::unique_ptr<Context>> primaries; ///< by device

  /// The context of the calling thread; null if there is none.
  static std::vector<Context *> &currentStack();
  static Context *current();

  /// Adds work to a stream, or to the graph it captures.
  CUresult submit(Context &context, Stream *stream, Operation operation);
  /// Does all work of a stream, or of all.
  CUresult finish(Context &context, Stream &stream);
  CUresult finishAll(Context &context);
  /// Does the next piece of work; true when there was one.
  bool step(Context &context, Stream &stream);
  /// Does work until the event's recording `number` is reached.
  CUresult complete(Context &context, Event &event, uint64_t number);
  /// The stream of a handle; null if the handle is none of ours.
  static Stream *find(Context &context, CUstream handle);

  /// Tells a finding to the user and returns the error that goes with it.
  CUresult report(const Report &report);
};

/// Runs the body of an API call under the lock; it gets the driver.
template <typename Body>
CUresult guarded(Body body) {
  Driver &driver = Driver::get();
  std::lock_guard<std::recursive_mutex> lock(driver.mutex);
  if (!driver.isInitialised)
    return CUDA_ERROR_NOT_INITIALIZED;
  try {
    return body(driver);
  } catch (const std::bad_alloc &) {
    return CUDA_ERROR_OUT_OF_MEMORY;
  } catch (const std::exception &) {
    return CUDA_ERROR_UNKNOWN;
  }
}

/// The same with the current context, which no fault has ended.
template <typename Body>
CUresult inContext(Body body) {
  return guarded([&](Driver &driver) {
    Context *context = Driver::current();
    if (!context)
      return CUDA_ERROR_INVALID_CONTEXT;
    if (context->error != CUDA_SUCCESS)
      return context->error;
    return body(driver, *context);
  });
}

/// The same with a stream of the current context.
template <typename Body>
CUresult onStream(CUstream handle, Body body) {
  return inContext([&](Driver &driver, Context &context) {
    Stream *stream = Driver::find(context, handle);
    if (!stream)
      return CUDA_ERROR_INVALID_HANDLE;
    return body(driver, context, *stream);
  });
}

#define SINTER_VGPU_API                                                        \
  extern "C"                                                                   \
      __attribute__((visibility("default"))) ::sinter::vgpu::abi::CUresult

} // namespace sinter::vgpu::abi

#endif // SINTER_TEST_VIRTUALGPU_DRIVER_DRIVER_H
