//===- ContextTest.cpp - inputs, outputs and sizes of a run ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Handles.h"
#include <cstring>

using namespace sinter::test;

namespace {

struct Run : testing::Test {
  void expectTensorError(sinter_status_t status, const char *part) {
    EXPECT_EQ(status, SINTER_STATUS_BAD_TENSOR);
    EXPECT_TRUE(contains(call.error.message, part)) << call.error.message;
  }
  Model model;
  Context context{model};
  Call call{3, 4};
};

} // namespace

TEST_F(Run, OutputsOfTheContext) {
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  call.expectRight();
  EXPECT_EQ(call.outputs[0].type, SINTER_TYPE_F32);
  EXPECT_EQ(call.outputs[0].bytes, 48u);
  EXPECT_EQ(call.outputs[0].device.kind, SINTER_DEVICE_CPU);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(call.outputs[0].data) % 64, 0u);
}

TEST_F(Run, OutputsOfTheCaller) {
  float y[12], s[3];
  int64_t yDims[] = {3, 4};
  call.outputs[0] = {y, SINTER_TYPE_F32, 2, yDims, nullptr, {0, 0}, 0};
  call.outputs[1].data = s;
  call.outputs[1].bytes = sizeof s;
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  EXPECT_EQ(call.outputs[0].data, y);
  EXPECT_EQ(call.outputs[1].data, s);
  EXPECT_EQ(call.outputs[0].bytes, sizeof y) << "the length that dims said";
  call.expectRight();
}

TEST_F(Run, FilledTensorsCanBePassedAgain) {
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  void *before = call.outputs[0].data;
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  EXPECT_EQ(call.outputs[0].data, before);

  // The same tensors at a larger size: the context gives them new memory.
  Call larger(60, 512);
  for (int i = 0; i < 3; ++i)
    larger.outputs[i] = call.outputs[i];
  ASSERT_EQ(larger.run(context), SINTER_STATUS_OK) << larger.error.message;
  larger.expectRight();
}

TEST_F(Run, CallersMemoryThatBecameTooSmall) {
  float y[12];
  int64_t yDims[] = {3, 4};
  call.outputs[0] = {y, SINTER_TYPE_F32, 2, yDims, nullptr, {0, 0}, 0};
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  Call larger(4, 4);
  larger.outputs[0] = call.outputs[0];
  ASSERT_EQ(larger.run(context), SINTER_STATUS_BUFFER_TOO_SMALL);
  EXPECT_STREQ(larger.error.node, "y");
  EXPECT_STREQ(larger.error.expected, "64 bytes");
  EXPECT_STREQ(larger.error.found, "48 bytes");
}

TEST_F(Run, SmallBufferNamesTheSizeNeededAndChangesNothing) {
  float y[12] = {42};
  call.outputs[0].data = y;
  call.outputs[0].bytes = sizeof y - 1;
  ASSERT_EQ(call.run(context), SINTER_STATUS_BUFFER_TOO_SMALL);
  EXPECT_TRUE(contains(call.error.message, "48 are needed"))
      << call.error.message;
  EXPECT_EQ(y[0], 42);
  EXPECT_EQ(call.outputs[0].dims, nullptr);
  EXPECT_EQ(call.outputs[1].data, nullptr);
}

TEST_F(Run, OutputMemoryOfUnknownLength) {
  float y[12];
  call.outputs[0].data = y;
  expectTensorError(call.run(context), "unknown length");
}

TEST_F(Run, OutputOfAnotherShapeOrType) {
  float y[12];
  int64_t dims[] = {4, 3};
  call.outputs[0] = {y, SINTER_TYPE_F32, 2, dims, nullptr, {0, 0}, 0};
  expectTensorError(call.run(context), "expected f32[3, 4], found f32[4, 3]");
  int64_t right[] = {3, 4};
  call.outputs[0] = {y, SINTER_TYPE_I32, 2, right, nullptr, {0, 0}, 0};
  expectTensorError(call.run(context), "output 'y' has the wrong type");
}

TEST_F(Run, InputOfAnotherType) {
  call.inputs[0].type = SINTER_TYPE_F64;
  expectTensorError(call.run(context), "input 'x' has the wrong type");
  EXPECT_STREQ(call.error.expected, "f32[batch, width]");
  EXPECT_STREQ(call.error.found, "f64[3, 4]");
}

TEST_F(Run, InputOfAnotherRank) {
  call.inputs[0].rank = 1;
  expectTensorError(call.run(context), "input 'x' has the wrong rank");
  call.inputs[0].rank = -1;
  expectTensorError(call.run(context), "wrong rank");
  call.inputs[0].rank = 1000;
  expectTensorError(call.run(context), "wrong rank");
}

TEST_F(Run, InputWithoutDataOrDims) {
  call.inputs[0].data = nullptr;
  expectTensorError(call.run(context), "has no data");
  call.inputs[0].dims = nullptr;
  expectTensorError(call.run(context), "has no dims");
}

TEST_F(Run, InputOfTooFewBytes) {
  call.inputs[0].bytes = 47;
  expectTensorError(call.run(context), "less memory");
  EXPECT_STREQ(call.error.expected, "48 bytes");
  call.inputs[0].bytes = 48;
  EXPECT_EQ(call.run(context), SINTER_STATUS_OK);
}

TEST_F(Run, InputThatIsNotAligned) {
  call.inputs[0].data = reinterpret_cast<char *>(call.x.data()) + 1;
  expectTensorError(call.run(context), "not aligned");
}

TEST_F(Run, InputWithStrides) {
  int64_t rowMajor[] = {16, 4}, columnMajor[] = {4, 12};
  call.inputs[0].strides = rowMajor;
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  call.inputs[0].strides = columnMajor;
  expectTensorError(call.run(context), "strides");
}

TEST_F(Run, InputOnAnotherDevice) {
  call.inputs[0].device.kind = SINTER_DEVICE_CUDA;
  expectTensorError(call.run(context), "not in the memory of the CPU");
}

TEST_F(Run, NumberOfTensors) {
  EXPECT_EQ(
      sinter_context_run(context, call.inputs, 1, call.outputs, 3, &call.error),
      SINTER_STATUS_BAD_TENSOR);
  EXPECT_STREQ(call.error.expected, "2 inputs, 3 outputs");
  EXPECT_STREQ(call.error.found, "1 inputs, 3 outputs");
  EXPECT_EQ(
      sinter_context_run(context, nullptr, 2, call.outputs, 3, &call.error),
      SINTER_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(
      sinter_context_run(nullptr, call.inputs, 2, call.outputs, 3, &call.error),
      SINTER_STATUS_INVALID_ARGUMENT);
}

TEST_F(Run, InputsThatDisagree) {
  call.biasDims[0] = 2;
  ASSERT_EQ(call.run(context), SINTER_STATUS_BAD_DIMENSION);
  EXPECT_STREQ(call.error.node, "bias");
  EXPECT_STREQ(call.error.expected, "width = 4");
  EXPECT_STREQ(call.error.found, "width = 2");
  EXPECT_TRUE(contains(call.error.message, "input 'x' has 4"))
      << call.error.message;
}

TEST_F(Run, DimensionOutOfRange) {
  Call tooMany(65, 4);
  ASSERT_EQ(tooMany.run(context), SINTER_STATUS_BAD_DIMENSION);
  EXPECT_STREQ(tooMany.error.node, "batch");
  EXPECT_STREQ(tooMany.error.expected, "1 to 64");
  Call none(0, 4);
  EXPECT_EQ(none.run(context), SINTER_STATUS_BAD_DIMENSION);
  call.xDims[0] = -3;
  expectTensorError(call.run(context), "wrong size");
}

TEST_F(Run, DimensionsThatTheModelRefuses) {
  Call odd(2, 3);
  ASSERT_EQ(odd.run(context), SINTER_STATUS_CHECK_FAILED);
  EXPECT_STREQ(odd.error.node, "Reshape_3");
  EXPECT_STREQ(odd.error.op, "Reshape");
}

TEST_F(Run, DataThatTheModelRefuses) {
  call.x[5] = -1;
  ASSERT_EQ(call.run(context), SINTER_STATUS_CHECK_FAILED);
  EXPECT_STREQ(call.error.node, "Sqrt_4");
  EXPECT_STREQ(call.error.expected, "no negative element");
  EXPECT_EQ(call.outputs[0].data, nullptr);
  call.x[5] = 1;
  EXPECT_EQ(call.run(context), SINTER_STATUS_OK) << "the context still works";
}

TEST_F(Run, AfterAnErrorTheContextRunsAsBefore) {
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  Call tooMany(65, 4), odd(2, 3);
  EXPECT_NE(tooMany.run(context), SINTER_STATUS_OK);
  EXPECT_NE(odd.run(context), SINTER_STATUS_OK);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  call.expectRight();
}

TEST_F(Run, PrepareTellsTheOutputs) {
  sinter_tensor_t output;
  sinter_error_t error;
  EXPECT_EQ(sinter_context_output(context, 0, &output, &error),
            SINTER_STATUS_INVALID_ARGUMENT)
      << "not prepared yet";
  int64_t dims[] = {5, 8};
  ASSERT_EQ(sinter_context_prepare(context, dims, 2, &error), SINTER_STATUS_OK);
  ASSERT_EQ(sinter_context_output(context, 0, &output, &error),
            SINTER_STATUS_OK);
  EXPECT_EQ(output.data, nullptr);
  EXPECT_EQ(output.rank, 2);
  EXPECT_EQ(output.dims[0], 5);
  EXPECT_EQ(output.dims[1], 8);
  EXPECT_EQ(output.bytes, 160u);
  EXPECT_EQ(sinter_context_output(context, 3, &output, &error),
            SINTER_STATUS_INVALID_ARGUMENT);
  sinter_requirements_t needed;
  sinter_requirements_init(&needed);
  ASSERT_EQ(sinter_context_requirements(context, &needed, &error),
            SINTER_STATUS_OK);
  EXPECT_EQ(needed.arena_bytes, 160u);
}

TEST_F(Run, PrepareRefusesAndKeepsWhatItHad) {
  int64_t dims[] = {5, 8}, tooMany[] = {65, 8};
  sinter_error_t error;
  ASSERT_EQ(sinter_context_prepare(context, dims, 2, &error), SINTER_STATUS_OK);
  EXPECT_EQ(sinter_context_prepare(context, tooMany, 2, &error),
            SINTER_STATUS_BAD_DIMENSION);
  EXPECT_EQ(sinter_context_prepare(context, dims, 1, &error),
            SINTER_STATUS_INVALID_ARGUMENT);
  sinter_tensor_t output;
  ASSERT_EQ(sinter_context_output(context, 0, &output, &error),
            SINTER_STATUS_OK);
  EXPECT_EQ(output.dims[0], 5);
}

TEST_F(Run, ManyShapesInTurn) {
  for (int64_t batch : {1, 64, 2, 33, 1})
    for (int64_t width : {2, 4096, 6, 1000}) {
      Call other(batch, width);
      ASSERT_EQ(other.run(context), SINTER_STATUS_OK) << other.error.message;
      other.expectRight();
    }
}
