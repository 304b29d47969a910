//===- Constants.cpp - the forms of known values --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/GraphImporter.h"
#include "compiler/Weights/Element.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

/// Constants up to this size stand in the IR; larger ones stay in the file.
static constexpr int64_t kMaxDenseIntegerBytes = 8192, kMaxDenseFloats = 16;

static nn::WeightAttr makeDense(DenseElementsAttr value) {
  MLIRContext *context = value.getContext();
  auto params = DictionaryAttr::get(
      context, NamedAttribute(StringAttr::get(context, "value"), value));
  return nn::WeightAttr::get(context, StringAttr::get(context, "dense"), {},
                             params, cast<RankedTensorType>(value.getType()));
}

static nn::WeightAttr makeFile(StringRef name, RankedTensorType type) {
  MLIRContext *context = type.getContext();
  auto params = DictionaryAttr::get(
      context, NamedAttribute(StringAttr::get(context, "name"),
                              StringAttr::get(context, name)));
  return nn::WeightAttr::get(context, StringAttr::get(context, "file"), {},
                             params, type);
}

/// The elements of a tensor as they lie in memory.
static std::optional<SmallVector<char, 0>>
readBytes(const onnx::ModelFile &file, const onnx::Tensor &tensor) {
  SmallVector<char, 0> bytes(tensor.getNumElements() *
                             onnx::getElementBytes(tensor.type));
  if (failed(file.readElements(tensor, bytes)))
    return std::nullopt;
  return bytes;
}

static DenseElementsAttr makeElements(RankedTensorType type,
                                      ArrayRef<char> bytes) {
  if (!type.getElementType().isInteger(1))
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  SmallVector<bool> bits(bytes.begin(), bytes.end());
  return DenseElementsAttr::get(type, bits);
}

static bool isSmall(RankedTensorType type) {
  int64_t count = type.getNumElements();
  if (isa<FloatType>(type.getElementType()))
    return count <= kMaxDenseFloats;
  return count * type.getElementTypeBitWidth() <= 8 * kMaxDenseIntegerBytes;
}

Value GraphImporter::materialize(ImportedValue &value, Location location) {
  if (value.value)
    return value.value;
  if (!value.tensor) {
    value.value = createConstant(*value.content, location);
    return value.value;
  }
  nn::WeightAttr weight;
  for (StringRef name : {value.tensor->name, value.name})
    if (!weight && !isSmall(value.type) &&
        file->findConstant(name) == value.tensor)
      weight = makeFile(name, value.type);
  if (!weight) {
    auto bytes = readBytes(*file, *value.tensor);
    if (!bytes)
      return nullptr;
    weight = makeDense(makeElements(value.type, *bytes));
  }
  value.value = nn::WeightOp::create(builder, location, weight);
  return value.value;
}

const Content *GraphImporter::getContent(ImportedValue &value) {
  if (value.content || !value.tensor ||
      value.tensor->getNumElements() > Content::kMaxElements)
    return value.content ? &*value.content : nullptr;
  auto kind = weights::getElementKind(value.type.getElementType());
  auto bytes = readBytes(*file, *value.tensor);
  if (!kind || !bytes)
    return nullptr;
  int64_t count = value.tensor->getNumElements();
  SmallVector<weights::Scalar> scalars(count);
  weights::loadElements(*kind, bytes->data(), 1, count, scalars.data());
  Content content;
  content.shape.assign(value.type.getShape().begin(),
                       value.type.getShape().end());
  content.elementType = value.type.getElementType();
  for (weights::Scalar scalar : scalars)
    content.elements.push_back(
        content.isFloat() ? Element::ofNumber(scalar.f)
                          : Element::ofSize(nn::getSize(context, scalar.i)));
  value.content = std::move(content);
  return &*value.content;
}

/// A tensor of constants.
static DenseElementsAttr makeElements(const Content &content) {
  auto type = RankedTensorType::get(content.shape, content.elementType);
  auto kind = weights::getElementKind(content.elementType);
  SmallVector<weights::Scalar> scalars;
  for (const Element &element : content.elements) {
    weights::Scalar &scalar = scalars.emplace_back();
    if (content.isFloat())
      scalar.f = element.number;
    else
      scalar.i = *element.getInteger();
  }
  SmallVector<char, 0> bytes(scalars.size() * weights::getElementBytes(*kind));
  weights::storeElements(*kind, scalars.data(), scalars.size(), bytes.data());
  return makeElements(type, bytes);
}

Value GraphImporter::createConstant(const Content &content, Location location) {
  if (content.isConstant())
    return nn::WeightOp::create(builder, location,
                                makeDense(makeElements(content)));

  // Sizes enter the computation: numerators and, of floats, divisors.
  SmallVector<SizeAttr> sizes, divisors;
  bool hasDivisor = false;
  for (const Element &element : content.elements) {
    if (element.isNumber() &&
        element.number !=
            static_cast<double>(static_cast<int64_t>(element.number)))
      return nullptr;
    sizes.push_back(
        element.isNumber()
            ? nn::getSize(context, static_cast<int64_t>(element.number))
            : element.size);
    divisors.push_back(element.divisor ? element.divisor
                                       : nn::getSize(context, 1));
    hasDivisor |= element.divisor != nullptr;
  }
  auto createSizes = [&](ArrayRef<SizeAttr> values) -> Value {
    bool isScalar = content.shape.empty();
    auto vector = RankedTensorType::get(
        isScalar ? ArrayRef<int64_t>()
                 : ArrayRef<int64_t>(static_cast<int64_t>(values.size())),
        builder.getI64Type());
    Value result = nn::SizeValueOp::create(builder, location, vector,
                                           nn::makeSizeArray(context, values));
    if (content.shape.size() > 1)
      result = nn::ReshapeOp::create(
          builder, location,
          RankedTensorType::get(content.shape, builder.getI64Type()), result);
    auto type = RankedTensorType::get(content.shape, content.elementType);
    return type == result.getType()
               ? result
               : nn::CastOp::create(builder, location, type, result)
                     .getResult();
  };
  Value result = createSizes(sizes);
  if (hasDivisor)
    result =
        nn::DivOp::create(builder, location, result, createSizes(divisors));
  return result;
}
