//===- reduce.cu - reductions along a row --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

__device__ float warp_sum(float value) {
  for (int offset = 16; offset; offset /= 2)
    value += __shfl_xor_sync(~0u, value, offset);
  return value;
}

__device__ float warp_max(float value) {
  for (int offset = 16; offset; offset /= 2)
    value = fmaxf(value, __shfl_xor_sync(~0u, value, offset));
  return value;
}

/// The sum over the block, in every thread.
__device__ float block_sum(float value, float *scratch) {
  value = warp_sum(value);
  if (threadIdx.x % 32 == 0)
    scratch[threadIdx.x / 32] = value;
  __syncthreads();
  float sum = 0;
  for (int i = 0; i < blockDim.x / 32; ++i)
    sum += scratch[i];
  __syncthreads();
  return sum;
}

/// Blocks add their part with an atomic.
extern "C" __global__ void __launch_bounds__(256)
    reduce(const float *in, float *sum, int count) {
  __shared__ float scratch[32];
  float value = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count;
       i += gridDim.x * blockDim.x)
    value += in[i];
  value = block_sum(value, scratch);
  if (threadIdx.x == 0)
    atomicAdd(sum, value);
}

extern "C" __global__ void __launch_bounds__(256)
    softmax(const float *in, float *out, int columns) {
  __shared__ float scratch[32];
  const float *row = in + blockIdx.x * columns;
  float most = -INFINITY;
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    most = fmaxf(most, row[i]);
  most = warp_max(most);
  if (threadIdx.x % 32 == 0)
    scratch[threadIdx.x / 32] = most;
  __syncthreads();
  for (int i = 0; i < blockDim.x / 32; ++i)
    most = fmaxf(most, scratch[i]);
  __syncthreads();
  float sum = 0;
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    sum += expf(row[i] - most);
  sum = block_sum(sum, scratch);
  for (int i = threadIdx.x; i < columns; i += blockDim.x)
    out[blockIdx.x * columns + i] = expf(row[i] - most) / sum;
}

extern "C" __global__ void __launch_bounds__(128)
    layer_norm(const float4 *in, const float *scale, const float *shift,
               float *out, int quads, float epsilon) {
  __shared__ float scratch[32];
  float sum = 0;
  for (int i = threadIdx.x; i < quads; i += blockDim.x) {
    float4 v = in[blockIdx.x * quads + i];
    sum += v.x + v.y + v.z + v.w;
  }
  float mean = block_sum(sum, scratch) / (4 * quads);
  float squares = 0;
  for (int i = threadIdx.x; i < quads; i += blockDim.x) {
    float4 v = in[blockIdx.x * quads + i];
    squares += (v.x - mean) * (v.x - mean) + (v.y - mean) * (v.y - mean) +
               (v.z - mean) * (v.z - mean) + (v.w - mean) * (v.w - mean);
  }
  float factor =
      rsqrtf(block_sum(squares, scratch) / (4 * quads) + epsilon);
  for (int i = threadIdx.x; i < quads; i += blockDim.x) {
    float4 v = in[blockIdx.x * quads + i];
    float row[4] = {v.x, v.y, v.z, v.w};
    for (int k = 0; k < 4; ++k)
      out[(blockIdx.x * quads + i) * 4 + k] =
          (row[k] - mean) * factor * scale[4 * i + k] + shift[4 * i + k];
  }
}

/// Sums up to and with each element, by warps and then over the warps.
extern "C" __global__ void __launch_bounds__(256)
    scan(const int *in, int *out, int count) {
  __shared__ int totals[32];
  int i = threadIdx.x, lane = i % 32, warp = i / 32;
  int value = i < count ? in[i] : 0;
  for (int offset = 1; offset < 32; offset *= 2) {
    int other = __shfl_up_sync(~0u, value, offset);
    if (lane >= offset)
      value += other;
  }
  if (lane == 31)
    totals[warp] = value;
  __syncthreads();
  for (int j = 0; j < warp; ++j)
    value += totals[j];
  if (i < count)
    out[i] = value;
}
