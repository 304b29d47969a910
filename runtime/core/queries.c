/*===- queries.c - facts about an open model ------------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "core/error.h"
#include "core/state.h"

#include <string.h>

const sinter_model_info_t *sinter_model_info(const sinter_model_t *model) {
  return model ? &model->artifact.manifest.info : NULL;
}

/* sinter_model_<items>_count and sinter_model_<item>(index). */
#define DEFINE_LIST(item, type, field)                                         \
  size_t sinter_model_##item##_count(const sinter_model_t *model) {            \
    return model ? model->artifact.manifest.item##_count : 0;                  \
  }                                                                            \
  const type *sinter_model_##item(const sinter_model_t *model, size_t index) { \
    return index < sinter_model_##item##_count(model)                          \
               ? &model->artifact.manifest.field[index]                        \
               : NULL;                                                         \
  }
DEFINE_LIST(input, sinter_value_info_t, inputs)
DEFINE_LIST(output, sinter_value_info_t, outputs)
DEFINE_LIST(free_dim, sinter_free_dim_info_t, free_dims)
DEFINE_LIST(kernel, sinter_kernel_info_t, kernels)
DEFINE_LIST(launch, sinter_launch_info_t, launches)
DEFINE_LIST(variant, sinter_variant_info_t, variants)
#undef DEFINE_LIST

size_t sinter_model_device_code_count(const sinter_model_t *model) {
  return model ? model->artifact.manifest.device_code_count : 0;
}
const sinter_device_code_info_t *
sinter_model_device_code(const sinter_model_t *model, size_t index) {
  return index < sinter_model_device_code_count(model)
             ? &model->artifact.manifest.device_modules[index].info
             : NULL;
}

/* Looks a name up; `get` gives the name of an item. */
static sinter_status_t find(const sinter_model_t *model, const char *what,
                            size_t count,
                            const char *(*get)(const sinter_model_t *, size_t),
                            const char *name, size_t *out_index,
                            sinter_error_t *error) {
  if (!model || !name || !out_index)
    return sinter_fail(error, SINTER_STATUS_INVALID_ARGUMENT,
                       "model, name or out_index is NULL");
  for (size_t i = 0; i < count; ++i) {
    if (!strcmp(get(model, i), name)) {
      *out_index = i;
      return SINTER_STATUS_OK;
    }
  }
  char list[sizeof error->expected];
  sinter_text_t text = sinter_text_begin(list, sizeof list);
  for (size_t i = 0; i < count; ++i)
    sinter_text_append(&text, "%s%s", i ? ", " : "", get(model, i));
  if (!count)
    sinter_text_append(&text, "none");
  sinter_fail(error, SINTER_STATUS_NOT_FOUND,
              "the model has no %s '%s'; it has: %s", what, name, list);
  sinter_error_node(error, name, "");
  sinter_error_expected(error, "%s", list);
  sinter_error_found(error, "%s", name);
  sinter_error_remedy(error, "use one of the names that the model has");
  return SINTER_STATUS_NOT_FOUND;
}

static const char *get_input_name(const sinter_model_t *model, size_t index) {
  return model->artifact.manifest.inputs[index].name;
}
static const char *get_output_name(const sinter_model_t *model, size_t index) {
  return model->artifact.manifest.outputs[index].name;
}
static const char *get_free_dim_name(const sinter_model_t *model,
                                     size_t index) {
  return model->artifact.manifest.free_dims[index].name;
}

sinter_status_t sinter_model_find_input(const sinter_model_t *model,
                                        const char *name, size_t *out_index,
                                        sinter_error_t *error) {
  return find(model, "input", sinter_model_input_count(model), get_input_name,
              name, out_index, error);
}
sinter_status_t sinter_model_find_output(const sinter_model_t *model,
                                         const char *name, size_t *out_index,
                                         sinter_error_t *error) {
  return find(model, "output", sinter_model_output_count(model),
              get_output_name, name, out_index, error);
}
sinter_status_t sinter_model_find_free_dim(const sinter_model_t *model,
                                           const char *name, size_t *out_index,
                                           sinter_error_t *error) {
  return find(model, "free dimension", sinter_model_free_dim_count(model),
              get_free_dim_name, name, out_index, error);
}
