/*===- artifact.h - a file whose parts have been checked ----------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_RUNTIME_CORE_ARTIFACT_H
#define SINTER_RUNTIME_CORE_ARTIFACT_H

#include "core/manifest.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where an artifact lies: in a file (memory == NULL) or in memory. */
typedef struct sinter_source {
  int descriptor;
  const uint8_t *memory;
  uint64_t bytes;
  const char *name; /* for messages */
} sinter_source_t;

/** Private copies of all parts but the weights, checked against their hashes:
 * what happens to the file later changes nothing here. All zero is empty. */
typedef struct sinter_artifact {
  uint8_t *manifest_data;
  uint8_t *image; /* manifest.image.bytes long */
  sinter_pile_t pile;
  sinter_manifest_t manifest;
} sinter_artifact_t;

/**
 * Reads seal, manifest, image and tail and checks all that can be checked
 * without reading the weights or running code. Fails with IO, BAD_ARTIFACT,
 * BAD_VERSION or OUT_OF_MEMORY; `out_artifact` is then empty.
 */
sinter_status_t sinter_artifact_read(const sinter_source_t *source,
                                     sinter_artifact_t *out_artifact,
                                     sinter_error_t *error);

/** Frees the copy of the image; the rest stays. */
void sinter_artifact_drop_image(sinter_artifact_t *artifact);
void sinter_artifact_free(sinter_artifact_t *artifact);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_RUNTIME_CORE_ARTIFACT_H */
