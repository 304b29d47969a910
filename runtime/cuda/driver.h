/*===- driver.h - the driver of NVIDIA GPUs -----------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The part of the CUDA driver interface that the runtime uses, declared here so
 * that nothing of CUDA is needed to build. Signatures and numbers are those of
 * the CUDA Driver API reference, version 11.0 and later; the driver keeps them
 * by symbol name (hence the _v2).
 */
#ifndef SINTER_RUNTIME_CUDA_DRIVER_H
#define SINTER_RUNTIME_CUDA_DRIVER_H

#include "sinter/status.h"

/** CUdeviceptr: an address in the memory of a device. */
typedef uint64_t sinter_cuda_address_t;

/** CUresult values that are told apart. */
enum {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_NO_DEVICE = 100,
  CUDA_ERROR_INVALID_IMAGE = 200,
  CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
  CUDA_ERROR_INVALID_PTX = 218,
  CUDA_ERROR_UNSUPPORTED_PTX_VERSION = 222
};

/** CUdevice_attribute. */
enum {
  CUDA_MAX_GRID_X = 5,
  CUDA_MAX_GRID_Y = 6,
  CUDA_MAX_GRID_Z = 7,
  CUDA_CAPABILITY_MAJOR = 75,
  CUDA_CAPABILITY_MINOR = 76,
  CUDA_MAX_SHARED_BYTES = 97 /* of a block that opts in */
};

enum {
  CUDA_JIT_ERROR_LOG = 5, /* CUjit_option */
  CUDA_JIT_ERROR_LOG_BYTES = 6,
  CUDA_FUNCTION_STATIC_SHARED_BYTES = 1, /* CUfunction_attribute */
  CUDA_FUNCTION_MAX_DYNAMIC_SHARED_BYTES = 8,
  CUDA_STREAM_NON_BLOCKING = 1,
  CUDA_STREAM_CAPTURE_THREAD_LOCAL = 1
};

/**
 * name, symbol, parameters of every function; each returns a CUresult. Handles
 * (CUcontext, CUmodule, CUfunction, CUstream, CUevent, CUgraph, CUgraphExec)
 * are void *.
 */
#define SINTER_CUDA_FUNCTIONS(F)                                               \
  F(init, "cuInit", (unsigned flags))                                          \
  F(get_error_name, "cuGetErrorName", (int result, const char **text))         \
  F(get_error_text, "cuGetErrorString", (int result, const char **text))       \
  F(get_version, "cuDriverGetVersion", (int *version))                         \
  F(get_device_count, "cuDeviceGetCount", (int *count))                        \
  F(get_device, "cuDeviceGet", (int *device, int ordinal))                     \
  F(get_device_name, "cuDeviceGetName", (char *name, int bytes, int device))   \
  F(get_device_attribute, "cuDeviceGetAttribute",                              \
    (int *value, int attribute, int device))                                   \
  F(retain_primary, "cuDevicePrimaryCtxRetain", (void **context, int device))  \
  F(release_primary, "cuDevicePrimaryCtxRelease_v2", (int device))             \
  F(push_context, "cuCtxPushCurrent_v2", (void *context))                      \
  F(pop_context, "cuCtxPopCurrent_v2", (void **context))                       \
  F(load_module, "cuModuleLoadDataEx",                                         \
    (void **module, const void *image, unsigned count, int *options,           \
     void **values))                                                           \
  F(unload_module, "cuModuleUnload", (void *module))                           \
  F(get_function, "cuModuleGetFunction",                                       \
    (void **function, void *module, const char *name))                         \
  F(get_function_attribute, "cuFuncGetAttribute",                              \
    (int *value, int attribute, void *function))                               \
  F(set_function_attribute, "cuFuncSetAttribute",                              \
    (void *function, int attribute, int value))                                \
  F(get_memory, "cuMemGetInfo_v2", (size_t *free, size_t *total))              \
  F(allocate, "cuMemAlloc_v2",                                                 \
    (sinter_cuda_address_t * address, size_t bytes))                           \
  F(release, "cuMemFree_v2", (sinter_cuda_address_t address))                  \
  F(copy_to_device, "cuMemcpyHtoDAsync_v2",                                    \
    (sinter_cuda_address_t to, const void *from, size_t bytes, void *stream))  \
  F(copy_to_host, "cuMemcpyDtoHAsync_v2",                                      \
    (void *to, sinter_cuda_address_t from, size_t bytes, void *stream))        \
  F(copy, "cuMemcpyDtoDAsync_v2",                                              \
    (sinter_cuda_address_t to, sinter_cuda_address_t from, size_t bytes,       \
     void *stream))                                                            \
  F(fill, "cuMemsetD32Async",                                                  \
    (sinter_cuda_address_t to, unsigned value, size_t count, void *stream))    \
  F(create_stream, "cuStreamCreate", (void **stream, unsigned flags))          \
  F(destroy_stream, "cuStreamDestroy_v2", (void *stream))                      \
  F(synchronize, "cuStreamSynchronize", (void *stream))                        \
  F(create_event, "cuEventCreate", (void **event, unsigned flags))             \
  F(destroy_event, "cuEventDestroy_v2", (void *event))                         \
  F(record_event, "cuEventRecord", (void *event, void *stream))                \
  F(wait_for_event, "cuEventSynchronize", (void *event))                       \
  F(get_elapsed, "cuEventElapsedTime",                                         \
    (float *milliseconds, void *begin, void *end))                             \
  F(launch, "cuLaunchKernel",                                                  \
    (void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,        \
     unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,    \
     void *stream, void **parameters, void **extra))

/** For graphs: all there, or none is used. */
#define SINTER_CUDA_GRAPH_FUNCTIONS(F)                                         \
  F(begin_capture, "cuStreamBeginCapture_v2", (void *stream, int mode))        \
  F(end_capture, "cuStreamEndCapture", (void *stream, void **graph))           \
  F(instantiate, "cuGraphInstantiateWithFlags",                                \
    (void **executable, void *graph, unsigned long long flags))                \
  F(launch_graph, "cuGraphLaunch", (void *executable, void *stream))           \
  F(destroy_executable, "cuGraphExecDestroy", (void *executable))              \
  F(destroy_graph, "cuGraphDestroy", (void *graph))

/** The functions of an open driver. All zero is one that is closed. */
typedef struct sinter_cuda_driver {
  void *library;
  int has_graphs;
#define SINTER_CUDA_DECLARE(name, symbol, parameters) int(*name) parameters;
  SINTER_CUDA_FUNCTIONS(SINTER_CUDA_DECLARE)
  SINTER_CUDA_GRAPH_FUNCTIONS(SINTER_CUDA_DECLARE)
#undef SINTER_CUDA_DECLARE
} sinter_cuda_driver_t;

/** Opens libcuda.so.1 and starts it. Fails with UNSUPPORTED_DEVICE, saying why:
 * no driver, one that is too old, or one that finds no device. */
sinter_status_t sinter_cuda_driver_open(sinter_cuda_driver_t *out_driver,
                                        sinter_error_t *error);
void sinter_cuda_driver_close(sinter_cuda_driver_t *driver);

/** "CUDA_ERROR_OUT_OF_MEMORY: out of memory", in `text`. Returns `text`. */
const char *sinter_cuda_describe(const sinter_cuda_driver_t *driver, int result,
                                 char *text, size_t bytes);

/** Says that `what` failed with `result`, a CUresult that is not 0. */
sinter_status_t sinter_cuda_fail(const sinter_cuda_driver_t *driver, int result,
                                 const char *what, sinter_error_t *error);

#endif /* SINTER_RUNTIME_CUDA_DRIVER_H */
