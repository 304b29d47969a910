/*===- context.c - memory, threads and sizes for running a model ----------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "core/context.h"
#include "core/error.h"
#include "core/format.h"
#include "cuda/context.h"

#include <string.h>

void sinter_context_options_init(sinter_context_options_t *options) {
  if (options)
    *options = (sinter_context_options_t){.struct_size = sizeof *options};
}

/*===- Creation -----------------------------------------------------------===*/

/* Hands out parts of one block; with block == NULL only counts. */
typedef struct carver {
  uint8_t *block;
  size_t used;
} carver;

static void *carve(carver *carver, size_t count, size_t bytes) {
  size_t begin = carver->used;
  carver->used = sinter_align_up(begin + count * bytes, 16);
  return carver->block ? carver->block + begin : NULL;
}

static void carve_arrays(carver *carver, const sinter_manifest_t *manifest,
                         sinter_context_t *context) {
  size_t outputs = manifest->output_count;
  /* What is carved is 0: late dimensions stay so. */
  size_t dims = sinter_all_dims(manifest);
  context->dims = carve(carver, dims, sizeof(int64_t));
  context->new_dims = carve(carver, dims, sizeof(int64_t));
  context->grown = carve(carver, manifest->slot_count, sizeof(sinter_block_t));
  context->sizes = carve(carver, manifest->size_count, sizeof(int64_t));
  context->new_sizes = carve(carver, manifest->size_count, sizeof(int64_t));
  context->input_pointers =
      carve(carver, manifest->input_count, sizeof(void *));
  context->output_pointers = carve(carver, outputs, sizeof(void *));
  context->output_bytes = carve(carver, outputs, sizeof(size_t));
  context->output_blocks = carve(carver, outputs, sizeof(sinter_block_t));
  context->output_dims = carve(carver, outputs, sizeof(int64_t *));
  for (size_t i = 0; i < outputs; ++i) {
    int64_t *own =
        carve(carver, (size_t)manifest->outputs[i].rank, sizeof *own);
    if (carver->block)
      context->output_dims[i] = own;
  }
}

/* The structure and all its arrays in one block of the allocator. */
static sinter_context_t *allocate_context(const sinter_model_t *model,
                                          sinter_allocator_t allocator) {
  const sinter_manifest_t *manifest = &model->artifact.manifest;
  sinter_context_t counted;
  carver count = {NULL, 0}, parts;
  carve(&count, 1, sizeof counted);
  carve_arrays(&count, manifest, &counted);
  parts.block = allocator.allocate(allocator.user, count.used, 64);
  parts.used = 0;
  if (!parts.block)
    return NULL;
  memset(parts.block, 0, count.used);
  sinter_context_t *context = carve(&parts, 1, sizeof *context);
  carve_arrays(&parts, manifest, context);
  context->own_bytes = count.used;
  context->allocator = allocator;
  return context;
}

/* Reserves memory for the largest free dimensions where all have a maximum. A
 * model that does not allow its maxima together, or a system without that much
 * memory, is no error: prepare then takes what it needs. */
static void reserve_for_maximum(sinter_context_t *context) {
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  sinter_requirements_t needed;
  for (size_t i = 0; i < manifest->free_dim_count; ++i) {
    context->new_dims[i] = manifest->free_dims[i].max;
    if (context->new_dims[i] == INT64_MAX)
      return;
  }
  if (context->caller_work ||
      sinter_model_compute_sizes(context->model, context->new_dims,
                                 context->parallel.threads, context->new_sizes,
                                 &needed, NULL))
    return;
  (void)sinter_context_resize(context, &context->work, needed.work_bytes, NULL);
}

static sinter_status_t check_device(const sinter_context_options_t *options,
                                    sinter_error_t *error) {
  sinter_device_t device = options->device;
  if (!device.kind || device.kind == SINTER_DEVICE_CPU)
    return SINTER_STATUS_OK;
  if (device.kind != SINTER_DEVICE_CUDA) {
    sinter_fail(error, SINTER_STATUS_UNSUPPORTED_DEVICE,
                "devices of kind %d are not supported", (int)device.kind);
    sinter_error_expected(error, "SINTER_DEVICE_CPU or SINTER_DEVICE_CUDA");
    return SINTER_STATUS_UNSUPPORTED_DEVICE;
  }
  if (options->work)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "the work memory of the caller is for the CPU only; on "
                       "a device it must be NULL");
  return SINTER_STATUS_OK;
}

static sinter_status_t check_options(const sinter_context_options_t *options,
                                     sinter_error_t *error) {
  if (options->allocator &&
      (!options->allocator->allocate || !options->allocator->release))
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "the allocator has no 'allocate' or no 'release'");
  if ((uintptr_t)options->work % 64)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "the work memory is not aligned to 64 bytes");
  return check_device(options, error);
}

sinter_status_t sinter_context_create(sinter_model_t *model,
                                      const sinter_context_options_t *options,
                                      sinter_context_t **out_context,
                                      sinter_error_t *error) {
  if (!model || !out_context)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "model or out_context is NULL");
  sinter_context_options_t known;
  sinter_context_options_init(&known);
  sinter_status_t status = sinter_read_options(
      options, &known, sizeof known, offsetof(sinter_context_options_t, device),
      "sinter_context_options", error);
  if (!status)
    status = check_options(&known, error);
  if (status)
    return status;
  int is_on_device = known.device.kind == SINTER_DEVICE_CUDA;
  sinter_parallel_t parallel;
  status = is_on_device ? sinter_parallel_begin(1, NULL, &parallel, error)
                        : sinter_parallel_begin(known.threads, known.pool,
                                                &parallel, error);
  if (status)
    return status;
  sinter_context_t *context = allocate_context(
      model, known.allocator ? *known.allocator : sinter_default_allocator());
  if (!context) {
    sinter_parallel_end(&parallel);
    return sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                       "no memory for a context");
  }
  sinter_model_retain(model);
  context->model = model;
  context->parallel = parallel;
  context->profile = known.profile;
  context->profile_user = known.profile_user;
  context->caller_work = known.work;
  context->caller_work_bytes = known.work_bytes;
  atomic_init(&context->cancelled, 0);
  if (is_on_device)
    status = sinter_cuda_context_create(context, known.device.id, error);
  if (!status && !model->artifact.manifest.free_dim_count)
    status = sinter_context_prepare(context, NULL, 0, error);
  else if (!status && !is_on_device)
    reserve_for_maximum(context);
  if (status)
    sinter_context_destroy(context);
  else
    *out_context = context;
  return status;
}

void sinter_context_destroy(sinter_context_t *context) {
  if (!context)
    return;
  sinter_allocator_t allocator = context->allocator;
  sinter_model_t *model = context->model;
  sinter_cuda_context_destroy(context);
  sinter_parallel_end(&context->parallel);
  for (size_t i = 0; i < model->artifact.manifest.output_count; ++i)
    sinter_context_release(context, &context->output_blocks[i]);
  for (uint32_t i = 0; i < model->artifact.manifest.slot_count; ++i)
    sinter_context_release(context, &context->grown[i]);
  sinter_context_release(context, &context->grown_scratch);
  sinter_context_release(context, &context->work);
  allocator.release(allocator.user, context, context->own_bytes);
  sinter_model_close(model);
}

/*===- Memory -------------------------------------------------------------===*/

void sinter_context_release(sinter_context_t *context, sinter_block_t *block) {
  if (block->data)
    context->allocator.release(context->allocator.user, block->data,
                               block->bytes);
  *block = (sinter_block_t){NULL, 0};
}

sinter_status_t sinter_context_resize(sinter_context_t *context,
                                      sinter_block_t *block, uint64_t bytes,
                                      sinter_error_t *error) {
  size_t wanted = bytes ? (size_t)sinter_align_up(bytes, 64) : 64;
  if (wanted <= block->bytes)
    return SINTER_STATUS_OK;
  sinter_context_release(context, block);
  block->data =
      context->allocator.allocate(context->allocator.user, wanted, 64);
  if (!block->data) {
    sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY, "no memory for %zu bytes",
                wanted);
    sinter_error_remedy(error,
                        "use smaller inputs, or give the process more memory");
    return SINTER_STATUS_OUT_OF_MEMORY;
  }
  block->bytes = wanted;
  return SINTER_STATUS_OK;
}

/* Makes the work memory `needed` long, in the allocator's or the caller's
 * memory. */
static sinter_status_t provide_work(sinter_context_t *context,
                                    const sinter_requirements_t *needed,
                                    sinter_error_t *error) {
  uint8_t *base = context->caller_work;
  if (!base) {
    sinter_status_t status = sinter_context_resize(context, &context->work,
                                                   needed->work_bytes, error);
    context->is_prepared &= !status;
    if (status)
      return status;
    base = context->work.data;
  } else if (needed->work_bytes > context->caller_work_bytes) {
    sinter_fail(error, SINTER_STATUS_BUFFER_TOO_SMALL,
                "the work memory has %zu bytes, but %llu are needed",
                context->caller_work_bytes,
                (unsigned long long)needed->work_bytes);
    sinter_error_expected(error, "%llu bytes",
                          (unsigned long long)needed->work_bytes);
    sinter_error_found(error, "%zu bytes", context->caller_work_bytes);
    sinter_error_remedy(error, "ask sinter_model_requirements for the largest "
                               "dimensions that will be used");
    return SINTER_STATUS_BUFFER_TOO_SMALL;
  }
  context->arena = base;
  context->scratch = base + sinter_align_up(needed->arena_bytes, 64);
  context->scratch_step = sinter_align_up(needed->scratch_bytes, 64);
  return SINTER_STATUS_OK;
}

/*===- Preparation --------------------------------------------------------===*/

/* Sizes of an output that a run will find. */
static void forget_late_sizes(sinter_context_t *context, size_t output) {
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  for (int32_t i = 0; i < manifest->outputs[output].rank; ++i) {
    int32_t size = manifest->output_sizes[output][i];
    if (size >= 0 && manifest->late_sizes[size])
      context->output_dims[output][i] = -1;
  }
  context->output_bytes[output] = 0;
}

sinter_status_t sinter_context_prepare_new_dims(sinter_context_t *context,
                                                sinter_error_t *error) {
  const sinter_manifest_t *manifest = &context->model->artifact.manifest;
  sinter_requirements_t needed;
  sinter_status_t status = sinter_model_compute_sizes(
      context->model, context->new_dims, context->parallel.threads,
      context->new_sizes, &needed, error);
  if (!status)
    status = context->cuda ? sinter_cuda_prepare(context, &needed, error)
                           : provide_work(context, &needed, error);
  if (status)
    return status;
  int64_t *dims = context->new_dims, *sizes = context->new_sizes;
  context->new_dims = context->dims;
  context->new_sizes = context->sizes;
  context->dims = dims;
  context->sizes = sizes;
  for (size_t i = 0; i < manifest->output_count; ++i) {
    const sinter_value_info_t *info = &manifest->outputs[i];
    sinter_model_output_dims(context->model, i, dims, sizes,
                             context->output_dims[i]);
    if (manifest->late_outputs[i]) {
      forget_late_sizes(context, i);
      continue;
    }
    /* Cannot fail: compute_sizes has done the same. */
    (void)sinter_tensor_bytes(info->type, info->rank, context->output_dims[i],
                              &context->output_bytes[i], NULL);
  }
  context->is_prepared = 1;
  return SINTER_STATUS_OK;
}

sinter_status_t sinter_context_prepare(sinter_context_t *context,
                                       const int64_t *dims, size_t dim_count,
                                       sinter_error_t *error) {
  if (!context || (dim_count && !dims))
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "context or dims is NULL");
  size_t expected = context->model->artifact.manifest.free_dim_count;
  if (dim_count != expected)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "%zu values for %zu free dimensions", dim_count,
                       expected);
  if (expected)
    memcpy(context->new_dims, dims, expected * sizeof *dims);
  return sinter_context_prepare_new_dims(context, error);
}

/*===- Queries ------------------------------------------------------------===*/

const sinter_model_t *sinter_context_model(const sinter_context_t *context) {
  return context ? context->model : NULL;
}

sinter_device_t sinter_context_device(const sinter_context_t *context) {
  if (context && context->cuda)
    return (sinter_device_t){SINTER_DEVICE_CUDA,
                             context->cuda->device->ordinal};
  return (sinter_device_t){SINTER_DEVICE_CPU, 0};
}

const char *sinter_context_device_name(const sinter_context_t *context) {
  if (!context)
    return "";
  return context->cuda ? context->cuda->device->title
                       : context->model->artifact.manifest.info.isa;
}

int32_t sinter_context_threads(const sinter_context_t *context) {
  return context ? context->parallel.threads : 0;
}

static sinter_status_t check_prepared(const sinter_context_t *context,
                                      const void *result,
                                      sinter_error_t *error) {
  if (!context || !result)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "context or result is NULL");
  if (!context->is_prepared)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "the context has not been prepared yet");
  return SINTER_STATUS_OK;
}

sinter_status_t
sinter_context_requirements(const sinter_context_t *context,
                            sinter_requirements_t *out_requirements,
                            sinter_error_t *error) {
  sinter_status_t status = check_prepared(context, out_requirements, error);
  if (status)
    return status;
  return sinter_model_requirements(
      context->model, context->dims,
      context->model->artifact.manifest.free_dim_count,
      context->parallel.threads, out_requirements, error);
}

sinter_status_t sinter_context_output(const sinter_context_t *context,
                                      size_t index, sinter_tensor_t *out_tensor,
                                      sinter_error_t *error) {
  sinter_status_t status = check_prepared(context, out_tensor, error);
  if (status)
    return status;
  const sinter_value_info_t *info = sinter_model_output(context->model, index);
  if (!info)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "the model has no output number %zu", index);
  *out_tensor = (sinter_tensor_t){.type = info->type,
                                  .rank = info->rank,
                                  .dims = context->output_dims[index],
                                  .device = {SINTER_DEVICE_CPU, 0},
                                  .bytes = context->output_bytes[index]};
  return SINTER_STATUS_OK;
}

void sinter_context_set_profile(sinter_context_t *context,
                                sinter_profile_fn profile, void *user) {
  if (!context)
    return;
  context->profile = profile;
  context->profile_user = user;
}

void sinter_context_cancel(sinter_context_t *context) {
  if (context)
    atomic_store(&context->cancelled, 1);
}
