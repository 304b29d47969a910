//===- CpuTest.cpp - instruction sets and thread counts -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "sinter/cpu.h"
#include "sinter/abi.h"
#include <gtest/gtest.h>
#include <sched.h>
#include <string>
#include <thread>

TEST(Cpu, FeaturesAgreeWithTheCompilersBuiltin) {
  uint64_t features = sinter_cpu_features();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
            __builtin_cpu_supports("bmi2");
  bool v4 = v3 && __builtin_cpu_supports("avx512f") &&
            __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512cd");
  EXPECT_EQ((features & SINTER_ABI_FEATURE_X86_64_V3) != 0, v3);
  EXPECT_EQ((features & SINTER_ABI_FEATURE_X86_64_V4) != 0, v4);
  EXPECT_EQ((features & SINTER_ABI_FEATURE_AVX512_VNNI) != 0,
            v4 && __builtin_cpu_supports("avx512vnni"));
}

TEST(Cpu, HigherSetsIncludeLowerOnes) {
  uint64_t features = sinter_cpu_features();
  if (features & SINTER_ABI_FEATURE_X86_64_V4)
    EXPECT_TRUE(features & SINTER_ABI_FEATURE_X86_64_V3);
  if (features & SINTER_ABI_FEATURE_AVX512_VNNI)
    EXPECT_TRUE(features & SINTER_ABI_FEATURE_X86_64_V4);
}

TEST(Cpu, NameFollowsFeatures) {
  std::string name = sinter_cpu_name();
  uint64_t features = sinter_cpu_features();
  EXPECT_EQ(name == "x86-64-v4",
            (features & SINTER_ABI_FEATURE_X86_64_V4) != 0);
  EXPECT_EQ(name == "x86-64", features == 0);
}

TEST(Cpu, ThreadsAreAtMostTheAffinityMask) {
  cpu_set_t mask;
  ASSERT_EQ(sched_getaffinity(0, sizeof mask, &mask), 0);
  EXPECT_GE(sinter_cpu_default_threads(), 1);
  EXPECT_LE(sinter_cpu_default_threads(), CPU_COUNT(&mask));
}

TEST(Cpu, OneProcessorInTheMaskIsOneThread) {
  int32_t threads = 0;
  std::thread([&] { // a thread has a mask of its own
    cpu_set_t mask, one;
    if (sched_getaffinity(0, sizeof mask, &mask))
      return;
    CPU_ZERO(&one);
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0; --cpu) {
      if (CPU_ISSET(cpu, &mask)) {
        CPU_SET(cpu, &one);
        break;
      }
    }
    if (sched_setaffinity(0, sizeof one, &one))
      return;
    threads = sinter_cpu_default_threads();
  })
      .join();
  EXPECT_EQ(threads, 1);
}
