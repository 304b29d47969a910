/*===- CompilerApi.h - the compiler as a library ------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The one entry of libsinter_compiler. Requests, events and responses are JSON
 * (UTF-8), so that the library can be opened at run time and grow without
 * breaking its callers. docs/compiler-api.md lists the keys.
 */
#ifndef SINTER_COMPILER_DRIVER_COMPILERAPI_H
#define SINTER_COMPILER_DRIVER_COMPILERAPI_H

#ifdef __cplusplus
extern "C" {
#endif

#define SINTER_COMPILER_EXPORT __attribute__((visibility("default")))

/* Receives one event (progress, warning); may be called from any thread, one
 * call at a time. The text is valid during the call. */
typedef void (*sinter_compiler_event_fn)(void *user, const char *event_json);

/*
 * Carries out the request and returns the exit code of the command: 0 ok,
 * 2 usage, 3 model unsupported, 4 bad input file, 70 internal error.
 * *response_json is always set; free it with sinter_compiler_free. Several
 * requests may run at the same time. No exception leaves this function.
 */
SINTER_COMPILER_EXPORT int
sinter_compiler_invoke(const char *request_json,
                       sinter_compiler_event_fn on_event, void *user,
                       char **response_json);

SINTER_COMPILER_EXPORT void sinter_compiler_free(char *response_json);

/* "sinter 0.1.0": goes into every artifact. */
SINTER_COMPILER_EXPORT const char *sinter_compiler_version(void);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_COMPILER_DRIVER_COMPILERAPI_H */
