//===- MemoryTest.cpp - who gives a context its memory --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Handles.h"
#include <cstdlib>
#include <map>

using namespace sinter::test;

namespace {

/// An allocator that counts, and fails from a given call on.
struct CountingAllocator {
  CountingAllocator() { functions = {this, allocate, release}; }
  static void *allocate(void *user, size_t bytes, size_t alignment) {
    auto *self = static_cast<CountingAllocator *>(user);
    if (self->calls++ >= self->failFrom)
      return nullptr;
    void *memory = aligned_alloc(alignment, (bytes + alignment - 1) /
                                                alignment * alignment);
    self->live[memory] = bytes;
    return memory;
  }
  static void release(void *user, void *memory, size_t bytes) {
    auto *self = static_cast<CountingAllocator *>(user);
    EXPECT_EQ(self->live[memory], bytes) << "released with the length it had";
    self->live.erase(memory);
    free(memory);
  }
  sinter_allocator_t functions;
  std::map<void *, size_t> live;
  int calls = 0, failFrom = 1000000;
};

struct Memory : testing::Test {
  Memory() { options.allocator = &allocator.functions, options.threads = 1; }
  ~Memory() override {
    EXPECT_TRUE(allocator.live.empty()) << "all is released";
  }
  Model model;
  CountingAllocator allocator;
  sinter_context_options_t options = Context::defaults();
};

} // namespace

TEST_F(Memory, RunsAllocateNothingOnceSizesAreKnown) {
  Context context(model, options);
  ASSERT_EQ(context.status, SINTER_STATUS_OK);
  Call call(8, 16);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  int calls = allocator.calls;
  for (int i = 0; i < 10; ++i)
    ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  Call smaller(4, 8);
  ASSERT_EQ(smaller.run(context), SINTER_STATUS_OK);
  smaller.expectRight();
  EXPECT_EQ(allocator.calls, calls);
}

TEST_F(Memory, TheMaximumIsReservedAtCreation) {
  Context context(model, options);
  int calls = allocator.calls;
  Call call(64, 4096);
  std::vector<float> y(64 * 4096), s(64), isa(1);
  void *data[] = {y.data(), s.data(), isa.data()};
  size_t bytes[] = {y.size() * 4, s.size() * 4, 4};
  for (int i = 0; i < 3; ++i)
    call.outputs[i].data = data[i], call.outputs[i].bytes = bytes[i];
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  call.expectRight();
  EXPECT_EQ(allocator.calls, calls);
}

TEST_F(Memory, EveryFailedAllocationIsAnError) {
  for (int failFrom = 0; failFrom < 6; ++failFrom) {
    allocator.calls = 0;
    allocator.failFrom = failFrom;
    Context context(model, options);
    if (context.status) {
      EXPECT_EQ(context.status, SINTER_STATUS_OUT_OF_MEMORY) << failFrom;
      EXPECT_EQ(context.handle, nullptr);
      continue;
    }
    Call call(8, 16);
    sinter_status_t status = call.run(context);
    EXPECT_EQ(status,
              failFrom < 5 ? SINTER_STATUS_OUT_OF_MEMORY : SINTER_STATUS_OK)
        << failFrom;
    allocator.failFrom = 1000000;
    ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << "it recovers";
    call.expectRight();
  }
}

TEST_F(Memory, IncompleteAllocatorIsRefused) {
  allocator.functions.release = nullptr;
  Context context(model, options);
  EXPECT_EQ(context.status, SINTER_STATUS_INVALID_ARGUMENT);
}

TEST_F(Memory, WorkMemoryOfTheCaller) {
  alignas(64) static uint8_t work[4096];
  options.work = work;
  options.work_bytes = sizeof work;
  options.threads = 2;
  Context context(model, options);
  ASSERT_EQ(context.status, SINTER_STATUS_OK) << context.error.message;
  EXPECT_EQ(allocator.calls, 1) << "the context itself";
  Call call(8, 16); // 512 of arena, 2 * 64 of scratch
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK) << call.error.message;
  call.expectRight();
}

TEST_F(Memory, WorkMemoryTooSmall) {
  alignas(64) static uint8_t work[512 + 64];
  options.work = work;
  options.work_bytes = sizeof work;
  Context context(model, options);
  Call right(8, 16), tooLarge(9, 16);
  EXPECT_EQ(right.run(context), SINTER_STATUS_OK) << right.error.message;
  ASSERT_EQ(tooLarge.run(context), SINTER_STATUS_BUFFER_TOO_SMALL);
  EXPECT_STREQ(tooLarge.error.expected, "640 bytes");
  EXPECT_STREQ(tooLarge.error.found, "576 bytes");
  EXPECT_EQ(right.run(context), SINTER_STATUS_OK) << "still prepared for this";
}

TEST_F(Memory, WorkMemoryThatIsNotAligned) {
  alignas(64) static uint8_t work[1024];
  options.work = work + 8;
  options.work_bytes = 512;
  Context context(model, options);
  EXPECT_EQ(context.status, SINTER_STATUS_INVALID_ARGUMENT);
}

TEST_F(Memory, LargeBlocksOfTheDefaultAllocator) {
  // 64 x 4096: an arena of 1 MiB and outputs beside it; then all goes back.
  for (int i = 0; i < 3; ++i) {
    Context context(model);
    Call call(64, 4096);
    ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
    call.expectRight();
  }
}
