//===- Coupling.cpp - probabilities of classes from those of pairs --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/support/element.h"

namespace sinter::support {

/// Minimizes sum over i, j of (r[j][i] p[i] - r[i][j] p[j])^2 with p >= 0 and
/// sum 1, by coordinates (Wu, Lin, Weng: Probability Estimates for Multi-class
/// Classification by Pairwise Coupling, 2004, section 4.2). q and qp are
/// memory.
template <typename T>
static void couple(const T *__restrict pairs, int64_t k, T *__restrict q,
                   T *__restrict qp, T *__restrict p) {
  auto getPair = [=](int64_t i, int64_t j) {
    // Pairs with i < j follow one another row by row.
    return i < j ? pairs[i * k - i * (i + 1) / 2 + j - i - 1]
                 : 1 - pairs[j * k - j * (j + 1) / 2 + i - j - 1];
  };
  for (int64_t i = 0; i < k; ++i) {
    p[i] = static_cast<T>(1) / static_cast<T>(k);
    T sum = 0;
    for (int64_t j = 0; j < k; ++j) {
      if (j == i)
        continue;
      T other = getPair(j, i);
      sum += other * other;
      q[i * k + j] = -other * getPair(i, j);
    }
    q[i * k + i] = sum;
  }
  T limit = static_cast<T>(0.005) / static_cast<T>(k);
  int64_t rounds = k > 100 ? k : 100;
  for (int64_t round = 0; round < rounds; ++round) {
    T pqp = 0, error = 0;
    for (int64_t i = 0; i < k; ++i) {
      T sum = 0;
      for (int64_t j = 0; j < k; ++j)
        sum += q[i * k + j] * p[j];
      qp[i] = sum;
      pqp += p[i] * sum;
    }
    for (int64_t i = 0; i < k; ++i) {
      T distance = qp[i] > pqp ? qp[i] - pqp : pqp - qp[i];
      error = distance > error ? distance : error;
    }
    if (error < limit)
      return;
    for (int64_t i = 0; i < k; ++i) {
      T step = (pqp - qp[i]) / q[i * k + i], scale = 1 + step;
      p[i] += step;
      pqp = (pqp + step * (step * q[i * k + i] + 2 * qp[i])) / (scale * scale);
      for (int64_t j = 0; j < k; ++j) {
        qp[j] = (qp[j] + step * q[i * k + j]) / scale;
        p[j] /= scale;
      }
    }
  }
}

/// input: the probability of the first class of each pair [N, k (k - 1) / 2];
/// output: that of each class [N, k]. A unit is a row. scratch: k (k + 1)
/// elements.
template <typename T>
static int32_t coupleAll(const sinter_algorithm *call, int64_t first,
                         int64_t last, void *scratch) {
  const T *x = getInput<T>(call, 0);
  T *output = getOutput<T>(call, 0), *memory = static_cast<T *>(scratch);
  int64_t pairs = call->sizes[0][1], k = call->sizes[1][1];
  for (int64_t unit = first; unit < last; ++unit)
    couple(x + unit * pairs, k, memory, memory + k * k, output + unit * k);
  return 0;
}

} // namespace sinter::support

SINTER_ALGORITHM(couple_f32) {
  return sinter::support::coupleAll<float>(call, first, last, scratch);
}
SINTER_ALGORITHM(couple_f64) {
  return sinter::support::coupleAll<double>(call, first, last, scratch);
}
