/*===- sinter/cpu.h - the processor and how much of it is ours ----*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef SINTER_CPU_H
#define SINTER_CPU_H

#include "sinter/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What the processor has and the operating system has switched on, as
 * SINTER_ABI_FEATURE_* bits of abi.h (CPUID and XGETBV). AMX is never reported
 * by this version. 0: below x86-64-v3, on which nothing runs.
 */
SINTER_API uint64_t sinter_cpu_features(void);

/** The best instruction set the processor has, as variants are named:
 * "x86-64-v4", "x86-64-v3", or "x86-64" for anything below. */
SINTER_API const char *sinter_cpu_name(void);

/**
 * The thread count that a context takes by default: physical cores in the
 * affinity mask of the calling thread, at most the CPU quota of its control
 * group (rounded down), at least 1.
 */
SINTER_API int32_t sinter_cpu_default_threads(void);

#ifdef __cplusplus
}
#endif

#endif /* SINTER_CPU_H */
