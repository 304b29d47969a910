/*===- pool.c - threads that wait for slots -------------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A job is published by setting `unclaimed` to its number of slots; whoever
 * lowers the number by one owns a slot, and the job's fields do not change
 * until all owners have raised `completed`. Waiting is spinning for a moment
 * (the next launch of a schedule is microseconds away), then sleeping on a
 * futex.
 */
#define _GNU_SOURCE /* syscall */
#include "core/pool.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* About a tenth of a millisecond: longer than most gaps between launches. */
enum { SPINS = 3000 };

struct sinter_pool {
  _Alignas(64) atomic_uint unclaimed;
  _Alignas(64) atomic_uint completed; /* futex of the caller */
  atomic_uint caller_sleeps;
  _Alignas(64) atomic_uint generation; /* futex of the workers */
  atomic_uint sleepers, stopped;

  /* The job. */
  void (*task)(void *argument, size_t slot);
  void *argument;
  unsigned slots;

  size_t worker_count;
  pthread_t workers[];
};

static void futex_wait(atomic_uint *word, unsigned value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(atomic_uint *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

/* Does slots of the current job until none is left to claim. */
static void work(sinter_pool_t *pool) {
  unsigned left = atomic_load_explicit(&pool->unclaimed, memory_order_relaxed);
  while (left) {
    if (!atomic_compare_exchange_weak_explicit(&pool->unclaimed, &left,
                                               left - 1, memory_order_acq_rel,
                                               memory_order_relaxed))
      continue;
    unsigned slots =
        pool->slots; /* the job may change once this slot completes */
    pool->task(pool->argument, left - 1);
    if (atomic_fetch_add(&pool->completed, 1) + 1 == slots &&
        atomic_load(&pool->caller_sleeps))
      futex_wake(&pool->completed, 1);
    left = atomic_load_explicit(&pool->unclaimed, memory_order_relaxed);
  }
}

/* Spins until there is a slot to claim; 0 if none came. */
static int spin_for_job(sinter_pool_t *pool) {
  for (int i = 0; i < SPINS; ++i) {
    if (atomic_load_explicit(&pool->unclaimed, memory_order_relaxed) ||
        atomic_load_explicit(&pool->stopped, memory_order_relaxed))
      return 1;
    __builtin_ia32_pause();
  }
  return 0;
}

static void *run_worker(void *argument) {
  sinter_pool_t *pool = argument;
  while (!atomic_load(&pool->stopped)) {
    work(pool);
    if (spin_for_job(pool))
      continue;
    /* A job published after this load changes the generation: no sleep then. */
    unsigned generation = atomic_load(&pool->generation);
    if (atomic_load(&pool->unclaimed) || atomic_load(&pool->stopped))
      continue;
    atomic_fetch_add(&pool->sleepers, 1);
    futex_wait(&pool->generation, generation);
    atomic_fetch_sub(&pool->sleepers, 1);
  }
  return NULL;
}

/* Tells the workers that something has changed. */
static void announce(sinter_pool_t *pool, int count) {
  atomic_fetch_add(&pool->generation, 1);
  if (atomic_load(&pool->sleepers))
    futex_wake(&pool->generation, count);
}

sinter_pool_t *sinter_pool_create(size_t threads) {
  size_t workers = threads - 1;
  size_t bytes = sizeof(sinter_pool_t) + workers * sizeof(pthread_t);
  bytes = (bytes + 63) & ~(size_t)63;
  sinter_pool_t *pool = aligned_alloc(64, bytes);
  if (!pool)
    return NULL;
  memset(pool, 0, bytes);
  /* Signals are for the threads of the application. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = 0;
  for (size_t i = 0; i < workers && !failed; ++i) {
    failed = pthread_create(&pool->workers[i], NULL, run_worker, pool);
    pool->worker_count += !failed;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!failed)
    return pool;
  sinter_pool_destroy(pool);
  return NULL;
}

void sinter_pool_destroy(sinter_pool_t *pool) {
  if (!pool)
    return;
  atomic_store(&pool->stopped, 1);
  announce(pool, INT_MAX);
  for (size_t i = 0; i < pool->worker_count; ++i)
    pthread_join(pool->workers[i], NULL);
  free(pool);
}

/* Waits until all slots of the job have been done. */
static void wait_for_slots(sinter_pool_t *pool, unsigned slots) {
  for (int i = 0; i < SPINS; ++i) {
    if (atomic_load_explicit(&pool->completed, memory_order_acquire) == slots)
      return;
    __builtin_ia32_pause();
  }
  atomic_store(&pool->caller_sleeps, 1);
  for (;;) {
    unsigned completed = atomic_load(&pool->completed);
    if (completed == slots)
      break;
    futex_wait(&pool->completed, completed);
  }
  atomic_store(&pool->caller_sleeps, 0);
}

void sinter_pool_run(sinter_pool_t *pool, size_t slots,
                     void (*task)(void *argument, size_t slot),
                     void *argument) {
  if (!slots)
    return;
  pool->task = task;
  pool->argument = argument;
  pool->slots = (unsigned)slots;
  atomic_store_explicit(&pool->completed, 0, memory_order_relaxed);
  atomic_store(&pool->unclaimed, (unsigned)slots);
  announce(pool, (int)slots - 1);
  work(pool);
  wait_for_slots(pool, (unsigned)slots);
}
