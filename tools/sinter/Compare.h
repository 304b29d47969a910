//===- Compare.h - outputs against a reference -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_COMPARE_H
#define SINTER_TOOLS_SINTER_COMPARE_H

#include "tools/sinter/Tensors.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace sinter::cli {

/// How close floating point elements must be:
/// |found - expected| <= absolute + relative * |expected|.
struct Tolerance {
  double relative = 1e-3;
  double absolute = 1e-7;
};

/// What a comparison found; `difference` is empty if the values agree.
struct Comparison {
  std::string difference;
  double largestError = 0; ///< Of the elements that are numbers in both.
};

/// Compares with the rules of ONNX's backend tests: same kind, type and
/// dimensions; floats within `tolerance`, NaN equal to NaN; the rest exact.
/// bfloat16 is compared with a relative tolerance of at least 2^-6.
Comparison compare(const Value &expected, const Value &found,
                   Tolerance tolerance);

/// How far two tensors of the same type and shape are apart.
struct Distance {
  double absolute = 0, relative = 0; ///< the largest, each by itself
  size_t index = 0;                  ///< element of the largest absolute error
  double expected = 0, found = 0;    ///< its values
  double magnitude = 0;              ///< the largest expected one, absolute
  size_t expectedNans = 0, foundNans = 0;
};

/// Measures all elements; where only one is a number, or infinities differ, the
/// distance is infinite.
Distance measureDistance(const Value &expected, const Value &found);

/// A number for a report. JSON has no infinity and no NaN: they become text.
nlohmann::ordered_json toJson(double number);

} // namespace sinter::cli

#endif // SINTER_TOOLS_SINTER_COMPARE_H
