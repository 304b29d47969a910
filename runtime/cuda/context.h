/*===- context.h - running a model on a GPU -----------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The schedule of the artifact runs on the CPU with addresses of the device
 * (docs/abi.md, section 7); its launches go into one stream.
 */
#ifndef SINTER_RUNTIME_CUDA_CONTEXT_H
#define SINTER_RUNTIME_CUDA_CONTEXT_H

#include "cuda/device.h"

/** A launch at the sizes prepared for. */
typedef struct sinter_cuda_shape {
  unsigned grid[3], shared;
  uint64_t scratch;
} sinter_cuda_shape_t;

/** Device memory that is kept until it is too small. */
typedef struct sinter_cuda_block {
  sinter_cuda_address_t address;
  uint64_t bytes;
} sinter_cuda_block_t;

/** A tensor of a run. */
typedef struct sinter_cuda_value {
  sinter_cuda_address_t place; /* its own in the memory of the context */
  uint64_t bytes;
  void *data; /* of the caller or the context */
  int is_on_device;
} sinter_cuda_value_t;

/** What a context has on a device, beside what it has on the CPU. */
typedef struct sinter_cuda_context {
  const sinter_cuda_device_t *device;
  void *stream, *begin, *end; /* CUevent: of a launch that is timed */
  sinter_cuda_block_t memory;
  sinter_cuda_address_t scratch, status;
  sinter_cuda_shape_t *shapes, *new_shapes; /* one a kernel */
  sinter_cuda_value_t *inputs, *outputs;
  sinter_cuda_block_t *output_blocks; /* outputs that the context owns */
  void **input_addresses, **output_addresses;
  /* Launches of the last run, as one (CUgraphExec), or NULL; what they depend
     on: the number of prepares, addresses of inputs and outputs. */
  void *graph;
  int graphs_fail;
  uint64_t serial, seen_serial;
  void **seen_addresses;
  void **parameters;      /* of a launch */
  uint32_t *status_words; /* one a launch, read back */
  /* What is found while running: memory by slot, scratch of launches that need
     more than prepared, places of outputs; sizes, and the dimensions that they
     are for. */
  sinter_cuda_block_t *grown, grown_scratch, *late_places;
  uint64_t scratch_bytes; /* as prepared */
  int64_t *late_sizes, *late_dims;
  int knows_late;       /* these are filled */
  int reports;          /* a kernel has checks */
  int failure;          /* CUresult of the launch or copy that failed */
  size_t failed_launch; /* its number, or launch_count for a copy */
} sinter_cuda_context_t;

/** Opens the device `ordinal` for the context. On failure nothing is left. */
sinter_status_t sinter_cuda_context_create(sinter_context_t *context,
                                           int32_t ordinal,
                                           sinter_error_t *error);
/** Frees what it has on the device; NULL is fine. */
void sinter_cuda_context_destroy(sinter_context_t *context);

/** Checks the launches and provides device memory for new_dims and new_sizes.
 * Where memory is short, is_prepared becomes 0. */
sinter_status_t sinter_cuda_prepare(sinter_context_t *context,
                                    const sinter_requirements_t *needed,
                                    sinter_error_t *error);

/** Computes the launch of kernel `kernel` from `sizes` and compares it with the
 * device. */
sinter_status_t sinter_cuda_compute_shape(const sinter_manifest_t *manifest,
                                          const sinter_cuda_context_t *cuda,
                                          size_t kernel, const int64_t *sizes,
                                          sinter_cuda_shape_t *out_shape,
                                          sinter_error_t *error);

/** Makes a block at least `bytes` long; its contents are lost when it grows. */
sinter_status_t sinter_cuda_resize(const sinter_cuda_context_t *cuda,
                                   sinter_cuda_block_t *block, uint64_t bytes,
                                   sinter_error_t *error);

/** Notes where input `index` is. */
void sinter_cuda_set_input(sinter_context_t *context, size_t index,
                           const sinter_tensor_t *tensor);

/** Notes that output `index` goes to `data`, on the CPU or on the device. */
void sinter_cuda_set_output(sinter_context_t *context, size_t index, void *data,
                            int is_on_device);
/** Gives output `index` device memory of the context. */
sinter_status_t sinter_cuda_provide_output(sinter_context_t *context,
                                           size_t index, void **out_data,
                                           sinter_error_t *error);

/** Finds the place of output `index`, `bytes` long, whose size a run has just
 * found: `begin_placing` before the output is set, `end_placing` after. */
void sinter_cuda_begin_placing(sinter_context_t *context, size_t index,
                               uint64_t bytes);
sinter_status_t sinter_cuda_end_placing(sinter_context_t *context, size_t index,
                                        sinter_error_t *error);

/** Whether `data` is the device memory that the context gave output `index`. */
int sinter_cuda_owns_output(const sinter_context_t *context, size_t index,
                            const void *data);

/**
 * Runs the schedule on the inputs and outputs that were set, and waits. Where
 * the device did what it was told, *out_result is what the schedule returns
 * (sinter_abi_run_fn). Else fails with DEVICE_FAILED.
 */
sinter_status_t sinter_cuda_run(sinter_context_t *context, int32_t *out_result,
                                sinter_error_t *error);

#endif /* SINTER_RUNTIME_CUDA_CONTEXT_H */
