/*===- graph.h - launches that repeat, as one -----------------------*- C
 * -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_RUNTIME_CUDA_GRAPH_H
#define SINTER_RUNTIME_CUDA_GRAPH_H

#include "cuda/context.h"

/** Puts the launches of the schedule into the stream; returns as the schedule
 * does. */
typedef int32_t (*sinter_cuda_issue_fn)(sinter_context_t *context);

/**
 * Does what `issue` does. The second time in a row that sizes and addresses are
 * the same, records it as a CUDA graph, which is one call for all launches from
 * then on. Not while launches are timed, nor with a driver without graphs.
 * *result is the CUresult of starting a graph.
 */
int32_t sinter_cuda_issue_as_graph(sinter_context_t *context,
                                   sinter_cuda_issue_fn issue, int *result);

/** Forgets the graph. Between enter and leave. */
void sinter_cuda_drop_graph(sinter_cuda_context_t *cuda);

#endif /* SINTER_RUNTIME_CUDA_GRAPH_H */
