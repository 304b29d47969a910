//===- CancelTest.cpp - profiles and cancelled runs -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Handles.h"

using namespace sinter::test;

namespace {

struct Profile {
  static void record(void *user, size_t launch, uint64_t nanoseconds) {
    auto *self = static_cast<Profile *>(user);
    self->launches.push_back(launch);
    self->nanoseconds += nanoseconds;
    if (launch == self->cancelAfter)
      sinter_context_cancel(self->context);
  }
  std::vector<size_t> launches;
  uint64_t nanoseconds = 0;
  size_t cancelAfter = SIZE_MAX;
  sinter_context_t *context = nullptr;
};

} // namespace

TEST(Profile, EveryLaunchInOrder) {
  Model model;
  Profile profile;
  sinter_context_options_t options = Context::defaults();
  options.profile = Profile::record;
  options.profile_user = &profile;
  options.threads = 2;
  Context context(model, options);
  Call call(64, 4096);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  EXPECT_EQ(profile.launches, (std::vector<size_t>{0, 1, 2}));
  EXPECT_GT(profile.nanoseconds, 1000u);
  sinter_context_set_profile(context, nullptr, nullptr);
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK);
  EXPECT_EQ(profile.launches.size(), 3u);
}

TEST(Cancel, StopsAfterTheCurrentLaunch) {
  Model model;
  Context context(model);
  Profile profile;
  profile.context = context;
  profile.cancelAfter = 0;
  sinter_context_set_profile(context, Profile::record, &profile);
  Call call(4, 4);
  EXPECT_EQ(call.run(context), SINTER_STATUS_CANCELLED);
  EXPECT_EQ(profile.launches.size(), 1u);
  EXPECT_EQ(call.outputs[0].data, nullptr);
  profile.cancelAfter = SIZE_MAX;
  ASSERT_EQ(call.run(context), SINTER_STATUS_OK)
      << "one run is cancelled, not all";
  call.expectRight();
}

TEST(Cancel, BeforeTheRun) {
  Model model;
  Context context(model);
  Call call(4, 4);
  sinter_context_cancel(context);
  EXPECT_EQ(call.run(context), SINTER_STATUS_CANCELLED);
  EXPECT_EQ(call.run(context), SINTER_STATUS_OK);
}
