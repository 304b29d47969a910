/*===- run.c - one run of a model on a GPU --------------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "core/context.h"
#include "core/error.h"
#include "cuda/graph.h"

#include <string.h>

/* What kernels may expect of every buffer (docs/abi.md, section 7). */
enum { BUFFER_ALIGNMENT = 64 };

static const uint32_t UNTOUCHED = 0xffffffffu; /* a status word */

/*===- The table of the schedule ------------------------------------------===*/

/* Notes what failed; the caller of the schedule makes the message. */
static int32_t note_failure(sinter_cuda_context_t *cuda, int result,
                            size_t launch) {
  if (!result)
    return 0;
  cuda->failure = result;
  cuda->failed_launch = launch;
  return -SINTER_STATUS_DEVICE_FAILED;
}

/* Ends the run with an error that is filled in already. */
static int32_t end_run(sinter_context_t *context, sinter_status_t status) {
  context->run_status = status;
  return -(int32_t)status;
}

/* Launches between two events and waits, to know how long it took. */
static int launch_timed(sinter_context_t *context, size_t launch,
                        const sinter_cuda_shape_t *shape, const uint32_t *block,
                        void *function) {
  sinter_cuda_context_t *cuda = context->cuda;
  const sinter_cuda_driver_t *driver = &cuda->device->driver;
  float milliseconds = 0;
  int result = driver->record_event(cuda->begin, cuda->stream);
  if (!result)
    result =
        driver->launch(function, shape->grid[0], shape->grid[1], shape->grid[2],
                       block[0], block[1], block[2], shape->shared,
                       cuda->stream, cuda->parameters, NULL);
  if (!result)
    result = driver->record_event(cuda->end, cuda->stream);
  if (!result)
    result = driver->wait_for_event(cuda->end);
  if (!result)
    result = driver->get_elapsed(&milliseconds, cuda->begin, cuda->end);
  if (!result)
    context->profile(context->profile_user, launch,
                     (uint64_t)((double)milliseconds * 1e6));
  return result;
}

/* The launch of a kernel whose extents depend on late dimensions, at `dims`. */
static sinter_status_t find_shape(sinter_context_t *context, size_t kernel,
                                  const int64_t *dims,
                                  sinter_cuda_shape_t *shape,
                                  sinter_cuda_address_t *scratch) {
  sinter_cuda_context_t *cuda = context->cuda;
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  size_t dim_bytes = sinter_all_dims(manifest) * sizeof *dims;
  if (!cuda->knows_late || memcmp(cuda->late_dims, dims, dim_bytes)) {
    cuda->knows_late = 1;
    memcpy(cuda->late_dims, dims, dim_bytes);
    if (context->model->image.root->prepare(dims, cuda->late_sizes))
      return SINTER_STATUS_INTERNAL;
  }
  sinter_status_t status = sinter_cuda_compute_shape(
      manifest, cuda, kernel, cuda->late_sizes, shape, context->run_error);
  if (!status && shape->scratch > cuda->scratch_bytes) {
    status = sinter_cuda_resize(cuda, &cuda->grown_scratch, shape->scratch,
                                context->run_error);
    *scratch = cuda->grown_scratch.address;
  }
  return status;
}

static int32_t launch_on_device(void *user, sinter_abi_kernel_fn kernel,
                                void *const *buffers, const int64_t *dims,
                                int64_t tiles, int32_t launch_index) {
  (void)kernel, (void)tiles;
  sinter_context_t *context = user;
  sinter_cuda_context_t *cuda = context->cuda;
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  const sinter_cuda_driver_t *driver = &cuda->device->driver;
  if (atomic_load_explicit(&context->cancelled, memory_order_relaxed))
    return -SINTER_STATUS_CANCELLED;
  size_t launch = (size_t)launch_index;
  if (launch_index < 0 || launch >= manifest->launch_count)
    return -SINTER_STATUS_INTERNAL;
  size_t number = manifest->launches[launch].kernel;
  const sinter_device_kernel_t *info = &manifest->device_kernels[number];
  const sinter_cuda_shape_t *shape = &cuda->shapes[number];
  sinter_cuda_shape_t late_shape;
  sinter_cuda_address_t scratch = cuda->scratch;
  if (info->is_late) {
    sinter_status_t failure =
        find_shape(context, number, dims, &late_shape, &scratch);
    if (failure)
      return end_run(context, failure);
    shape = &late_shape;
  }
  if (!shape->grid[0] || !shape->grid[1] || !shape->grid[2])
    return 0;

  /* The driver reads what these point to before it returns. */
  scratch = shape->scratch ? scratch : 0;
  sinter_cuda_address_t status = cuda->status + launch * sizeof(uint32_t);
  size_t count = 0;
  for (uint32_t i = 0; i < info->buffers; ++i)
    cuda->parameters[count++] = (void *)&buffers[i];
  for (size_t i = 0; i < sinter_all_dims(manifest); ++i)
    cuda->parameters[count++] = (void *)&dims[i];
  cuda->parameters[count++] = &scratch;
  cuda->parameters[count] = &status;

  void *function = cuda->device->kernels[number].function;
  int result =
      context->profile
          ? launch_timed(context, launch, shape, info->block, function)
          : driver->launch(function, shape->grid[0], shape->grid[1],
                           shape->grid[2], info->block[0], info->block[1],
                           info->block[2], shape->shared, cuda->stream,
                           cuda->parameters, NULL);
  return note_failure(cuda, result, launch);
}

static int32_t copy_on_device(void *user, void *to, const void *from,
                              uint64_t bytes) {
  sinter_context_t *context = user;
  sinter_cuda_context_t *cuda = context->cuda;
  int result = bytes ? cuda->device->driver.copy((uintptr_t)to, (uintptr_t)from,
                                                 bytes, cuda->stream)
                     : 0;
  return note_failure(cuda, result,
                      context->model->artifact.manifest.launch_count);
}

/*===- What is found while running ----------------------------------------===*/

/* Makes the block larger; it begins with what it began with. What is asked for
 * piece by piece doubles. */
static sinter_status_t extend(sinter_context_t *context,
                              sinter_cuda_block_t *block, uint64_t bytes,
                              uint64_t keep) {
  sinter_cuda_context_t *cuda = context->cuda;
  const sinter_cuda_driver_t *driver = &cuda->device->driver;
  sinter_cuda_block_t larger = {0, 0};
  uint64_t wanted = bytes > 2 * block->bytes ? bytes : 2 * block->bytes;
  sinter_status_t status =
      sinter_cuda_resize(cuda, &larger, wanted, context->run_error);
  if (status)
    return status;
  int result =
      driver->copy(larger.address, block->address,
                   keep < block->bytes ? keep : block->bytes, cuda->stream);
  if (!result)
    result = driver->synchronize(cuda->stream);
  (void)driver->release(block->address);
  *block = larger;
  return result ? sinter_cuda_fail(driver, result, "copy on the device",
                                   context->run_error)
                : SINTER_STATUS_OK;
}

static void *grow(void *user, int32_t slot, uint64_t bytes, uint64_t keep) {
  sinter_context_t *context = user;
  if (slot < 0 ||
      (uint32_t)slot >= context->model->artifact.manifest.slot_count)
    return NULL;
  sinter_cuda_block_t *block = &context->cuda->grown[slot];
  if (block->address && bytes <= block->bytes)
    return (void *)(uintptr_t)block->address;
  sinter_status_t status =
      bytes > SINTER_MAX_WORK_BYTES
          ? sinter_fail(context->run_error, SINTER_STATUS_OUT_OF_MEMORY,
                        "data asks for %llu bytes, more than any memory",
                        (unsigned long long)bytes)
      : keep && block->address
          ? extend(context, block, bytes, keep)
          : sinter_cuda_resize(context->cuda, block, bytes, context->run_error);
  if (status) {
    end_run(context, status);
    return NULL;
  }
  return (void *)(uintptr_t)block->address;
}

/* Launches have the scratch that their own sizes ask for. */
static int32_t reserve(void *user, uint64_t bytes) {
  (void)user, (void)bytes;
  return 0;
}

static int32_t read_from_device(void *user, void *to, const void *from,
                                uint64_t bytes) {
  sinter_context_t *context = user;
  sinter_cuda_context_t *cuda = context->cuda;
  const sinter_cuda_driver_t *driver = &cuda->device->driver;
  if (atomic_load_explicit(&context->cancelled, memory_order_relaxed))
    return -SINTER_STATUS_CANCELLED;
  int result =
      bytes ? driver->copy_to_host(to, (uintptr_t)from, bytes, cuda->stream)
            : 0;
  if (!result)
    result = driver->synchronize(cuda->stream);
  return note_failure(cuda, result,
                      context->model->artifact.manifest.launch_count);
}

/*===- Inputs and outputs -------------------------------------------------===*/

static void *to_pointer(sinter_cuda_address_t address) {
  return (void *)(uintptr_t)address;
}

static void set_value(sinter_cuda_value_t *value, void *data,
                      int is_on_device) {
  value->data = data;
  value->is_on_device = is_on_device;
}

/* Where the kernels see a value: where it is, or its place in the context. */
static void *find_address(const sinter_cuda_value_t *value) {
  int is_aligned = (uintptr_t)value->data % BUFFER_ALIGNMENT == 0;
  return value->is_on_device && is_aligned ? value->data
                                           : to_pointer(value->place);
}

void sinter_cuda_set_input(sinter_context_t *context, size_t index,
                           const sinter_tensor_t *tensor) {
  set_value(&context->cuda->inputs[index], tensor->data,
            tensor->device.kind == SINTER_DEVICE_CUDA);
}

void sinter_cuda_set_output(sinter_context_t *context, size_t index, void *data,
                            int is_on_device) {
  set_value(&context->cuda->outputs[index], data, is_on_device);
}

sinter_status_t sinter_cuda_provide_output(sinter_context_t *context,
                                           size_t index, void **out_data,
                                           sinter_error_t *error) {
  sinter_cuda_context_t *cuda = context->cuda;
  sinter_cuda_block_t *block = &cuda->output_blocks[index];
  sinter_status_t status =
      sinter_cuda_resize(cuda, block, cuda->outputs[index].bytes, error);
  *out_data = to_pointer(block->address);
  set_value(&cuda->outputs[index], *out_data, /*is_on_device=*/1);
  return status;
}

void sinter_cuda_begin_placing(sinter_context_t *context, size_t index,
                               uint64_t bytes) {
  context->cuda->outputs[index].bytes = bytes;
}

sinter_status_t sinter_cuda_end_placing(sinter_context_t *context, size_t index,
                                        sinter_error_t *error) {
  sinter_cuda_context_t *cuda = context->cuda;
  sinter_cuda_value_t *value = &cuda->outputs[index];
  sinter_cuda_block_t *place = &cuda->late_places[index];
  sinter_status_t status = sinter_cuda_resize(cuda, place, value->bytes, error);
  value->place = place->address;
  cuda->output_addresses[index] = find_address(value);
  return status;
}

int sinter_cuda_owns_output(const sinter_context_t *context, size_t index,
                            const void *data) {
  sinter_cuda_address_t address = context->cuda->output_blocks[index].address;
  return address && address == (uintptr_t)data;
}

/* Brings inputs to where the kernels see them, or outputs from there. */
static int move_values(const sinter_cuda_context_t *cuda,
                       const sinter_cuda_value_t *values, size_t count,
                       int is_input) {
  const sinter_cuda_driver_t *driver = &cuda->device->driver;
  int result = 0;
  for (size_t i = 0; i < count && !result; ++i) {
    const sinter_cuda_value_t *value = &values[i];
    sinter_cuda_address_t inner = (uintptr_t)find_address(value);
    sinter_cuda_address_t outer = (uintptr_t)value->data;
    if (inner == outer || !value->bytes)
      continue;
    if (value->is_on_device)
      result = driver->copy(is_input ? inner : outer, is_input ? outer : inner,
                            value->bytes, cuda->stream);
    else if (is_input)
      result = driver->copy_to_device(inner, value->data, value->bytes,
                                      cuda->stream);
    else
      result =
          driver->copy_to_host(value->data, inner, value->bytes, cuda->stream);
  }
  return result;
}

/*===- The run ------------------------------------------------------------===*/

static sinter_status_t fail_launch(const sinter_context_t *context,
                                   sinter_error_t *error) {
  const sinter_cuda_context_t *cuda = context->cuda;
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  if (cuda->failed_launch >= manifest->launch_count)
    return sinter_cuda_fail(&cuda->device->driver, cuda->failure,
                            "copy on the device", error);
  const sinter_launch_info_t *launch = &manifest->launches[cuda->failed_launch];
  char reason[256], nodes[sizeof error->node];
  sinter_text_t text = sinter_text_begin(nodes, sizeof nodes);
  for (size_t i = 0; i < launch->node_count; ++i)
    sinter_text_append(&text, "%s%s", i ? ", " : "", launch->nodes[i]);
  sinter_fail(error, SINTER_STATUS_DEVICE_FAILED,
              "kernel '%s' (nodes %s) failed on device %d: %s",
              manifest->kernels[launch->kernel].name, nodes,
              cuda->device->ordinal,
              sinter_cuda_describe(&cuda->device->driver, cuda->failure, reason,
                                   sizeof reason));
  sinter_error_node(error, nodes, "");
  return SINTER_STATUS_DEVICE_FAILED;
}

static sinter_status_t fail_run(const sinter_cuda_context_t *cuda, int result,
                                sinter_error_t *error) {
  char reason[256];
  sinter_fail(error, SINTER_STATUS_DEVICE_FAILED,
              "device %d (%s) failed while it ran the model: %s",
              cuda->device->ordinal, cuda->device->name,
              sinter_cuda_describe(&cuda->device->driver, result, reason,
                                   sizeof reason));
  sinter_error_remedy(error, "start again with CUDA_LAUNCH_BLOCKING=1 in the "
                             "environment to learn which kernel it was");
  return SINTER_STATUS_DEVICE_FAILED;
}

/* The result of the checks: that of the first launch with one that failed. */
static int32_t read_status(const sinter_cuda_context_t *cuda, size_t launches) {
  for (size_t i = 0; i < launches; ++i)
    if (cuda->status_words[i] != UNTOUCHED)
      return cuda->status_words[i] <= INT32_MAX ? (int32_t)cuda->status_words[i]
                                                : -SINTER_STATUS_INTERNAL;
  return 0;
}

static int32_t run_schedule(sinter_context_t *context) {
  const sinter_cuda_context_t *cuda = context->cuda;
  const sinter_model_t *model = context->model;
  const sinter_abi_table table = {.struct_size = sizeof table,
                                  .version = SINTER_ABI_VERSION,
                                  .user = context,
                                  .parallel_for = launch_on_device,
                                  .grow = grow,
                                  .copy = copy_on_device,
                                  .read = read_from_device,
                                  .place_output = sinter_context_place_output,
                                  .reserve = reserve};
  const sinter_abi_frame frame = {.weights = to_pointer(cuda->device->weights),
                                  .arena = to_pointer(cuda->memory.address),
                                  .inputs = cuda->input_addresses,
                                  .outputs = cuda->output_addresses,
                                  .dims = context->dims,
                                  .sizes = context->sizes};
  return model->image.root->run(&table, &frame, model->kernels);
}

/* Puts everything into the stream. Returns as the schedule does; *result is the
 * CUresult of what is not the schedule's. */
static int32_t issue(sinter_context_t *context, int *result) {
  sinter_cuda_context_t *cuda = context->cuda;
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  const sinter_cuda_driver_t *driver = &cuda->device->driver;
  size_t launches = cuda->reports ? manifest->launch_count : 0;
  if (launches)
    *result = driver->fill(cuda->status, UNTOUCHED, launches, cuda->stream);
  if (!*result)
    *result = move_values(cuda, cuda->inputs, manifest->input_count,
                          /*is_input=*/1);
  if (*result)
    return 0;
  for (size_t i = 0; i < manifest->input_count; ++i)
    cuda->input_addresses[i] = find_address(&cuda->inputs[i]);
  for (size_t i = 0; i < manifest->output_count; ++i)
    cuda->output_addresses[i] = find_address(&cuda->outputs[i]);
  int32_t returned = sinter_cuda_issue_as_graph(context, run_schedule, result);
  if (returned || *result)
    return returned;
  *result = move_values(cuda, cuda->outputs, manifest->output_count,
                        /*is_input=*/0);
  if (!*result && launches)
    *result = driver->copy_to_host(cuda->status_words, cuda->status,
                                   launches * sizeof(uint32_t), cuda->stream);
  return 0;
}

sinter_status_t sinter_cuda_run(sinter_context_t *context, int32_t *out_result,
                                sinter_error_t *error) {
  sinter_cuda_context_t *cuda = context->cuda;
  sinter_status_t status = sinter_cuda_enter(cuda->device, error);
  if (status)
    return status;
  int result = 0;
  int32_t returned = issue(context, &result);
  /* Also after a failure: copies from and to the caller's memory are on their
   * way. */
  int ended = cuda->device->driver.synchronize(cuda->stream);
  sinter_cuda_leave(cuda->device);
  *out_result = returned;
  if (context->run_status) /* the error says what it was */
    return SINTER_STATUS_OK;
  if (returned == -SINTER_STATUS_DEVICE_FAILED)
    return fail_launch(context, error);
  if (result || ended)
    return fail_run(cuda, result ? result : ended, error);
  if (!returned && cuda->reports)
    *out_result =
        read_status(cuda, context->model->artifact.manifest.launch_count);
  return SINTER_STATUS_OK;
}
