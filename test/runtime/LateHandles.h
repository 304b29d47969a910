//===- LateHandles.h - a call of fixture/late.c -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_RUNTIME_LATEHANDLES_H
#define SINTER_TEST_RUNTIME_LATEHANDLES_H

#include "Handles.h"

namespace sinter::test {

/// Inputs and outputs of the fixture test/runtime/fixture/late.c.
struct LateCall {
  LateCall(float count, float first) : x{count, first} {}

  sinter_status_t run(sinter_context_t *context) {
    return sinter_context_run(context, &input, 1, &output, 1, &error);
  }

  /// Compares y, on the host, with the definition of the fixture.
  void expectRight() const {
    ASSERT_EQ(output.rank, 1);
    ASSERT_EQ(output.dims[0], static_cast<int64_t>(x[0]));
    const float *y = static_cast<const float *>(output.data);
    for (int64_t i = 0; i < output.dims[0]; ++i)
      ASSERT_EQ(y[i], x[1] + static_cast<float>(i)) << i;
  }

  float x[2];
  int64_t dims[1] = {2};
  sinter_tensor_t input = {x, SINTER_TYPE_F32, 1, dims, nullptr, {0, 0}, 0};
  sinter_tensor_t output = {};
  sinter_error_t error = {};
};

} // namespace sinter::test

#endif // SINTER_TEST_RUNTIME_LATEHANDLES_H
