//===- Content.cpp - elements that are known while importing --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Content.h"

using namespace mlir;
using namespace sinter;

Element Element::ofQuotient(nn::SizeAttr size, nn::SizeAttr divisor) {
  std::optional<int64_t> top = size.getConstant();
  std::optional<int64_t> bottom = divisor ? divisor.getConstant() : 1;
  if (top && bottom && *bottom != 0)
    return ofNumber(static_cast<double>(*top) / static_cast<double>(*bottom));
  if (divisor && divisor.isConstant(1))
    divisor = nullptr;
  return {size, divisor, 0};
}

bool Content::isConstant() const {
  return llvm::all_of(elements, [](const Element &e) {
    return e.isNumber() || e.getInteger().has_value();
  });
}

std::optional<SmallVector<nn::SizeAttr>> Content::getSizes() const {
  SmallVector<nn::SizeAttr> sizes;
  for (const Element &element : elements) {
    if (!element.size || element.divisor)
      return std::nullopt;
    sizes.push_back(element.size);
  }
  return sizes;
}

std::optional<SmallVector<int64_t>> Content::getIntegers() const {
  SmallVector<int64_t> integers;
  for (const Element &element : elements) {
    std::optional<int64_t> integer = element.getInteger();
    if (!integer)
      return std::nullopt;
    integers.push_back(*integer);
  }
  return integers;
}

std::optional<SmallVector<double>> Content::getNumbers() const {
  SmallVector<double> numbers;
  for (const Element &element : elements) {
    std::optional<int64_t> integer = element.getInteger();
    if (!element.isNumber() && !integer)
      return std::nullopt;
    numbers.push_back(element.isNumber() ? element.number
                                         : static_cast<double>(*integer));
  }
  return numbers;
}

double sinter::roundToType(double value, Type type) {
  auto floatType = dyn_cast<FloatType>(type);
  if (!floatType || floatType.isF64())
    return value;
  if (floatType.isF32())
    return static_cast<float>(value);
  llvm::APFloat number(value);
  bool lost = false;
  number.convert(floatType.getFloatSemantics(),
                 llvm::APFloat::rmNearestTiesToEven, &lost);
  number.convert(llvm::APFloat::IEEEdouble(),
                 llvm::APFloat::rmNearestTiesToEven, &lost);
  return number.convertToDouble();
}
