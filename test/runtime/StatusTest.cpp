//===- StatusTest.cpp - errors, options and reserved accessors ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "sinter/sinter.h"
#include <cstring>
#include <gtest/gtest.h>
#include <set>
#include <string>

TEST(Status, NamesAreDistinct) {
  std::set<std::string> names;
  for (int status = SINTER_STATUS_OK; status <= SINTER_STATUS_DEVICE_FAILED;
       ++status)
    names.insert(sinter_status_name(static_cast<sinter_status_t>(status)));
  EXPECT_EQ(names.size(), static_cast<size_t>(SINTER_STATUS_DEVICE_FAILED) + 1);
  EXPECT_EQ(names.count("unknown"), 0u);
  EXPECT_STREQ(sinter_status_name(SINTER_STATUS_BAD_ARTIFACT), "bad_artifact");
}

TEST(Status, UnknownStatusHasAName) {
  EXPECT_STREQ(sinter_status_name(static_cast<sinter_status_t>(1000)),
               "unknown");
  EXPECT_STREQ(sinter_status_name(static_cast<sinter_status_t>(-1)), "unknown");
}

TEST(Status, LibraryAndHeaderHaveOneVersion) {
  EXPECT_STREQ(sinter_version(), SINTER_VERSION_STRING);
}

TEST(Error, NullErrorIsAllowed) {
  sinter_model_t *model = nullptr;
  EXPECT_EQ(sinter_model_open("/no/such/file", nullptr, &model, nullptr),
            SINTER_STATUS_IO);
  EXPECT_EQ(model, nullptr);
}

TEST(Error, MessageNamesTheFile) {
  sinter_model_t *model = nullptr;
  sinter_error_t error;
  ASSERT_EQ(sinter_model_open("/no/such/file", nullptr, &model, &error),
            SINTER_STATUS_IO);
  EXPECT_EQ(error.code, SINTER_STATUS_IO);
  EXPECT_NE(std::string(error.message).find("/no/such/file"),
            std::string::npos);
  EXPECT_STRNE(error.remedy, "");
  EXPECT_STREQ(error.node, "");
}

TEST(Error, LongTextIsCutWithDots) {
  std::string path = "/" + std::string(3000, 'a');
  sinter_model_t *model = nullptr;
  sinter_error_t error;
  ASSERT_EQ(sinter_model_open(path.c_str(), nullptr, &model, &error),
            SINTER_STATUS_IO);
  size_t length = strlen(error.message);
  ASSERT_EQ(length, sizeof error.message - 1);
  EXPECT_STREQ(error.message + length - 3, "...");
}

TEST(Error, FieldsOfAnEarlierErrorGo) {
  sinter_model_t *model = nullptr;
  sinter_error_t error;
  memset(&error, 'x', sizeof error);
  ASSERT_EQ(sinter_model_open(nullptr, nullptr, &model, &error),
            SINTER_STATUS_INVALID_ARGUMENT);
  EXPECT_STREQ(error.node, "");
  EXPECT_STREQ(error.op, "");
  EXPECT_STREQ(error.expected, "");
  EXPECT_STREQ(error.found, "");
  EXPECT_STREQ(error.remedy, "");
}

TEST(Options, InitSetsTheSize) {
  sinter_open_options_t open;
  sinter_context_options_t context;
  sinter_requirements_t requirements;
  memset(&open, 0xff, sizeof open);
  memset(&context, 0xff, sizeof context);
  memset(&requirements, 0xff, sizeof requirements);
  sinter_open_options_init(&open);
  sinter_context_options_init(&context);
  sinter_requirements_init(&requirements);
  EXPECT_EQ(open.struct_size, sizeof open);
  EXPECT_EQ(open.isa, nullptr);
  EXPECT_EQ(open.verify, 0);
  EXPECT_EQ(context.struct_size, sizeof context);
  EXPECT_EQ(context.threads, 0);
  EXPECT_EQ(context.work, nullptr);
  EXPECT_EQ(context.profile, nullptr);
  EXPECT_EQ(requirements.struct_size, sizeof requirements);
  EXPECT_EQ(requirements.flop, 0);
}

TEST(Value, ReservedAccessorsAreUnsupported) {
  size_t count = 5, bytes = 5;
  const char *text = nullptr;
  const sinter_value_t *element = nullptr;
  sinter_tensor_t tensor = {};
  sinter_error_t error;
  EXPECT_EQ(sinter_value_get_count(nullptr, &count, &error),
            SINTER_STATUS_UNSUPPORTED);
  EXPECT_EQ(sinter_value_get_string(nullptr, 0, &text, &bytes, &error),
            SINTER_STATUS_UNSUPPORTED);
  EXPECT_EQ(sinter_value_get_tensor(nullptr, 0, &tensor, &error),
            SINTER_STATUS_UNSUPPORTED);
  EXPECT_EQ(sinter_value_get_element(nullptr, 0, &element, &error),
            SINTER_STATUS_UNSUPPORTED);
  EXPECT_EQ(sinter_value_get_key(nullptr, 0, &tensor, &error),
            SINTER_STATUS_UNSUPPORTED);
  EXPECT_EQ(count, 5u) << "out parameters stay untouched";
}

TEST(Null, QueriesOfNothingAreEmpty) {
  EXPECT_EQ(sinter_model_info(nullptr), nullptr);
  EXPECT_EQ(sinter_model_input_count(nullptr), 0u);
  EXPECT_EQ(sinter_model_input(nullptr, 0), nullptr);
  EXPECT_EQ(sinter_context_model(nullptr), nullptr);
  EXPECT_EQ(sinter_context_threads(nullptr), 0);
  sinter_model_close(nullptr);
  sinter_context_destroy(nullptr);
  sinter_context_cancel(nullptr);
  sinter_context_set_profile(nullptr, nullptr, nullptr);
}
