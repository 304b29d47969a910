/*===- api_c11.c - the whole interface from C11 ---------------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Compiled with -std=c11 -pedantic-errors. Every group of calls is used once
 * with the artifact given as argument; the exit status is the line that failed.
 */
#include "sinter/abi.h"
#include "sinter/sinter.h"

#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                  \
      return 1;                                                                \
    }                                                                          \
  } while (0)

/* Layouts that applications and artifacts are compiled against. */
_Static_assert(sizeof(sinter_error_t) == 4 + 1024 + 256 + 64 + 3 * 512,
               "error");
_Static_assert(sizeof(sinter_tensor_t) == 48, "tensor");
_Static_assert(sizeof(sinter_dl_tensor_t) == 48, "DLTensor");
_Static_assert(sizeof(sinter_abi_frame) == 48, "frame");
_Static_assert(sizeof(sinter_abi_table) == 64, "table");
_Static_assert(sizeof(sinter_abi_root) == 32, "root");
_Static_assert(offsetof(sinter_open_options_t, struct_size) == 0, "size first");
_Static_assert(offsetof(sinter_context_options_t, struct_size) == 0,
               "size first");
_Static_assert(offsetof(sinter_requirements_t, struct_size) == 0, "size first");

static void count_launch(void *user, size_t launch, uint64_t nanoseconds) {
  (void)launch, (void)nanoseconds;
  ++*(int *)user;
}

static int check_queries(const sinter_model_t *model) {
  size_t index = 9;
  CHECK(sinter_model_info(model)->node_count == 5);
  CHECK(sinter_model_input_count(model) == 2);
  CHECK(!strcmp(sinter_model_input(model, 1)->name, "bias"));
  CHECK(sinter_model_find_output(model, "s", &index, NULL) == SINTER_STATUS_OK);
  CHECK(index == 1);
  CHECK(sinter_model_variant(model, 1)->supported == 1);
  int64_t dims[2] = {2, 4};
  sinter_requirements_t needed;
  sinter_requirements_init(&needed);
  CHECK(sinter_model_requirements(model, dims, 2, 1, &needed, NULL) ==
        SINTER_STATUS_OK);
  CHECK(needed.arena_bytes == 32);
  return 0;
}

static int check_run(sinter_context_t *context, const int *launches) {
  float x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, bias[4] = {0}, y[8] = {0};
  int64_t x_dims[2] = {2, 4}, bias_dims[1] = {4};
  sinter_tensor_t inputs[2] = {
      {.data = x, .type = SINTER_TYPE_F32, .rank = 2, .dims = x_dims},
      {.data = bias, .type = SINTER_TYPE_F32, .rank = 1, .dims = bias_dims}};
  sinter_tensor_t outputs[3] = {{.data = y, .bytes = sizeof y}};
  sinter_error_t error;
  CHECK(sinter_context_prepare(context, x_dims, 2, &error) == SINTER_STATUS_OK);
  CHECK(sinter_context_run(context, inputs, 2, outputs, 3, &error) ==
        SINTER_STATUS_OK);
  CHECK(y[7] == 16 && *launches == 3);
  CHECK(((const float *)outputs[1].data)[1] == 52);
  int64_t shape[2], strides[2];
  sinter_dl_tensor_t dl;
  CHECK(sinter_tensor_to_dlpack(&outputs[0], shape, strides, &dl, &error) ==
        SINTER_STATUS_OK);
  CHECK(dl.data == (void *)y && shape[1] == 4 && strides[0] == 4);
  inputs[0].type = SINTER_TYPE_I8;
  CHECK(sinter_context_run(context, inputs, 2, outputs, 3, &error) ==
        SINTER_STATUS_BAD_TENSOR);
  CHECK(!strcmp(error.found, "i8[2, 4]"));
  return 0;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  sinter_open_options_t open_options;
  sinter_open_options_init(&open_options);
  open_options.verify = 1;
  sinter_model_t *model = NULL;
  sinter_error_t error;
  CHECK(sinter_model_open(argv[1], &open_options, &model, &error) ==
        SINTER_STATUS_OK);
  if (check_queries(model))
    return 1;

  int launches = 0;
  sinter_context_options_t options;
  sinter_context_options_init(&options);
  options.threads = sinter_cpu_default_threads();
  options.profile = count_launch;
  options.profile_user = &launches;
  sinter_context_t *context = NULL;
  CHECK(sinter_context_create(model, &options, &context, &error) ==
        SINTER_STATUS_OK);
  if (check_run(context, &launches))
    return 1;
  sinter_context_destroy(context);
  CHECK(sinter_model_verify(model, 1, &error) == SINTER_STATUS_OK);
  sinter_model_close(model);
  return 0;
}
