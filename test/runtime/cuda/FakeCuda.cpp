//===- FakeCuda.cpp - a driver that tests control -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeCuda.h"
#include <cstdlib>
#include <cstring>
#include <mutex>

using namespace sinter::test;

namespace {

enum {
  Success = 0,
  OutOfMemory = 2,
  InvalidContext = 201,
  NotFound = 500,
  InvalidValue = 1
};

/// Work that waits for the stream to be synchronized.
using Work = std::function<int()>;
struct Stream {
  std::vector<Work> work;
  bool isRecording = false;
  size_t recorded = 0; ///< Where in `work` the recording begins.
};
struct Graph {
  std::vector<Work> work;
};
struct Event {
  size_t number = 0;
};
struct Function {
  std::string name;
};
struct Module {
  std::map<std::string, Function> functions;
};

std::recursive_mutex lock;
thread_local int depth = 0; ///< Contexts pushed by this thread.

int violate(const std::string &what) {
  if (getFakeCuda().violation.empty())
    getFakeCuda().violation = what;
  return InvalidValue;
}

/// Whether a call that needs a context has one.
bool hasContext(const char *call) {
  if (depth > 0)
    return true;
  violate(std::string(call) + " without a current context");
  return false;
}

/// Whether [address, address + bytes) is device memory.
bool isInside(uint64_t address, size_t bytes) {
  auto &allocations = getFakeCuda().allocations;
  auto after = allocations.upper_bound(address);
  if (after == allocations.begin())
    return false;
  auto [begin, length] = *std::prev(after);
  return address + bytes <= begin + length;
}

int enqueue(void *stream, Work work) {
  static_cast<Stream *>(stream)->work.push_back(std::move(work));
  return Success;
}

int drain(Stream &stream) {
  int result = Success;
  for (Work &work : stream.work)
    if (!result)
      result = work();
  stream.work.clear();
  return result ? result : getFakeCuda().syncResult;
}

int copyLate(void *to, const void *from, size_t bytes, void *stream) {
  return enqueue(stream, [=] {
    std::memcpy(to, from, bytes);
    return int(Success);
  });
}

void *toPointer(uint64_t address) { return reinterpret_cast<void *>(address); }

} // namespace

FakeCuda &sinter::test::getFakeCuda() {
  static FakeCuda fake;
  return fake;
}

#define FAKE extern "C" __attribute__((visibility("default"))) int
#define GUARD                                                                  \
  std::lock_guard<std::recursive_mutex> guard(lock);                           \
  [[maybe_unused]] FakeCuda &fake = getFakeCuda()

FAKE cuInit(unsigned) { return getFakeCuda().initResult; }

FAKE cuGetErrorName(int result, const char **text) {
  static const std::map<int, const char *> names = {
      {1, "CUDA_ERROR_INVALID_VALUE"},
      {2, "CUDA_ERROR_OUT_OF_MEMORY"},
      {100, "CUDA_ERROR_NO_DEVICE"},
      {209, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
      {218, "CUDA_ERROR_INVALID_PTX"},
      {500, "CUDA_ERROR_NOT_FOUND"},
      {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
      {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"}};
  auto entry = names.find(result);
  *text = entry == names.end() ? nullptr : entry->second;
  return *text ? Success : InvalidValue;
}

FAKE cuGetErrorString(int, const char **text) {
  *text = "as the test wants";
  return Success;
}

FAKE cuDriverGetVersion(int *version) {
  *version = 12040;
  return Success;
}

FAKE cuDeviceGetCount(int *count) {
  *count = getFakeCuda().devices;
  return Success;
}

FAKE cuDeviceGet(int *device, int ordinal) {
  *device = 40 + ordinal;
  return Success;
}

FAKE cuDeviceGetName(char *name, int bytes, int device) {
  snprintf(name, size_t(bytes), "Fake %d", device - 40);
  return Success;
}

FAKE cuDeviceGetAttribute(int *value, int attribute, int) {
  const FakeCuda &fake = getFakeCuda();
  switch (attribute) {
  case 5:
  case 6:
  case 7:
    *value = fake.maxGrid[attribute - 5];
    return Success;
  case 75:
    *value = fake.major;
    return Success;
  case 76:
    *value = fake.minor;
    return Success;
  case 97:
    *value = fake.maxShared;
    return Success;
  }
  return violate("an attribute that is not known");
}

FAKE cuDevicePrimaryCtxRetain(void **context, int device) {
  GUARD;
  ++fake.livePrimaries;
  *context = toPointer(uint64_t(device));
  return Success;
}

FAKE cuDevicePrimaryCtxRelease_v2(int) {
  GUARD;
  --fake.livePrimaries;
  return Success;
}

FAKE cuCtxPushCurrent_v2(void *) {
  ++depth;
  return Success;
}

FAKE cuCtxPopCurrent_v2(void **) {
  if (--depth < 0)
    violate("a context is popped that was not pushed");
  return Success;
}

FAKE cuModuleLoadDataEx(void **module, const void *image, unsigned count,
                        int *options, void **values) {
  GUARD;
  if (!hasContext("cuModuleLoadDataEx"))
    return InvalidContext;
  std::string text = static_cast<const char *>(image);
  bool isPtx = text.rfind(".version", 0) == 0;
  fake.modules.push_back(text);
  int result = isPtx ? fake.ptxResult : fake.cubinResult;
  if (result && isPtx)
    for (unsigned i = 0; i + 1 < count; ++i)
      if (options[i] == 5 && options[i + 1] == 6)
        snprintf(static_cast<char *>(values[i]),
                 reinterpret_cast<size_t>(values[i + 1]), "%s",
                 fake.ptxLog.c_str());
  if (result)
    return result;
  auto *loaded = new Module;
  for (const auto &[name, kernel] : fake.kernels)
    if (text.find(name) != std::string::npos)
      loaded->functions[name] = {name};
  *module = loaded;
  ++fake.liveModules;
  return Success;
}

FAKE cuModuleUnload(void *module) {
  GUARD;
  delete static_cast<Module *>(module);
  --fake.liveModules;
  return hasContext("cuModuleUnload") ? Success : InvalidContext;
}

FAKE cuModuleGetFunction(void **function, void *module, const char *name) {
  auto &functions = static_cast<Module *>(module)->functions;
  auto entry = functions.find(name);
  if (entry == functions.end())
    return NotFound;
  *function = &entry->second;
  return Success;
}

FAKE cuFuncGetAttribute(int *value, int attribute, void *) {
  *value = getFakeCuda().staticShared;
  return attribute == 1 ? Success : violate("an attribute of a function");
}

FAKE cuFuncSetAttribute(void *, int attribute, int value) {
  const FakeCuda &fake = getFakeCuda();
  if (attribute != 8 || value + fake.staticShared > fake.maxShared)
    return violate("more shared memory than the device has");
  return Success;
}

FAKE cuMemGetInfo_v2(size_t *free, size_t *total) {
  GUARD;
  *free = fake.freeBytes;
  *total = fake.totalBytes;
  return hasContext("cuMemGetInfo") ? Success : InvalidContext;
}

FAKE cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  GUARD;
  if (!hasContext("cuMemAlloc"))
    return InvalidContext;
  if (bytes > fake.freeBytes)
    return OutOfMemory;
  void *memory = aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(memory, 0xcc, bytes);
  *address = reinterpret_cast<uint64_t>(memory);
  fake.allocations[*address] = bytes;
  fake.freeBytes -= bytes;
  return Success;
}

FAKE cuMemFree_v2(uint64_t address) {
  GUARD;
  auto entry = fake.allocations.find(address);
  if (entry == fake.allocations.end())
    return violate("memory is freed that was not allocated");
  fake.freeBytes += entry->second;
  fake.allocations.erase(entry);
  free(toPointer(address));
  return hasContext("cuMemFree") ? Success : InvalidContext;
}

FAKE cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes,
                          void *stream) {
  GUARD;
  ++fake.uploads;
  fake.uploadedBytes += bytes;
  if (!isInside(to, bytes))
    return violate("a copy to the device out of bounds");
  return copyLate(toPointer(to), from, bytes, stream);
}

FAKE cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) {
  GUARD;
  ++fake.downloads;
  if (!isInside(from, bytes))
    return violate("a copy from the device out of bounds");
  return copyLate(to, toPointer(from), bytes, stream);
}

FAKE cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes,
                          void *stream) {
  GUARD;
  ++fake.deviceCopies;
  if (!isInside(to, bytes) || !isInside(from, bytes))
    return violate("a copy on the device out of bounds");
  return copyLate(toPointer(to), toPointer(from), bytes, stream);
}

FAKE cuMemsetD32Async(uint64_t to, unsigned value, size_t count, void *stream) {
  GUARD;
  ++fake.fills;
  if (!isInside(to, count * 4))
    return violate("memory is filled out of bounds");
  return enqueue(stream, [=] {
    auto *words = static_cast<unsigned *>(toPointer(to));
    for (size_t i = 0; i < count; ++i)
      words[i] = value;
    return int(Success);
  });
}

FAKE cuStreamCreate(void **stream, unsigned flags) {
  GUARD;
  *stream = new Stream;
  ++fake.liveStreams;
  return flags == 1 ? Success : violate("a stream that waits for others");
}

FAKE cuStreamDestroy_v2(void *stream) {
  GUARD;
  if (!static_cast<Stream *>(stream)->work.empty())
    violate("a stream is destroyed that has work");
  delete static_cast<Stream *>(stream);
  --fake.liveStreams;
  return Success;
}

FAKE cuStreamSynchronize(void *stream) {
  GUARD;
  if (static_cast<Stream *>(stream)->isRecording)
    return violate("a stream that records is waited for");
  return drain(*static_cast<Stream *>(stream));
}

FAKE cuEventCreate(void **event, unsigned) {
  GUARD;
  *event = new Event;
  ++fake.liveEvents;
  return Success;
}

FAKE cuEventDestroy_v2(void *event) {
  GUARD;
  delete static_cast<Event *>(event);
  --fake.liveEvents;
  return Success;
}

FAKE cuEventRecord(void *event, void *stream) {
  GUARD;
  static_cast<Event *>(event)->number = fake.launches.size();
  return drain(*static_cast<Stream *>(stream));
}

FAKE cuEventSynchronize(void *) { return Success; }

FAKE cuStreamBeginCapture_v2(void *handle, int mode) {
  GUARD;
  auto &stream = *static_cast<Stream *>(handle);
  if (fake.captureResult)
    return fake.captureResult;
  stream.isRecording = true;
  stream.recorded = stream.work.size();
  return mode == 1 ? Success : violate("a capture that others can disturb");
}

FAKE cuStreamEndCapture(void *handle, void **graph) {
  GUARD;
  auto &stream = *static_cast<Stream *>(handle);
  auto begin = stream.work.begin() + long(stream.recorded);
  *graph = new Graph{{begin, stream.work.end()}};
  stream.work.erase(begin, stream.work.end());
  stream.isRecording = false;
  ++fake.liveGraphs;
  return Success;
}

FAKE cuGraphInstantiateWithFlags(void **executable, void *graph,
                                 unsigned long long) {
  GUARD;
  *executable = new Graph(*static_cast<Graph *>(graph));
  ++fake.liveGraphs;
  return Success;
}

FAKE cuGraphLaunch(void *executable, void *stream) {
  GUARD;
  ++fake.graphLaunches;
  for (Work &work : static_cast<Graph *>(executable)->work)
    enqueue(stream, work);
  return fake.graphResult;
}

FAKE cuGraphDestroy(void *graph) {
  GUARD;
  delete static_cast<Graph *>(graph);
  --fake.liveGraphs;
  return Success;
}

FAKE cuGraphExecDestroy(void *executable) { return cuGraphDestroy(executable); }

/// A launch takes a millisecond.
FAKE cuEventElapsedTime(float *milliseconds, void *begin, void *end) {
  *milliseconds = float(static_cast<Event *>(end)->number -
                        static_cast<Event *>(begin)->number);
  return Success;
}

FAKE cuLaunchKernel(void *function, unsigned gridX, unsigned gridY,
                    unsigned gridZ, unsigned blockX, unsigned blockY,
                    unsigned blockZ, unsigned shared, void *stream,
                    void **parameters, void **) {
  GUARD;
  if (!hasContext("cuLaunchKernel"))
    return InvalidContext;
  const std::string &name = static_cast<Function *>(function)->name;
  fake.launches.push_back(name);
  if (fake.onLaunch)
    fake.onLaunch(name);
  if (int result = fake.launchResults[name])
    return result;
  const FakeKernel &kernel = fake.kernels[name];
  FakeLaunch launch = {
      {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, shared, {}};
  for (size_t i = 0; i < kernel.parameterCount; ++i) {
    uint64_t value;
    std::memcpy(&value, parameters[i], sizeof value);
    launch.parameters.push_back(value);
  }
  return enqueue(stream, [&kernel, launch] {
    kernel.run(launch);
    return int(Success);
  });
}
