/*===- manifest.h - the manifest as C structures ------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_RUNTIME_CORE_MANIFEST_H
#define SINTER_RUNTIME_CORE_MANIFEST_H

#include "core/pile.h"
#include "sinter/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A range of the file. */
typedef struct sinter_section {
  uint64_t offset, bytes;
} sinter_section_t;

/** A condition on sizes or data. */
typedef struct sinter_check {
  const char *node, *op, *expected, *remedy;
} sinter_check_t;

/** A number that is fixed, or sizes[index] where index >= 0. */
typedef struct sinter_extent {
  int64_t value;
  int32_t index;
} sinter_extent_t;

/** Code for one architecture. A cubin runs where the major version is the same
 * and the minor one not lower, or exactly there if `is_exact`; PTX where the
 * version is not lower. */
typedef struct sinter_device_module {
  sinter_device_code_info_t info;
  int32_t major, minor, is_exact;
  uint64_t offset; /* in the section */
  const uint8_t *hash;
} sinter_device_module_t;

/** How a kernel is launched on the device. */
typedef struct sinter_device_kernel {
  const char *entry;
  sinter_extent_t grid[3], shared, scratch;
  uint32_t block[3], buffers;
  int32_t reports;
  int32_t is_late; /* an extent depends on late dimensions */
} sinter_device_kernel_t;

/**
 * A manifest that has passed all checks that need nothing but itself. Strings
 * and hashes point into the bytes it was read from, arrays into the pile.
 */
typedef struct sinter_manifest {
  sinter_model_info_t info; /* isa and artifact_bytes are not set here */
  size_t input_count, output_count, free_dim_count, kernel_count;
  size_t launch_count, check_count, variant_count;
  sinter_value_info_t *inputs, *outputs;
  int32_t **output_sizes; /* [output][dimension]: index of a size, or -1 */
  sinter_free_dim_info_t *free_dims;
  sinter_kernel_info_t *kernels;
  sinter_launch_info_t *launches;
  sinter_check_t *checks;
  sinter_variant_info_t *variants; /* supported is not set here */
  uint32_t size_count;
  size_t late_dim_count; /* they follow the free dimensions */
  uint8_t *late_sizes;   /* one a size: whether late dimensions are in it */
  uint8_t *late_outputs; /* one an output: whether its size is */
  uint32_t slot_count;   /* of memory that grows */
  int32_t reads;         /* a run looks at data */
  uint64_t root_address;
  sinter_section_t image, weights, tail;
  const uint8_t *image_hash, *tail_hash;
  const uint8_t *weights_hashes; /* SINTER_HASH_BYTES a leaf */
  uint64_t leaf_count;
  sinter_section_t device; /* empty where there is no device code */
  size_t device_code_count;
  sinter_device_module_t *device_modules;
  sinter_device_kernel_t *device_kernels; /* kernel_count entries, or NULL */
} sinter_manifest_t;

/**
 * Reads `bytes` bytes at `data` (16-byte aligned; they must outlive the
 * result). Fails with BAD_ARTIFACT, BAD_VERSION or OUT_OF_MEMORY.
 */
sinter_status_t sinter_manifest_read(const uint8_t *data, size_t bytes,
                                     sinter_pile_t *pile,
                                     sinter_manifest_t *out_manifest,
                                     sinter_error_t *error);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_RUNTIME_CORE_MANIFEST_H */
