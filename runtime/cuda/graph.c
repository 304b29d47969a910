/*===- graph.c - launches that repeat, as one -----------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "cuda/graph.h"

#include <string.h>

void sinter_cuda_drop_graph(sinter_cuda_context_t *cuda) {
  if (cuda->graph)
    (void)cuda->device->driver.destroy_executable(cuda->graph);
  cuda->graph = NULL;
}

/* Whether all that the launches depend on is as it was in the last run; notes
 * what it is now. */
static int is_repeated(const sinter_context_t *context) {
  sinter_cuda_context_t *cuda = context->cuda;
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  size_t inputs = manifest->input_count, outputs = manifest->output_count;
  int repeated = cuda->seen_serial == cuda->serial;
  for (size_t i = 0; i < inputs + outputs; ++i) {
    void *address = i < inputs ? cuda->input_addresses[i]
                               : cuda->output_addresses[i - inputs];
    repeated &= cuda->seen_addresses[i] == address;
    cuda->seen_addresses[i] = address;
  }
  cuda->seen_serial = cuda->serial;
  return repeated;
}

/* Records the launches instead of making them. A driver that cannot is no
 * error: the graph then stays NULL, and is not tried again. */
static int32_t record(sinter_context_t *context, sinter_cuda_issue_fn issue) {
  sinter_cuda_context_t *cuda = context->cuda;
  const sinter_cuda_driver_t *driver = &cuda->device->driver;
  void *graph = NULL;
  int32_t returned = 0;
  int result =
      driver->begin_capture(cuda->stream, CUDA_STREAM_CAPTURE_THREAD_LOCAL);
  if (!result) {
    returned = issue(context);
    result = driver->end_capture(cuda->stream, &graph);
  }
  if (!result && !returned && graph)
    result = driver->instantiate(&cuda->graph, graph, 0);
  if (result)
    cuda->graph = NULL;
  if (graph)
    (void)driver->destroy_graph(graph);
  cuda->graphs_fail |= result != 0 || returned == -SINTER_STATUS_DEVICE_FAILED;
  return returned == -SINTER_STATUS_DEVICE_FAILED ? 0 : returned;
}

int32_t sinter_cuda_issue_as_graph(sinter_context_t *context,
                                   sinter_cuda_issue_fn issue, int *result) {
  sinter_cuda_context_t *cuda = context->cuda;
  const sinter_cuda_driver_t *driver = &cuda->device->driver;
  if (context->profile || !driver->has_graphs || cuda->graphs_fail ||
      context->model->artifact.manifest.reads)
    return issue(context);
  int repeated = is_repeated(context);
  if (!repeated)
    sinter_cuda_drop_graph(cuda);
  int32_t returned = 0;
  if (repeated && !cuda->graph)
    returned = record(context, issue);
  if (returned)
    return returned;
  if (!cuda->graph)
    return issue(context);
  *result = driver->launch_graph(cuda->graph, cuda->stream);
  return 0;
}
