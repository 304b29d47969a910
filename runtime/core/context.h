/*===- context.h - what run.c needs of context.c ------------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_RUNTIME_CORE_CONTEXT_H
#define SINTER_RUNTIME_CORE_CONTEXT_H

#include "core/state.h"

/** Prepares for context->new_dims. */
sinter_status_t sinter_context_prepare_new_dims(sinter_context_t *context,
                                                sinter_error_t *error);

/** Makes a block at least `bytes` long; its contents are lost when it grows. On
 * failure it is empty. */
sinter_status_t sinter_context_resize(sinter_context_t *context,
                                      sinter_block_t *block, uint64_t bytes,
                                      sinter_error_t *error);
/** `place_output` of the table (abi.h), on the CPU and on devices. */
int32_t sinter_context_place_output(void *user, int32_t output,
                                    const int64_t *dims);

void sinter_context_release(sinter_context_t *context, sinter_block_t *block);

#endif /* SINTER_RUNTIME_CORE_CONTEXT_H */
