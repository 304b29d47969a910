/*===- hash.c - BLAKE2b-256 -----------------------------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "core/hash.h"

#include <sodium.h>
#include <string.h>

void sinter_hash(const void *data, size_t bytes,
                 uint8_t out_hash[SINTER_HASH_BYTES]) {
  /* Picks the fastest implementation; hashing works even where it fails. */
  (void)!sodium_init();
  crypto_generichash(out_hash, SINTER_HASH_BYTES, data, bytes, NULL, 0);
}

int sinter_hash_matches(const void *data, size_t bytes,
                        const uint8_t hash[SINTER_HASH_BYTES]) {
  uint8_t actual[SINTER_HASH_BYTES];
  sinter_hash(data, bytes, actual);
  return memcmp(actual, hash, SINTER_HASH_BYTES) == 0;
}
