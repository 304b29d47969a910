/*===- sinter/context.h - running a model -------------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A context holds what one run needs: memory, threads, sizes. Use it from one
 * thread at a time; several contexts of one model may run at the same time.
 */
#ifndef SINTER_CONTEXT_H
#define SINTER_CONTEXT_H

#include "sinter/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sinter_context sinter_context_t;

/** Where a context gets memory: 64-byte aligned, `bytes` > 0; NULL when there
 * is none. */
typedef struct sinter_allocator {
  void *user;
  void *(*allocate)(void *user, size_t bytes, size_t alignment);
  void (*release)(void *user, void *memory, size_t bytes);
} sinter_allocator_t;

/**
 * The caller's threads. `parallel` calls task(argument, slot) once for every
 * slot in [0, slots), in any order, on any threads, at the same time or not,
 * and returns when all have returned.
 */
typedef struct sinter_thread_pool {
  void *user;
  void (*parallel)(void *user, size_t slots,
                   void (*task)(void *argument, size_t slot), void *argument);
} sinter_thread_pool_t;

/** Called on the thread that runs, after each launch of the schedule. On a
 * device, each launch then waits for the one before it. */
typedef void (*sinter_profile_fn)(void *user, size_t launch,
                                  uint64_t nanoseconds);

/** How to make a context: fill with its _init, then change. */
typedef struct sinter_context_options {
  size_t struct_size;
  int32_t threads; /* 0 = sinter_cpu_default_threads(); 1 = the caller's */
  /* Memory for arena and scratch: 64-byte aligned, the caller's until the
     context is destroyed. NULL: from the allocator. Its need:
     sinter_model_requirements. */
  void *work;
  size_t work_bytes;
  const sinter_allocator_t *allocator; /* NULL: the C library; copied */
  const sinter_thread_pool_t *pool;    /* NULL: threads of its own; copied */
  sinter_profile_fn profile;           /* NULL: launches are not timed */
  void *profile_user;
  /* Where the model runs. All zero: the CPU; {SINTER_DEVICE_CUDA,
     N}: GPU number N, for an artifact with code for it. Threads, work memory,
     allocator and pool are for the CPU: `work` must then be NULL. */
  sinter_device_t device;
} sinter_context_options_t;

/** Defaults: all NULL and 0. */
SINTER_API void sinter_context_options_init(sinter_context_options_t *options);

/**
 * Makes a context. `options` may be NULL. Where every free dimension has a
 * maximum, memory for that maximum is reserved here, so that no later run
 * allocates (on the CPU; on a device, prepare does it).
 *
 * The first context on a device opens its driver and loads code and weights;
 * the model keeps them until it is gone.
 *
 * Fails with INVALID_ARGUMENT or OUT_OF_MEMORY; on a device also with
 * UNSUPPORTED_DEVICE, DEVICE_FAILED, or BAD_ARTIFACT.
 */
SINTER_API sinter_status_t sinter_context_create(
    sinter_model_t *model, const sinter_context_options_t *options,
    sinter_context_t **out_context, sinter_error_t *error);

/** Destroys a context (NULL is fine), and the outputs that it owns. Not during
 * a run. */
SINTER_API void sinter_context_destroy(sinter_context_t *context);

/**
 * Sets the free dimensions, one value each in the model's order: sizes are
 * computed and memory is made ready. A run whose inputs have other sizes does
 * this itself; doing it ahead keeps allocation out of the run. Fails with
 * BAD_DIMENSION, CHECK_FAILED or BUFFER_TOO_SMALL (caller's work memory), and
 * the context keeps what it was prepared for; or with OUT_OF_MEMORY, and it is
 * as before its first prepare.
 */
SINTER_API sinter_status_t sinter_context_prepare(sinter_context_t *context,
                                                  const int64_t *dims,
                                                  size_t dim_count,
                                                  sinter_error_t *error);

/**
 * Runs the model: one tensor an input and one an output, in the model's order.
 *
 * Inputs are contiguous, of the model's type, rank and fixed sizes; other sizes
 * set the free dimensions. They are read only, and must not overlap outputs.
 *
 * Tensors are on the CPU or, where the context has a device, on that: then they
 * are used where they are, and what is in them must be complete: a run does not
 * wait for other streams. The memory of an output with data == NULL is made
 * where `device` says, on the CPU if that is zero.
 *
 * Outputs: with data == NULL the context provides the memory, valid until its
 * next run, prepare or destruction. Else it is the caller's: `bytes` long, or
 * where `bytes` is 0, as long as `dims` says. `type` may be UNDEFINED and
 * `dims` NULL: whatever it is. Otherwise they must be right. After the run,
 * data, type, rank and dims are filled in; dims belongs to the context. A
 * tensor filled so may be passed again as it is, and still belongs to the
 * context.
 *
 * Nothing is allocated, except when free dimensions change, a NULL output
 * needs more memory than before, or data asks for larger values than before.
 *
 * Fails with BAD_TENSOR (`expected` and `found` say what), BAD_DIMENSION,
 * BUFFER_TOO_SMALL (with the bytes needed), CHECK_FAILED (naming the ONNX
 * node), CANCELLED, OUT_OF_MEMORY, DEVICE_FAILED. The contents of outputs are
 * then undefined, the tensors themselves unchanged.
 */
SINTER_API sinter_status_t sinter_context_run(sinter_context_t *context,
                                              const sinter_tensor_t *inputs,
                                              size_t input_count,
                                              sinter_tensor_t *outputs,
                                              size_t output_count,
                                              sinter_error_t *error);

/**
 * Stops the run in progress after its current launch, or else the next run
 * before it starts: that run returns CANCELLED. On a device a run that repeats
 * the one before it counts as one launch. The only call that may be made
 * from another thread while the context runs.
 */
SINTER_API void sinter_context_cancel(sinter_context_t *context);

/** The model of a context. */
SINTER_API const sinter_model_t *
sinter_context_model(const sinter_context_t *context);
/** The device it runs on; the kind is never 0. */
SINTER_API sinter_device_t
sinter_context_device(const sinter_context_t *context);
/** What that is: the instruction set of the CPU ("x86-64-v4"), or device and
 * code ("NVIDIA H100, sm_90a"). */
SINTER_API const char *
sinter_context_device_name(const sinter_context_t *context);
/** Threads that it uses. */
SINTER_API int32_t sinter_context_threads(const sinter_context_t *context);

/** Requirements at the free dimensions of the last prepare (or run). Fails with
 * INVALID_ARGUMENT before the first one. */
SINTER_API sinter_status_t sinter_context_requirements(
    const sinter_context_t *context, sinter_requirements_t *out_requirements,
    sinter_error_t *error);

/**
 * Type, rank, dims and bytes of output `index` at the free dimensions of the
 * last prepare (or run), with data NULL: what a caller needs to allocate it.
 * Sizes that data decides are -1, and bytes is 0, until a run has found them.
 * Fails with INVALID_ARGUMENT before the first one.
 */
SINTER_API sinter_status_t
sinter_context_output(const sinter_context_t *context, size_t index,
                      sinter_tensor_t *out_tensor, sinter_error_t *error);

/** Changes the profile callback; NULL stops it. Not during a run. */
SINTER_API void sinter_context_set_profile(sinter_context_t *context,
                                           sinter_profile_fn profile,
                                           void *user);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_CONTEXT_H */
