/*===- sinter/model.h - an artifact that is open ------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A model never changes after it is open: any number of threads may use it.
 * What the queries return belongs to the model and is valid until it is closed.
 */
#ifndef SINTER_MODEL_H
#define SINTER_MODEL_H

#include "sinter/tensor.h"
#include "sinter/value.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sinter_model sinter_model_t;

/** How to open a model. Fill with sinter_open_options_init, then change. */
typedef struct sinter_open_options {
  size_t struct_size;
  const char *isa; /* the variant to use, "x86-64-v3"; NULL = the best one */
  int32_t verify;  /* not 0: check the hashes of all weights too (slow) */
} sinter_open_options_t;

/** Defaults: the best variant; weights are not read while opening. */
SINTER_API void sinter_open_options_init(sinter_open_options_t *options);

/**
 * Opens the artifact at `path`: checks its seal, manifest and code, maps its
 * weights. `options` may be NULL. The file must not be changed while the model
 * is open (replacing it by rename is fine).
 *
 * Fails with IO, BAD_ARTIFACT, BAD_VERSION, UNSUPPORTED_CPU, OUT_OF_MEMORY, or
 * INVALID_ARGUMENT for an isa that the artifact does not have.
 */
SINTER_API sinter_status_t
sinter_model_open(const char *path, const sinter_open_options_t *options,
                  sinter_model_t **out_model, sinter_error_t *error);

/**
 * As sinter_model_open, for an artifact in memory. The memory is 64-byte
 * aligned, stays the caller's, and must be unchanged until the model is closed.
 */
SINTER_API sinter_status_t sinter_model_open_memory(
    const void *data, size_t bytes, const sinter_open_options_t *options,
    sinter_model_t **out_model, sinter_error_t *error);

/** Closes a model (NULL is fine). Contexts of it that still exist keep working:
 * the last one to go takes the model with it. */
SINTER_API void sinter_model_close(sinter_model_t *model);

/**
 * Compares all weights and device code with their hashes (open has checked the
 * rest), on
 * `threads` threads (0 = sinter_cpu_default_threads()). BAD_ARTIFACT names the
 * bytes that differ.
 */
SINTER_API sinter_status_t sinter_model_verify(const sinter_model_t *model,
                                               int32_t threads,
                                               sinter_error_t *error);

/*===- Facts --------------------------------------------------------------===*/

/** The model as a whole. */
typedef struct sinter_model_info {
  const char *name;            /* of the ONNX graph or file; may be "" */
  const char *compiler;        /* "sinter 0.1.0" */
  const char *isa;             /* the variant in use */
  const char *arena_formula;   /* bytes of arena, in terms of free dimensions */
  const char *scratch_formula; /* bytes of scratch a thread */
  const uint8_t *model_hash;   /* BLAKE2b-256 of the model file, or NULL */
  uint64_t artifact_bytes;
  uint64_t code_bytes;
  uint64_t weights_bytes;
  uint32_t node_count; /* nodes of the ONNX graph */
  uint32_t abi_version;
  const char *lock; /* what was measured to compile it, as JSON; or "" */
} sinter_model_info_t;
SINTER_API const sinter_model_info_t *
sinter_model_info(const sinter_model_t *model);

/** One dimension of an input or output. */
typedef struct sinter_dim_info {
  int64_t value;       /* its size if it is fixed, else -1 */
  int32_t free_dim;    /* index of the free dimension that it is, else -1 */
  const char *formula; /* "batch", "floor(h/2)"; "" where fixed */
} sinter_dim_info_t;

/** An input or output. */
typedef struct sinter_value_info {
  const char *name;
  sinter_value_kind_t kind; /* SINTER_VALUE_TENSOR in this version */
  sinter_type_t type;
  int32_t rank;
  const sinter_dim_info_t *dims; /* rank entries */
} sinter_value_info_t;

/** Counts, and item `index`, or NULL when it is not below the count. */
SINTER_API size_t sinter_model_input_count(const sinter_model_t *model);
SINTER_API const sinter_value_info_t *
sinter_model_input(const sinter_model_t *model, size_t index);
SINTER_API size_t sinter_model_output_count(const sinter_model_t *model);
SINTER_API const sinter_value_info_t *
sinter_model_output(const sinter_model_t *model, size_t index);

/** The index of a name. NOT_FOUND lists the valid ones in `expected`. */
SINTER_API sinter_status_t sinter_model_find_input(const sinter_model_t *model,
                                                   const char *name,
                                                   size_t *out_index,
                                                   sinter_error_t *error);
SINTER_API sinter_status_t sinter_model_find_output(const sinter_model_t *model,
                                                    const char *name,
                                                    size_t *out_index,
                                                    sinter_error_t *error);

/** A dimension whose size is known only when the model runs. */
typedef struct sinter_free_dim_info {
  const char *name;
  int64_t min, max; /* both included; max is INT64_MAX without a limit */
  int64_t optimum;  /* what the code was tuned for; 0 = not said */
} sinter_free_dim_info_t;
SINTER_API size_t sinter_model_free_dim_count(const sinter_model_t *model);
SINTER_API const sinter_free_dim_info_t *
sinter_model_free_dim(const sinter_model_t *model, size_t index);
SINTER_API sinter_status_t
sinter_model_find_free_dim(const sinter_model_t *model, const char *name,
                           size_t *out_index, sinter_error_t *error);

/** A kernel of the model. */
typedef struct sinter_kernel_info {
  const char *name;
  const char *kind; /* "contract", "loop", ... */
  size_t node_count;
  const char *const *nodes; /* the ONNX nodes it computes */
} sinter_kernel_info_t;
SINTER_API size_t sinter_model_kernel_count(const sinter_model_t *model);
SINTER_API const sinter_kernel_info_t *
sinter_model_kernel(const sinter_model_t *model, size_t index);

/** A step of a run: one kernel on some buffers. */
typedef struct sinter_launch_info {
  size_t kernel;
  size_t node_count;
  const char *const *nodes;
} sinter_launch_info_t;
SINTER_API size_t sinter_model_launch_count(const sinter_model_t *model);
SINTER_API const sinter_launch_info_t *
sinter_model_launch(const sinter_model_t *model, size_t index);

/** Code for one instruction set; best first. */
typedef struct sinter_variant_info {
  const char *name;
  uint64_t features; /* SINTER_ABI_FEATURE_* bits that it needs */
  int32_t supported; /* 1 if this processor has them */
} sinter_variant_info_t;
SINTER_API size_t sinter_model_variant_count(const sinter_model_t *model);
SINTER_API const sinter_variant_info_t *
sinter_model_variant(const sinter_model_t *model, size_t index);

/** Code for one kind of device, beside the code for the processor. */
typedef struct sinter_device_code_info {
  const char *name; /* "compute_80" for PTX, "sm_90a" for a cubin */
  uint64_t bytes;
  int32_t is_ptx; /* 1: the driver translates it for devices that came later */
} sinter_device_code_info_t;
/** 0 where the model was compiled for the processor only. */
SINTER_API size_t sinter_model_device_code_count(const sinter_model_t *model);
SINTER_API const sinter_device_code_info_t *
sinter_model_device_code(const sinter_model_t *model, size_t index);

/*===- Sizes --------------------------------------------------------------===*/

/** What a run takes at given free dimensions. */
typedef struct sinter_requirements {
  size_t struct_size;
  uint64_t arena_bytes;   /* intermediate results */
  uint64_t scratch_bytes; /* working space of one thread */
  uint64_t work_bytes;    /* arena and scratch of all threads: what
                             sinter_context_options.work must hold */
  uint64_t output_bytes;  /* all outputs */
  int64_t flop;           /* floating point operations of one run */
} sinter_requirements_t;
/** Zeroes and sets struct_size. */
SINTER_API void sinter_requirements_init(sinter_requirements_t *requirements);

/**
 * The requirements at `dims`, one value a free dimension in the model's order,
 * with `threads` threads (0 = sinter_cpu_default_threads()). `out_requirements`
 * has been through its _init. Fails with BAD_DIMENSION, or CHECK_FAILED when
 * the model itself does not allow these sizes.
 */
SINTER_API sinter_status_t sinter_model_requirements(
    const sinter_model_t *model, const int64_t *dims, size_t dim_count,
    int32_t threads, sinter_requirements_t *out_requirements,
    sinter_error_t *error);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_MODEL_H */
