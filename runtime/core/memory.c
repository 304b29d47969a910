/*===- memory.c - the default allocator -----------------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Large blocks come straight from the system, on huge pages where it has them:
 * arenas are read and written from end to end in every run.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MADV_HUGEPAGE */
#include "core/format.h"
#include "core/state.h"

#include <stdlib.h>
#include <sys/mman.h>

#define MAP_THRESHOLD (4ull << 20)
#define HUGE_PAGE_BYTES (2ull << 20)

static void *allocate(void *user, size_t bytes, size_t alignment) {
  (void)user;
  if (bytes > PTRDIFF_MAX - HUGE_PAGE_BYTES)
    return NULL;
  if (bytes < MAP_THRESHOLD)
    return aligned_alloc(alignment, sinter_align_up(bytes, alignment));
  /* Mapped with room to begin at a huge page; the edges go back at once. */
  size_t wanted = sinter_align_up(bytes, 4096);
  uint8_t *map = mmap(NULL, wanted + HUGE_PAGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED)
    return NULL;
  size_t before =
      sinter_align_up((uintptr_t)map, HUGE_PAGE_BYTES) - (uintptr_t)map;
  if (before)
    munmap(map, before);
  if (before < HUGE_PAGE_BYTES)
    munmap(map + before + wanted, HUGE_PAGE_BYTES - before);
  (void)!madvise(map + before, wanted, MADV_HUGEPAGE);
  return map + before;
}

static void release(void *user, void *memory, size_t bytes) {
  (void)user;
  if (bytes < MAP_THRESHOLD)
    free(memory);
  else
    munmap(memory, sinter_align_up(bytes, 4096));
}

sinter_allocator_t sinter_default_allocator(void) {
  return (sinter_allocator_t){NULL, allocate, release};
}
