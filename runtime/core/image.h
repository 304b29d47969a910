/*===- image.h - code in memory -----------------------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The loader for the restricted ELF of an artifact (docs/abi.md, "The image").
 */
#ifndef SINTER_RUNTIME_CORE_IMAGE_H
#define SINTER_RUNTIME_CORE_IMAGE_H

#include "sinter/abi.h"
#include "sinter/status.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An image that is mapped, relocated and protected: no page can be written.
 * All zero is empty. */
typedef struct sinter_image {
  uint8_t *base;
  size_t bytes;
  const sinter_abi_root *root;
} sinter_image_t;

/** What the manifest promises about the image. */
typedef struct sinter_image_promise {
  uint64_t root_address;
  uint64_t variant_count, kernel_count;
} sinter_image_promise_t;

/**
 * Checks the bytes of an image against the rules, copies its segments to fresh
 * memory, relocates them, and checks that the root leads to code and tables
 * inside the image. Fails with BAD_ARTIFACT, BAD_VERSION, OUT_OF_MEMORY, or IO
 * where the system does not allow executable memory.
 */
sinter_status_t sinter_image_load(const uint8_t *data, size_t bytes,
                                  const sinter_image_promise_t *promise,
                                  sinter_image_t *out_image,
                                  sinter_error_t *error);

void sinter_image_unload(sinter_image_t *image);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_RUNTIME_CORE_IMAGE_H */
