//===- Constant.cpp - operators that make values from little --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Folding.h"
#include <cmath>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

//===- Constant -----------------------------------------------------------===//

static LogicalResult setNumbers(NodeContext &node, ArrayRef<Element> elements,
                                bool isScalar, Type type) {
  Content content;
  content.elementType = type;
  content.elements.assign(elements.begin(), elements.end());
  if (!isScalar)
    content.shape.push_back(elements.size());
  return node.setContent(0, std::move(content));
}

static LogicalResult importConstant(NodeContext &node) {
  Builder builder(node.getContext());
  if (const onnx::Attribute *value = node.findAttribute("value");
      value && !value->tensors.empty()) {
    const onnx::Tensor &tensor = value->tensors.front();
    Type type = node.getImporter().getElementType(tensor.type);
    if (!type)
      return node.unsupported("a constant of numbers",
                              "elements of type " +
                                  onnx::getElementName(tensor.type),
                              "leave the constant out of the model");
    ImportedValue imported;
    imported.type = RankedTensorType::get(tensor.dims, type);
    imported.tensor = &tensor;
    return node.setImported(0, std::move(imported));
  }
  SmallVector<Element> elements;
  if (node.hasAttribute("value_int"))
    return setNumbers(
        node, Element::ofSize(node.getSize(node.getInt("value_int", 0))), true,
        builder.getI64Type());
  if (node.hasAttribute("value_float"))
    return setNumbers(node, Element::ofNumber(node.getFloat("value_float", 0)),
                      true, builder.getF32Type());
  if (auto values = node.getInts("value_ints");
      values && node.hasAttribute("value_ints")) {
    for (int64_t value : *values)
      elements.push_back(Element::ofSize(node.getSize(value)));
    return setNumbers(node, elements, false, builder.getI64Type());
  }
  if (auto values = node.getFloats("value_floats");
      values && node.hasAttribute("value_floats")) {
    for (double value : *values)
      elements.push_back(Element::ofNumber(value));
    return setNumbers(node, elements, false, builder.getF32Type());
  }
  return node.unsupported(
      "a constant given by value, value_int(s) or value_float(s)",
      "another form", "write the constant as a dense tensor");
}

//===- ConstantOfShape ----------------------------------------------------===//

/// The single element of the attribute `value`; the float 0 by default.
static bool getFillValue(NodeContext &node, Element &element, Type &type) {
  const onnx::Attribute *value = node.findAttribute("value");
  if (!value || value->tensors.empty()) {
    element = Element::ofNumber(0);
    type = Float32Type::get(node.getContext());
    return true;
  }
  ImportedValue constant;
  constant.tensor = &value->tensors.front();
  type = node.getImporter().getElementType(constant.tensor->type);
  if (!type || constant.tensor->getNumElements() != 1)
    return false;
  constant.type = RankedTensorType::get(constant.tensor->dims, type);
  const Content *content = node.getImporter().getContent(constant);
  if (content)
    element = content->elements.front();
  return content != nullptr;
}

static bool foldConstantOfShape(NodeContext &node) {
  auto shape = node.getIntegerList(0);
  Content content;
  Element element;
  if (!shape || !getFillValue(node, element, content.elementType) ||
      !mayHaveContent(*shape, content.elementType) ||
      llvm::any_of(*shape, [](int64_t size) { return size < 0; }))
    return false;
  content.shape = *shape;
  int64_t count = 1;
  for (int64_t size : *shape)
    count *= size;
  content.elements.assign(count, element);
  return succeeded(node.setContent(0, std::move(content)));
}

static LogicalResult importConstantOfShape(NodeContext &node) {
  auto shape = node.readSizeList(0, "shape");
  if (failed(shape))
    return failure();
  Content content;
  Element element;
  if (!getFillValue(node, element, content.elementType))
    return node.invalid("the attribute 'value' to be a tensor of one number",
                        "another tensor");
  content.elements.push_back(element);
  for (SizeAttr size : *shape)
    if (failed(node.needNonNegative(size, "sizes that are not negative")))
      return failure();
  Value scalar = node.getImporter().createConstant(content, node.getLocation());
  return node.setOutput(0, node.broadcastTo(scalar, *shape));
}

//===- Range --------------------------------------------------------------===//

/// Number of elements in [start, limit) by `delta`, which is not 0.
static SizeAttr countRange(SizeAttr start, SizeAttr limit, SizeAttr delta) {
  SizeAttr zero = nn::getSize(start.getContext(), 0);
  if (nn::getRange(delta).second < 0)
    return nn::max(nn::ceilDiv(nn::sub(start, limit), nn::mul(delta, -1)),
                   zero);
  return nn::max(nn::ceilDiv(nn::sub(limit, start), delta), zero);
}

/// The three inputs as sizes, where all are whole.
static std::optional<SmallVector<SizeAttr>> getRangeSizes(NodeContext &node) {
  SmallVector<SizeAttr> sizes;
  for (unsigned i = 0; i < 3; ++i) {
    const Content *content = node.getContent(i);
    if (!content || content->elements.size() != 1)
      return std::nullopt;
    const Element &element = content->elements.front();
    if (element.isNumber() ? element.number != std::trunc(element.number) ||
                                 std::fabs(element.number) > 1e15
                           : element.divisor != nullptr)
      return std::nullopt;
    sizes.push_back(element.isNumber()
                        ? node.getSize(static_cast<int64_t>(element.number))
                        : element.size);
  }
  return sizes;
}

static bool foldRange(NodeContext &node) {
  auto sizes = getRangeSizes(node);
  if (!sizes || !(*sizes)[0].getConstant() || !(*sizes)[2].getConstant() ||
      (*sizes)[2].isConstant(0))
    return false;
  Content content;
  content.elementType = node.getElementType(0);
  std::optional<int64_t> count =
      countRange((*sizes)[0], (*sizes)[1], (*sizes)[2]).getConstant();
  if (!count || !mayHaveContent(*count, content.elementType))
    return false;
  content.shape.push_back(*count);
  for (int64_t i = 0; i < content.shape[0]; ++i) {
    int64_t value = *(*sizes)[0].getConstant() + i * *(*sizes)[2].getConstant();
    content.elements.push_back(
        content.isFloat() ? Element::ofNumber(static_cast<double>(value))
                          : Element::ofSize(node.getSize(value)));
  }
  return succeeded(node.setContent(0, std::move(content)));
}

/// The number of elements of a range of floats, computed when running.
static FailureOr<SizeAttr> readFloatCount(NodeContext &node) {
  Type f64 = Float64Type::get(node.getContext());
  auto scalar = [&](unsigned i) { return node.reshape(node.getInput(i), {}); };
  Value span =
      node.cast(node.elementwise<nn::SubOp>({scalar(1), scalar(0)}), f64);
  Value steps = node.elementwise<nn::DivOp>({span, node.cast(scalar(2), f64)});
  Value count = node.cast(node.elementwise<nn::CeilOp>({steps}),
                          IntegerType::get(node.getContext(), 64));
  return nn::max(node.readSizes(count, "count").front(), node.getSize(0));
}

static LogicalResult importRange(NodeContext &node) {
  Type type = node.getElementType(0),
       i64 = IntegerType::get(node.getContext(), 64);
  for (unsigned i = 0; i < 3; ++i)
    if (!nn::getNumElements(node.getType(i)).isConstant(1))
      return node.invalid("start, limit and delta of one element",
                          "one of shape " + nn::toString(node.getSizes(i)));
  auto sizes = getRangeSizes(node);
  if (!sizes && isa<IntegerType>(type)) {
    sizes.emplace();
    for (auto [i, name] : {std::pair(0, "start"), {1, "limit"}, {2, "delta"}}) {
      FailureOr<SizeAttr> size = node.readSize(i, name);
      if (failed(size))
        return failure();
      sizes->push_back(*size);
    }
  }
  if (sizes) {
    SizeAttr delta = (*sizes)[2];
    if (failed(node.unify(isEqual(delta, 0), node.getSize(0),
                          "a delta other than 0")))
      return failure();
    SizeAttr count = countRange((*sizes)[0], (*sizes)[1], delta);
    Value iota = node.createTyped<nn::IotaOp>(
        nn::makeTensorType(node.settle(count, "count"), i64), /*axis=*/0,
        (*sizes)[0], delta);
    return node.setOutput(0, node.cast(iota, type));
  }
  auto start = node.getNumberList(0), limit = node.getNumberList(1),
       delta = node.getNumberList(2);
  FailureOr<SizeAttr> count = node.getSize(0);
  if (delta && delta->front() == 0)
    return node.invalid("a delta other than 0", "0");
  if (start && limit && delta)
    count = node.getSize(std::max<int64_t>(
        0, std::ceil((limit->front() - start->front()) / delta->front())));
  else
    count = readFloatCount(node);
  if (failed(count))
    return failure();
  Value iota = node.createTyped<nn::IotaOp>(nn::makeTensorType(*count, i64),
                                            /*axis=*/0, node.getSize(0),
                                            node.getSize(1));
  Value scaled = node.elementwise<nn::MulOp>(
      {node.cast(iota, type), node.reshape(node.getInput(2), {})});
  return node.setOutput(0, node.elementwise<nn::AddOp>(
                               {scaled, node.reshape(node.getInput(0), {})}));
}

//===- EyeLike, OneHot, Trilu ---------------------------------------------===//

/// Positions along `axis`, to broadcast over a tensor of rank `rank`.
static Value createPositions(NodeContext &node, SizeAttr size, int64_t axis,
                             int64_t rank, SizeAttr start = {}) {
  SmallVector<SizeAttr> sizes(rank, node.getSize(1));
  sizes[axis] = size;
  return node.createTyped<nn::IotaOp>(
      nn::makeTensorType(sizes, IntegerType::get(node.getContext(), 64)), axis,
      start ? start : node.getSize(0), node.getSize(1));
}

static LogicalResult importEyeLike(NodeContext &node) {
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  Type type = node.getElementType(0);
  if (node.hasAttribute("dtype"))
    type = node.getImporter().getElementType(
        static_cast<onnx::ElementType>(node.getInt("dtype", 1)));
  if (!type || sizes.size() != 2)
    return node.unsupported("a matrix of numbers", "another tensor",
                            "replace the node by a constant");
  Value rows =
      createPositions(node, sizes[0], 0, 2, node.getSize(node.getInt("k", 0)));
  Value isDiagonal = node.elementwise<nn::EqualOp>(
      {rows, createPositions(node, sizes[1], 1, 2)});
  return node.setOutput(0, node.cast(isDiagonal, type));
}

static LogicalResult importTrilu(NodeContext &node) {
  int64_t rank = node.getRank(0);
  FailureOr<SizeAttr> k = node.hasInput(1)
                              ? node.readSize(1, "k")
                              : FailureOr<SizeAttr>(node.getSize(0));
  if (rank < 2)
    return node.invalid("a tensor of rank 2 or more", "rank " + Twine(rank));
  if (failed(k))
    return failure();
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  Value rows = createPositions(node, sizes[rank - 2], rank - 2, rank, *k);
  Value columns = createPositions(node, sizes[rank - 1], rank - 1, rank);
  bool upper = node.getInt("upper", 1) != 0;
  Value keeps = upper ? node.elementwise<nn::LessEqualOp>({rows, columns})
                      : node.elementwise<nn::LessEqualOp>({columns, rows});
  return node.setOutput(0, node.elementwise<nn::WhereOp>(
                               {keeps, node.getInput(0),
                                node.scalar(0, node.getElementType(0))}));
}

static LogicalResult importOneHot(NodeContext &node) {
  FailureOr<SizeAttr> depth = node.readSize(1, "depth");
  if (failed(depth) ||
      failed(node.needNonNegative(*depth, "a depth that is not negative")))
    return failure();
  SmallVector<SizeAttr> sizes = node.getSizes(0), values = node.getSizes(2);
  if (values.size() != 1 || !values[0].isConstant(2))
    return node.invalid("two values: off and on", nn::toString(values));
  int64_t rank = sizes.size() + 1;
  FailureOr<int64_t> axis = node.normalizeAxis(node.getInt("axis", -1), rank);
  if (failed(axis))
    return failure();
  sizes.insert(sizes.begin() + *axis, node.getSize(1));
  Type i64 = IntegerType::get(node.getContext(), 64);
  Value indices = node.cast(node.reshape(node.getInput(0), sizes), i64);
  // Negative indices count from the end.
  Value wrapped = node.elementwise<nn::AddOp>(
      {indices, node.reshape(node.cast(node.getInput(1), i64), {})});
  Value isNegative =
      node.elementwise<nn::LessOp>({indices, node.scalar(0, i64)});
  indices = node.elementwise<nn::WhereOp>({isNegative, wrapped, indices});
  Value isHot = node.elementwise<nn::EqualOp>(
      {indices, createPositions(node, *depth, *axis, rank)});
  auto pick = [&](int64_t i) {
    Value one = node.create<nn::SliceOp>(
        node.getInput(2), nn::makeSizeArray(node.getContext(), node.getSize(i)),
        nn::makeSizeArray(node.getContext(), node.getSize(1)),
        ArrayRef<int64_t>(1));
    return node.reshape(one, {});
  };
  return node.setOutput(
      0, node.elementwise<nn::WhereOp>({isHot, pick(1), pick(0)}));
}

llvm::ArrayRef<OpRow> sinter::getConstantRows() {
  static const OpRow rows[] = {
      {"Constant", importConstant},
      {"ConstantOfShape", importConstantOfShape, foldConstantOfShape},
      {"EyeLike", importEyeLike},
      {"OneHot", importOneHot},
      {"Range", importRange, foldRange},
      {"Trilu", importTrilu},
  };
  return rows;
}
