/*===- parallel.c - slots on threads --------------------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "core/parallel.h"
#include "core/error.h"
#include "sinter/cpu.h"

#include <string.h>

enum { MAX_THREADS = 1024 };

sinter_status_t sinter_parallel_begin(int32_t threads,
                                      const sinter_thread_pool_t *pool,
                                      sinter_parallel_t *out_parallel,
                                      sinter_error_t *error) {
  if (threads < 0 || threads > MAX_THREADS) {
    sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                "%d threads are not possible", (int)threads);
    sinter_error_expected(error, "0 (the default) to %d threads", MAX_THREADS);
    sinter_error_found(error, "%d", (int)threads);
    return SINTER_STATUS_INVALID_ARGUMENT;
  }
  sinter_parallel_t parallel;
  memset(&parallel, 0, sizeof parallel);
  parallel.threads = threads ? threads : sinter_cpu_default_threads();
  if (pool) {
    if (!pool->parallel)
      return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                         "the thread pool has no 'parallel' function");
    parallel.caller = *pool;
  } else if (parallel.threads > 1) {
    parallel.own = sinter_pool_create((size_t)parallel.threads);
    if (!parallel.own)
      return sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                         "cannot start %d threads", (int)parallel.threads);
  }
  *out_parallel = parallel;
  return SINTER_STATUS_OK;
}

void sinter_parallel_end(sinter_parallel_t *parallel) {
  sinter_pool_destroy(parallel->own);
  memset(parallel, 0, sizeof *parallel);
}

void sinter_parallel_run(const sinter_parallel_t *parallel, size_t slots,
                         void (*task)(void *argument, size_t slot),
                         void *argument) {
  if (slots > 1 && parallel->caller.parallel) {
    parallel->caller.parallel(parallel->caller.user, slots, task, argument);
  } else if (slots > 1 && parallel->own) {
    sinter_pool_run(parallel->own, slots, task, argument);
  } else {
    for (size_t slot = 0; slot < slots; ++slot)
      task(argument, slot);
  }
}
