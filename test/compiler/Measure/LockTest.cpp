//===- LockTest.cpp - locks as text ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Measure/Lock.h"
#include <gtest/gtest.h>

using namespace sinter::measure;

static Lock makeLock() {
  Lock lock("x86-64-v4");
  lock.add({"b1", "matmul", {{"fp32", 1500}, {"w8a8", 400}}});
  lock.add({"a2", "conv \"odd\"", {{"fp32", 7}, {"w8a8", std::nullopt}}});
  return lock;
}

static std::string getError(llvm::StringRef text) {
  auto lock = Lock::parse(text);
  return lock ? "" : llvm::toString(lock.takeError());
}

TEST(Lock, ReadsWhatItPrints) {
  std::string text = makeLock().print();
  auto lock = Lock::parse(text);
  ASSERT_TRUE(bool(lock)) << llvm::toString(lock.takeError());
  EXPECT_EQ(lock->getIsa(), "x86-64-v4");
  ASSERT_EQ(lock->size(), 2u);
  EXPECT_EQ(lock->find("b1")->get("w8a8"), 400);
  EXPECT_EQ(lock->find("a2")->what, "conv \"odd\"");
  EXPECT_EQ(lock->find("a2")->get("fp32"), 7);
  EXPECT_EQ(lock->find("a2")->get("w8a8"), std::nullopt);
  EXPECT_EQ(lock->find("c3"), nullptr);
  EXPECT_EQ(lock->print(), text);
}

TEST(Lock, KeepsTheOrderOfMeasuring) {
  std::string text = makeLock().print();
  EXPECT_LT(text.find("b1"), text.find("a2"));
}

TEST(Lock, SaysWhatIsWrongWithAFile) {
  EXPECT_NE(getError("{\"sinter_lock\": 1,"), "");
  EXPECT_NE(getError("[1, 2]"), "");
  EXPECT_NE(getError("{}").find("sinter_lock"), std::string::npos);
  EXPECT_NE(getError(R"({"sinter_lock": 2, "isa": "x", "measured": []})")
                .find("expected version 1, found 2"),
            std::string::npos);
  EXPECT_NE(getError(R"({"sinter_lock": 1, "measured": []})").find("isa"),
            std::string::npos);
  EXPECT_NE(getError(R"({"sinter_lock": 1, "isa": "x",
                        "measured": [{"key": "a", "what": "b",
                                      "nanoseconds": {"fp32": "fast"}}]})"),
            "");
  EXPECT_NE(getError(R"({"sinter_lock": 1, "isa": "x",
                        "measured": [{"key": "a", "what": "b",
                                      "nanoseconds": {"fp32": 0}}]})")
                .find("not positive"),
            std::string::npos);
  EXPECT_NE(getError(R"({"sinter_lock": 1, "isa": "x", "measured": [
                        {"key": "a", "what": "b", "nanoseconds": {}},
                        {"key": "a", "what": "b", "nanoseconds": {}}]})")
                .find("occurs twice"),
            std::string::npos);
}
