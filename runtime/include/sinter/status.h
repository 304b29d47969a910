/*===- sinter/status.h - what a call returns when it fails --------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Every call that can fail returns a sinter_status_t and takes, as its last
 * parameter, a sinter_error_t that belongs to the caller (NULL: not wanted).
 * The library keeps no error of its own: two threads never see each other's
 * message.
 */
#ifndef SINTER_STATUS_H
#define SINTER_STATUS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SINTER_API __attribute__((visibility("default")))
#else
#define SINTER_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this header; sinter_version() is that of the library. */
#define SINTER_VERSION_STRING "0.1.0"

/** Outcome of a call. The numbers do not change. */
typedef enum sinter_status {
  SINTER_STATUS_OK = 0,
  SINTER_STATUS_INVALID_ARGUMENT =
      1, /* a NULL, an index or an option out of its range */
  SINTER_STATUS_OUT_OF_MEMORY = 2,
  SINTER_STATUS_IO = 3, /* a file cannot be opened, read or mapped */
  SINTER_STATUS_BAD_ARTIFACT =
      4, /* not an artifact, cut short, or a byte changed */
  SINTER_STATUS_BAD_VERSION =
      5, /* an artifact of another version of the format */
  SINTER_STATUS_UNSUPPORTED_CPU =
      6, /* no code in the artifact for this processor */
  SINTER_STATUS_NOT_FOUND =
      7, /* no input, output or free dimension of this name */
  SINTER_STATUS_BAD_TENSOR =
      8, /* wrong count, type, rank, size, strides or device */
  SINTER_STATUS_BAD_DIMENSION =
      9, /* a free dimension out of its range, or in conflict */
  SINTER_STATUS_BUFFER_TOO_SMALL = 10,
  SINTER_STATUS_CHECK_FAILED =
      11,                       /* the model's own condition on sizes or data */
  SINTER_STATUS_CANCELLED = 12, /* sinter_context_cancel */
  SINTER_STATUS_UNSUPPORTED = 13, /* reserved in the interface, not there yet */
  SINTER_STATUS_INTERNAL = 14,    /* generated code broke its contract */
  SINTER_STATUS_UNSUPPORTED_DEVICE =
      15, /* no driver, no such device, or no code in the artifact for it */
  SINTER_STATUS_DEVICE_FAILED = 16 /* a call of the device's driver failed */
} sinter_status_t;

/**
 * What went wrong, in text of at most the given length (longer text ends in
 * "..."), each zero-terminated; a field that does not apply is empty. `message`
 * alone is enough to show to a user.
 */
typedef struct sinter_error {
  sinter_status_t code;
  char message[1024]; /* one sentence: what, where, expected, found */
  char node[256]; /* the ONNX node, input, output or dimension it is about */
  char op[64];    /* its ONNX operator */
  char expected[512];
  char found[512];
  char remedy[512]; /* what to do about it */
} sinter_error_t;

/** "bad_artifact" for SINTER_STATUS_BAD_ARTIFACT, and so on. Never NULL. */
SINTER_API const char *sinter_status_name(sinter_status_t status);

/** Version of the library, for example "0.1.0". */
SINTER_API const char *sinter_version(void);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_STATUS_H */
