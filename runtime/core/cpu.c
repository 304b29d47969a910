/*===- cpu.c - the processor and how much of it is ours -------------------===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE /* sched_getaffinity and the CPU_* macros */
#include "sinter/cpu.h"
#include "sinter/abi.h"

#include <cpuid.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*===- Instruction sets ---------------------------------------------------===*/

typedef struct cpuid_registers {
  unsigned eax, ebx, ecx, edx;
} cpuid_registers;

static cpuid_registers read_cpuid(unsigned leaf, unsigned subleaf) {
  cpuid_registers r = {0, 0, 0, 0};
  /* __get_cpuid_count checks the highest leaf of the processor first. */
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

/* Registers that the operating system saves and restores (XCR0). */
static uint64_t read_xcr0(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static int has_bits(unsigned value, unsigned bits) {
  return (value & bits) == bits;
}

uint64_t sinter_cpu_features(void) {
  cpuid_registers leaf1 = read_cpuid(1, 0);
  if (!(leaf1.ecx & bit_OSXSAVE))
    return 0;
  uint64_t xcr0 = read_xcr0();
  const uint64_t ymm_state = 0x6, zmm_state = 0xe6;
  cpuid_registers leaf7 = read_cpuid(7, 0), leaf7_1 = {0, 0, 0, 0};
  if (leaf7.eax >= 1)
    leaf7_1 = read_cpuid(7, 1);
  cpuid_registers extended = read_cpuid(0x80000001u, 0);

  uint64_t features = 0;
  if ((xcr0 & ymm_state) == ymm_state &&
      has_bits(leaf1.ecx,
               bit_AVX | bit_FMA | bit_F16C | bit_MOVBE | bit_POPCNT) &&
      has_bits(leaf7.ebx, bit_AVX2 | bit_BMI | bit_BMI2) &&
      has_bits(extended.ecx, bit_LZCNT))
    features |= SINTER_ABI_FEATURE_X86_64_V3;
  if (!features)
    return 0;
  if (leaf7_1.eax & (1u << 4))
    features |= SINTER_ABI_FEATURE_AVX_VNNI;
  if ((xcr0 & zmm_state) != zmm_state ||
      !has_bits(leaf7.ebx, bit_AVX512F | bit_AVX512BW | bit_AVX512CD |
                               bit_AVX512DQ | bit_AVX512VL))
    return features;
  features |= SINTER_ABI_FEATURE_X86_64_V4;
  if (leaf7.ecx & bit_AVX512VNNI)
    features |= SINTER_ABI_FEATURE_AVX512_VNNI;
  if (leaf7_1.eax & (1u << 5))
    features |= SINTER_ABI_FEATURE_AVX512_BF16;
  return features;
}

const char *sinter_cpu_name(void) {
  uint64_t features = sinter_cpu_features();
  if (features & SINTER_ABI_FEATURE_X86_64_V4)
    return "x86-64-v4";
  if (features & SINTER_ABI_FEATURE_X86_64_V3)
    return "x86-64-v3";
  return "x86-64";
}

/*===- Threads ------------------------------------------------------------===*/

/* The first line of a file without its end of line; 0 if there is none. */
static int read_line(const char *path, char *line, int capacity) {
  FILE *file = fopen(path, "re");
  if (!file)
    return 0;
  int read = fgets(line, capacity, file) != NULL;
  fclose(file);
  if (read)
    line[strcspn(line, "\n")] = 0;
  return read;
}

/* Processors in the affinity mask that are the first of their core there. */
static int count_cores(void) {
  int capacity = 1024;
  cpu_set_t *mask = NULL;
  size_t bytes = 0;
  for (; capacity <= 1 << 20; capacity *= 4) {
    mask = CPU_ALLOC(capacity);
    bytes = CPU_ALLOC_SIZE(capacity);
    if (!mask || sched_getaffinity(0, bytes, mask) == 0)
      break;
    CPU_FREE(mask);
    mask = NULL;
  }
  if (!mask)
    return 1;
  int cores = 0;
  for (int cpu = 0; cpu < capacity; ++cpu) {
    if (!CPU_ISSET_S(cpu, bytes, mask))
      continue;
    char path[96], siblings[256];
    snprintf(path, sizeof path,
             "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
             cpu);
    /* "0,4" or "0-1": a core counts at its first sibling that we may use. */
    int is_first = 1;
    const char *at = read_line(path, siblings, sizeof siblings) ? siblings : "";
    while (*at >= '0' && *at <= '9' && is_first) {
      char *end;
      long first = strtol(at, &end, 10), last = first;
      if (*end == '-')
        last = strtol(end + 1, &end, 10);
      for (long other = first; other <= last && other < cpu; ++other)
        if (CPU_ISSET_S((int)other, bytes, mask))
          is_first = 0;
      at = *end == ',' ? end + 1 : end;
    }
    cores += is_first;
  }
  CPU_FREE(mask);
  return cores > 0 ? cores : 1;
}

/* The quota in `directory`, in whole processors rounded down, or `limit`. */
static long read_quota(const char *directory, int version, long limit) {
  char path[1200], line[128];
  long long quota = 0, period = 0;
  if (version == 2) {
    snprintf(path, sizeof path, "%s/cpu.max", directory);
    if (!read_line(path, line, sizeof line) ||
        sscanf(line, "%lld %lld", &quota, &period) != 2) /* "max 100000" */
      return limit;
  } else {
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", directory);
    if (!read_line(path, line, sizeof line) ||
        sscanf(line, "%lld", &quota) != 1)
      return limit;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", directory);
    if (!read_line(path, line, sizeof line) ||
        sscanf(line, "%lld", &period) != 1)
      return limit;
  }
  if (quota <= 0 || period <= 0)
    return limit;
  long long cpus = quota / period > 1 ? quota / period : 1;
  return cpus < limit ? (long)cpus : limit;
}

/* The tightest quota from the control group `path` up to the root. */
static long limit_by_group(const char *root, char *path, int version,
                           long limit) {
  for (;;) {
    char directory[1100];
    snprintf(directory, sizeof directory, "%s%s", root, path);
    limit = read_quota(directory, version, limit);
    char *slash = strrchr(path, '/');
    if (!slash || !path[1])
      return limit;
    slash[slash == path] = 0; /* "/a/b" -> "/a" -> "/" */
  }
}

static long limit_by_quota(long limit) {
  FILE *file = fopen("/proc/self/cgroup", "re");
  if (!file)
    return limit;
  char line[1024];
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    char *controllers = strchr(line, ':');
    char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path)
      continue;
    *path++ = 0;
    ++controllers;
    if (!*controllers) {
      limit = limit_by_group("/sys/fs/cgroup", path, 2, limit);
    } else if (!strcmp(controllers, "cpu") ||
               !strcmp(controllers, "cpu,cpuacct") ||
               !strcmp(controllers, "cpuacct,cpu")) {
      char root[64];
      snprintf(root, sizeof root, "/sys/fs/cgroup/%s", controllers);
      limit = limit_by_group(root, path, 1, limit);
    }
  }
  fclose(file);
  return limit;
}

int32_t sinter_cpu_default_threads(void) {
  return (int32_t)limit_by_quota(count_cores());
}
