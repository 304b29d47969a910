//===- PoolTest.cpp - slots of the thread pool ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/pool.h"
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

using std::chrono::milliseconds;

namespace {

struct PoolTest : testing::Test {
  void start(size_t threads) { pool = sinter_pool_create(threads); }
  ~PoolTest() override { sinter_pool_destroy(pool); }

  template <typename Task>
  void run(size_t slots, Task task) {
    sinter_pool_run(
        pool, slots,
        [](void *argument, size_t slot) {
          (*static_cast<Task *>(argument))(slot);
        },
        &task);
  }

  sinter_pool_t *pool = nullptr;
};

} // namespace

TEST_F(PoolTest, EverySlotOnce) {
  start(4);
  for (size_t slots : {0, 1, 2, 4, 100}) {
    std::vector<std::atomic<int>> calls(slots);
    run(slots, [&](size_t slot) { ++calls[slot]; });
    for (std::atomic<int> &count : calls)
      EXPECT_EQ(count, 1);
  }
}

TEST_F(PoolTest, WaitsForSlotsThatWereBegun) {
  start(2);
  for (milliseconds pause : {milliseconds(0), milliseconds(30)}) {
    std::atomic<bool> workerBegan{false}, workerEnded{false};
    std::thread::id caller = std::this_thread::get_id();
    run(2, [&](size_t) {
      if (std::this_thread::get_id() != caller) {
        workerBegan = true;
        std::this_thread::sleep_for(
            pause); // shorter and longer than the spinning
        workerEnded = true;
      } else {
        while (!workerBegan)
          std::this_thread::yield();
      }
    });
    EXPECT_TRUE(workerEnded);
  }
}

TEST_F(PoolTest, WakesThreadsThatSleep) {
  start(2);
  for (int repeat = 0; repeat < 3; ++repeat) {
    std::this_thread::sleep_for(milliseconds(30));
    std::atomic<bool> workerBegan{false};
    std::thread::id caller = std::this_thread::get_id();
    auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    run(2, [&](size_t) {
      if (std::this_thread::get_id() != caller)
        workerBegan = true;
      while (!workerBegan && std::chrono::steady_clock::now() < limit)
        std::this_thread::yield();
    });
    EXPECT_TRUE(workerBegan);
  }
}

TEST_F(PoolTest, EndsWhileThreadsSleepOrSpin) {
  for (int pause : {0, 30}) {
    sinter_pool_t *other = sinter_pool_create(8);
    ASSERT_NE(other, nullptr);
    std::this_thread::sleep_for(milliseconds(pause));
    sinter_pool_destroy(other);
  }
}
