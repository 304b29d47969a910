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

static bool isSmall(RankedTensorType type) {
  int64_t count = type.getNumElements();
  if (isa<FloatType>(type.getElementType()))
    return count <= kMaxDenseFloats;
  return count * type.getElementTypeBitWidth() <= 8 * kMaxDenseIntegerBytes;
}

Value GraphImporter::materialize(ImportedValue &value, Location location) {
  if (value.value || !value.isTensor())
    return value.value;
  // A body that is being imported is not yet part of an operation: what is
  // around it ends here.
  OpBuilder::InsertionGuard guard(builder);
  if (value.home && value.home != builder.getInsertionBlock())
    builder.setInsertionPointToEnd(value.home);
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
    weight = makeDense(weights::makeDenseElements(value.type, *bytes));
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
  // Sizes have a sign.
  if (*kind == weights::ElementKind::U64 &&
      llvm::any_of(scalars, [](weights::Scalar s) { return s.i < 0; }))
    return nullptr;
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
  return weights::makeDenseElements(type, bytes);
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

//===- Sizes from data ----------------------------------------------------===//

/// The integers of a small constant; nothing for others.
static std::optional<SmallVector<SizeAttr>> readConstant(nn::WeightOp weight) {
  nn::WeightAttr value = weight.getValue();
  auto elements = value.getParams().getAs<DenseElementsAttr>("value");
  if (!elements || !isa<IntegerType>(elements.getElementType()))
    return std::nullopt;
  bool isUnsigned = elements.getElementType().isUnsignedInteger();
  SmallVector<SizeAttr> sizes;
  for (const llvm::APInt &element : elements.getValues<llvm::APInt>())
    sizes.push_back(
        nn::getSize(value.getContext(), isUnsigned ? element.getZExtValue()
                                                   : element.getSExtValue()));
  return sizes;
}

SmallVector<SizeAttr> GraphImporter::readSizes(Value value, const Twine &hint) {
  if (auto known = readTensors.find(value); known != readTensors.end())
    return known->second;
  auto type = cast<RankedTensorType>(value.getType());
  Operation *op = value.getDefiningOp();
  SmallVector<SizeAttr> sizes;
  bool isJoined = false;
  if (auto weight = dyn_cast_or_null<nn::WeightOp>(op)) {
    if (auto constant = readConstant(weight))
      return *constant;
  } else if (auto given = dyn_cast_or_null<nn::SizeValueOp>(op)) {
    return nn::getSizes(given.getSizes());
  } else if (isa_and_nonnull<nn::ReshapeOp, nn::CastOp>(op)) {
    auto from = cast<RankedTensorType>(op->getOperand(0).getType());
    isJoined = isa<IntegerType>(from.getElementType()) &&
               isa<IntegerType>(type.getElementType()) &&
               type.getElementTypeBitWidth() >= 32;
  } else if (isa_and_nonnull<nn::ConcatOp>(op)) {
    isJoined = type.getRank() == 1;
  }
  if (isJoined) {
    for (Value part : op->getOperands())
      sizes.append(readSizes(part, hint));
  } else if (type.getNumElements() > 0) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfterValue(value);
    Location location = value.getLoc();
    Value elements = value;
    int64_t count = type.getNumElements();
    if (type.getRank() > 1)
      elements = nn::ReshapeOp::create(
          builder, location,
          RankedTensorType::get(count, type.getElementType()), elements);
    if (!type.getElementType().isSignlessInteger(32) &&
        !type.getElementType().isSignlessInteger(64))
      elements = nn::CastOp::create(
          builder, location,
          RankedTensorType::get(
              cast<RankedTensorType>(elements.getType()).getShape(),
              builder.getI64Type()),
          elements);
    SmallVector<Attribute> names;
    for (int64_t i = 0; i < count; ++i) {
      std::string name =
          makeLateDim(type.getRank() == 0 ? hint : hint + "." + Twine(i));
      names.push_back(builder.getStringAttr(name));
      sizes.push_back(nn::getSymbol(context, name));
    }
    nn::BindSizesOp::create(builder, location, elements,
                            builder.getArrayAttr(names), nullptr);
  }
  readTensors.try_emplace(value, sizes);
  return sizes;
}

/// Whether `block` is `inner`, or a block around it.
static bool encloses(Block *block, Block *inner) {
  for (; inner; inner = inner->getParentOp() ? inner->getParentOp()->getBlock()
                                             : nullptr)
    if (inner == block)
      return true;
  return false;
}

SmallVector<SizeAttr> GraphImporter::settleSizes(ArrayRef<SizeAttr> sizes,
                                                 ArrayRef<SizeAttr> bounds,
                                                 Location location,
                                                 const Twine &hint) {
  SmallVector<SizeAttr> open, openBounds, result;
  SmallVector<Attribute> names;
  Block *block = builder.getInsertionBlock();
  for (auto [i, size] : llvm::enumerate(sizes)) {
    auto known = settled.find(size);
    if (known == settled.end() || !encloses(known->second.second, block)) {
      std::string name = makeLateDim(hint + "." + Twine(i));
      names.push_back(builder.getStringAttr(name));
      open.push_back(size);
      if (!bounds.empty())
        openBounds.push_back(bounds[i]);
      settled[size] = {nn::getSymbol(context, name), block};
    }
    result.push_back(settled[size].first);
  }
  if (open.empty())
    return result;
  Value values = nn::SizeValueOp::create(
      builder, location,
      RankedTensorType::get(static_cast<int64_t>(open.size()),
                            builder.getI64Type()),
      nn::makeSizeArray(context, open));
  nn::BindSizesOp::create(
      builder, location, values, builder.getArrayAttr(names),
      bounds.empty() ? ArrayAttr() : nn::makeSizeArray(context, openBounds));
  return result;
}
