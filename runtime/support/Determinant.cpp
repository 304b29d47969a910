//===- Determinant.cpp - determinants of matrices -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/support/element.h"

namespace sinter::support {

template <typename T>
static T magnitude(T value) {
  return value < 0 ? -value : value;
}

/// The determinant of the n x n matrix a, which elimination overwrites: the
/// row with the largest element of the column comes first.
template <typename T>
static T eliminate(T *__restrict a, int64_t n) {
  T result = 1;
  for (int64_t k = 0; k < n; ++k) {
    int64_t best = k;
    for (int64_t row = k + 1; row < n; ++row)
      if (magnitude(a[row * n + k]) > magnitude(a[best * n + k]))
        best = row;
    T pivot = a[best * n + k];
    if (pivot == 0)
      return 0;
    if (best != k) {
      result = -result;
      for (int64_t column = k; column < n; ++column) {
        T moved = a[best * n + column];
        a[best * n + column] = a[k * n + column];
        a[k * n + column] = moved;
      }
    }
    result *= pivot;
    for (int64_t row = k + 1; row < n; ++row) {
      T factor = a[row * n + k] / pivot;
      for (int64_t column = k + 1; column < n; ++column)
        a[row * n + column] -= factor * a[k * n + column];
    }
  }
  return result;
}

/// input: matrices [.., n, n]; output: [..]. A unit is a matrix. scratch: a
/// matrix.
template <typename T>
static int32_t determinant(const sinter_algorithm *call, int64_t first,
                           int64_t last, void *scratch) {
  const T *x = getInput<T>(call, 0);
  T *output = getOutput<T>(call, 0), *matrix = static_cast<T *>(scratch);
  int64_t n = call->sizes[0][call->ranks[0] - 1];
  for (int64_t unit = first; unit < last; ++unit) {
    copy(x + unit * n * n, matrix, n * n);
    output[unit] = eliminate(matrix, n);
  }
  return 0;
}

} // namespace sinter::support

SINTER_ALGORITHM(determinant_f32) {
  return sinter::support::determinant<float>(call, first, last, scratch);
}
SINTER_ALGORITHM(determinant_f64) {
  return sinter::support::determinant<double>(call, first, last, scratch);
}
