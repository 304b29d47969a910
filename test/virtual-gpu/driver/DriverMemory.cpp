//===- DriverMemory.cpp - memory and copies -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace sinter::vgpu;
using namespace sinter::vgpu::abi;

namespace {

/// A range of device memory that a call may touch; tells why it may not.
bool isLive(const Context &context, CUdeviceptr address, size_t bytes,
            const char *call) {
  if (bytes == 0 || context.memory->isLive(address, bytes))
    return true;
  std::fprintf(stderr, "virtual GPU: %s: %s\n", call,
               context.memory->describe(address, bytes).c_str());
  return false;
}

bool isPinned(const Context &context, const void *pointer) {
  auto it = context.pinned.upper_bound(static_cast<const char *>(pointer));
  if (it == context.pinned.begin())
    return false;
  --it;
  return static_cast<const char *>(pointer) < it->first + it->second;
}

void toDevice(Context &context, CUdeviceptr to, const void *from,
              size_t bytes) {
  std::memcpy(context.memory->view(to).data, from, bytes);
  context.memory->setShadow(to, bytes, kDefined);
}

/// The host reads results: bytes that nothing has written are none.
CUresult toHost(Driver &driver, Context &context, void *to, CUdeviceptr from,
                size_t bytes) {
  std::memcpy(to, context.memory->view(from).data, bytes);
  uint64_t undefined = context.memory->countUndefined(from, bytes);
  if (undefined == 0)
    return CUDA_SUCCESS;
  const uint8_t *shadow = context.memory->view(from).shadow;
  auto *first =
      static_cast<const uint8_t *>(std::memchr(shadow, kUndefined, bytes));
  return driver.report(
      {FaultKind::Uninitialised,
       std::string(faultName(FaultKind::Uninitialised)) + ": a copy of " +
           std::to_string(bytes) + " bytes to the host reads " +
           std::to_string(undefined) +
           " bytes that nothing has written, the first at offset " +
           std::to_string(first - shadow)});
}

void onDevice(Context &context, CUdeviceptr to, CUdeviceptr from,
              size_t bytes) {
  View target = context.memory->view(to), source = context.memory->view(from);
  std::memmove(target.data, source.data, bytes);
  std::memmove(target.shadow, source.shadow, bytes);
}

template <typename T>
void fill(Context &context, CUdeviceptr to, T value, size_t count) {
  auto *data = context.memory->view(to).data;
  for (size_t i = 0; i < count; ++i)
    std::memcpy(data + i * sizeof(T), &value, sizeof(T));
  context.memory->setShadow(to, count * sizeof(T), kDefined);
}

template <typename T>
CUresult fillLater(CUdeviceptr to, T value, size_t count, CUstream handle) {
  return onStream(handle,
                  [&](Driver &driver, Context &context, Stream &stream) {
                    if (!isLive(context, to, count * sizeof(T), "cuMemset") ||
                        to % sizeof(T) != 0)
                      return CUDA_ERROR_INVALID_VALUE;
                    Context *at = &context;
                    return driver.submit(context, &stream, [=] {
                      fill(*at, to, value, count);
                      return CUDA_SUCCESS;
                    });
                  });
}

/// The same at once, as the legacy stream orders it.
CUresult thenWait(CUresult submitted) {
  return submitted == CUDA_SUCCESS
             ? onStream(nullptr,
                        [](Driver &driver, Context &context, Stream &stream) {
                          return driver.finish(context, stream);
                        })
             : submitted;
}

} // namespace

SINTER_VGPU_API cuMemGetInfo_v2(size_t *free, size_t *total) {
  return inContext([&](Driver &, Context &context) {
    *free = context.memory->capacity() - context.memory->used();
    *total = context.memory->capacity();
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  return inContext([&](Driver &, Context &context) {
    if (bytes == 0)
      return CUDA_ERROR_INVALID_VALUE;
    uint64_t at = context.memory->allocate(bytes);
    if (at == 0)
      return CUDA_ERROR_OUT_OF_MEMORY;
    *address = at;
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuMemFree_v2(CUdeviceptr address) {
  return inContext([&](Driver &driver, Context &context) {
    if (address == 0)
      return CUDA_SUCCESS;
    CUresult result = driver.finishAll(context);
    if (result != CUDA_SUCCESS)
      return result;
    return context.memory->release(address) ? CUDA_SUCCESS
                                            : CUDA_ERROR_INVALID_VALUE;
  });
}

SINTER_VGPU_API cuMemHostAlloc(void **pointer, size_t bytes, unsigned) {
  return inContext([&](Driver &, Context &context) {
    *pointer = std::malloc(bytes ? bytes : 1);
    if (!*pointer)
      return CUDA_ERROR_OUT_OF_MEMORY;
    context.pinned[static_cast<char *>(*pointer)] = bytes;
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuMemAllocHost_v2(void **pointer, size_t bytes) {
  return cuMemHostAlloc(pointer, bytes, 0);
}

SINTER_VGPU_API cuMemFreeHost(void *pointer) {
  return inContext([&](Driver &driver, Context &context) {
    CUresult result = driver.finishAll(context);
    if (!context.pinned.erase(static_cast<char *>(pointer)))
      return CUDA_ERROR_INVALID_VALUE;
    std::free(pointer);
    return result;
  });
}

SINTER_VGPU_API cuMemHostRegister_v2(void *pointer, size_t bytes, unsigned) {
  return inContext([&](Driver &, Context &context) {
    context.pinned[static_cast<char *>(pointer)] = bytes;
    return CUDA_SUCCESS;
  });
}

SINTER_VGPU_API cuMemHostUnregister(void *pointer) {
  return inContext([&](Driver &driver, Context &context) {
    CUresult result = driver.finishAll(context);
    if (!context.pinned.erase(static_cast<char *>(pointer)))
      return CUDA_ERROR_INVALID_VALUE;
    return result;
  });
}

SINTER_VGPU_API cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from,
                                     size_t bytes, CUstream handle) {
  return onStream(
      handle, [&](Driver &driver, Context &context, Stream &stream) {
        if (!isLive(context, to, bytes, "cuMemcpyHtoD"))
          return CUDA_ERROR_INVALID_VALUE;
        Context *at = &context;
        // Pinned memory is read when the copy is done; other memory is taken
        // now, but into a graph the address is taken.
        if (isPinned(context, from) || stream.capture)
          return driver.submit(context, &stream, [=] {
            toDevice(*at, to, from, bytes);
            return CUDA_SUCCESS;
          });
        std::vector<uint8_t> staged(static_cast<const uint8_t *>(from),
                                    static_cast<const uint8_t *>(from) + bytes);
        return driver.submit(context, &stream, [=] {
          toDevice(*at, to, staged.data(), bytes);
          return CUDA_SUCCESS;
        });
      });
}

SINTER_VGPU_API cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes,
                                     CUstream handle) {
  return onStream(
      handle, [&](Driver &driver, Context &context, Stream &stream) {
        if (!isLive(context, from, bytes, "cuMemcpyDtoH"))
          return CUDA_ERROR_INVALID_VALUE;
        Driver *by = &driver;
        Context *at = &context;
        CUresult result = driver.submit(context, &stream, [=] {
          return toHost(*by, *at, to, from, bytes);
        });
        // A copy to memory that is not pinned has ended when the call returns.
        if (result != CUDA_SUCCESS || stream.capture || isPinned(context, to))
          return result;
        return driver.finish(context, stream);
      });
}

SINTER_VGPU_API cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from,
                                     size_t bytes, CUstream handle) {
  return onStream(handle,
                  [&](Driver &driver, Context &context, Stream &stream) {
                    if (!isLive(context, from, bytes, "cuMemcpyDtoD") ||
                        !isLive(context, to, bytes, "cuMemcpyDtoD"))
                      return CUDA_ERROR_INVALID_VALUE;
                    Context *at = &context;
                    return driver.submit(context, &stream, [=] {
                      onDevice(*at, to, from, bytes);
                      return CUDA_SUCCESS;
                    });
                  });
}

SINTER_VGPU_API cuMemcpyHtoD_v2(CUdeviceptr to, const void *from,
                                size_t bytes) {
  return thenWait(cuMemcpyHtoDAsync_v2(to, from, bytes, nullptr));
}
SINTER_VGPU_API cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) {
  return thenWait(cuMemcpyDtoHAsync_v2(to, from, bytes, nullptr));
}
SINTER_VGPU_API cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from,
                                size_t bytes) {
  return thenWait(cuMemcpyDtoDAsync_v2(to, from, bytes, nullptr));
}

SINTER_VGPU_API cuMemsetD8Async(CUdeviceptr to, unsigned char value,
                                size_t count, CUstream stream) {
  return fillLater<uint8_t>(to, value, count, stream);
}
SINTER_VGPU_API cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count,
                                 CUstream stream) {
  return fillLater<uint32_t>(to, value, count, stream);
}
SINTER_VGPU_API cuMemsetD8_v2(CUdeviceptr to, unsigned char value,
                              size_t count) {
  return thenWait(cuMemsetD8Async(to, value, count, nullptr));
}
SINTER_VGPU_API cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count) {
  return thenWait(cuMemsetD32Async(to, value, count, nullptr));
}
