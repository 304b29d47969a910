//===- ContractCases.h - contractions by description ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes the kernel of a described matrix product or convolution, runs it, and
// compares with loops that follow the definition.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_PASSES_LOWER_CONTRACTCASES_H
#define SINTER_TEST_PASSES_LOWER_CONTRACTCASES_H

#include "KernelHarness.h"

#include <string>
#include <vector>

namespace sinter::test {

/// A dimension: its size, and as it is written in a type: a number unless it is
/// a formula of the free dimensions.
struct Dim {
  long size;
  std::string text;
  Dim(long size) : size(size), text(std::to_string(size)) {}
  Dim(long size, const char *formula) : size(size), text(formula) {}
};
using Dims = std::vector<Dim>;

/// What follows the contraction, before its result is stored.
enum class Epilogue {
  None,
  BiasRelu, ///< a value a column, then relu
  Residual, ///< a tensor of the result's shape
  RowScale, ///< a value a row (the last dimension is 1)
  Swish,    ///< x * sigmoid(x): in a loop, not unrolled
};

struct FreeDims {
  std::vector<llvm::StringRef> names;
  std::vector<int64_t> values;
};

struct MatmulCase {
  Dims lhs, rhs, result;
  /// Permutations that give lhs and rhs from the arguments, and what is stored
  /// from the result; empty: none.
  std::vector<long> lhsPermutation = {}, rhsPermutation = {},
                    resultPermutation = {};
  bool packed = false;
  Epilogue epilogue = Epilogue::None;
  FreeDims free = {};
};

struct ConvCase {
  Dims input;               ///< [n, spatial.., c]
  Dims result;              ///< [n, spatial.., c]
  std::vector<long> filter; ///< spatial sizes
  std::vector<long> strides, pads, dilations;
  long group = 1;
  Epilogue epilogue = Epilogue::None;
  bool transposed = false;
  std::vector<long> outputPadding = {};
  /// The argument or what is stored is [n, c, spatial..].
  bool channelsFirstInput = false, channelsFirstResult = false;
  FreeDims free = {};
};

/// Runs a case on vectors of `lanes`, in one slot and in three, and checks
/// every element of the result; the two must agree in every bit.
void check(const MatmulCase &test, unsigned lanes);
void check(const ConvCase &test, unsigned lanes);

} // namespace sinter::test

#endif // SINTER_TEST_PASSES_LOWER_CONTRACTCASES_H
