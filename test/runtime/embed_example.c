/*===- embed_example.c - the example of the README, as it is there --------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Opens an artifact with inputs x f32[batch, width] and bias f32[width] and
 * three outputs, and runs it once.
 */
#include <sinter/sinter.h>
#include <stdio.h>

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  float x[2][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}}, bias[4] = {0, 0, 1, 1};
  const int64_t x_dims[2] = {2, 4}, bias_dims[1] = {4};
  const sinter_tensor_t inputs[] = {
      {.data = x, .type = SINTER_TYPE_F32, .rank = 2, .dims = x_dims},
      {.data = bias, .type = SINTER_TYPE_F32, .rank = 1, .dims = bias_dims}};
  sinter_tensor_t outputs[3] = {{0}}; /* no memory: the context provides it */
  sinter_error_t error;

  sinter_model_t *model;
  sinter_context_t *context;
  if (sinter_model_open(argv[1], NULL, &model, &error) ||
      sinter_context_create(model, NULL, &context, &error) ||
      sinter_context_run(context, inputs, 2, outputs, 3, &error))
    return fprintf(stderr, "%s\n", error.message), 1;

  const float *y = outputs[0].data;
  printf("%lld x %lld, first %g, last %g\n", (long long)outputs[0].dims[0],
         (long long)outputs[0].dims[1], y[0], y[7]);
  int is_right = y[0] == 2 && y[7] == 17;
  sinter_context_destroy(context);
  sinter_model_close(model);
  return is_right ? 0 : 1;
}
