//===- IntegerCases.h - contractions of 8-bit integers ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes the kernel of a described product or convolution of ui8 and i8, runs
// it on every instruction set of this processor, and expects exactly what loops
// that follow the definition give.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_PASSES_LOWER_INTEGERCASES_H
#define SINTER_TEST_PASSES_LOWER_INTEGERCASES_H

#include "KernelHarness.h"

#include <string>
#include <vector>

namespace sinter::test {

/// What the operands hold.
enum class Values {
  Random,  ///< all values of the type
  Highest, ///< 255 and 127 everywhere
  Lowest,  ///< 255 and -128 everywhere
};

/// [m, k] x [k, n].
struct IntegerMatmul {
  long m, n, k;
  Values values = Values::Random;
  /// How the right operand comes: a packed weight, or an argument [k, n],
  /// [n, k] (read transposed), or [n, k, 2], read as [2, k, n].
  enum Rhs { Packed, Rows, Columns, Apart } rhs = Packed;
  /// Whether the left argument is [k, m], read transposed.
  bool lhsTransposed = false;
  /// Whether m and k are free dimensions of these sizes.
  bool isFree = false;
};

/// A convolution [n, h, w, c], or a depthwise one if every channel is a group.
struct IntegerConv {
  long batch, height, width, in, out;
  std::vector<long> filter = {3, 3}, strides = {1, 1};
  std::vector<long> pads = {1, 1, 1, 1}, dilations = {1, 1};
  long group = 1, padValue = 0;
  Values values = Values::Random;
  bool channelsFirst = false; ///< the argument is [n, c, h, w]
  bool isFree = false;        ///< height and width
};

void check(const IntegerMatmul &test);
void check(const IntegerConv &test);

/// The instruction sets that tests run on: those of this processor.
std::vector<const InstructionSet *> getRunnableSets();

/// Values of a type, the same in every run.
std::vector<uint8_t> makeUnsigned(size_t count, Values values);
std::vector<int8_t> makeSigned(size_t count, Values values);

/// A packed weight [groups, panels, leading, ceil(k / 4), 32, 4]; `get(group,
/// lead, k, column)`.
std::vector<int8_t>
packQuads(long groups, long columns, long leading, long depth,
          llvm::function_ref<int8_t(long, long, long, long)> get);

} // namespace sinter::test

#endif // SINTER_TEST_PASSES_LOWER_INTEGERCASES_H
