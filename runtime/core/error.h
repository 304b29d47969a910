/*===- error.h - filling the caller's error -----------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_RUNTIME_CORE_ERROR_H
#define SINTER_RUNTIME_CORE_ERROR_H

#include "sinter/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Text that grows inside a fixed buffer; what does not fit ends in "...". */
typedef struct sinter_text {
  char *data; /* NULL: everything is dropped */
  size_t capacity;
  size_t length;
} sinter_text_t;

/** Starts empty text in `data`. */
sinter_text_t sinter_text_begin(char *data, size_t capacity);
void sinter_text_append(sinter_text_t *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Empties `error`, sets code and message, returns `code`; NULL is fine. */
sinter_status_t sinter_fail(sinter_error_t *error, sinter_status_t code,
                            const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The fields beside the message, after sinter_fail. `error` may be NULL. */
void sinter_error_node(sinter_error_t *error, const char *node, const char *op);
void sinter_error_expected(sinter_error_t *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sinter_error_found(sinter_error_t *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sinter_error_remedy(sinter_error_t *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The fields as text, dropped when `error` is NULL. */
sinter_text_t sinter_error_expected_text(sinter_error_t *error);
sinter_text_t sinter_error_found_text(sinter_error_t *error);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_RUNTIME_CORE_ERROR_H */
