/*===- algorithm.h - how kernels call an algorithm -----------------*- C
 * -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
/*
 * The C interface of the functions in this folder. README.md says how they are
 * built and what they may use.
 */
#ifndef SINTER_SUPPORT_ALGORITHM_H
#define SINTER_SUPPORT_ALGORITHM_H

#include <stdint.h>

/* What one nn.algorithm gives its function. Tensors lie row-major without gaps.
 */
typedef struct sinter_algorithm {
  const void *const *inputs;
  /* Null where nobody reads the result. */
  void *const *outputs;
  /* Of every input, then of every output: its sizes, outermost first. */
  const int64_t *const *sizes;
  const int32_t *ranks;
  /* The attributes of the same names. */
  const int64_t *integers;
  const double *numbers;
} sinter_algorithm;

/* Computes the units of work [first, last). Units write disjoint memory, and
 * the result does not depend on how all units are cut into calls. `scratch` is
 * the memory of the calling slot, aligned to 64 bytes, contents undefined.
 * Returns 0, or 1 where the operands are refused: then nothing is touched out
 * of range, and the outputs are undefined. */
typedef int32_t sinter_algorithm_fn(const sinter_algorithm *call, int64_t first,
                                    int64_t last, void *scratch);

#endif /* SINTER_SUPPORT_ALGORITHM_H */
