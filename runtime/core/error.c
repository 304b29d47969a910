/*===- error.c - filling the caller's error -------------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *sinter_status_name(sinter_status_t status) {
  static const char *const names[] = {"ok",
                                      "invalid_argument",
                                      "out_of_memory",
                                      "io",
                                      "bad_artifact",
                                      "bad_version",
                                      "unsupported_cpu",
                                      "not_found",
                                      "bad_tensor",
                                      "bad_dimension",
                                      "buffer_too_small",
                                      "check_failed",
                                      "cancelled",
                                      "unsupported",
                                      "internal",
                                      "unsupported_device",
                                      "device_failed"};
  unsigned index = (unsigned)status;
  return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}

const char *sinter_version(void) { return SINTER_VERSION_STRING; }

sinter_text_t sinter_text_begin(char *data, size_t capacity) {
  if (data && capacity)
    data[0] = 0;
  return (sinter_text_t){capacity ? data : NULL, capacity, 0};
}

static void append_list(sinter_text_t *text, const char *format, va_list args) {
  if (!text->data || text->length + 1 >= text->capacity)
    return;
  size_t room = text->capacity - text->length;
  int wanted = vsnprintf(text->data + text->length, room, format, args);
  if (wanted < 0) {
    text->data[text->length] = 0;
  } else if ((size_t)wanted < room) {
    text->length += (size_t)wanted;
  } else {
    text->length = text->capacity - 1;
    if (text->capacity > 4)
      memcpy(text->data + text->capacity - 4, "...", 4);
  }
}

void sinter_text_append(sinter_text_t *text, const char *format, ...) {
  va_list args;
  va_start(args, format);
  append_list(text, format, args);
  va_end(args);
}

/* Replaces the contents of a field of an error. */
#define SET_FIELD(field, format)                                               \
  do {                                                                         \
    if (!error)                                                                \
      return;                                                                  \
    sinter_text_t text = sinter_text_begin(error->field, sizeof error->field); \
    va_list args;                                                              \
    va_start(args, format);                                                    \
    append_list(&text, format, args);                                          \
    va_end(args);                                                              \
  } while (0)

sinter_status_t sinter_fail(sinter_error_t *error, sinter_status_t code,
                            const char *format, ...) {
  if (!error)
    return code;
  error->code = code;
  error->node[0] = error->op[0] = error->expected[0] = 0;
  error->found[0] = error->remedy[0] = 0;
  sinter_text_t text = sinter_text_begin(error->message, sizeof error->message);
  va_list args;
  va_start(args, format);
  append_list(&text, format, args);
  va_end(args);
  return code;
}

void sinter_error_node(sinter_error_t *error, const char *node,
                       const char *op) {
  if (!error)
    return;
  sinter_text_t text = sinter_text_begin(error->node, sizeof error->node);
  sinter_text_append(&text, "%s", node ? node : "");
  text = sinter_text_begin(error->op, sizeof error->op);
  sinter_text_append(&text, "%s", op ? op : "");
}

void sinter_error_expected(sinter_error_t *error, const char *format, ...) {
  SET_FIELD(expected, format);
}
void sinter_error_found(sinter_error_t *error, const char *format, ...) {
  SET_FIELD(found, format);
}
void sinter_error_remedy(sinter_error_t *error, const char *format, ...) {
  SET_FIELD(remedy, format);
}

sinter_text_t sinter_error_expected_text(sinter_error_t *error) {
  return error ? sinter_text_begin(error->expected, sizeof error->expected)
               : sinter_text_begin(NULL, 0);
}
sinter_text_t sinter_error_found_text(sinter_error_t *error) {
  return error ? sinter_text_begin(error->found, sizeof error->found)
               : sinter_text_begin(NULL, 0);
}
