/*===- sinter/abi.h - generated code and the runtime --------------*- C -*-===*/
/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The contract between the code in an artifact and whoever runs it. An
 * application does not need this header. docs/abi.md explains it.
 *
 * Generated code imports no symbol: all it knows comes through the pointers
 * below. Sizes are in elements or bytes as said; integers are little endian.
 */
#ifndef SINTER_ABI_H
#define SINTER_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever a structure below or the manifest changes its meaning. */
#define SINTER_ABI_VERSION 3

/* Bits of sinter_abi_variant.features: what the processor must have. */
#define SINTER_ABI_FEATURE_X86_64_V3 (1ull << 0) /* AVX2, FMA, BMI2, F16C */
#define SINTER_ABI_FEATURE_X86_64_V4 (1ull << 1) /* AVX-512 F BW CD DQ VL */
#define SINTER_ABI_FEATURE_AVX512_VNNI (1ull << 2)
#define SINTER_ABI_FEATURE_AVX_VNNI (1ull << 3)
#define SINTER_ABI_FEATURE_AVX512_BF16 (1ull << 4)
#define SINTER_ABI_FEATURE_AMX_INT8 (1ull << 5)
#define SINTER_ABI_FEATURE_AMX_BF16 (1ull << 6)

/*
 * One kernel. Computes the units of work first <= t < last of its tiles.
 * - buffers: the operands of kernel.launch, inputs then outputs, each 64-byte
 *   aligned if it is the runtime's, element-aligned at least if the caller's;
 * - dims: values of the free dimensions, in the manifest's order (late ones
 *   last);
 * - scratch: 64-byte aligned memory of the slot, sizes[1] bytes (or what was
 *   reserved, if that is more), contents undefined.
 * Returns 0, or 1 + index of the failed check in the manifest's checks.
 */
typedef int32_t (*sinter_abi_kernel_fn)(void *const *buffers,
                                        const int64_t *dims, int64_t first,
                                        int64_t last, void *scratch);

/* What a run reads and writes. Owned by the caller for the time of the run.
 * What weights, arena, inputs[i] and outputs[i] point to may be memory of a
 * device: the schedule computes with these addresses only. */
typedef struct sinter_abi_frame {
  const uint8_t *weights; /* base of the weights section, 64-byte aligned */
  uint8_t *arena;         /* sizes[0] bytes, 64-byte aligned */
  void *const *inputs;    /* one address an input, row-major, contiguous */
  void *const *outputs;   /* one address an output */
  const int64_t *dims;    /* values of the free dimensions; late ones are 0 */
  const int64_t *sizes;   /* as filled by prepare for these dims */
} sinter_abi_frame;

/* What generated code may call. All entries are set. */
typedef struct sinter_abi_table {
  uint32_t struct_size; /* sizeof(sinter_abi_table) of the runtime */
  uint32_t version;     /* SINTER_ABI_VERSION of the runtime */
  void *user;           /* first argument of every entry */

  /*
   * Runs kernel over the tiles [0, tiles), in any order and on any slots, and
   * returns when all are done: 0, or the first non-zero result of a kernel, or
   * a negative sinter status (cancelled, for example). launch is the index of
   * the kernel.launch in the schedule: for profiles, and for the device kernel
   * that takes the place of kernel and tiles where the buffers are on a device.
   */
  int32_t (*parallel_for)(void *user, sinter_abi_kernel_fn kernel,
                          void *const *buffers, const int64_t *dims,
                          int64_t tiles, int32_t launch);
  /* Memory for a value whose size is found while running: at least `bytes`,
   * 64-byte aligned, valid until the next call for the same slot in this run.
   * The first `keep` bytes hold what they held there; the rest is undefined.
   * Null if there is none: run returns -SINTER_STATUS_OUT_OF_MEMORY then. */
  void *(*grow)(void *user, int32_t slot, uint64_t bytes, uint64_t keep);
  /* Copies bytes between buffers that do not overlap; returns as parallel_for.
   */
  int32_t (*copy)(void *user, void *to, const void *from, uint64_t bytes);
  /* Copies bytes of a buffer to memory of the caller on the host, when all that
   * was launched before is done; returns as parallel_for. */
  int32_t (*read)(void *user, void *to, const void *from, uint64_t bytes);
  /* Gives an output whose size is known only now its place in
   * frame->outputs: `dims` are the free dimensions, late ones included. Returns
   * as parallel_for. */
  int32_t (*place_output)(void *user, int32_t output, const int64_t *dims);
  /* Makes the scratch of every slot at least `bytes` for the launches that
   * follow: of kernels whose scratch depends on late dimensions. Returns as
   * parallel_for. */
  int32_t (*reserve)(void *user, uint64_t bytes);
} sinter_abi_table;

/*
 * Computes every size of the model from the free dimensions:
 * sizes[0] bytes of arena, sizes[1] bytes of scratch a slot needs,
 * sizes[2] floating point operations of a run, then those the manifest refers
 * to. Returns 0, or 1 + index of the check that these dimensions do not meet.
 */
typedef int32_t (*sinter_abi_prepare_fn)(const int64_t *dims, int64_t *sizes);

/* Runs the schedule with the kernels of a variant. Returns as parallel_for. */
typedef int32_t (*sinter_abi_run_fn)(const sinter_abi_table *table,
                                     const sinter_abi_frame *frame,
                                     const sinter_abi_kernel_fn *kernels);

/* One instruction set: the best one that the processor has is used. */
typedef struct sinter_abi_variant {
  uint64_t features;                   /* all must be present */
  const sinter_abi_kernel_fn *kernels; /* one a kernel of the manifest */
} sinter_abi_variant;

/* The symbol `sinter_root` of the artifact's image. */
typedef struct sinter_abi_root {
  uint32_t version; /* SINTER_ABI_VERSION of the compiler */
  uint32_t variant_count;
  const sinter_abi_variant *variants; /* best first */
  sinter_abi_prepare_fn prepare;
  sinter_abi_run_fn run;
} sinter_abi_root;

#ifdef __cplusplus
}
#endif

#endif /* SINTER_ABI_H */
