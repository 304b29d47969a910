//===- DriverContext.cpp - devices, contexts, errors ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>

using namespace sinter::vgpu;
using namespace sinter::vgpu::abi;

namespace {

struct ErrorText {
  const char *name, *text;
};
const std::map<int, ErrorText> &errorTexts() {
  static const std::map<int, ErrorText> table = {
      {0, {"CUDA_SUCCESS", "no error"}},
      {1, {"CUDA_ERROR_INVALID_VALUE", "invalid argument"}},
      {2, {"CUDA_ERROR_OUT_OF_MEMORY", "out of memory"}},
      {3, {"CUDA_ERROR_NOT_INITIALIZED", "initialization error"}},
      {100, {"CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"}},
      {101, {"CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"}},
      {200, {"CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"}},
      {201, {"CUDA_ERROR_INVALID_CONTEXT", "invalid device context"}},
      {209,
       {"CUDA_ERROR_NO_BINARY_FOR_GPU",
        "no kernel image is available for execution on the device"}},
      {218, {"CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"}},
      {222,
       {"CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
        "the provided PTX was compiled with an unsupported toolchain."}},
      {400, {"CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"}},
      {500, {"CUDA_ERROR_NOT_FOUND", "named symbol not found"}},
      {600, {"CUDA_ERROR_NOT_READY", "device not ready"}},
      {700,
       {"CUDA_ERROR_ILLEGAL_ADDRESS",
        "an illegal memory access was encountered"}},
      {701,
       {"CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES",
        "too many resources requested for launch"}},
      {702,
       {"CUDA_ERROR_LAUNCH_TIMEOUT",
        "the launch timed out and was terminated"}},
      {715,
       {"CUDA_ERROR_ILLEGAL_INSTRUCTION",
        "an illegal instruction was encountered"}},
      {716, {"CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"}},
      {719, {"CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"}},
      {801, {"CUDA_ERROR_NOT_SUPPORTED", "operation not supported"}},
      {900,
       {"CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
        "operation not permitted when stream is capturing"}},
      {901,
       {"CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
        "operation failed due to a previous error during capture"}},
      {999, {"CUDA_ERROR_UNKNOWN", "unknown error"}}};
  return table;
}

CUresult attributeOf(int *value, int attribute, const Settings &settings) {
  switch (attribute) {
  case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    *value = Limits::threadsPerBlock;
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y:
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z:
    *value = static_cast<int>(
        Limits::blockDim[attribute - CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X]);
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X:
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z:
    *value = static_cast<int>(
        Limits::gridDim[attribute - CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X]);
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK:
    *value = Limits::sharedPerBlock;
    break;
  case CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY:
    *value = 65536;
    break;
  case CU_DEVICE_ATTRIBUTE_WARP_SIZE:
    *value = kLanes;
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
    *value = Limits::registersPerBlock;
    break;
  case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
  case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
    *value = 1;
    break;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
    *value = settings.capability / 10;
    break;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
    *value = settings.capability % 10;
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
    *value = Limits::sharedPerBlockOptIn + 1024;
    break;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
    *value = Limits::sharedPerBlockOptIn;
    break;
  default:
    // Capabilities that the virtual GPU does not have.
    *value = 0;
    break;
  }
  return CUDA_SUCCESS;
}

bool isDevice(const Driver &driver, CUdevice device) {
  return device >= 0 && device < driver.settings.devices;
}

/// Ends what the context holds; its memory goes.
void destroyContents(Context &context) {
  for (Stream *stream : context.streams)
    delete stream;
  for (Event *event : context.events)
    delete event;
  for (LoadedModule *module : context.modules)
    delete module;
  context.streams.clear();
  context.events.clear();
  context.modules.clear();
  context.pinned.clear();
  context.memory.reset();
  context.error = CUDA_SUCCESS;
}

} // namespace

SINTER_VGPU_API cuGetErrorName(CUresult error, const char **out) {
  auto it = errorTexts().find(error);
  *out = it == errorTexts().end() ? nullptr : it->second.name;
  return *out ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

SINTER_VGPU_API cuGetErrorString(CUresult error, const char **out) {
  auto it = errorTexts().find(error);
  *out = it == errorTexts().end() ? nullptr : it->second.text;
  return *out ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

SINTER_VGPU_API cuDriverGetVersion(int *version) {
  *version = 12040;
  return CUDA_SUCCESS;
}

SINTER_VGPU_API cuDeviceGetCount(int *count) {
  return guarded([&](Driver &driver) {
    *count = driver.settings.devices;
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuDeviceGet(CUdevice *device, int ordinal) {
  return guarded([&](Driver &driver) {
    if (!isDevice(driver, ordinal))
      return CUDA_ERROR_INVALID_DEVICE;
    *device = ordinal;
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuDeviceGetName(char *name, int length, CUdevice device) {
  return guarded([&](Driver &driver) {
    if (!isDevice(driver, device))
      return CUDA_ERROR_INVALID_DEVICE;
    std::snprintf(name, static_cast<size_t>(length), "Sinter virtual GPU");
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuDeviceGetUuid_v2(char *uuid, CUdevice device) {
  return guarded([&](Driver &driver) {
    if (!isDevice(driver, device))
      return CUDA_ERROR_INVALID_DEVICE;
    std::memset(uuid, 0, 16);
    uuid[15] = static_cast<char>(device);
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  return guarded([&](Driver &driver) {
    if (!isDevice(driver, device))
      return CUDA_ERROR_INVALID_DEVICE;
    *bytes = driver.settings.memoryBytes;
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuDeviceGetAttribute(int *value, int attribute,
                                     CUdevice device) {
  return guarded([&](Driver &driver) {
    if (!isDevice(driver, device))
      return CUDA_ERROR_INVALID_DEVICE;
    return attributeOf(value, attribute, driver.settings);
  });
}

SINTER_VGPU_API cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  return guarded([&](Driver &driver) {
    if (!isDevice(driver, device))
      return CUDA_ERROR_INVALID_DEVICE;
    *context = driver.primaries[static_cast<size_t>(device)].get();
    if ((*context)->retained++ == 0)
      (*context)->memory =
          std::make_unique<DeviceMemory>(driver.settings.memoryBytes);
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  return guarded([&](Driver &driver) {
    if (!isDevice(driver, device))
      return CUDA_ERROR_INVALID_DEVICE;
    Context &context = *driver.primaries[static_cast<size_t>(device)];
    if (context.retained == 0)
      return CUDA_ERROR_INVALID_CONTEXT;
    if (--context.retained == 0)
      destroyContents(context);
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuCtxSetCurrent(CUcontext context) {
  return guarded([&](Driver &) {
    std::vector<Context *> &stack = Driver::currentStack();
    if (!stack.empty())
      stack.pop_back();
    if (context)
      stack.push_back(context);
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuCtxGetCurrent(CUcontext *context) {
  return guarded([&](Driver &) {
    *context = Driver::current();
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuCtxPushCurrent_v2(CUcontext context) {
  return guarded([&](Driver &) {
    if (!context)
      return CUDA_ERROR_INVALID_CONTEXT;
    Driver::currentStack().push_back(context);
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuCtxPopCurrent_v2(CUcontext *context) {
  return guarded([&](Driver &) {
    std::vector<Context *> &stack = Driver::currentStack();
    if (stack.empty())
      return CUDA_ERROR_INVALID_CONTEXT;
    if (context)
      *context = stack.back();
    stack.pop_back();
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuCtxGetDevice(CUdevice *device) {
  return inContext([&](Driver &, Context &context) {
    *device = context.device;
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuCtxSynchronize() {
  return inContext([&](Driver &driver, Context &context) {
    return driver.finishAll(context);
  });
}

/// Finds a function by the name without its version: the newest of ours.
SINTER_VGPU_API cuGetProcAddress_v2(const char *symbol, void **function, int,
                                    uint64_t, int *status) {
  *function = nullptr;
  Dl_info self;
  if (dladdr(reinterpret_cast<void *>(cuGetErrorName), &self))
    if (void *library = dlopen(self.dli_fname, RTLD_NOLOAD | RTLD_NOW)) {
      for (const char *suffix : {"_v2", ""})
        if (!*function)
          *function = dlsym(library, (std::string(symbol) + suffix).c_str());
      dlclose(library);
    }
  if (status)
    *status = *function ? 0 : 1;
  return *function ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

SINTER_VGPU_API cuGetProcAddress(const char *symbol, void **function,
                                 int version, uint64_t flags) {
  return cuGetProcAddress_v2(symbol, function, version, flags, nullptr);
}
