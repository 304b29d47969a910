//===- CudaLateTest.cpp - sizes that a run on a device finds --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaFixture.h"
#include "LateHandles.h"

using namespace sinter::test;

namespace {

/// The kernels of fixture/late.c, as a device would run them. Parameters are
/// two buffers, three dimensions, scratch, status.
struct CudaLate : Cuda {
  CudaLate() {
    auto count = [](const FakeLaunch &launch) {
      *launch.pointer<int64_t>(1) = int64_t(launch.pointer<float>(0)[0]);
    };
    auto append = [](const FakeLaunch &launch) {
      int64_t index = int64_t(launch.parameters[4]);
      launch.pointer<float>(1)[index] =
          launch.pointer<float>(0)[1] + float(index);
    };
    auto finish = [](const FakeLaunch &launch) {
      int64_t count = int64_t(launch.parameters[3]);
      EXPECT_EQ(launch.grid[0], count);
      float *scratch = launch.pointer<float>(5);
      std::copy_n(launch.pointer<float>(0), count, scratch);
      std::copy_n(scratch, count, launch.pointer<float>(1));
    };
    fake.kernels = {{"count", {7, count}},
                    {"append", {7, append}},
                    {"finish", {7, finish}}};
  }
};

} // namespace

TEST_F(CudaLate, OutputsAreAsLongAsDataSays) {
  Model model(SINTER_LATE_FIXTURE);
  Context context(model, onDevice());
  ASSERT_EQ(context.status, SINTER_STATUS_OK) << context.error.message;
  LateCall call(0, 1);
  for (float count : {3.f, 0.f, 900.f, 900.f, 900.f, 1.f}) {
    call.x[0] = count;
    ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
    call.expectRight();
  }
  EXPECT_EQ(fake.graphLaunches, 0u) << "what a run launches depends on data";
}

TEST_F(CudaLate, OutputsOnTheDevice) {
  Model model(SINTER_LATE_FIXTURE);
  Context context(model, onDevice());
  DeviceMemory own(64);
  LateCall call(16, 3);
  call.output.device = {SINTER_DEVICE_CUDA, 0};
  call.output.data = own.data();
  call.output.bytes = 64;
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  call.expectRight();
  call.x[0] = 17;
  EXPECT_EQ(call.run(context), SINTER_STATUS_BUFFER_TOO_SMALL);
  call.output = {};
  call.output.device = {SINTER_DEVICE_CUDA, 0};
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  call.expectRight();
}

TEST_F(CudaLate, ImpossibleSizesFailTheRun) {
  Model model(SINTER_LATE_FIXTURE);
  Context context(model, onDevice());
  LateCall call(-3, 0);
  EXPECT_EQ(call.run(context), SINTER_STATUS_CHECK_FAILED);
  call.x[0] = 2;
  call.x[1] = -1;
  EXPECT_EQ(call.run(context), SINTER_STATUS_OUT_OF_MEMORY);
  EXPECT_TRUE(contains(call.error.message, "1152921504606846976 bytes"));
}

TEST_F(CudaLate, AGridThatTheDeviceRefuses) {
  fake.maxGrid[0] = 100;
  Model model(SINTER_LATE_FIXTURE);
  Context context(model, onDevice());
  LateCall call(101, 0);
  EXPECT_EQ(call.run(context), SINTER_STATUS_BAD_DIMENSION);
  EXPECT_STREQ(call.error.node, "Identity_2");
  call.x[0] = 100;
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  call.expectRight();
}
