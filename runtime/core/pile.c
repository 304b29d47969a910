/*===- pile.c - many small allocations, freed together --------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "core/pile.h"

#include <stdint.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 64 * 1024 };

struct sinter_pile_block {
  struct sinter_pile_block *previous;
  size_t used, capacity; /* of `data` */
  _Alignas(16) unsigned char data[];
};

void *sinter_pile_allocate(sinter_pile_t *pile, size_t count, size_t bytes) {
  size_t wanted;
  if (__builtin_mul_overflow(count, bytes, &wanted) || wanted > PTRDIFF_MAX / 2)
    return NULL;
  wanted = (wanted + 16) & ~(size_t)15; /* never 0 bytes */
  struct sinter_pile_block *block = pile->last;
  if (!block || block->capacity - block->used < wanted) {
    size_t capacity = wanted > BLOCK_BYTES ? wanted : BLOCK_BYTES;
    block = calloc(1, sizeof *block + capacity);
    if (!block)
      return NULL;
    block->capacity = capacity;
    block->previous = pile->last;
    pile->last = block;
  }
  void *result = block->data + block->used;
  block->used += wanted;
  return result;
}

void sinter_pile_free(sinter_pile_t *pile) {
  while (pile->last) {
    struct sinter_pile_block *previous = pile->last->previous;
    free(pile->last);
    pile->last = previous;
  }
}
