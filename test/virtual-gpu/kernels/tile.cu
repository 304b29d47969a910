//===- tile.cu - tiles in shared memory ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <cuda_pipeline.h>

/// 32x32 tiles, padded by one column.
extern "C" __global__ void __launch_bounds__(256)
    transpose(const float *in, float *out, int rows, int columns) {
  __shared__ float tile[32][33];
  int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8)
    if (x < columns && y + j < rows)
      tile[threadIdx.y + j][threadIdx.x] = in[(y + j) * columns + x];
  __syncthreads();
  x = blockIdx.y * 32 + threadIdx.x;
  y = blockIdx.x * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8)
    if (x < rows && y + j < columns)
      out[(y + j) * rows + x] = tile[threadIdx.x][threadIdx.y + j];
}

/// C = A * B with 16x16 tiles; the sizes need not be multiples.
extern "C" __global__ void __launch_bounds__(256)
    matmul(const float *a, const float *b, float *c, int m, int n, int k) {
  __shared__ float left[16][16], right[16][16];
  int row = blockIdx.y * 16 + threadIdx.y, column = blockIdx.x * 16 + threadIdx.x;
  float sum = 0;
  for (int at = 0; at < k; at += 16) {
    bool hasLeft = row < m && at + threadIdx.x < k;
    bool hasRight = column < n && at + threadIdx.y < k;
    left[threadIdx.y][threadIdx.x] = hasLeft ? a[row * k + at + threadIdx.x] : 0;
    right[threadIdx.y][threadIdx.x] =
        hasRight ? b[(at + threadIdx.y) * n + column] : 0;
    __syncthreads();
    for (int i = 0; i < 16; ++i)
      sum += left[threadIdx.y][i] * right[i][threadIdx.x];
    __syncthreads();
  }
  if (row < m && column < n)
    c[row * n + column] = sum;
}

/// The same for multiples of 16, with two stages of asynchronous copies.
extern "C" __global__ void __launch_bounds__(256)
    matmul_async(const float *a, const float *b, float *c, int m, int n, int k) {
  extern __shared__ float4 memory[];
  float(*left)[16][16] = reinterpret_cast<float(*)[16][16]>(memory);
  float(*right)[16][16] = left + 2;
  int row = blockIdx.y * 16, column = blockIdx.x * 16;
  int thread = threadIdx.y * 16 + threadIdx.x;
  auto fetch = [&](int stage, int at) {
    int y = thread % 64 / 4, x = thread % 4 * 4;
    if (thread < 64)
      __pipeline_memcpy_async(&left[stage][y][x], &a[(row + y) * k + at + x], 16);
    else if (thread < 128)
      __pipeline_memcpy_async(&right[stage][y][x],
                              &b[(at + y) * n + column + x], 16);
    __pipeline_commit();
  };
  float sum = 0;
  fetch(0, 0);
  for (int at = 0, stage = 0; at < k; at += 16, stage ^= 1) {
    if (at + 16 < k)
      fetch(stage ^ 1, at + 16);
    else
      __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();
    for (int i = 0; i < 16; ++i)
      sum += left[stage][threadIdx.y][i] * right[stage][i][threadIdx.x];
    __syncthreads();
  }
  c[(row + threadIdx.y) * n + column + threadIdx.x] = sum;
}

/// Direct convolution, NCHW, padded, with bias in constant memory.
__constant__ float bias[8];
extern "C" __global__ void __launch_bounds__(128)
    conv(const float *__restrict__ in, const float *__restrict__ weight,
         float *__restrict__ out, int channels, int height, int width,
         int kernel, int pad) {
  int at = blockIdx.x * blockDim.x + threadIdx.x, filter = blockIdx.y;
  if (at >= height * width)
    return;
  int y = at / width, x = at % width;
  float sum = bias[filter];
  for (int c = 0; c < channels; ++c)
    for (int r = 0; r < kernel; ++r)
      for (int s = 0; s < kernel; ++s) {
        int from = y - pad + r, column = x - pad + s;
        if (from >= 0 && from < height && column >= 0 && column < width)
          sum = fmaf(in[(c * height + from) * width + column],
                     weight[((filter * channels + c) * kernel + r) * kernel + s],
                     sum);
      }
  out[filter * height * width + at] = fmaxf(sum, 0.0f);
}
