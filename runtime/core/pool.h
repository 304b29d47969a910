/*===- pool.h - threads that wait for slots -----------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_RUNTIME_CORE_POOL_H
#define SINTER_RUNTIME_CORE_POOL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sinter_pool sinter_pool_t;

/** Starts `threads` - 1 threads (the caller of run is the other one); NULL when
 * the system has no more. */
sinter_pool_t *sinter_pool_create(size_t threads);

/** Ends the threads. Not during a run. NULL is fine. */
void sinter_pool_destroy(sinter_pool_t *pool);

/**
 * Calls task(argument, slot) once for each slot below `slots`, on the calling
 * thread and those of the pool, and returns when all calls have. One caller at
 * a time. A thread that does not come in time is not waited for: others take
 * its slots.
 */
void sinter_pool_run(sinter_pool_t *pool, size_t slots,
                     void (*task)(void *argument, size_t slot), void *argument);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_RUNTIME_CORE_POOL_H */
