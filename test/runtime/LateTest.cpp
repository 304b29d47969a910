//===- LateTest.cpp - sizes that a run finds ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LateHandles.h"

using namespace sinter::test;

TEST(Late, OutputsAreAsLongAsDataSays) {
  Model model(SINTER_LATE_FIXTURE);
  ASSERT_EQ(model.status, SINTER_STATUS_OK) << model.error.message;
  for (int32_t threads : {1, 4}) {
    Context context(model, threads);
    LateCall again(0, 1);
    for (float count : {3.f, 0.f, 4096.f, 1.f, 700.f}) {
      again.x[0] = count;
      ASSERT_EQ(again.run(context), SINTER_STATUS_OK) << again.error.message;
      again.expectRight();
      EXPECT_EQ(again.output.bytes, size_t(count) * 4);
    }
  }
}

TEST(Late, SizesAreUnknownBeforeARun) {
  Model model(SINTER_LATE_FIXTURE);
  Context context(model);
  EXPECT_EQ(sinter_model_free_dim_count(model), 1u) << "late ones do not count";
  EXPECT_STREQ(sinter_model_output(model, 0)->dims[0].formula, "?count");
  int64_t n = 2;
  sinter_error_t error;
  ASSERT_EQ(sinter_context_prepare(context, &n, 1, &error), SINTER_STATUS_OK);
  sinter_tensor_t output;
  ASSERT_EQ(sinter_context_output(context, 0, &output, &error),
            SINTER_STATUS_OK);
  EXPECT_EQ(output.dims[0], -1);
  EXPECT_EQ(output.bytes, 0u);
  sinter_requirements_t needed;
  sinter_requirements_init(&needed);
  ASSERT_EQ(sinter_model_requirements(model, &n, 1, 1, &needed, &error),
            SINTER_STATUS_OK);
  EXPECT_EQ(needed.output_bytes, 0u);
  LateCall call(5, 0);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  ASSERT_EQ(sinter_context_output(context, 0, &output, &error),
            SINTER_STATUS_OK);
  EXPECT_EQ(output.dims[0], 5);
  EXPECT_EQ(output.bytes, 20u);
}

TEST(Late, MemoryOfTheCallerMustBeLongEnough) {
  Model model(SINTER_LATE_FIXTURE);
  Context context(model);
  alignas(64) float memory[8];
  LateCall call(8, 2);
  call.output.data = memory;
  call.output.bytes = sizeof memory;
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  EXPECT_EQ(call.output.data, memory);
  call.expectRight();
  call.x[0] = 9;
  EXPECT_EQ(call.run(context), SINTER_STATUS_BUFFER_TOO_SMALL);
  EXPECT_STREQ(call.error.expected, "36 bytes");
  EXPECT_STREQ(call.error.found, "32 bytes");
  call.x[0] = 7;
  int64_t dims[1] = {8};
  call.output.dims = dims;
  EXPECT_EQ(call.run(context), SINTER_STATUS_BAD_TENSOR);
  EXPECT_TRUE(contains(call.error.message, "wrong shape"));
}

TEST(Late, ImpossibleSizesFailTheRun) {
  Model model(SINTER_LATE_FIXTURE);
  Context context(model);
  LateCall call(-3, 0);
  EXPECT_EQ(call.run(context), SINTER_STATUS_CHECK_FAILED);
  EXPECT_STREQ(call.error.node, "y");
  EXPECT_STREQ(call.error.found, "[-3]");
  call.x[0] = 5000;
  EXPECT_EQ(call.run(context), SINTER_STATUS_CHECK_FAILED);
  EXPECT_STREQ(call.error.node, "Loop_1");
  call.x[0] = 2;
  call.x[1] = -1;
  EXPECT_EQ(call.run(context), SINTER_STATUS_OUT_OF_MEMORY);
  EXPECT_TRUE(contains(call.error.message, "1152921504606846976 bytes"));
  call.x[1] = 1;
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << "the context is as before";
  call.expectRight();
}
