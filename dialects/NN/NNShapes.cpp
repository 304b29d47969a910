//===- NNShapes.cpp - shapes of tensors as sizes --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"

#include "dialects/NN/SizeCanonical.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;

bool nn::hasSizes(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return false;
  auto dims = dyn_cast_if_present<DimsAttr>(tensor.getEncoding());
  if (!dims)
    return tensor.hasStaticShape() && !tensor.getEncoding();
  return llvm::none_of(dims.getSizes(),
                       [](SizeAttr size) { return size.isUnknown(); });
}

SmallVector<SizeAttr> nn::getSizes(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return {};
  if (auto dims = dyn_cast_if_present<DimsAttr>(tensor.getEncoding()))
    return llvm::to_vector(dims.getSizes());
  SmallVector<SizeAttr> sizes;
  for (int64_t size : tensor.getShape())
    sizes.push_back(ShapedType::isDynamic(size)
                        ? canonical::getUnknown(type.getContext())
                        : getSize(type.getContext(), size));
  return sizes;
}

SmallVector<SizeAttr> nn::getSizes(ArrayAttr sizes) {
  return llvm::map_to_vector(sizes, [&](Attribute attribute) {
    auto size = dyn_cast<SizeAttr>(attribute);
    return size ? size : canonical::getUnknown(sizes.getContext());
  });
}

SmallVector<SizeAttr> nn::getSizes(MLIRContext *context,
                                   ArrayRef<int64_t> values) {
  return llvm::map_to_vector(
      values, [&](int64_t value) { return getSize(context, value); });
}

ArrayAttr nn::makeSizeArray(MLIRContext *context, ArrayRef<SizeAttr> sizes) {
  return ArrayAttr::get(context,
                        SmallVector<Attribute>(sizes.begin(), sizes.end()));
}

RankedTensorType nn::makeTensorType(ArrayRef<SizeAttr> sizes,
                                    Type elementType) {
  SmallVector<int64_t> shape;
  for (SizeAttr size : sizes)
    shape.push_back(size.getConstant().value_or(ShapedType::kDynamic));
  Attribute encoding;
  if (llvm::is_contained(shape, ShapedType::kDynamic))
    encoding = DimsAttr::get(elementType.getContext(), sizes);
  return RankedTensorType::get(shape, elementType, encoding);
}

bool nn::hasLate(Type type) {
  return llvm::any_of(getSizes(type), [](SizeAttr s) { return hasLate(s); });
}

SizeAttr nn::getNumElements(Type type) {
  return product(type.getContext(), getSizes(type));
}

/// One dimension of `broadcastSizes`; null where the sizes differ.
static SizeAttr broadcastSize(SizeAttr lhs, SizeAttr rhs) {
  if (lhs == rhs || rhs.isConstant(1))
    return lhs;
  if (lhs.isConstant(1))
    return rhs;
  bool lhsConstant = lhs.getConstant().has_value();
  bool rhsConstant = rhs.getConstant().has_value();
  if (lhsConstant == rhsConstant)
    return {};
  return lhsConstant ? lhs : rhs;
}

std::optional<SmallVector<SizeAttr>>
nn::broadcastSizes(ArrayRef<SizeAttr> lhs, ArrayRef<SizeAttr> rhs) {
  if (lhs.size() < rhs.size())
    std::swap(lhs, rhs);
  SmallVector<SizeAttr> result(lhs);
  size_t offset = lhs.size() - rhs.size();
  for (size_t i = 0; i < rhs.size(); ++i) {
    result[offset + i] = broadcastSize(lhs[offset + i], rhs[i]);
    if (!result[offset + i])
      return std::nullopt;
  }
  return result;
}

std::string nn::toString(ArrayRef<SizeAttr> sizes) {
  std::string text = "[";
  for (SizeAttr size : sizes) {
    if (text.size() > 1)
      text += ", ";
    text += toString(size);
  }
  return text + "]";
}
