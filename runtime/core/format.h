/*===- format.h - the frame of an artifact file -------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *   image      from offset 0: an ELF64 shared object up to the end of its last
 *              PT_LOAD; bytes 9..14 of the file are SINTER_IMAGE_MARK
 *   weights    at the next multiple of 4096
 *   device     at the next multiple of 4096, where there is device code
 *   tail       at the next multiple of 8: symbols, section names, section
 * headers manifest   at the next multiple of 8 seal       at the next multiple
 * of 8, to the end of the file
 *
 * All gaps are zero. The writer (compiler/Emit) and the loader share this file.
 */
#ifndef SINTER_RUNTIME_CORE_FORMAT_H
#define SINTER_RUNTIME_CORE_FORMAT_H

#include <stdint.h>

#define SINTER_IMAGE_MARK "SINTER"
#define SINTER_IMAGE_MARK_OFFSET 9 /* unused bytes of e_ident */
#define SINTER_IMAGE_MARK_BYTES 6

#define SINTER_SEAL_MAGIC "SINTERSL"
#define SINTER_SEAL_MAGIC_BYTES 8
#define SINTER_FORMAT_VERSION 1u

#define SINTER_HASH_BYTES 32u /* BLAKE2b-256 */
#define SINTER_WEIGHTS_ALIGN 4096u
#define SINTER_DEVICE_ALIGN 4096u
#define SINTER_MODULE_ALIGN 64u /* of the length of a device module */
#define SINTER_LEAF_BYTES (1ull << 20)

/** The last bytes of the file. */
typedef struct sinter_seal {
  char magic[SINTER_SEAL_MAGIC_BYTES];
  uint32_t version; /* SINTER_FORMAT_VERSION */
  uint32_t reserved;
  uint64_t manifest_offset;
  uint64_t manifest_bytes;
  uint8_t manifest_hash[SINTER_HASH_BYTES];
  uint64_t file_bytes;
  uint8_t zeros[24];
} sinter_seal_t;

static inline uint64_t sinter_align_up(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

#endif /* SINTER_RUNTIME_CORE_FORMAT_H */
