//===- tensor.cu - tensor cores ------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <cstdint>
#include <cuda_fp16.h>

/// C[16x8] = A[16x16] * B[16x8], one warp. B is given by columns.
extern "C" __global__ void __launch_bounds__(32)
    mma_f16(const __half *a, const __half *b, float *c) {
  __shared__ __align__(16) __half tile[16 * 16];
  int lane = threadIdx.x, group = lane / 4, pair = lane % 4;
  for (int i = lane; i < 16 * 16; i += 32)
    tile[i] = a[i];
  __syncthreads();
  uint32_t left[4], right[2];
  uint32_t row = static_cast<uint32_t>(
      __cvta_generic_to_shared(tile + lane % 16 * 16 + lane / 16 * 8));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(left[0]), "=r"(left[1]), "=r"(left[2]), "=r"(left[3])
               : "r"(row));
  right[0] = *reinterpret_cast<const uint32_t *>(b + group * 16 + pair * 2);
  right[1] = *reinterpret_cast<const uint32_t *>(b + group * 16 + pair * 2 + 8);
  float sum[4] = {0, 0, 0, 0};
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
               : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]),
                 "r"(right[0]), "r"(right[1]));
  for (int i = 0; i < 4; ++i)
    c[(group + i / 2 * 8) * 8 + pair * 2 + i % 2] = sum[i];
}

/// C[16x8] = A[16x32] * B[32x8] of unsigned and signed bytes.
extern "C" __global__ void __launch_bounds__(32)
    mma_s8(const uint8_t *a, const int8_t *b, int *c) {
  int lane = threadIdx.x, group = lane / 4, quad = lane % 4;
  uint32_t left[4], right[2];
  for (int i = 0; i < 4; ++i)
    left[i] = *reinterpret_cast<const uint32_t *>(
        a + (group + i % 2 * 8) * 32 + quad * 4 + i / 2 * 16);
  for (int i = 0; i < 2; ++i)
    right[i] = *reinterpret_cast<const uint32_t *>(b + group * 32 + quad * 4 +
                                                   i * 16);
  int sum[4] = {1, 2, 3, 4};
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3])
               : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]),
                 "r"(right[0]), "r"(right[1]));
  for (int i = 0; i < 4; ++i)
    c[(group + i / 2 * 8) * 8 + quad * 2 + i % 2] = sum[i];
}

/// C[16x8] = A[16x8] * B[8x8] in tf32.
extern "C" __global__ void __launch_bounds__(32)
    mma_tf32(const float *a, const float *b, float *c) {
  int lane = threadIdx.x, group = lane / 4, t = lane % 4;
  uint32_t left[4], right[2];
  for (int i = 0; i < 4; ++i)
    asm("cvt.rna.tf32.f32 %0, %1;"
        : "=r"(left[i])
        : "f"(a[(group + i % 2 * 8) * 8 + t + i / 2 * 4]));
  for (int i = 0; i < 2; ++i)
    asm("cvt.rna.tf32.f32 %0, %1;"
        : "=r"(right[i])
        : "f"(b[(t + i * 4) * 8 + group]));
  float sum[4] = {0, 0, 0, 0};
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
               : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]),
                 "r"(right[0]), "r"(right[1]));
  for (int i = 0; i < 4; ++i)
    c[(group + i / 2 * 8) * 8 + t * 2 + i % 2] = sum[i];
}

/// Arithmetic on pairs of halves, and conversions with saturation.
extern "C" __global__ void __launch_bounds__(128)
    halves(const __half2 *a, const __half2 *b, __half2 *out, int8_t *quantized,
           int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count)
    return;
  __half2 sum = __hfma2(a[i], b[i], __hadd2(a[i], b[i]));
  out[i] = __hmax2(sum, __hneg2(b[i]));
  float scaled = rintf(__low2float(sum) * 8.0f);
  quantized[i] = static_cast<int8_t>(fminf(fmaxf(scaled, -128.0f), 127.0f));
}
