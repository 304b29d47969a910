//===- Compare.cpp - outputs against a reference -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/sinter/Compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace sinter::cli {

static std::string describeKind(const Value &value) {
  switch (value.kind) {
  case Value::Kind::Tensor:
    return describeTensor(value.type, value.dims);
  case Value::Kind::Sequence:
    return "a sequence of " + std::to_string(value.elements.size());
  case Value::Kind::None:
    return "an absent value";
  }
  return "";
}

static std::string formatNumber(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", number);
  return text;
}

static bool agree(double expected, double found, Tolerance tolerance) {
  if (std::isnan(expected) || std::isnan(found))
    return std::isnan(expected) && std::isnan(found);
  if (std::isinf(expected) || std::isinf(found))
    return expected == found;
  return std::fabs(found - expected) <=
         tolerance.absolute + tolerance.relative * std::fabs(expected);
}

static Comparison compareFloats(const Value &expected, const Value &found,
                                Tolerance tolerance) {
  if (expected.type == ElementType::BF16)
    tolerance.relative = std::max(tolerance.relative, 0x1p-6);
  Comparison result;
  size_t count = static_cast<size_t>(countElements(expected.dims).value_or(0));
  size_t wrong = 0, first = 0;
  for (size_t i = 0; i < count; ++i) {
    double want = getElement(expected, i), have = getElement(found, i);
    double error = std::fabs(want - have);
    if (std::isfinite(error))
      result.largestError = std::max(result.largestError, error);
    if (!agree(want, have, tolerance) && wrong++ == 0)
      first = i;
  }
  if (wrong)
    result.difference = std::to_string(wrong) + " of " + std::to_string(count) +
                        " elements differ; the first is element " +
                        std::to_string(first) + ": expected " +
                        formatNumber(getElement(expected, first)) + ", found " +
                        formatNumber(getElement(found, first));
  return result;
}

static Comparison compareExactly(const Value &expected, const Value &found) {
  Comparison result;
  size_t count = static_cast<size_t>(countElements(expected.dims).value_or(0));
  size_t width = count ? expected.bytes.size() / count : 0;
  auto agree = [&](size_t i) {
    if (expected.type == ElementType::String)
      return expected.strings[i] == found.strings[i];
    if (width == 0) // Elements share bytes.
      return getElement(expected, i) == getElement(found, i);
    return std::equal(expected.bytes.data() + i * width,
                      expected.bytes.data() + (i + 1) * width,
                      found.bytes.data() + i * width);
  };
  for (size_t i = 0; i < count; ++i) {
    if (agree(i))
      continue;
    result.difference = "element " + std::to_string(i) + " differs";
    if (expected.type != ElementType::String)
      result.difference += ": expected " +
                           formatNumber(getElement(expected, i)) + ", found " +
                           formatNumber(getElement(found, i));
    break;
  }
  return result;
}

static Comparison compareSequences(const Value &expected, const Value &found,
                                   Tolerance tolerance) {
  Comparison result;
  for (size_t i = 0; i < expected.elements.size(); ++i) {
    Comparison part =
        compare(expected.elements[i], found.elements[i], tolerance);
    result.largestError = std::max(result.largestError, part.largestError);
    if (result.difference.empty() && !part.difference.empty())
      result.difference = "element " + std::to_string(i) +
                          " of the sequence: " + part.difference;
  }
  return result;
}

Comparison compare(const Value &expected, const Value &found,
                   Tolerance tolerance) {
  std::string want = describeKind(expected), have = describeKind(found);
  if (want != have) {
    Comparison result;
    result.difference = "expected " + want + ", found " + have;
    return result;
  }
  switch (expected.kind) {
  case Value::Kind::None:
    return {};
  case Value::Kind::Sequence:
    return compareSequences(expected, found, tolerance);
  case Value::Kind::Tensor:
    break;
  }
  return isFloat(expected.type) ? compareFloats(expected, found, tolerance)
                                : compareExactly(expected, found);
}

Distance measureDistance(const Value &expected, const Value &found) {
  Distance result;
  size_t count = static_cast<size_t>(countElements(expected.dims).value_or(0));
  for (size_t i = 0; i < count; ++i) {
    double want = getElement(expected, i), have = getElement(found, i);
    result.expectedNans += std::isnan(want);
    result.foundNans += std::isnan(have);
    if (std::isfinite(want))
      result.magnitude = std::max(result.magnitude, std::fabs(want));
    if (want == have || (std::isnan(want) && std::isnan(have)))
      continue;
    double error = std::fabs(want - have);
    if (std::isnan(error))
      error = INFINITY;
    if (error > result.absolute) {
      result.absolute = error;
      result.index = i;
      result.expected = want;
      result.found = have;
    }
    double relative = want == 0 ? INFINITY : error / std::fabs(want);
    result.relative = std::max(result.relative, relative);
  }
  return result;
}

nlohmann::ordered_json toJson(double number) {
  if (std::isfinite(number))
    return number;
  return std::isnan(number) ? "nan" : number < 0 ? "-inf" : "inf";
}

} // namespace sinter::cli
