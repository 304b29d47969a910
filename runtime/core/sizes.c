/*===- sizes.c - what a run takes at given free dimensions ----------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "core/error.h"
#include "core/format.h"
#include "core/state.h"
#include "sinter/cpu.h"

#include <stdlib.h>
#include <string.h>

void sinter_requirements_init(sinter_requirements_t *requirements) {
  if (requirements)
    *requirements =
        (sinter_requirements_t){.struct_size = sizeof *requirements};
}

static void append_dims(const sinter_manifest_t *manifest, const int64_t *dims,
                        sinter_text_t *text) {
  for (size_t i = 0; i < manifest->free_dim_count; ++i)
    sinter_text_append(text, "%s%s=%lld", i ? ", " : "",
                       manifest->free_dims[i].name, (long long)dims[i]);
}

sinter_status_t sinter_model_fail_check(const sinter_model_t *model,
                                        int32_t result, const int64_t *dims,
                                        sinter_error_t *error) {
  const sinter_manifest_t *manifest = &model->artifact.manifest;
  if (result < 0 && -(int64_t)result <= SINTER_STATUS_DEVICE_FAILED) {
    sinter_status_t status = (sinter_status_t)-result;
    return sinter_fail(error, status, "the run ended early: %s",
                       sinter_status_name(status));
  }
  if (result < 0 || (size_t)(result - 1) >= manifest->check_count)
    return sinter_fail(error, SINTER_STATUS_INTERNAL,
                       "generated code returned %d, which means nothing",
                       (int)result);
  const sinter_check_t *check = &manifest->checks[result - 1];
  char at[sizeof error->found];
  sinter_text_t text = sinter_text_begin(at, sizeof at);
  append_dims(manifest, dims, &text);
  sinter_fail(error, SINTER_STATUS_CHECK_FAILED,
              "node '%s' (%s) expects %s%s%s", check->node, check->op,
              check->expected, at[0] ? ", which is not so at " : "", at);
  sinter_error_node(error, check->node, check->op);
  sinter_error_expected(error, "%s", check->expected);
  sinter_error_found(error, "%s", at);
  sinter_error_remedy(error, "%s", check->remedy);
  return SINTER_STATUS_CHECK_FAILED;
}

static sinter_status_t check_ranges(const sinter_manifest_t *manifest,
                                    const int64_t *dims,
                                    sinter_error_t *error) {
  for (size_t i = 0; i < manifest->free_dim_count; ++i) {
    const sinter_free_dim_info_t *dim = &manifest->free_dims[i];
    if (dims[i] >= dim->min && dims[i] <= dim->max)
      continue;
    char range[96];
    sinter_text_t text = sinter_text_begin(range, sizeof range);
    if (dim->max == INT64_MAX)
      sinter_text_append(&text, "at least %lld", (long long)dim->min);
    else
      sinter_text_append(&text, "%lld to %lld", (long long)dim->min,
                         (long long)dim->max);
    sinter_fail(
        error, SINTER_STATUS_BAD_DIMENSION,
        "free dimension '%s' is %lld, but the model was compiled for %s",
        dim->name, (long long)dims[i], range);
    sinter_error_node(error, dim->name, "");
    sinter_error_expected(error, "%s", range);
    sinter_error_found(error, "%lld", (long long)dims[i]);
    sinter_error_remedy(error,
                        "use a size in the range, or compile the model with "
                        "a wider one (--dim)");
    return SINTER_STATUS_BAD_DIMENSION;
  }
  return SINTER_STATUS_OK;
}

void sinter_model_output_dims(const sinter_model_t *model, size_t output,
                              const int64_t *dims, const int64_t *sizes,
                              int64_t *out_dims) {
  const sinter_manifest_t *manifest = &model->artifact.manifest;
  const sinter_value_info_t *info = &manifest->outputs[output];
  for (int32_t i = 0; i < info->rank; ++i) {
    int32_t size = manifest->output_sizes[output][i];
    if (info->dims[i].value >= 0)
      out_dims[i] = info->dims[i].value;
    else
      out_dims[i] = size >= 0 ? sizes[size] : dims[info->dims[i].free_dim];
  }
}

static sinter_status_t add_outputs(const sinter_model_t *model,
                                   const int64_t *dims, const int64_t *sizes,
                                   uint64_t *bytes, sinter_error_t *error) {
  const sinter_manifest_t *manifest = &model->artifact.manifest;
  for (size_t i = 0; i < manifest->output_count; ++i) {
    const sinter_value_info_t *info = &manifest->outputs[i];
    if (manifest->late_outputs[i])
      continue;
    int64_t output_dims[SINTER_MAX_RANK];
    size_t output_bytes;
    sinter_model_output_dims(model, i, dims, sizes, output_dims);
    sinter_status_t status = sinter_tensor_bytes(
        info->type, info->rank, output_dims, &output_bytes, NULL);
    if (status || output_bytes > SINTER_MAX_WORK_BYTES) {
      sinter_fail(error, SINTER_STATUS_BAD_DIMENSION,
                  "output '%s' has no possible size at these free dimensions",
                  info->name);
      sinter_error_node(error, info->name, "");
      sinter_text_t text = sinter_error_found_text(error);
      append_dims(manifest, dims, &text);
      return SINTER_STATUS_BAD_DIMENSION;
    }
    *bytes += output_bytes;
  }
  return SINTER_STATUS_OK;
}

sinter_status_t sinter_model_compute_sizes(const sinter_model_t *model,
                                           const int64_t *dims, int32_t threads,
                                           int64_t *sizes,
                                           sinter_requirements_t *requirements,
                                           sinter_error_t *error) {
  const sinter_manifest_t *manifest = &model->artifact.manifest;
  sinter_status_t status = check_ranges(manifest, dims, error);
  if (status)
    return status;
  memset(sizes, 0, manifest->size_count * sizeof *sizes);
  int32_t result = model->image.root->prepare(dims, sizes);
  if (result)
    return sinter_model_fail_check(model, result, dims, error);
  if (sizes[0] < 0 || (uint64_t)sizes[0] > SINTER_MAX_WORK_BYTES ||
      sizes[1] < 0 ||
      (uint64_t)sizes[1] > SINTER_MAX_WORK_BYTES / (uint64_t)threads) {
    sinter_fail(
        error, SINTER_STATUS_BAD_DIMENSION,
        "the intermediate results are larger than any memory at these free "
        "dimensions");
    sinter_text_t text = sinter_error_found_text(error);
    append_dims(manifest, dims, &text);
    return SINTER_STATUS_BAD_DIMENSION;
  }
  uint64_t output_bytes = 0;
  status = add_outputs(model, dims, sizes, &output_bytes, error);
  if (status || !requirements)
    return status;
  requirements->arena_bytes = (uint64_t)sizes[0];
  requirements->scratch_bytes = (uint64_t)sizes[1];
  requirements->work_bytes =
      sinter_align_up((uint64_t)sizes[0], 64) +
      (uint64_t)threads * sinter_align_up((uint64_t)sizes[1], 64);
  requirements->output_bytes = output_bytes;
  requirements->flop = sizes[2];
  return SINTER_STATUS_OK;
}

sinter_status_t
sinter_model_requirements(const sinter_model_t *model, const int64_t *dims,
                          size_t dim_count, int32_t threads,
                          sinter_requirements_t *out_requirements,
                          sinter_error_t *error) {
  if (!model || !out_requirements || (dim_count && !dims))
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "model, dims or out_requirements is NULL");
  if (threads < 0 || dim_count != model->artifact.manifest.free_dim_count)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "%d threads and %zu values for %zu free dimensions",
                       (int)threads, dim_count,
                       model->artifact.manifest.free_dim_count);
  sinter_requirements_t known;
  sinter_requirements_init(&known);
  sinter_status_t status =
      sinter_read_options(out_requirements, &known, sizeof known, sizeof known,
                          "sinter_requirements", error);
  if (status)
    return status;
  size_t all_dims = sinter_all_dims(&model->artifact.manifest);
  int64_t *sizes =
      calloc(model->artifact.manifest.size_count + all_dims, sizeof *sizes);
  if (!sizes)
    return sinter_fail(error, SINTER_STATUS_OUT_OF_MEMORY,
                       "no memory for sizes");
  int64_t *own_dims = sizes + model->artifact.manifest.size_count;
  if (dim_count)
    memcpy(own_dims, dims, dim_count * sizeof *dims);
  status = sinter_model_compute_sizes(
      model, own_dims, threads ? threads : sinter_cpu_default_threads(), sizes,
      &known, error);
  free(sizes);
  if (!status)
    memcpy(out_requirements, &known, sizeof known);
  return status;
}
