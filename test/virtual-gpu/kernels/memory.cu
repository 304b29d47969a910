//===- memory.cu - atomics, calls and local memory -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

/// Counts of 64 values, in shared memory first.
extern "C" __global__ void __launch_bounds__(256)
    histogram(const int *in, int *counts, int *extremes, int count) {
  __shared__ int local[64];
  if (threadIdx.x < 64)
    local[threadIdx.x] = 0;
  __syncthreads();
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) {
    atomicAdd(&local[in[i] & 63], 1);
    atomicMin(&extremes[0], in[i]);
    atomicMax(&extremes[1], in[i]);
  }
  __syncthreads();
  if (threadIdx.x < 64)
    atomicAdd(&counts[threadIdx.x], local[threadIdx.x]);
}

__device__ __noinline__ int gcd(int a, int b) {
  while (b) {
    int rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}
__device__ __noinline__ int lcm(int a, int b) {
  if (a == 0 || b == 0)
    return 0;
  return a / gcd(a, b) * b;
}
/// Functions that are called, by lanes that have gone different ways.
extern "C" __global__ void __launch_bounds__(64)
    calls(const int *a, const int *b, int *out, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count)
    out[i] = i % 3 ? lcm(a[i], b[i]) : gcd(a[i], b[i]) + 1;
}

__device__ const int table[8] = {3, 1, 4, 1, 5, 9, 2, 6};
/// An array that is indexed while running lies in local memory.
extern "C" __global__ void __launch_bounds__(64)
    local_array(const int *in, int *out, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count)
    return;
  int digits[16];
  for (int j = 0; j < 16; ++j)
    digits[(j * 5 + in[i]) & 15] = table[j & 7] * j;
  int sum = 0;
  for (int j = 0; j < 16; ++j)
    sum = sum * 3 + digits[(in[i] + j) & 15];
  out[i] = sum;
}
