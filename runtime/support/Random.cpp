//===- Random.cpp - random numbers ----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Generated code has no state, so numbers are a function of a seed and a
// counter: Philox4x32-10 of J. Salmon et al., Parallel random numbers: as easy
// as 1, 2, 3 (2011). Block i of four words is that of the counter (i, stream)
// and the key `seed`. The same model gives the same numbers in each run, with
// any number of threads, on every instruction set.
//
//===----------------------------------------------------------------------===//

#include "runtime/support/element.h"

namespace sinter::support {

/// Blocks of four words that are made at once, side by side in vectors.
static constexpr int64_t kBlocks = 64;
/// Elements of a unit.
static constexpr int64_t kElements = 4 * kBlocks;

/// words[w][i]: word w of block `first + i`.
static void makeWords(uint64_t seed, uint64_t stream, uint64_t first,
                      uint32_t (*words)[kBlocks]) {
  for (int64_t i = 0; i < kBlocks; ++i) {
    uint64_t counter = first + static_cast<uint64_t>(i);
    uint32_t a = static_cast<uint32_t>(counter);
    uint32_t b = static_cast<uint32_t>(counter >> 32);
    uint32_t c = static_cast<uint32_t>(stream);
    uint32_t d = static_cast<uint32_t>(stream >> 32);
    uint32_t low = static_cast<uint32_t>(seed);
    uint32_t high = static_cast<uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      uint64_t left = uint64_t(0xD2511F53) * a;
      uint64_t right = uint64_t(0xCD9E8D57) * c;
      a = static_cast<uint32_t>(right >> 32) ^ b ^ low;
      c = static_cast<uint32_t>(left >> 32) ^ d ^ high;
      b = static_cast<uint32_t>(right);
      d = static_cast<uint32_t>(left);
      low += 0x9E3779B9;
      high += 0xBB67AE85;
    }
    words[0][i] = a;
    words[1][i] = b;
    words[2][i] = c;
    words[3][i] = d;
  }
}

/// Numbers in [0, 1), of 24 random bits (53 of a double, of two words).
/// output: any shape. integers: seed, stream. A unit is 256 elements.
template <typename T>
static int32_t randomUniform(const sinter_algorithm *call, int64_t first,
                             int64_t last) {
  T *out = getOutput<T>(call, 0);
  int64_t elements = product(call->sizes[0], 0, call->ranks[0]);
  auto seed = static_cast<uint64_t>(call->integers[0]);
  auto stream = static_cast<uint64_t>(call->integers[1]);
  constexpr bool isDouble = sizeof(T) == 8;
  for (int64_t unit = first; unit < last; ++unit) {
    int64_t low = unit * kElements;
    T numbers[kElements];
    for (int64_t part = 0; part < (isDouble ? 2 : 1); ++part) {
      uint32_t words[4][kBlocks];
      makeWords(
          seed, stream,
          static_cast<uint64_t>((isDouble ? 2 * unit + part : unit) * kBlocks),
          words);
      for (int64_t i = 0; i < kBlocks; ++i) {
        if constexpr (isDouble) {
          for (int64_t w = 0; w < 2; ++w) {
            uint64_t bits =
                uint64_t(words[2 * w][i]) << 32 | words[2 * w + 1][i];
            numbers[(part * kBlocks + i) * 2 + w] =
                static_cast<T>(static_cast<int64_t>(bits >> 11)) * 0x1p-53;
          }
        } else {
          for (int64_t w = 0; w < 4; ++w)
            numbers[4 * i + w] =
                static_cast<T>(static_cast<int32_t>(words[w][i] >> 8)) *
                0x1p-24f;
        }
      }
    }
    copy(numbers, out + low,
         elements - low < kElements ? elements - low : kElements);
  }
  return 0;
}

/// Classes drawn with probabilities in proportion to weights.
/// inputs: weights [batch, classes] f32, uniform numbers [batch, samples] f32;
/// output: [batch, samples] int64. A unit is a batch. scratch: 8 bytes for each
/// class.
static int32_t drawClasses(const sinter_algorithm *call, int64_t first,
                           int64_t last, void *scratch) {
  int64_t classes = call->sizes[0][1], samples = call->sizes[1][1];
  double *sums = static_cast<double *>(scratch);
  if (classes == 0)
    return samples != 0;
  for (int64_t unit = first; unit < last; ++unit) {
    const float *weights = getInput<float>(call, 0) + unit * classes;
    const float *numbers = getInput<float>(call, 1) + unit * samples;
    int64_t *out = getOutput<int64_t>(call, 0) + unit * samples;
    double sum = 0;
    for (int64_t c = 0; c < classes; ++c)
      sums[c] = sum += weights[c];
    for (int64_t i = 0; i < samples; ++i) {
      // The first class whose sum is greater.
      double wanted = numbers[i] * sum;
      int64_t low = 0, high = classes - 1;
      while (low < high) {
        int64_t middle = (low + high) / 2;
        if (sums[middle] > wanted)
          high = middle;
        else
          low = middle + 1;
      }
      out[i] = low;
    }
  }
  return 0;
}

} // namespace sinter::support

using namespace sinter::support;

SINTER_ALGORITHM(random_uniform_f32) {
  return randomUniform<float>(call, first, last);
}
SINTER_ALGORITHM(random_uniform_f64) {
  return randomUniform<double>(call, first, last);
}
SINTER_ALGORITHM(draw_classes) {
  return drawClasses(call, first, last, scratch);
}
