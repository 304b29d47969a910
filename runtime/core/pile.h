/*===- pile.h - many small allocations, freed together ------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_RUNTIME_CORE_PILE_H
#define SINTER_RUNTIME_CORE_PILE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** All zero is an empty pile. */
typedef struct sinter_pile {
  struct sinter_pile_block *last;
} sinter_pile_t;

/** `count` zeroed elements of `bytes` bytes, 16-byte aligned; NULL when there
 * is no memory. */
void *sinter_pile_allocate(sinter_pile_t *pile, size_t count, size_t bytes);
void sinter_pile_free(sinter_pile_t *pile);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_RUNTIME_CORE_PILE_H */
