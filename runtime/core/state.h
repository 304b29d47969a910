/*===- state.h - what the opaque handles hold ---------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_RUNTIME_CORE_STATE_H
#define SINTER_RUNTIME_CORE_STATE_H

#include "core/artifact.h"
#include "core/image.h"
#include "core/parallel.h"
#include "sinter/context.h"

#include <pthread.h>
#include <stdatomic.h>

/** An open artifact. Never changes after it is open, except for its owners and
 * the devices that it is on. */
struct sinter_model {
  _Alignas(64) uint8_t no_weights[64]; /* the base where there are none */
  sinter_artifact_t artifact;
  sinter_image_t image;
  const sinter_abi_kernel_fn *kernels; /* of the variant in use */
  const uint8_t *weights;
  const uint8_t *device_code; /* the section, where there is one */
  void *weights_map;          /* both, to unmap; or NULL */
  size_t weights_map_bytes;
  atomic_size_t owners; /* the caller and the contexts */
  pthread_mutex_t devices_lock;
  struct sinter_cuda_device *devices; /* on which there are contexts */
};

/** Memory that came from the allocator of a context, kept until it is too
 * small. */
typedef struct sinter_block {
  uint8_t *data;
  size_t bytes;
} sinter_block_t;

/** What a run needs. */
struct sinter_context {
  sinter_model_t *model;
  sinter_allocator_t allocator;
  sinter_parallel_t parallel;
  size_t own_bytes; /* of the block this structure begins */
  sinter_profile_fn profile;
  void *profile_user;
  atomic_int cancelled;

  struct sinter_cuda_context *cuda; /* NULL: on the CPU */

  void *caller_work; /* NULL: `work` is used */
  size_t caller_work_bytes;
  sinter_block_t work;
  uint8_t *arena, *scratch; /* inside the work memory */
  size_t scratch_step;

  int is_prepared;
  int64_t *dims, *sizes;         /* as prepared */
  int64_t *new_dims, *new_sizes; /* while preparing */
  int64_t **output_dims;         /* fixed addresses: callers see them */
  size_t *output_bytes;
  sinter_block_t *output_blocks; /* outputs that the context owns */
  void **input_pointers, **output_pointers;

  sinter_block_t *grown;        /* memory that grows, by slot */
  sinter_block_t grown_scratch; /* of kernels that need more than prepared */
  /* While running: outputs whose size is found then, and what went wrong. */
  const sinter_tensor_t *run_outputs;
  sinter_status_t run_status;
  sinter_error_t *run_error;
};

/** Free dimensions and late ones. */
static inline size_t sinter_all_dims(const sinter_manifest_t *manifest) {
  return manifest->free_dim_count + manifest->late_dim_count;
}

/** Sizes at given free dimensions (`dims`; late ones, after them, are 0), with
 * all their checks: the requirements, and `sizes` (size_count entries).
 * `requirements` may be NULL. */
sinter_status_t sinter_model_compute_sizes(const sinter_model_t *model,
                                           const int64_t *dims, int32_t threads,
                                           int64_t *sizes,
                                           sinter_requirements_t *requirements,
                                           sinter_error_t *error);

/** More bytes than any machine can address: a formula went wrong. */
#define SINTER_MAX_WORK_BYTES (1ull << 46)

/** Sizes of an output from `dims` and `sizes`. */
void sinter_model_output_dims(const sinter_model_t *model, size_t output,
                              const int64_t *dims, const int64_t *sizes,
                              int64_t *out_dims);

/** Turns a positive result of generated code into an error naming the node. */
sinter_status_t sinter_model_fail_check(const sinter_model_t *model,
                                        int32_t result, const int64_t *dims,
                                        sinter_error_t *error);

/** Says that a device module does not have its hash. */
sinter_status_t sinter_fail_device_module(const sinter_device_module_t *module,
                                          sinter_error_t *error);

/** Shares the model with a context. */
void sinter_model_retain(sinter_model_t *model);

/** Copies what the caller knows of an options structure over `defaults`
 * (`bytes` long, beginning with its size). `least` is the size of its first
 * version. */
sinter_status_t sinter_read_options(const void *options, void *defaults,
                                    size_t bytes, size_t least,
                                    const char *name, sinter_error_t *error);

/** The default allocator of contexts. */
sinter_allocator_t sinter_default_allocator(void);

#endif /* SINTER_RUNTIME_CORE_STATE_H */
