//===- Handles.h - what the tests of the runtime share ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_RUNTIME_HANDLES_H
#define SINTER_TEST_RUNTIME_HANDLES_H

#include "sinter/sinter.h"
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace sinter::test {

/// An open model, closed at the end of the scope.
struct Model {
  Model(const char *path = SINTER_FIXTURE, const char *isa = nullptr) {
    sinter_open_options_t options;
    sinter_open_options_init(&options);
    options.isa = isa;
    status = sinter_model_open(path, &options, &handle, &error);
  }
  Model(const Model &) = delete;
  ~Model() { sinter_model_close(handle); }
  operator sinter_model_t *() { return handle; }

  sinter_model_t *handle = nullptr;
  sinter_error_t error = {};
  sinter_status_t status;
};

/// A context, destroyed at the end of the scope.
struct Context {
  explicit Context(sinter_model_t *model, int32_t threads = 1) {
    sinter_context_options_t options = defaults();
    options.threads = threads;
    create(model, options);
  }
  Context(sinter_model_t *model, const sinter_context_options_t &options) {
    create(model, options);
  }
  Context(const Context &) = delete;
  ~Context() { sinter_context_destroy(handle); }
  operator sinter_context_t *() { return handle; }

  static sinter_context_options_t defaults() {
    sinter_context_options_t options;
    sinter_context_options_init(&options);
    return options;
  }

  sinter_context_t *handle = nullptr;
  sinter_error_t error = {};
  sinter_status_t status;

private:
  void create(sinter_model_t *model, const sinter_context_options_t &options) {
    status = sinter_context_create(model, &options, &handle, &error);
  }
};

/// Inputs and outputs of the fixture (test/runtime/fixture/model.c) at one
/// size.
struct Call {
  Call(int64_t batch, int64_t width) : xDims{batch, width}, biasDims{width} {
    x.resize(batch * width);
    bias.resize(width);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>(i % 97) * 0.25f;
    for (size_t i = 0; i < bias.size(); ++i)
      bias[i] = static_cast<float>(i) - 1;
    inputs[0] = {x.data(), SINTER_TYPE_F32, 2, xDims, nullptr, {0, 0}, 0};
    inputs[1] = {bias.data(), SINTER_TYPE_F32, 1, biasDims, nullptr, {0, 0}, 0};
  }

  sinter_status_t run(sinter_context_t *context) {
    return sinter_context_run(context, inputs, 2, outputs, 3, &error);
  }

  /// Compares y and s with the definition of the fixture.
  void expectRight() const {
    int64_t batch = xDims[0], width = xDims[1];
    ASSERT_EQ(outputs[0].rank, 2);
    ASSERT_EQ(outputs[0].dims[0], batch);
    ASSERT_EQ(outputs[0].dims[1], width);
    ASSERT_EQ(outputs[1].rank, 1);
    ASSERT_EQ(outputs[1].dims[0], batch);
    const float *y = static_cast<const float *>(outputs[0].data);
    const float *s = static_cast<const float *>(outputs[1].data);
    for (int64_t row = 0; row < batch; ++row) {
      float total = 0;
      for (int64_t i = 0; i < width; ++i) {
        float expected = x[row * width + i] * 2 + bias[i];
        ASSERT_EQ(y[row * width + i], expected) << row << ", " << i;
        total += expected;
      }
      ASSERT_EQ(s[row], total) << row;
    }
  }

  int64_t xDims[2], biasDims[1];
  std::vector<float> x, bias;
  sinter_tensor_t inputs[2], outputs[3] = {};
  sinter_error_t error = {};
};

inline bool contains(const char *text, const char *part) {
  return std::string(text).find(part) != std::string::npos;
}

} // namespace sinter::test

#endif // SINTER_TEST_RUNTIME_HANDLES_H
