//===- ThreadsTest.cpp - slots, pools and concurrent contexts -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Handles.h"
#include <atomic>
#include <chrono>
#include <cstring>
#include <ctime>
#include <thread>

using namespace sinter::test;

TEST(Threads, SameBitsAtAnyCount) {
  Model model;
  Context one(model, 1);
  Call expected(61, 514);
  ASSERT_EQ(expected.run(one), SINTER_STATUS_OK);
  for (int32_t threads : {2, 3, 8, 64}) {
    Context context(model, threads);
    ASSERT_EQ(context.status, SINTER_STATUS_OK);
    EXPECT_EQ(sinter_context_threads(context), threads);
    Call call(61, 514);
    for (int repeat = 0; repeat < 5; ++repeat) {
      ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
      for (int output : {0, 1}) {
        ASSERT_EQ(call.outputs[output].bytes, expected.outputs[output].bytes);
        ASSERT_EQ(memcmp(call.outputs[output].data,
                         expected.outputs[output].data,
                         call.outputs[output].bytes),
                  0);
      }
    }
  }
}

TEST(Threads, ManyShortRunsInARow) {
  Model model;
  Context context(model, 4);
  Call call(16, 8);
  for (int repeat = 0; repeat < 3000; ++repeat) {
    call.x[repeat % call.x.size()] += 1;
    ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
    call.expectRight();
    if (HasFatalFailure())
      return;
    if (repeat % 1000 == 0) // long enough for the threads to fall asleep
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

TEST(Threads, LaunchesSeeWhatTheOnesBeforeWrote) {
  Model model;
  Context context(model, 2);
  Call call(64, 2048);
  for (int repeat = 0; repeat < 60; ++repeat) {
    for (size_t i = 0; i < call.x.size(); ++i)
      call.x[i] = static_cast<float>((i + repeat) % 97);
    ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
    call.expectRight(); // the sums are wrong where a row of the arena was late
    if (HasFatalFailure())
      return;
  }
}

TEST(Threads, IdleContextsTakeNoTime) {
  Model model;
  Context context(model, 4);
  Call call(16, 8);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  std::clock_t before = std::clock(); // of all threads of the process
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 50);
}

TEST(Threads, DefaultIsThatOfTheCpu) {
  Model model;
  Context context(model, 0);
  EXPECT_EQ(sinter_context_threads(context), sinter_cpu_default_threads());
}

TEST(Threads, ImpossibleCountsAreRefused) {
  Model model;
  EXPECT_EQ(Context(model, -1).status, SINTER_STATUS_INVALID_ARGUMENT);
  Context context(model, 1000000);
  EXPECT_EQ(context.status, SINTER_STATUS_INVALID_ARGUMENT);
  EXPECT_STREQ(context.error.found, "1000000");
}

TEST(Threads, MoreThreadsThanTiles) {
  Model model;
  Context context(model, 16);
  Call call(2, 4);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  call.expectRight();
}

TEST(Threads, NoTileBeyondTheLast) {
  Model model;
  const int64_t width = 8, spare = 64;
  for (int64_t batch = 1; batch < 40; ++batch) {
    Context context(model, 3);
    // Behind the rows there is memory of ours, which must stay as it is; the
    // dims of the tensors do not include it.
    Call call(batch + spare, width);
    call.xDims[0] = batch;
    std::vector<float> y((batch + spare) * width, -7);
    call.outputs[0].data = y.data();
    call.outputs[0].bytes = batch * width * sizeof(float);
    ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
    call.expectRight();
    for (size_t i = batch * width; i < y.size(); ++i)
      ASSERT_EQ(y[i], -7) << "batch " << batch << ", element " << i;
  }
}

TEST(Threads, ContextsOfOneModelRunAtTheSameTime) {
  Model model;
  std::atomic<int> failures{0};
  auto work = [&](int64_t batch, int32_t threads) {
    Context context(model, threads);
    for (int repeat = 0; repeat < 50; ++repeat) {
      Call call(batch + repeat % 5, 64);
      if (call.run(context) != SINTER_STATUS_OK)
        ++failures;
      call.expectRight();
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i)
    workers.emplace_back(work, 10 * i + 1, i % 2 + 1);
  for (std::thread &worker : workers)
    worker.join();
  EXPECT_EQ(failures, 0);
}

namespace {

/// A pool of the caller: every slot on a thread of its own, last slot first.
struct CallersPool {
  static void parallel(void *user, size_t slots, void (*task)(void *, size_t),
                       void *argument) {
    ++*static_cast<std::atomic<int> *>(user);
    std::vector<std::thread> threads;
    for (size_t slot = slots; slot-- > 0;)
      threads.emplace_back(task, argument, slot);
    for (std::thread &thread : threads)
      thread.join();
  }
};

} // namespace

TEST(Threads, PoolOfTheCaller) {
  Model model;
  std::atomic<int> calls{0};
  sinter_thread_pool_t pool = {&calls, CallersPool::parallel};
  sinter_context_options_t options = Context::defaults();
  options.threads = 3;
  options.pool = &pool;
  Context context(model, options);
  ASSERT_EQ(context.status, SINTER_STATUS_OK);
  Call call(20, 32);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  call.expectRight();
  EXPECT_EQ(calls, 2) << "the third launch has one tile";
}

TEST(Threads, PoolWithoutFunctionIsRefused) {
  Model model;
  sinter_thread_pool_t pool = {};
  sinter_context_options_t options = Context::defaults();
  options.pool = &pool;
  EXPECT_EQ(Context(model, options).status, SINTER_STATUS_INVALID_ARGUMENT);
}

TEST(Threads, FailedCheckOfAnySlotIsReported) {
  Model model;
  Context context(model, 4);
  Call call(40, 8);
  call.x.back() = -1;
  EXPECT_EQ(call.run(context), SINTER_STATUS_CHECK_FAILED);
  EXPECT_STREQ(call.error.node, "Sqrt_4");
}
