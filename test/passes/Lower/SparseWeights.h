//===- SparseWeights.h - sparse weights for kernels in tests ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Packs a matrix as kernel.unpack_sparse reads it, by its definition.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_PASSES_LOWER_SPARSEWEIGHTS_H
#define SINTER_TEST_PASSES_LOWER_SPARSEWEIGHTS_H

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace sinter::test {

/// The operands of kernel.unpack_sparse for blocks of `width` columns: 16, or 1
/// for single elements.
struct SparseWeight {
  long width;
  std::vector<int32_t> starts, indices;
  std::vector<float> values;

  /// Packs the elements of `dense` [k, n] that are not zero.
  SparseWeight(const std::vector<float> &dense, long k, long n, long width)
      : width(width) {
    long depth = width == 1 ? 64 : k;
    for (long top = 0; top < k; top += depth)
      for (long column = 0; column < n; column += width) {
        starts.push_back(indices.size());
        for (long row = top; row < std::min(top + depth, k); ++row)
          add(dense, row, n, column);
      }
    starts.push_back(indices.size());
  }

  /// "%s: .., %i: .., %v: .." and the types alone.
  std::string getArguments() const {
    return "%s: " + getStarts() + ", %i: " + getIndices() +
           ", %v: " + getValues();
  }
  std::string getTypes() const {
    return getStarts() + ", " + getIndices() + ", " + getValues();
  }

private:
  void add(const std::vector<float> &dense, long row, long n, long column) {
    long end = std::min(column + width, n);
    const float *elements = dense.data() + row * n;
    if (std::all_of(elements + column, elements + end,
                    [](float value) { return value == 0; }))
      return;
    indices.push_back(row);
    values.insert(values.end(), elements + column, elements + end);
    values.resize(indices.size() * width, 0.0f);
  }
  static std::string getVector(size_t count, const char *type) {
    return "tensor<" + std::to_string(count) + "x" + type + ">";
  }
  std::string getStarts() const { return getVector(starts.size(), "i32"); }
  std::string getIndices() const { return getVector(indices.size(), "i32"); }
  std::string getValues() const {
    return width == 1 ? getVector(values.size(), "f32")
                      : getVector(indices.size(),
                                  (std::to_string(width) + "xf32").c_str());
  }
};

} // namespace sinter::test

#endif // SINTER_TEST_PASSES_LOWER_SPARSEWEIGHTS_H
