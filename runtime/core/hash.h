/*===- hash.h - BLAKE2b-256 ---------------------------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_RUNTIME_CORE_HASH_H
#define SINTER_RUNTIME_CORE_HASH_H

#include "core/format.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void sinter_hash(const void *data, size_t bytes,
                 uint8_t out_hash[SINTER_HASH_BYTES]);

/** 1 if `data` has this hash. */
int sinter_hash_matches(const void *data, size_t bytes,
                        const uint8_t hash[SINTER_HASH_BYTES]);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_RUNTIME_CORE_HASH_H */
