/*===- run.c - one run of a model -----------------------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Checks the caller's tensors, prepares when sizes changed, calls the schedule.
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "core/context.h"
#include "core/error.h"
#include "core/format.h"
#include "cuda/context.h"

#include <string.h>
#include <time.h>

/*===- Launching kernels --------------------------------------------------===*/

/* A slot takes this share of its part of the tiles at a time: slots that
 * started late or were interrupted leave work to the others. */
enum { CHUNKS_A_SLOT = 8 };

typedef struct launch {
  sinter_abi_kernel_fn kernel;
  void *const *buffers;
  const int64_t *dims;
  int64_t tiles, chunk;
  uint8_t *scratch;
  size_t scratch_step;
  atomic_llong next;
  atomic_int result; /* the smallest that is not 0 */
} launch;

static void keep_smallest(atomic_int *result, int32_t value) {
  int known = atomic_load(result);
  while (value && (!known || value < known) &&
         !atomic_compare_exchange_weak(result, &known, value))
    ;
}

static void run_slot(void *argument, size_t slot) {
  launch *work = argument;
  void *scratch = work->scratch + slot * work->scratch_step;
  for (;;) {
    int64_t first = atomic_fetch_add(&work->next, work->chunk);
    if (first >= work->tiles)
      return;
    int64_t last =
        first + work->chunk < work->tiles ? first + work->chunk : work->tiles;
    keep_smallest(&work->result, work->kernel(work->buffers, work->dims, first,
                                              last, scratch));
  }
}

static int32_t run_tiles(sinter_context_t *context, sinter_abi_kernel_fn kernel,
                         void *const *buffers, const int64_t *dims,
                         int64_t tiles) {
  int64_t slots =
      context->parallel.threads < tiles ? context->parallel.threads : tiles;
  if (slots <= 1)
    return kernel(buffers, dims, 0, tiles, context->scratch);
  launch work = {.kernel = kernel,
                 .buffers = buffers,
                 .dims = dims,
                 .tiles = tiles,
                 .chunk = tiles / (slots * CHUNKS_A_SLOT),
                 .scratch = context->scratch,
                 .scratch_step = context->scratch_step};
  if (work.chunk < 1)
    work.chunk = 1;
  atomic_init(&work.next, 0);
  atomic_init(&work.result, 0);
  sinter_parallel_run(&context->parallel, (size_t)slots, run_slot, &work);
  return atomic_load(&work.result);
}

static uint64_t read_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int32_t parallel_for(void *user, sinter_abi_kernel_fn kernel,
                            void *const *buffers, const int64_t *dims,
                            int64_t tiles, int32_t launch_index) {
  sinter_context_t *context = user;
  if (atomic_load_explicit(&context->cancelled, memory_order_relaxed))
    return -SINTER_STATUS_CANCELLED;
  if (!context->profile)
    return tiles > 0 ? run_tiles(context, kernel, buffers, dims, tiles) : 0;
  uint64_t begin = read_clock();
  int32_t result =
      tiles > 0 ? run_tiles(context, kernel, buffers, dims, tiles) : 0;
  uint64_t end = read_clock();
  if (launch_index >= 0 &&
      (size_t)launch_index < context->model->artifact.manifest.launch_count)
    context->profile(context->profile_user, (size_t)launch_index, end - begin);
  return result;
}

/* Also what `read` is: buffers are on the host. Loops without launches end
 * here when the run is cancelled. */
static int32_t copy(void *user, void *to, const void *from, uint64_t bytes) {
  sinter_context_t *context = user;
  if (atomic_load_explicit(&context->cancelled, memory_order_relaxed))
    return -SINTER_STATUS_CANCELLED;
  if (bytes) /* else the addresses may be NULL */
    memcpy(to, from, bytes);
  return 0;
}

/*===- What is found while running ----------------------------------------===*/

/* Ends the run with an error that is filled in already. */
static int32_t end_run(sinter_context_t *context, sinter_status_t status) {
  context->run_status = status;
  return -(int32_t)status;
}

static sinter_status_t fail_memory(uint64_t bytes, sinter_error_t *error) {
  sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
              "data asks for %llu bytes, more than any memory",
              (unsigned long long)bytes);
  sinter_error_remedy(error,
                      "check the inputs that the sizes are computed from");
  return SINTER_STATUS_OUT_OF_MEMORY;
}

/* A larger block that begins with what is in `block`. What is asked for piece
 * by piece doubles, so that bytes are moved a few times only. */
static sinter_status_t extend(sinter_context_t *context, sinter_block_t *block,
                              uint64_t bytes, uint64_t keep,
                              sinter_error_t *error) {
  sinter_block_t larger = {NULL, 0};
  uint64_t wanted =
      bytes > 2 * (uint64_t)block->bytes ? bytes : 2 * block->bytes;
  sinter_status_t status =
      sinter_context_resize(context, &larger, wanted, error);
  if (status)
    return status;
  memcpy(larger.data, block->data, keep < block->bytes ? keep : block->bytes);
  sinter_context_release(context, block);
  *block = larger;
  return SINTER_STATUS_OK;
}

static void *grow(void *user, int32_t slot, uint64_t bytes, uint64_t keep) {
  sinter_context_t *context = user;
  if (slot < 0 ||
      (uint32_t)slot >= context->model->artifact.manifest.slot_count)
    return NULL;
  sinter_block_t *block = &context->grown[slot];
  if (block->data && bytes <= block->bytes)
    return block->data;
  sinter_status_t status =
      bytes > SINTER_MAX_WORK_BYTES ? fail_memory(bytes, context->run_error)
      : keep && block->data
          ? extend(context, block, bytes, keep, context->run_error)
          : sinter_context_resize(context, block, bytes, context->run_error);
  if (status) {
    end_run(context, status);
    return NULL;
  }
  return block->data;
}

static int32_t reserve(void *user, uint64_t bytes) {
  sinter_context_t *context = user;
  uint64_t threads = (uint64_t)context->parallel.threads;
  if (bytes > SINTER_MAX_WORK_BYTES / threads)
    return end_run(context, fail_memory(bytes, context->run_error));
  size_t step = sinter_align_up(bytes, 64);
  if (step <= context->scratch_step)
    return 0;
  sinter_status_t status = sinter_context_resize(
      context, &context->grown_scratch, threads * step, context->run_error);
  if (status)
    return end_run(context, status);
  context->scratch = context->grown_scratch.data;
  context->scratch_step = step;
  return 0;
}

/*===- The caller's tensors -----------------------------------------------===*/

static void append_sizes(const int64_t *dims, int32_t rank,
                         sinter_text_t *text) {
  sinter_text_append(text, "[");
  for (int32_t i = 0; i < rank && i < SINTER_MAX_RANK; ++i)
    sinter_text_append(text, "%s%lld", i ? ", " : "",
                       dims ? (long long)dims[i] : -1);
  sinter_text_append(text, "]");
}

/* "input 'x' <what>: expected f32[batch, 3], found f64[1, 3]". `sizes` are
 * those expected, or NULL for the formulas of the model. */
static sinter_status_t fail_tensor(const char *role,
                                   const sinter_value_info_t *info,
                                   const int64_t *sizes,
                                   const sinter_tensor_t *tensor,
                                   const char *what, sinter_error_t *error) {
  char expected[sizeof error->expected], found[sizeof error->found];
  sinter_text_t text = sinter_text_begin(expected, sizeof expected);
  sinter_text_append(&text, "%s", sinter_type_name(info->type));
  if (sizes) {
    append_sizes(sizes, info->rank, &text);
  } else {
    sinter_text_append(&text, "[");
    for (int32_t i = 0; i < info->rank; ++i) {
      const char *formula = info->dims[i].formula;
      sinter_text_append(&text, i ? ", " : "");
      if (info->dims[i].value >= 0)
        sinter_text_append(&text, "%lld", (long long)info->dims[i].value);
      else
        sinter_text_append(&text, "%s", formula[0] ? formula : "?");
    }
    sinter_text_append(&text, "]");
  }
  text = sinter_text_begin(found, sizeof found);
  sinter_text_append(&text, "%s", sinter_type_name(tensor->type));
  append_sizes(tensor->dims, tensor->rank, &text);
  sinter_fail(error, SINTER_STATUS_BAD_TENSOR,
              "%s '%s' %s: expected %s, found %s", role, info->name, what,
              expected, found);
  sinter_error_node(error, info->name, "");
  sinter_error_expected(error, "%s", expected);
  sinter_error_found(error, "%s", found);
  return SINTER_STATUS_BAD_TENSOR;
}

/* What inputs and outputs have in common, once sizes are known to be right. */
static const char *check_memory(const sinter_context_t *context,
                                const sinter_tensor_t *tensor, size_t bytes) {
  sinter_device_t own = sinter_context_device(context);
  int is_on_cpu =
      !tensor->device.kind || tensor->device.kind == SINTER_DEVICE_CPU;
  if (!is_on_cpu &&
      (tensor->device.kind != own.kind || tensor->device.id != own.id))
    return context->cuda
               ? "is neither in the memory of the CPU nor in that of the device"
               : "is not in the memory of the CPU";
  if (!tensor->data && bytes)
    return "has no data";
  size_t alignment = sinter_type_bytes(tensor->type);
  if (alignment && (uintptr_t)tensor->data % alignment)
    return "is not aligned to its elements";
  if (!sinter_tensor_is_contiguous(tensor))
    return "has strides that are not contiguous, which is not supported: copy "
           "it to "
           "row-major order";
  return NULL;
}

/* The input that set a free dimension before input `index` did. */
static const char *find_setter(const sinter_manifest_t *manifest, size_t index,
                               int32_t free_dim) {
  for (size_t i = 0; i < index; ++i)
    for (int32_t k = 0; k < manifest->inputs[i].rank; ++k)
      if (manifest->inputs[i].dims[k].free_dim == free_dim)
        return manifest->inputs[i].name;
  return manifest->inputs[index].name;
}

static sinter_status_t fail_conflict(const sinter_context_t *context,
                                     size_t index, int32_t axis, int64_t size,
                                     sinter_error_t *error) {
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  const sinter_value_info_t *info = &manifest->inputs[index];
  int32_t free_dim = info->dims[axis].free_dim;
  long long known = (long long)context->new_dims[free_dim];
  const char *name = manifest->free_dims[free_dim].name;
  sinter_fail(
      error, SINTER_STATUS_BAD_DIMENSION,
      "input '%s' has %lld as '%s' (dimension %d), but input '%s' has %lld",
      info->name, (long long)size, name, (int)axis,
      find_setter(manifest, index, free_dim), known);
  sinter_error_node(error, info->name, "");
  sinter_error_expected(error, "%s = %lld", name, known);
  sinter_error_found(error, "%s = %lld", name, (long long)size);
  sinter_error_remedy(error, "give inputs whose '%s' agrees", name);
  return SINTER_STATUS_BAD_DIMENSION;
}

/* Checks an input and takes its free dimensions into new_dims (-1: not set
 * yet). */
static sinter_status_t read_input(sinter_context_t *context, size_t index,
                                  const sinter_tensor_t *tensor,
                                  sinter_error_t *error) {
  const sinter_value_info_t *info =
      &context->model->artifact.manifest.inputs[index];
  if (tensor->type != info->type)
    return fail_tensor("input", info, NULL, tensor, "has the wrong type",
                       error);
  if (tensor->rank != info->rank)
    return fail_tensor("input", info, NULL, tensor, "has the wrong rank",
                       error);
  if (info->rank && !tensor->dims)
    return fail_tensor("input", info, NULL, tensor, "has no dims", error);
  for (int32_t i = 0; i < info->rank; ++i) {
    int64_t size = tensor->dims[i];
    int32_t free_dim = info->dims[i].free_dim;
    if (size < 0 || (free_dim < 0 && size != info->dims[i].value))
      return fail_tensor("input", info, NULL, tensor, "has the wrong size",
                         error);
    if (free_dim < 0)
      continue;
    if (context->new_dims[free_dim] >= 0 && context->new_dims[free_dim] != size)
      return fail_conflict(context, index, i, size, error);
    context->new_dims[free_dim] = size;
  }
  size_t bytes;
  sinter_status_t status =
      sinter_tensor_bytes(info->type, info->rank, tensor->dims, &bytes, error);
  if (status)
    return status;
  const char *complaint = check_memory(context, tensor, bytes);
  if (complaint)
    return fail_tensor("input", info, NULL, tensor, complaint, error);
  if (tensor->bytes && tensor->bytes < bytes) {
    fail_tensor("input", info, NULL, tensor,
                "has less memory than its sizes need", error);
    sinter_error_expected(error, "%zu bytes", bytes);
    sinter_error_found(error, "%zu bytes", tensor->bytes);
    return SINTER_STATUS_BAD_TENSOR;
  }
  context->input_pointers[index] = tensor->data;
  if (context->cuda)
    sinter_cuda_set_input(context, index, tensor);
  return SINTER_STATUS_OK;
}

static sinter_status_t read_inputs(sinter_context_t *context,
                                   const sinter_tensor_t *inputs,
                                   sinter_error_t *error) {
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  for (size_t i = 0; i < manifest->free_dim_count; ++i)
    context->new_dims[i] = -1;
  for (size_t i = 0; i < manifest->input_count; ++i) {
    sinter_status_t status = read_input(context, i, &inputs[i], error);
    if (status)
      return status;
  }
  /* A dimension that no input has stays as it was prepared. */
  int changed = !context->is_prepared;
  for (size_t i = 0; i < manifest->free_dim_count; ++i) {
    if (context->new_dims[i] < 0)
      context->new_dims[i] =
          context->is_prepared ? context->dims[i] : manifest->free_dims[i].min;
    changed |= context->new_dims[i] != context->dims[i];
  }
  return changed ? sinter_context_prepare_new_dims(context, error)
                 : SINTER_STATUS_OK;
}

static sinter_status_t fail_small(const sinter_value_info_t *info,
                                  size_t needed, size_t found,
                                  sinter_error_t *error) {
  sinter_fail(error, SINTER_STATUS_BUFFER_TOO_SMALL,
              "the memory for output '%s' has %zu bytes, but %zu are needed",
              info->name, found, needed);
  sinter_error_node(error, info->name, "");
  sinter_error_expected(error, "%zu bytes", needed);
  sinter_error_found(error, "%zu bytes", found);
  sinter_error_remedy(
      error, "give %zu bytes, or NULL to let the context provide them", needed);
  return SINTER_STATUS_BUFFER_TOO_SMALL;
}

static int is_on_device(const sinter_tensor_t *tensor) {
  return tensor->device.kind == SINTER_DEVICE_CUDA;
}

/* Whether the context gave the tensor its memory in an earlier run. */
static int owns_output(const sinter_context_t *context, size_t index,
                       const sinter_tensor_t *tensor) {
  if (is_on_device(tensor))
    return context->cuda &&
           sinter_cuda_owns_output(context, index, tensor->data);
  return tensor->data == context->output_blocks[index].data;
}

/* Memory of the context, where the tensor says. */
static sinter_status_t provide_output(sinter_context_t *context, size_t index,
                                      const sinter_tensor_t *tensor,
                                      sinter_error_t *error) {
  size_t needed = context->output_bytes[index];
  if (is_on_device(tensor))
    return sinter_cuda_provide_output(context, index,
                                      &context->output_pointers[index], error);
  sinter_block_t *block = &context->output_blocks[index];
  sinter_status_t status = sinter_context_resize(context, block, needed, error);
  context->output_pointers[index] = block->data;
  if (context->cuda && !status)
    sinter_cuda_set_output(context, index, block->data, 0);
  return status;
}

/* Checks an output and finds its memory. */
static sinter_status_t place_output(sinter_context_t *context, size_t index,
                                    const sinter_tensor_t *tensor,
                                    sinter_error_t *error) {
  const sinter_value_info_t *info =
      &context->model->artifact.manifest.outputs[index];
  const int64_t *dims = context->output_dims[index];
  size_t needed = context->output_bytes[index];
  if (tensor->type != SINTER_TYPE_UNDEFINED && tensor->type != info->type)
    return fail_tensor("output", info, dims, tensor, "has the wrong type",
                       error);
  int has_dims = tensor->dims && tensor->dims != dims;
  if (has_dims && (tensor->rank != info->rank ||
                   (info->rank && memcmp(tensor->dims, dims,
                                         (size_t)info->rank * sizeof *dims))))
    return fail_tensor("output", info, dims, tensor, "has the wrong shape",
                       error);
  sinter_tensor_t actual = *tensor;
  actual.type = info->type;
  actual.rank = info->rank;
  actual.dims = dims;
  int is_ours = !tensor->data || owns_output(context, index, tensor);
  if (is_ours)
    actual.data = NULL;
  const char *complaint = check_memory(context, &actual, is_ours ? 0 : needed);
  if (complaint)
    return fail_tensor("output", info, dims, &actual, complaint, error);
  if (is_ours)
    return provide_output(context, index, tensor, error);
  if (!tensor->bytes && !tensor->dims && info->rank)
    return fail_tensor("output", info, dims, tensor,
                       "has memory of unknown length (set bytes or dims)",
                       error);
  if (tensor->bytes && tensor->bytes < needed)
    return fail_small(info, needed, tensor->bytes, error);
  context->output_pointers[index] = tensor->data;
  if (context->cuda)
    sinter_cuda_set_output(context, index, tensor->data, is_on_device(tensor));
  return SINTER_STATUS_OK;
}

static void fill_output(const sinter_context_t *context, size_t index,
                        sinter_tensor_t *tensor) {
  const sinter_value_info_t *info =
      &context->model->artifact.manifest.outputs[index];
  void *data = context->output_pointers[index];
  size_t needed = context->output_bytes[index];
  tensor->data = data;
  if (!tensor->bytes || owns_output(context, index, tensor))
    tensor->bytes = needed;
  tensor->type = info->type;
  tensor->rank = info->rank;
  tensor->dims = context->output_dims[index];
  if (!is_on_device(tensor))
    tensor->device = (sinter_device_t){SINTER_DEVICE_CPU, 0};
}

/*===- The run ------------------------------------------------------------===*/

static sinter_status_t fail_sizes(const sinter_value_info_t *info,
                                  const int64_t *dims, sinter_error_t *error) {
  char found[sizeof error->found];
  sinter_text_t text = sinter_text_begin(found, sizeof found);
  append_sizes(dims, info->rank, &text);
  sinter_fail(error, SINTER_STATUS_CHECK_FAILED,
              "the data of the inputs gives output '%s' impossible sizes: %s",
              info->name, found);
  sinter_error_node(error, info->name, "");
  sinter_error_expected(error, "sizes that are not negative and fit in memory");
  sinter_error_found(error, "%s", found);
  sinter_error_remedy(error,
                      "check the inputs that the sizes are computed from");
  return SINTER_STATUS_CHECK_FAILED;
}

int32_t sinter_context_place_output(void *user, int32_t output,
                                    const int64_t *dims) {
  sinter_context_t *context = user;
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  if (output < 0 || (size_t)output >= manifest->output_count ||
      !manifest->late_outputs[output])
    return -SINTER_STATUS_INTERNAL;
  /* new_sizes is free: nothing is prepared during a run. */
  int32_t result =
      context->model->image.root->prepare(dims, context->new_sizes);
  if (result)
    return result;
  const sinter_value_info_t *info = &manifest->outputs[output];
  int64_t *own_dims = context->output_dims[output];
  size_t *bytes = &context->output_bytes[output];
  sinter_model_output_dims(context->model, (size_t)output, dims,
                           context->new_sizes, own_dims);
  sinter_status_t status =
      sinter_tensor_bytes(info->type, info->rank, own_dims, bytes, NULL);
  if (status || *bytes > SINTER_MAX_WORK_BYTES)
    status = fail_sizes(info, own_dims, context->run_error);
  else {
    if (context->cuda)
      sinter_cuda_begin_placing(context, (size_t)output, *bytes);
    status = place_output(context, (size_t)output,
                          &context->run_outputs[output], context->run_error);
    if (!status && context->cuda)
      status =
          sinter_cuda_end_placing(context, (size_t)output, context->run_error);
  }
  return status ? end_run(context, status) : 0;
}

static int32_t run_on_cpu(sinter_context_t *context) {
  const sinter_model_t *model = context->model;
  const sinter_abi_table table = {.struct_size = sizeof table,
                                  .version = SINTER_ABI_VERSION,
                                  .user = context,
                                  .parallel_for = parallel_for,
                                  .grow = grow,
                                  .copy = copy,
                                  .read = copy,
                                  .place_output = sinter_context_place_output,
                                  .reserve = reserve};
  const sinter_abi_frame frame = {.weights = model->weights,
                                  .arena = context->arena,
                                  .inputs = context->input_pointers,
                                  .outputs = context->output_pointers,
                                  .dims = context->dims,
                                  .sizes = context->sizes};
  return model->image.root->run(&table, &frame, model->kernels);
}

static sinter_status_t run_schedule(sinter_context_t *context,
                                    sinter_error_t *error) {
  int32_t result = -SINTER_STATUS_CANCELLED;
  sinter_status_t status = SINTER_STATUS_OK;
  context->run_status = SINTER_STATUS_OK;
  context->run_error = error;
  if (!atomic_load(&context->cancelled)) {
    if (context->cuda)
      status = sinter_cuda_run(context, &result, error);
    else
      result = run_on_cpu(context);
  }
  if (status)
    return status;
  if (!result)
    return SINTER_STATUS_OK;
  if (context->run_status)
    return context->run_status;
  if (result == -SINTER_STATUS_CANCELLED) {
    atomic_store(&context->cancelled, 0);
    return sinter_fail(error, SINTER_STATUS_CANCELLED, "the run was cancelled");
  }
  return sinter_model_fail_check(context->model, result, context->dims, error);
}

sinter_status_t sinter_context_run(sinter_context_t *context,
                                   const sinter_tensor_t *inputs,
                                   size_t input_count, sinter_tensor_t *outputs,
                                   size_t output_count, sinter_error_t *error) {
  if (!context || (input_count && !inputs) || (output_count && !outputs))
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "context, inputs or outputs is NULL");
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  if (input_count != manifest->input_count ||
      output_count != manifest->output_count) {
    sinter_fail(
        error, SINTER_STATUS_BAD_TENSOR,
        "the model has %zu inputs and %zu outputs, but %zu and %zu were given",
        manifest->input_count, manifest->output_count, input_count,
        output_count);
    sinter_error_expected(error, "%zu inputs, %zu outputs",
                          manifest->input_count, manifest->output_count);
    sinter_error_found(error, "%zu inputs, %zu outputs", input_count,
                       output_count);
    return SINTER_STATUS_BAD_TENSOR;
  }
  sinter_status_t status = read_inputs(context, inputs, error);
  for (size_t i = 0; i < output_count && !status; ++i)
    if (!manifest->late_outputs[i])
      status = place_output(context, i, &outputs[i], error);
  context->run_outputs = outputs;
  if (!status)
    status = run_schedule(context, error);
  for (size_t i = 0; i < output_count && !status; ++i)
    fill_output(context, i, &outputs[i]);
  return status;
}
