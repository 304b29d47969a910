/*===- sinter/value.h - values that are not tensors ---------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The place of strings, sequences, optionals and maps in the interface. The
 * compiler of this version refuses models that have them at their inputs or
 * outputs, so no call hands out a sinter_value_t yet, and every accessor
 * returns SINTER_STATUS_UNSUPPORTED. Their signatures are fixed now so that
 * applications need not change later.
 */
#ifndef SINTER_VALUE_H
#define SINTER_VALUE_H

#include "sinter/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What an input or output is. */
typedef enum sinter_value_kind {
  SINTER_VALUE_TENSOR = 0,  /* sinter_tensor_t */
  SINTER_VALUE_STRINGS = 1, /* a tensor of strings */
  SINTER_VALUE_SEQUENCE = 2,
  SINTER_VALUE_OPTIONAL = 3,
  SINTER_VALUE_MAP = 4
} sinter_value_kind_t;

/** A value that is no tensor in memory. Belongs to the context that made it. */
typedef struct sinter_value sinter_value_t;

/** Strings in the tensor, elements in the sequence or map, 0 or 1 of an
 * optional. */
SINTER_API sinter_status_t sinter_value_get_count(const sinter_value_t *value,
                                                  size_t *out_count,
                                                  sinter_error_t *error);
/** String `index`, not zero-terminated; valid as long as `value`. */
SINTER_API sinter_status_t sinter_value_get_string(const sinter_value_t *value,
                                                   size_t index,
                                                   const char **out_text,
                                                   size_t *out_bytes,
                                                   sinter_error_t *error);
/** Element `index` of a sequence, optional or map, where it is a tensor. */
SINTER_API sinter_status_t sinter_value_get_tensor(const sinter_value_t *value,
                                                   size_t index,
                                                   sinter_tensor_t *out_tensor,
                                                   sinter_error_t *error);
/** Element `index` of a sequence, optional or map, where it is no tensor. */
SINTER_API sinter_status_t sinter_value_get_element(
    const sinter_value_t *value, size_t index,
    const sinter_value_t **out_element, sinter_error_t *error);
/** Key `index` of a map, as a tensor of one element or a string value. */
SINTER_API sinter_status_t sinter_value_get_key(const sinter_value_t *value,
                                                size_t index,
                                                sinter_tensor_t *out_key,
                                                sinter_error_t *error);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_VALUE_H */
