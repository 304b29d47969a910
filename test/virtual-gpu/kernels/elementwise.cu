//===- elementwise.cu - one thread, one element --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <cstdint>

extern "C" __global__ void __launch_bounds__(256)
    vector_add(const float *a, const float *b, float *sum, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count)
    sum[i] = a[i] + b[i];
}

/// Loops of different length, a switch, and a branch inside a loop.
extern "C" __global__ void __launch_bounds__(128)
    divergent(const int *in, int *out, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count)
    return;
  int value = in[i], steps = 0;
  // The Collatz sequence, cut off.
  while (value != 1 && steps < 100) {
    if (value % 2 == 0) {
      value /= 2;
    } else {
      if (value % 3 == 0)
        ++steps;
      value = 3 * value + 1;
    }
    ++steps;
  }
  switch (in[i] % 5) {
  case 0:
    steps *= 3;
    break;
  case 1:
    steps -= 7;
    break;
  case 3:
    for (int j = 0; j < in[i] % 11; ++j)
      steps ^= j * value;
    break;
  case 4:
    steps = -steps;
    break;
  default:
    steps += 1000;
    break;
  }
  out[i] = steps;
}

/// Integers of all widths and bit operations.
extern "C" __global__ void __launch_bounds__(128)
    integers(const int64_t *a, const int64_t *b, int64_t *out, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count)
    return;
  int64_t x = a[i], y = b[i];
  uint32_t low = static_cast<uint32_t>(x), high = static_cast<uint32_t>(y);
  int16_t half = static_cast<int16_t>(x);
  int8_t byte = static_cast<int8_t>(y);
  int64_t *to = out + i * 12;
  to[0] = y ? x / y : -1;
  to[1] = y ? x % y : -1;
  to[2] = static_cast<uint64_t>(x) / (static_cast<uint64_t>(y) | 1);
  to[3] = __mul64hi(x, y);
  to[4] = static_cast<int64_t>(half) * byte + (half >> 3);
  to[5] = __popc(low) + __clz(high) * 100 + __ffs(low) * 10000;
  to[6] = __brev(low) ^ __byte_perm(low, high, 0x5142);
  to[7] = __funnelshift_l(low, high, 13);
  to[8] = x << (y & 63);
  to[9] = x >> (y & 63);
  to[10] = static_cast<uint8_t>(x) + static_cast<uint16_t>(y);
  to[11] = min(x, y) ^ max(static_cast<uint64_t>(x), static_cast<uint64_t>(y));
}

extern "C" __global__ void __launch_bounds__(128)
    doubles(const double *a, const double *b, double *out, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count)
    return;
  double x = a[i], y = b[i];
  double *to = out + i * 6;
  to[0] = fma(x, y, 0.5);
  to[1] = x / y;
  to[2] = sqrt(fabs(x));
  to[3] = floor(x) + ceil(y) + trunc(x * y) + rint(x);
  to[4] = static_cast<double>(static_cast<long long>(x * 1000)) + (x < y);
  to[5] = exp(-fabs(x)) + log(1 + fabs(y));
}
