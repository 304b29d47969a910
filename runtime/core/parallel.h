/*===- parallel.h - slots on threads ------------------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_RUNTIME_CORE_PARALLEL_H
#define SINTER_RUNTIME_CORE_PARALLEL_H

#include "core/pool.h"
#include "sinter/context.h"

/** The threads of a context: its own, the caller's, or the calling thread
 * alone. */
typedef struct sinter_parallel {
  int32_t threads;
  sinter_pool_t *own;
  sinter_thread_pool_t caller; /* parallel == NULL: not used */
} sinter_parallel_t;

/** `threads` 0: the default; `pool` may be NULL. Fails with INVALID_ARGUMENT or
 * OUT_OF_MEMORY. */
sinter_status_t sinter_parallel_begin(int32_t threads,
                                      const sinter_thread_pool_t *pool,
                                      sinter_parallel_t *out_parallel,
                                      sinter_error_t *error);
void sinter_parallel_end(sinter_parallel_t *parallel);

/** Calls task(argument, slot) for each slot below `slots` and waits for all. */
void sinter_parallel_run(const sinter_parallel_t *parallel, size_t slots,
                         void (*task)(void *argument, size_t slot),
                         void *argument);

#endif /* SINTER_RUNTIME_CORE_PARALLEL_H */
