//===- Content.h - elements that are known while importing ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Small tensors whose elements are constants or formulas of the free
// dimensions: what exporters write to compute shapes. Such computations are
// done here, with exact arithmetic, and never become nn operations.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_CONTENT_H
#define SINTER_COMPILER_IMPORT_CONTENT_H

#include "dialects/NN/Size.h"

namespace sinter {

/// One element. Integers and truth values are a size. Floats are a number, or
/// (where they come from a size that is not constant) a quotient of sizes.
struct Element {
  nn::SizeAttr size;    ///< Numerator; null for a number.
  nn::SizeAttr divisor; ///< Null for 1; only of floats.
  double number = 0;

  static Element ofSize(nn::SizeAttr size) { return {size, nullptr, 0}; }
  static Element ofNumber(double number) { return {nullptr, nullptr, number}; }
  /// A size over a size; a number where both are constant.
  static Element ofQuotient(nn::SizeAttr size, nn::SizeAttr divisor);

  bool isNumber() const { return !size; }
  /// The value of an integer, where it is constant.
  std::optional<int64_t> getInteger() const {
    return size && !divisor ? size.getConstant() : std::nullopt;
  }
};

/// All elements of a tensor, row-major.
struct Content {
  /// Tensors with more elements have no content.
  static constexpr int64_t kMaxElements = 1024;

  llvm::SmallVector<int64_t> shape;
  mlir::Type elementType;
  llvm::SmallVector<Element> elements;

  bool isFloat() const { return llvm::isa<mlir::FloatType>(elementType); }
  /// Every element is a constant.
  bool isConstant() const;
  /// The sizes, of an integer tensor.
  std::optional<llvm::SmallVector<nn::SizeAttr>> getSizes() const;
  /// The integers, where all are constant.
  std::optional<llvm::SmallVector<int64_t>> getIntegers() const;
  /// The numbers, of integers or floats, where all are constant.
  std::optional<llvm::SmallVector<double>> getNumbers() const;
};

/// Element `value` rounded to `type`, a float type.
double roundToType(double value, mlir::Type type);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_CONTENT_H
