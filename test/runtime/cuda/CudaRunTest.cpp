//===- CudaRunTest.cpp - running on a device ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaFixture.h"
#include <thread>

using namespace sinter::test;

using CudaRun = Cuda;

TEST_F(CudaRun, GivesTheResultsOfTheDefinition) {
  Model model;
  Context context(model, onDevice());
  ASSERT_EQ(context.status, SINTER_STATUS_OK) << context.error.message;
  for (int64_t batch : {3, 64, 1}) {
    Call call(batch, 100);
    ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
    call.expectRight();
    EXPECT_EQ(static_cast<float *>(call.outputs[2].data)[0], 80);
    EXPECT_EQ(call.outputs[0].device.kind, SINTER_DEVICE_CPU);
  }
  EXPECT_EQ(fake.launches.size(), 9u);
  EXPECT_EQ(fake.launches[0] + fake.launches[1] + fake.launches[2],
            "scalesummark");
}

TEST_F(CudaRun, ContextSaysWhereItRuns) {
  Model model;
  fake.devices = 3;
  Context device(model, onDevice(2)), cpu(model);
  EXPECT_EQ(sinter_context_device(device).kind, SINTER_DEVICE_CUDA);
  EXPECT_EQ(sinter_context_device(device).id, 2);
  EXPECT_STREQ(sinter_context_device_name(device), "Fake 2, sm_86");
  EXPECT_EQ(sinter_context_threads(device), 1);
  EXPECT_EQ(sinter_context_device(cpu).kind, SINTER_DEVICE_CPU);
  EXPECT_STREQ(sinter_context_device_name(cpu), sinter_model_info(model)->isa);
}

TEST_F(CudaRun, WeightsAreLoadedOnceAModelAndDevice) {
  Model model;
  fake.devices = 2;
  {
    Context first(model, onDevice()), second(model, onDevice());
    EXPECT_EQ(fake.uploads, 1u);
    EXPECT_EQ(fake.uploadedBytes, sinter_model_info(model)->weights_bytes);
    EXPECT_EQ(fake.modules.size(), 1u);
    Context other(model, onDevice(1));
    EXPECT_EQ(fake.uploads, 2u);
  }
  Context third(model, onDevice());
  EXPECT_EQ(fake.uploads, 2u) << "the model keeps them";
}

TEST_F(CudaRun, CpuContextsOfTheSameModelGoOn) {
  Model model;
  Context device(model, onDevice()), cpu(model);
  Call first(2, 8), second(2, 8);
  ASSERT_EQ(first.run(device), SINTER_STATUS_OK);
  ASSERT_EQ(second.run(cpu), SINTER_STATUS_OK);
  first.expectRight();
  second.expectRight();
  EXPECT_EQ(fake.launches.size(), 3u);
}

TEST_F(CudaRun, TensorsOnTheDeviceAreUsedInPlace) {
  Model model;
  Context context(model, onDevice());
  Call call(2, 16);
  DeviceMemory x(128), y(128);
  x.assign(call.x.data(), 0, 128);
  call.inputs[0].data = x.data();
  call.inputs[0].device = {SINTER_DEVICE_CUDA, 0};
  call.outputs[0].data = y.data();
  call.outputs[0].bytes = 128;
  call.outputs[0].device = {SINTER_DEVICE_CUDA, 0};
  size_t uploads = fake.uploads;
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  EXPECT_EQ(fake.uploads - uploads, 1u) << "only the bias";
  EXPECT_EQ(fake.downloads, 3u) << "s, isa and the status words";
  EXPECT_EQ(fake.deviceCopies, 0u);
  EXPECT_EQ(call.outputs[0].data, y.data());
  EXPECT_EQ(call.outputs[0].device.kind, SINTER_DEVICE_CUDA);
  call.expectRight();
}

TEST_F(CudaRun, TensorsThatAreNotAlignedAreCopiedOnTheDevice) {
  Model model;
  Context context(model, onDevice());
  Call call(2, 16);
  DeviceMemory x(132), y(136);
  x.assign(call.x.data(), 4, 128);
  call.inputs[0].data = x.data(4);
  call.inputs[0].device = {SINTER_DEVICE_CUDA, 0};
  call.outputs[0].data = y.data(8);
  call.outputs[0].bytes = 128;
  call.outputs[0].device = {SINTER_DEVICE_CUDA, 0};
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  EXPECT_EQ(fake.deviceCopies, 2u);
  call.expectRight();
}

TEST_F(CudaRun, OutputsOfTheContextOnTheDevice) {
  Model model;
  Context context(model, onDevice());
  Call call(2, 16);
  for (sinter_tensor_t &output : call.outputs)
    output.device = {SINTER_DEVICE_CUDA, 0};
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  EXPECT_EQ(fake.downloads, 1u) << "only the status words";
  void *before = call.outputs[0].data;
  EXPECT_EQ(call.outputs[0].bytes, 128u);
  call.expectRight();
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  EXPECT_EQ(call.outputs[0].data, before);
  // As they are, at a larger size: still the context's to provide.
  Call larger(60, 512);
  for (int i = 0; i < 3; ++i)
    larger.outputs[i] = call.outputs[i];
  ASSERT_EQ(larger.run(context), SINTER_STATUS_OK) << larger.error.message;
  larger.expectRight();
}

TEST_F(CudaRun, NothingIsAllocatedForTheSameOrASmallerShape) {
  Model model;
  Context context(model, onDevice());
  Call large(32, 64), small(2, 8);
  ASSERT_EQ(large.run(context), SINTER_STATUS_OK);
  auto before = fake.allocations;
  ASSERT_EQ(small.run(context), SINTER_STATUS_OK);
  small.expectRight();
  ASSERT_EQ(large.run(context), SINTER_STATUS_OK);
  large.expectRight();
  EXPECT_EQ(fake.allocations, before);
}

TEST_F(CudaRun, ChecksOfTheDataNameTheNode) {
  Model model;
  Context context(model, onDevice());
  Call call(2, 16);
  call.x[5] = -1;
  ASSERT_EQ(call.run(context), SINTER_STATUS_CHECK_FAILED);
  EXPECT_STREQ(call.error.node, "Sqrt_4");
  EXPECT_EQ(call.outputs[0].data, nullptr);
  call.x[5] = 1;
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << "the context still works";
  call.expectRight();
}

TEST_F(CudaRun, ChecksOfDimensionsAreThoseOfTheCpu) {
  Model model;
  Context context(model, onDevice());
  Call good(2, 4), odd(2, 3), tooMany(65, 4);
  ASSERT_EQ(good.run(context), SINTER_STATUS_OK);
  EXPECT_EQ(odd.run(context), SINTER_STATUS_CHECK_FAILED);
  EXPECT_EQ(tooMany.run(context), SINTER_STATUS_BAD_DIMENSION);
  ASSERT_EQ(good.run(context), SINTER_STATUS_OK);
  good.expectRight();
}

TEST_F(CudaRun, LaunchesAreTimed) {
  Model model;
  Context context(model, onDevice());
  std::vector<uint64_t> times;
  sinter_context_set_profile(
      context,
      [](void *user, size_t launch, uint64_t nanoseconds) {
        auto &list = *static_cast<std::vector<uint64_t> *>(user);
        EXPECT_EQ(launch, list.size());
        list.push_back(nanoseconds);
      },
      &times);
  Call call(2, 16);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  EXPECT_EQ(times, std::vector<uint64_t>(3, 1000000));
  call.expectRight();
}

TEST_F(CudaRun, RepeatedRunsBecomeOneLaunch) {
  Model model;
  Context context(model, onDevice());
  Call call(2, 16);
  for (size_t run = 1; run <= 4; ++run) {
    for (float &x : call.x)
      x += 1;
    ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
    call.expectRight();
    EXPECT_EQ(fake.graphLaunches, run - 1) << "recorded in the second run";
    EXPECT_EQ(fake.launches.size(), run == 1 ? 3u : 6u);
  }
  // Another shape, and memory somewhere else, are not what was recorded.
  Call wider(2, 32);
  ASSERT_EQ(wider.run(context), SINTER_STATUS_OK);
  wider.expectRight();
  EXPECT_EQ(fake.graphLaunches, 3u);
  DeviceMemory x(256);
  x.assign(wider.x.data(), 0, 256);
  wider.inputs[0].data = x.data();
  wider.inputs[0].device = {SINTER_DEVICE_CUDA, 0};
  ASSERT_EQ(wider.run(context), SINTER_STATUS_OK);
  wider.expectRight();
  EXPECT_EQ(fake.graphLaunches, 3u);
}

TEST_F(CudaRun, ChecksAreReadAfterAGraph) {
  Model model;
  Context context(model, onDevice());
  Call call(2, 16);
  for (int run = 0; run < 3; ++run)
    ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  call.x[5] = -1;
  ASSERT_EQ(call.run(context), SINTER_STATUS_CHECK_FAILED);
  EXPECT_STREQ(call.error.node, "Sqrt_4");
  call.x[5] = 1;
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  EXPECT_EQ(fake.graphLaunches, 4u);
}

TEST_F(CudaRun, DriversThatCannotRecord) {
  Model model;
  Context context(model, onDevice());
  fake.captureResult = 801;
  Call call(2, 16);
  for (int run = 0; run < 4; ++run) {
    ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
    call.expectRight();
  }
  EXPECT_EQ(fake.graphLaunches, 0u);
  EXPECT_EQ(fake.launches.size(), 12u);
}

TEST_F(CudaRun, GraphThatDoesNotStart) {
  Model model;
  Context context(model, onDevice());
  Call call(2, 16);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  fake.graphResult = 700;
  ASSERT_EQ(call.run(context), SINTER_STATUS_DEVICE_FAILED);
  EXPECT_TRUE(contains(call.error.message, "ILLEGAL_ADDRESS"));
}

TEST_F(CudaRun, LaunchThatFailsWhileRecordingNamesTheNode) {
  Model model;
  Context context(model, onDevice());
  Call call(2, 16);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  fake.launchResults["sum"] = 701;
  ASSERT_EQ(call.run(context), SINTER_STATUS_DEVICE_FAILED);
  EXPECT_STREQ(call.error.node, "ReduceSum_2");
}

TEST_F(CudaRun, CancelStopsBeforeTheNextLaunch) {
  Model model;
  Context context(model, onDevice());
  fake.onLaunch = [&](const std::string &name) {
    if (name == "scale")
      sinter_context_cancel(context);
  };
  Call call(2, 16);
  ASSERT_EQ(call.run(context), SINTER_STATUS_CANCELLED);
  EXPECT_EQ(fake.launches.size(), 1u);
  fake.onLaunch = nullptr;
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  call.expectRight();
}

TEST_F(CudaRun, ContextsOnSeveralThreads) {
  Model model;
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      Context context(model, onDevice());
      for (int run = 0; run < 20; ++run) {
        Call call(1 + i + run % 3, 64);
        right += call.run(context) == SINTER_STATUS_OK;
        call.expectRight();
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(right, 80);
  EXPECT_EQ(fake.modules.size(), 1u);
}

TEST_F(CudaRun, DeviceCodeIsListed) {
  Model model;
  ASSERT_EQ(sinter_model_device_code_count(model), 4u);
  const sinter_device_code_info_t *ptx = sinter_model_device_code(model, 0);
  EXPECT_STREQ(ptx->name, "compute_80");
  EXPECT_TRUE(ptx->is_ptx);
  EXPECT_EQ(ptx->bytes, 64u);
  EXPECT_FALSE(sinter_model_device_code(model, 3)->is_ptx);
  EXPECT_EQ(sinter_model_device_code(model, 4), nullptr);
  EXPECT_EQ(sinter_model_device_code_count(nullptr), 0u);
}
