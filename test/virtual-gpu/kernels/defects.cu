//===- defects.cu - one mistake in each kernel ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <cuda_pipeline.h>

// Every kernel is right with `broken` false, and the same but for one mistake
// with `broken` true.

/// Turns a block around; the mistake: no barrier between write and read.
template <bool broken> __device__ void reverse(const float *in, float *out) {
  __shared__ float tile[128];
  tile[threadIdx.x] = in[threadIdx.x];
  if (!broken)
    __syncthreads();
  out[threadIdx.x] = tile[127 - threadIdx.x];
}

/// Two copies in flight; the mistake: the wait leaves one too many.
template <bool broken> __device__ void copy(const float4 *in, float4 *out) {
  __shared__ float4 tile[2][32];
  for (int stage = 0; stage < 2; ++stage) {
    __pipeline_memcpy_async(&tile[stage][threadIdx.x],
                            &in[stage * 32 + threadIdx.x], 16);
    __pipeline_commit();
  }
  for (int stage = 0; stage < 2; ++stage) {
    if (stage == 0)
      __pipeline_wait_prior(1);
    else
      __pipeline_wait_prior(broken ? 1 : 0);
    __syncwarp();
    out[stage * 32 + threadIdx.x] = tile[stage][31 - threadIdx.x];
  }
}

/// Differences of neighbours; the mistake: one element past the end is read.
template <bool broken>
__device__ void difference(const float *in, float *out, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < (broken ? count : count - 1))
    out[i] = in[i + 1] - in[i];
}

/// Copies rows; the mistake: the stride of the result is one too large.
template <bool broken>
__device__ void rows(const float *in, float *out, int columns) {
  int stride = broken ? columns + 1 : columns;
  out[blockIdx.x * stride + threadIdx.x] = in[blockIdx.x * columns + threadIdx.x];
}

/// Dot products; the mistake: the accumulator in shared memory starts
/// undefined.
template <bool broken>
__device__ void dot(const float *a, const float *b, float *out, int count) {
  __shared__ float sum[64];
  if (!broken)
    sum[threadIdx.x] = 0;
  for (int i = threadIdx.x; i < count; i += 64)
    sum[threadIdx.x] += a[i] * b[i];
  out[threadIdx.x] = sum[threadIdx.x];
}

/// Doubles every element; the mistake: no check of the last block.
template <bool broken> __device__ void twice(float *data, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (broken || i < count)
    data[i] *= 2;
}

#define BOTH(bound, name, parameters, arguments)                               \
  extern "C" __global__ void __launch_bounds__(bound) name parameters {        \
    name<false> arguments;                                                     \
  }                                                                            \
  extern "C" __global__ void __launch_bounds__(bound)                          \
      name##_broken parameters {                                               \
    name<true> arguments;                                                      \
  }
BOTH(128, reverse, (const float *in, float *out), (in, out))
BOTH(32, copy, (const float4 *in, float4 *out), (in, out))
BOTH(128, difference, (const float *in, float *out, int count),
     (in, out, count))
BOTH(32, rows, (const float *in, float *out, int columns), (in, out, columns))
BOTH(64, dot, (const float *a, const float *b, float *out, int count),
     (a, b, out, count))
BOTH(64, twice, (float *data, int count), (data, count))
