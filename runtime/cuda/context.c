/*===- context.c - what a context has on a GPU ----------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "core/error.h"
#include "core/format.h"
#include "cuda/graph.h"

#include <stdlib.h>
#include <string.h>

/* Of everything in the memory of a context; also what the driver aligns to. */
enum { ALIGNMENT = 256 };
/* More than any device can address. */
#define MAX_BYTES (1ull << 48)

/*===- Creation -----------------------------------------------------------===*/

static sinter_status_t allocate_arrays(const sinter_manifest_t *manifest,
                                       sinter_cuda_context_t *cuda,
                                       sinter_error_t *error) {
  size_t buffers = 0;
  for (size_t i = 0; i < manifest->kernel_count; ++i) {
    const sinter_device_kernel_t *kernel = &manifest->device_kernels[i];
    buffers = kernel->buffers > buffers ? kernel->buffers : buffers;
    cuda->reports |= kernel->reports;
  }
  size_t kernels = manifest->kernel_count, inputs = manifest->input_count;
  size_t outputs = manifest->output_count;
  struct {
    void *array; /* address of the pointer */
    size_t count, bytes;
  } arrays[] = {
      {&cuda->shapes, kernels, sizeof *cuda->shapes},
      {&cuda->new_shapes, kernels, sizeof *cuda->new_shapes},
      {&cuda->inputs, inputs, sizeof *cuda->inputs},
      {&cuda->outputs, outputs, sizeof *cuda->outputs},
      {&cuda->output_blocks, outputs, sizeof *cuda->output_blocks},
      {&cuda->input_addresses, inputs, sizeof(void *)},
      {&cuda->output_addresses, outputs, sizeof(void *)},
      {&cuda->seen_addresses, inputs + outputs, sizeof(void *)},
      /* Buffers, dimensions, scratch, status. */
      {&cuda->parameters, buffers + sinter_all_dims(manifest) + 2,
       sizeof(void *)},
      {&cuda->grown, manifest->slot_count, sizeof *cuda->grown},
      {&cuda->late_places, outputs, sizeof *cuda->late_places},
      {&cuda->late_sizes, manifest->size_count, sizeof *cuda->late_sizes},
      {&cuda->late_dims, sinter_all_dims(manifest), sizeof *cuda->late_dims},
      {&cuda->status_words, manifest->launch_count, sizeof(uint32_t)}};
  for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; ++i) {
    void *memory = calloc(arrays[i].count + 1, arrays[i].bytes);
    if (!memory)
      return sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                         "no memory for a context");
    memcpy(arrays[i].array, &memory, sizeof memory);
  }
  return SINTER_STATUS_OK;
}

sinter_status_t sinter_cuda_context_create(sinter_context_t *context,
                                           int32_t ordinal,
                                           sinter_error_t *error) {
  sinter_cuda_device_t *device;
  sinter_status_t status =
      sinter_cuda_device_acquire(context->model, ordinal, &device, error);
  if (status)
    return status;
  sinter_cuda_context_t *cuda = calloc(1, sizeof *cuda);
  if (!cuda)
    return sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                       "no memory for a context");
  context->cuda = cuda;
  cuda->device = device;
  status = allocate_arrays(&context->model->artifact.manifest, cuda, error);
  if (!status)
    status = sinter_cuda_enter(device, error);
  if (!status) {
    const sinter_cuda_driver_t *driver = &device->driver;
    int result = driver->create_stream(&cuda->stream, CUDA_STREAM_NON_BLOCKING);
    if (!result)
      result = driver->create_event(&cuda->begin, 0);
    if (!result)
      result = driver->create_event(&cuda->end, 0);
    if (result)
      status = sinter_cuda_fail(driver, result, "make a stream", error);
    sinter_cuda_leave(device);
  }
  if (status)
    sinter_cuda_context_destroy(context);
  return status;
}

static void release_block(const sinter_cuda_context_t *cuda,
                          sinter_cuda_block_t *block) {
  if (block->address)
    (void)cuda->device->driver.release(block->address);
  *block = (sinter_cuda_block_t){0, 0};
}

void sinter_cuda_context_destroy(sinter_context_t *context) {
  sinter_cuda_context_t *cuda = context->cuda;
  if (!cuda)
    return;
  const sinter_cuda_driver_t *driver = &cuda->device->driver;
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  size_t outputs = manifest->output_count;
  if (!sinter_cuda_enter(cuda->device, NULL)) {
    for (size_t i = 0; cuda->output_blocks && i < outputs; ++i)
      release_block(cuda, &cuda->output_blocks[i]);
    for (size_t i = 0; cuda->late_places && i < outputs; ++i)
      release_block(cuda, &cuda->late_places[i]);
    for (uint32_t i = 0; cuda->grown && i < manifest->slot_count; ++i)
      release_block(cuda, &cuda->grown[i]);
    release_block(cuda, &cuda->grown_scratch);
    release_block(cuda, &cuda->memory);
    sinter_cuda_drop_graph(cuda);
    if (cuda->begin)
      (void)driver->destroy_event(cuda->begin);
    if (cuda->end)
      (void)driver->destroy_event(cuda->end);
    if (cuda->stream)
      (void)driver->destroy_stream(cuda->stream);
    sinter_cuda_leave(cuda->device);
  }
  void *arrays[] = {
      cuda->shapes,           cuda->new_shapes,    cuda->inputs,
      cuda->outputs,          cuda->output_blocks, cuda->input_addresses,
      cuda->output_addresses, cuda->parameters,    cuda->status_words,
      cuda->seen_addresses,   cuda->grown,         cuda->late_places,
      cuda->late_sizes,       cuda->late_dims};
  for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; ++i)
    free(arrays[i]);
  free(cuda);
  context->cuda = NULL;
}

/*===- Preparation --------------------------------------------------------===*/

static sinter_status_t fail_launch(const sinter_manifest_t *manifest,
                                   size_t kernel, const char *what,
                                   uint64_t wanted, uint64_t most,
                                   sinter_error_t *error) {
  const sinter_kernel_info_t *info = &manifest->kernels[kernel];
  const char *node = info->node_count ? info->nodes[0] : "";
  sinter_fail(error, SINTER_STATUS_BAD_DIMENSION,
              "kernel '%s' (node '%s') has %llu %s at these dimensions, but "
              "the device allows %llu",
              info->name, node, (unsigned long long)wanted, what,
              (unsigned long long)most);
  sinter_error_node(error, node, "");
  sinter_error_expected(error, "at most %llu", (unsigned long long)most);
  sinter_error_found(error, "%llu", (unsigned long long)wanted);
  sinter_error_remedy(error, "use smaller inputs, or the CPU");
  return SINTER_STATUS_BAD_DIMENSION;
}

sinter_status_t sinter_cuda_compute_shape(const sinter_manifest_t *manifest,
                                          const sinter_cuda_context_t *cuda,
                                          size_t k, const int64_t *sizes,
                                          sinter_cuda_shape_t *shape,
                                          sinter_error_t *error) {
  static const char *const names[] = {
      "blocks along x", "blocks along y", "blocks along z",
      "bytes of shared memory", "bytes of scratch memory"};
  const sinter_device_kernel_t *kernel = &manifest->device_kernels[k];
  const sinter_extent_t extents[] = {kernel->grid[0], kernel->grid[1],
                                     kernel->grid[2], kernel->shared,
                                     kernel->scratch};
  const uint64_t most[] = {(uint64_t)cuda->device->max_grid[0],
                           (uint64_t)cuda->device->max_grid[1],
                           (uint64_t)cuda->device->max_grid[2],
                           cuda->device->kernels[k].max_shared, MAX_BYTES};
  uint64_t values[5];
  for (int i = 0; i < 5; ++i) {
    int32_t index = extents[i].index;
    int64_t value = index >= 0 ? sizes[index] : extents[i].value;
    values[i] = (uint64_t)value;
    /* A negative one is larger than any limit. */
    if (values[i] > most[i])
      return fail_launch(manifest, k, names[i], values[i], most[i], error);
  }
  for (int i = 0; i < 3; ++i)
    shape->grid[i] = (unsigned)values[i];
  shape->shared = (unsigned)values[3];
  shape->scratch = values[4];
  return SINTER_STATUS_OK;
}

/* Computes the launches that do not depend on data. */
static sinter_status_t compute_shapes(const sinter_manifest_t *manifest,
                                      const int64_t *sizes,
                                      sinter_cuda_context_t *cuda,
                                      sinter_error_t *error) {
  sinter_status_t status = SINTER_STATUS_OK;
  for (size_t k = 0; k < manifest->kernel_count && !status; ++k)
    if (!manifest->device_kernels[k].is_late)
      status = sinter_cuda_compute_shape(manifest, cuda, k, sizes,
                                         &cuda->new_shapes[k], error);
  return status;
}

/* Bytes of an input or output at the new dimensions. */
static sinter_status_t get_bytes(const sinter_context_t *context,
                                 const sinter_value_info_t *info, size_t output,
                                 uint64_t *out_bytes, sinter_error_t *error) {
  int64_t dims[SINTER_MAX_RANK];
  if (output < context->model->artifact.manifest.output_count)
    sinter_model_output_dims(context->model, output, context->new_dims,
                             context->new_sizes, dims);
  else
    for (int32_t i = 0; i < info->rank; ++i)
      dims[i] = info->dims[i].free_dim >= 0
                    ? context->new_dims[info->dims[i].free_dim]
                    : info->dims[i].value;
  size_t bytes = 0;
  sinter_status_t status = SINTER_STATUS_OK;
  if (output == context->model->artifact.manifest.output_count ||
      !context->model->artifact.manifest.late_outputs[output])
    status = sinter_tensor_bytes(info->type, info->rank, dims, &bytes, error);
  *out_bytes = bytes;
  return status;
}

/* Gives input or output its bytes and its place, and returns what follows it.
 * With value == NULL only counts. */
static uint64_t place_value(sinter_cuda_value_t *value, uint64_t bytes,
                            sinter_cuda_address_t base, uint64_t offset) {
  if (value) {
    value->bytes = bytes;
    value->place = base + offset;
  }
  return sinter_align_up(offset + bytes, ALIGNMENT);
}

/* Places all inputs and outputs from `offset` on; with `commit` == 0 only finds
 * the end. */
static sinter_status_t place_values(sinter_context_t *context, int commit,
                                    uint64_t *offset, sinter_error_t *error) {
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  sinter_cuda_context_t *cuda = context->cuda;
  sinter_cuda_address_t base = cuda->memory.address;
  size_t inputs = manifest->input_count, outputs = manifest->output_count;
  for (size_t i = 0; i < inputs + outputs; ++i) {
    size_t output = i < inputs ? outputs : i - inputs;
    const sinter_value_info_t *info =
        i < inputs ? &manifest->inputs[i] : &manifest->outputs[output];
    sinter_cuda_value_t *value =
        i < inputs ? &cuda->inputs[i] : &cuda->outputs[output];
    uint64_t bytes;
    sinter_status_t status = get_bytes(context, info, output, &bytes, error);
    if (!status && bytes > MAX_BYTES - *offset)
      status = sinter_fail(error, SINTER_STATUS_BAD_DIMENSION,
                           "'%s' is larger than any memory", info->name);
    if (status)
      return status;
    *offset = place_value(commit ? value : NULL, bytes, base, *offset);
  }
  return SINTER_STATUS_OK;
}

static sinter_status_t provide_memory(sinter_context_t *context, uint64_t bytes,
                                      sinter_error_t *error) {
  sinter_cuda_context_t *cuda = context->cuda;
  if (bytes <= cuda->memory.bytes)
    return SINTER_STATUS_OK;
  sinter_status_t status = sinter_cuda_enter(cuda->device, error);
  if (status)
    return status;
  release_block(cuda, &cuda->memory);
  status = sinter_cuda_allocate(cuda->device, bytes,
                                "intermediate results, inputs and outputs",
                                &cuda->memory.address, error);
  sinter_cuda_leave(cuda->device);
  if (!status)
    cuda->memory.bytes = bytes;
  context->is_prepared &= !status;
  return status;
}

sinter_status_t sinter_cuda_prepare(sinter_context_t *context,
                                    const sinter_requirements_t *needed,
                                    sinter_error_t *error) {
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  sinter_cuda_context_t *cuda = context->cuda;
  sinter_status_t status =
      compute_shapes(manifest, context->new_sizes, cuda, error);
  if (status)
    return status;
  uint64_t scratch_bytes = 0;
  for (size_t k = 0; k < manifest->kernel_count; ++k)
    if (cuda->new_shapes[k].scratch > scratch_bytes)
      scratch_bytes = cuda->new_shapes[k].scratch;
  /* arena | scratch | status words | inputs | outputs */
  uint64_t scratch = sinter_align_up(needed->arena_bytes, ALIGNMENT);
  uint64_t words = sinter_align_up(scratch + scratch_bytes, ALIGNMENT);
  uint64_t values = sinter_align_up(
      words + manifest->launch_count * sizeof(uint32_t), ALIGNMENT);
  uint64_t end = values;
  status = place_values(context, /*commit=*/0, &end, error);
  if (!status)
    status = provide_memory(context, end, error);
  if (status)
    return status;
  (void)place_values(context, /*commit=*/1, &values, NULL);
  cuda->scratch = cuda->memory.address + scratch;
  cuda->scratch_bytes = scratch_bytes;
  cuda->status = cuda->memory.address + words;
  sinter_cuda_shape_t *shapes = cuda->new_shapes;
  cuda->new_shapes = cuda->shapes;
  cuda->shapes = shapes;
  ++cuda->serial;
  return SINTER_STATUS_OK;
}

sinter_status_t sinter_cuda_resize(const sinter_cuda_context_t *cuda,
                                   sinter_cuda_block_t *block, uint64_t bytes,
                                   sinter_error_t *error) {
  /* Never 0: the address tells that there is an output. */
  uint64_t wanted = sinter_align_up(bytes ? bytes : 1, ALIGNMENT);
  if (wanted <= block->bytes)
    return SINTER_STATUS_OK;
  sinter_status_t status = sinter_cuda_enter(cuda->device, error);
  if (status)
    return status;
  release_block(cuda, block);
  status = sinter_cuda_allocate(cuda->device, wanted, "results",
                                &block->address, error);
  sinter_cuda_leave(cuda->device);
  if (!status)
    block->bytes = wanted;
  return status;
}
