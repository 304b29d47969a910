//===- NodeContext.cpp - one node while it is imported --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/NodeContext.h"
#include "dialects/NN/NodeLocation.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

std::string NodeContext::getName() const {
  llvm::SetVector<StringRef> names;
  nn::collectNodes(location, names);
  return names.empty() ? node.op.str() : names.front().str();
}

std::string NodeContext::getOp() const {
  StringRef domain = onnx::canonicalDomain(node.domain);
  return domain.empty() ? node.op.str() : (domain + "." + node.op).str();
}

//===- Attributes ---------------------------------------------------------===//

int64_t NodeContext::getInt(StringRef name, int64_t defaultValue) const {
  const onnx::Attribute *attribute = findAttribute(name);
  return attribute ? attribute->i : defaultValue;
}

double NodeContext::getFloat(StringRef name, double defaultValue) const {
  const onnx::Attribute *attribute = findAttribute(name);
  return attribute ? attribute->f : defaultValue;
}

StringRef NodeContext::getString(StringRef name, StringRef defaultValue) const {
  const onnx::Attribute *attribute = findAttribute(name);
  return attribute ? attribute->s : defaultValue;
}

std::optional<SmallVector<int64_t>> NodeContext::getInts(StringRef name) const {
  const onnx::Attribute *attribute = findAttribute(name);
  if (!attribute)
    return std::nullopt;
  return SmallVector<int64_t>(attribute->ints.begin(), attribute->ints.end());
}

std::optional<SmallVector<double>>
NodeContext::getFloats(StringRef name) const {
  const onnx::Attribute *attribute = findAttribute(name);
  if (!attribute)
    return std::nullopt;
  return SmallVector<double>(attribute->floats.begin(),
                             attribute->floats.end());
}

//===- Inputs and outputs -------------------------------------------------===//

Value NodeContext::getInput(unsigned index) {
  return importer.materialize(getImported(index), location);
}

const Content *NodeContext::getContent(unsigned index) const {
  return hasInput(index) ? importer.getContent(getImported(index)) : nullptr;
}

std::optional<SmallVector<SizeAttr>>
NodeContext::getSizeList(unsigned index) const {
  const Content *content = getContent(index);
  return content ? content->getSizes() : std::nullopt;
}

std::optional<SmallVector<int64_t>>
NodeContext::getIntegerList(unsigned index) const {
  const Content *content = getContent(index);
  return content ? content->getIntegers() : std::nullopt;
}

std::optional<SmallVector<double>>
NodeContext::getNumberList(unsigned index) const {
  const Content *content = getContent(index);
  return content ? content->getNumbers() : std::nullopt;
}

LogicalResult NodeContext::needConstant(unsigned index, StringRef what) {
  return unsupported(what + " known when compiling",
                     "a value that is computed from data",
                     "make the input a constant or a computation on shapes");
}

LogicalResult NodeContext::setImported(unsigned index, ImportedValue value) {
  if (!hasOutput(index))
    return success();
  value.name = node.outputs[index];
  if (scope.define(value.name, std::move(value)))
    return success();
  return invalid("every value to have its own name",
                 "a second '" + node.outputs[index] + "'");
}

LogicalResult NodeContext::setOutput(unsigned index, Value value) {
  if (!value)
    return failure();
  ImportedValue imported;
  imported.value = value;
  imported.type = llvm::cast<RankedTensorType>(value.getType());
  return setImported(index, std::move(imported));
}

LogicalResult NodeContext::setContent(unsigned index, Content content) {
  ImportedValue imported;
  imported.type = RankedTensorType::get(content.shape, content.elementType);
  imported.content = std::move(content);
  return setImported(index, std::move(imported));
}

LogicalResult NodeContext::forward(unsigned input, unsigned output) {
  // A large constant of a Constant node is found by the name of its output.
  ImportedValue copy = getImported(input);
  if (copy.tensor && !copy.value &&
      importer.getFile().findConstant(copy.tensor->name) != copy.tensor)
    copy.value = getInput(input);
  return setImported(output, std::move(copy));
}

//===- Errors -------------------------------------------------------------===//

LogicalResult NodeContext::unsupported(const Twine &expected,
                                       const Twine &found,
                                       const Twine &remedy) const {
  ImportIssue issue;
  issue.kind = ImportIssue::Kind::Unsupported;
  issue.code = "unsupported_node";
  issue.node = getName();
  issue.op = getOp();
  issue.opset = opset;
  issue.expected = expected.str();
  issue.found = found.str();
  issue.remedy = remedy.str();
  importer.report(std::move(issue));
  return failure();
}

LogicalResult NodeContext::invalid(const Twine &expected,
                                   const Twine &found) const {
  ImportIssue issue;
  issue.kind = ImportIssue::Kind::BadInput;
  issue.code = "invalid_node";
  issue.node = getName();
  issue.op = getOp();
  issue.opset = opset;
  issue.expected = expected.str();
  issue.found = found.str();
  issue.remedy =
      "correct the node where the model is made, or export the model again";
  importer.report(std::move(issue));
  return failure();
}

FailureOr<int64_t> NodeContext::normalizeAxis(int64_t axis,
                                              int64_t rank) const {
  if (axis < -rank || axis >= rank)
    return invalid("an axis of a tensor of rank " + Twine(rank),
                   "axis " + Twine(axis));
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>>
NodeContext::normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) const {
  SmallVector<int64_t> normalized;
  for (int64_t axis : axes) {
    FailureOr<int64_t> one = normalizeAxis(axis, rank);
    if (failed(one))
      return failure();
    if (llvm::is_contained(normalized, *one))
      return invalid("each axis once", "axis " + Twine(axis) + " twice");
    normalized.push_back(*one);
  }
  return normalized;
}

//===- Sizes --------------------------------------------------------------===//

/// How good a size is to go on with: constants, then names, then formulas.
static int getComplexity(SizeAttr size) {
  if (size.getConstant())
    return 0;
  ArrayRef<nn::SizeTerm> terms = size.getTerms();
  bool isName = terms.size() == 1 && terms[0].coefficient == 1 &&
                terms[0].atoms.size() == 1 &&
                terms[0].atoms[0].kind == nn::SizeAtomKind::Symbol;
  return isName ? 1 : 1 + terms.size();
}

FailureOr<SizeAttr> NodeContext::unify(SizeAttr lhs, SizeAttr rhs,
                                       const Twine &expected) {
  if (lhs == rhs)
    return lhs;
  auto [low, high] = nn::getRange(nn::sub(lhs, rhs));
  if (low > 0 || high < 0)
    return invalid(expected, nn::toString(lhs) + " and " + nn::toString(rhs));
  importer.assumeEqual(lhs, rhs, *this, expected.str());
  return getComplexity(rhs) < getComplexity(lhs) ? rhs : lhs;
}

FailureOr<SmallVector<SizeAttr>>
NodeContext::broadcast(ArrayRef<SizeAttr> lhs, ArrayRef<SizeAttr> rhs) {
  if (lhs.size() < rhs.size())
    std::swap(lhs, rhs);
  SmallVector<SizeAttr> result(lhs);
  size_t lead = lhs.size() - rhs.size();
  for (size_t i = 0; i < rhs.size(); ++i) {
    SizeAttr &size = result[lead + i];
    if (rhs[i].isConstant(1))
      continue;
    if (size.isConstant(1)) {
      size = rhs[i];
      continue;
    }
    FailureOr<SizeAttr> common =
        unify(size, rhs[i], "sizes that broadcast: equal, or 1");
    if (failed(common))
      return failure();
    size = *common;
  }
  return result;
}

void NodeContext::reconcile(SmallVectorImpl<Value> &operands) {
  SmallVector<SizeAttr> target;
  for (Value operand : operands) {
    FailureOr<SmallVector<SizeAttr>> next =
        broadcast(target, nn::getSizes(operand.getType()));
    if (failed(next)) {
      buildFailed = true;
      return;
    }
    target = std::move(*next);
  }
  for (Value &operand : operands) {
    SmallVector<SizeAttr> own = nn::getSizes(operand.getType());
    size_t lead = target.size() - own.size();
    for (size_t i = 0; i < own.size(); ++i)
      if (!own[i].isConstant(1))
        own[i] = target[lead + i];
    operand = reshape(operand, own);
  }
}

//===- Building -----------------------------------------------------------===//

Value NodeContext::scalar(double value, Type elementType) {
  Content content;
  content.elementType = elementType;
  if (isa<FloatType>(elementType))
    content.elements.push_back(
        Element::ofNumber(roundToType(value, elementType)));
  else
    content.elements.push_back(
        Element::ofSize(getSize(static_cast<int64_t>(value))));
  return importer.createConstant(content, location);
}

Value NodeContext::reshape(Value value, ArrayRef<SizeAttr> sizes) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  RankedTensorType target = nn::makeTensorType(sizes, type.getElementType());
  return type == target ? value : createTyped<nn::ReshapeOp>(target, value);
}

Value NodeContext::transpose(Value value, ArrayRef<int64_t> permutation) {
  bool isIdentity = true;
  for (auto [i, source] : llvm::enumerate(permutation))
    isIdentity &= source == static_cast<int64_t>(i);
  return isIdentity ? value : create<nn::TransposeOp>(value, permutation);
}

Value NodeContext::cast(Value value, Type elementType) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  if (type.getElementType() == elementType)
    return value;
  return createTyped<nn::CastOp>(
      RankedTensorType::get(type.getShape(), elementType, type.getEncoding()),
      value);
}

Value NodeContext::broadcastTo(Value value, ArrayRef<SizeAttr> sizes) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  RankedTensorType target = nn::makeTensorType(sizes, type.getElementType());
  return type == target ? value : createTyped<nn::BroadcastOp>(target, value);
}

Value NodeContext::reduce(Value value, nn::ReduceKind kind,
                          ArrayRef<int64_t> axes) {
  SmallVector<int64_t> sorted(axes);
  llvm::sort(sorted);
  return sorted.empty() ? value : create<nn::ReduceOp>(value, kind, sorted);
}

Value NodeContext::alignChannels(Value vector, int64_t rank) {
  SmallVector<SizeAttr> sizes = nn::getSizes(vector.getType());
  sizes.append(rank > 2 ? rank - 2 : 0, getSize(1));
  return reshape(vector, sizes);
}
