/*===- device.h - a model on a GPU: code and weights --------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_RUNTIME_CUDA_DEVICE_H
#define SINTER_RUNTIME_CUDA_DEVICE_H

#include "core/state.h"
#include "cuda/driver.h"

/** A kernel that is loaded. */
typedef struct sinter_cuda_kernel {
  void *function;
  uint64_t max_shared; /* bytes of dynamic shared memory that it may have */
} sinter_cuda_kernel_t;

/** What the contexts of one model on one device share. Never changes after it
 * is made; belongs to the model. */
typedef struct sinter_cuda_device {
  struct sinter_cuda_device *next;
  sinter_cuda_driver_t driver;
  int ordinal, handle; /* number and CUdevice */
  int major, minor;    /* compute capability */
  int max_grid[3], max_shared;
  char name[128], title[192]; /* "NVIDIA H100"; with the code in use */
  void *primary;              /* CUcontext */
  void *module;
  sinter_cuda_kernel_t *kernels;
  sinter_cuda_address_t weights;
} sinter_cuda_device_t;

/**
 * The model on device `ordinal`: opens the driver and loads code and weights if
 * no context has done so before. From any thread. Fails with
 * UNSUPPORTED_DEVICE, DEVICE_FAILED, OUT_OF_MEMORY or BAD_ARTIFACT.
 */
sinter_status_t sinter_cuda_device_acquire(sinter_model_t *model,
                                           int32_t ordinal,
                                           sinter_cuda_device_t **out_device,
                                           sinter_error_t *error);

/** Frees all that a model has on devices. */
void sinter_cuda_devices_free(sinter_model_t *model);

/** Makes the device's context that of the calling thread until `leave`. */
sinter_status_t sinter_cuda_enter(const sinter_cuda_device_t *device,
                                  sinter_error_t *error);
void sinter_cuda_leave(const sinter_cuda_device_t *device);

/** Device memory, at a multiple of 256; 0 bytes are fine. Where there is too
 * little, OUT_OF_MEMORY with what is needed for `purpose` and what is free.
 * Between enter and leave. */
sinter_status_t sinter_cuda_allocate(const sinter_cuda_device_t *device,
                                     uint64_t bytes, const char *purpose,
                                     sinter_cuda_address_t *out_address,
                                     sinter_error_t *error);

#endif /* SINTER_RUNTIME_CUDA_DEVICE_H */
