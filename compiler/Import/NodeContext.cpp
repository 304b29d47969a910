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

Location NodeContext::locateInner(const onnx::Node &inner,
                                  unsigned index) const {
  std::string name = inner.name.empty() ? getName() + "/" + inner.op.str() +
                                              "_" + std::to_string(index)
                                        : inner.name.str();
  unsigned place = 0;
  nn::forEachNode(location,
                  [&](const nn::Node &outer) { place = outer.index; });
  return nn::getNodeLocation(location.getContext(), name, inner.op, place);
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

FailureOr<SmallVector<SizeAttr>> NodeContext::readSizeList(unsigned index,
                                                           StringRef what) {
  if (auto known = getSizeList(index))
    return *known;
  if (auto numbers = getNumberList(index)) {
    SmallVector<SizeAttr> sizes;
    for (double number : *numbers)
      sizes.push_back(getSize(static_cast<int64_t>(number)));
    return sizes;
  }
  RankedTensorType type = getType(index);
  if (!type.hasStaticShape() || type.getNumElements() > Content::kMaxElements)
    return unsupported(what + " with a number of elements known when compiling",
                       "a tensor of shape " + nn::toString(getSizes(index)),
                       "give the tensor a constant length: it decides the rank "
                       "or the number of results");
  Value value = getInput(index);
  return value ? readSizes(value, what)
               : FailureOr<SmallVector<SizeAttr>>(failure());
}

FailureOr<SizeAttr> NodeContext::readSize(unsigned index, StringRef what) {
  auto sizes = readSizeList(index, what);
  if (failed(sizes))
    return failure();
  if (sizes->size() != 1)
    return invalid(what + " with one element", Twine(sizes->size()));
  return sizes->front();
}

SmallVector<SizeAttr> NodeContext::readSizes(Value value, StringRef what) {
  return importer.readSizes(value, Twine(getName()) + "." + what);
}

FailureOr<AxisSet> NodeContext::readAxes(unsigned index, int64_t rank) {
  auto axes = readSizeList(index, "axes");
  return failed(axes) ? FailureOr<AxisSet>(failure()) : makeAxes(*axes, rank);
}

FailureOr<AxisSet> NodeContext::makeAxes(ArrayRef<SizeAttr> axes,
                                         int64_t rank) {
  SmallVector<int64_t> known;
  for (SizeAttr axis : axes)
    if (std::optional<int64_t> constant = axis.getConstant())
      known.push_back(*constant);
  if (failed(normalizeAxes(known, rank)))
    return failure();
  AxisSet set;
  set.rank = rank;
  for (SizeAttr axis : axes) {
    SizeAttr place = nn::add(axis, nn::mul(isNegative(axis), rank));
    SmallVector<SizeAttr> hit;
    for (int64_t dim = 0; dim < rank; ++dim)
      hit.push_back(isEqual(place, dim));
    set.hits.push_back(settle(hit, "axis"));
  }
  SizeAttr count = getSize(0);
  for (int64_t dim = 0; dim < rank; ++dim)
    count =
        nn::add(count, nn::min(set.contains(getContext(), dim), getSize(1)));
  if (failed(unify(count, getSize(axes.size()),
                   "axes of a tensor of rank " + Twine(rank) + ", each once")))
    return failure();
  return set;
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
  if (!value.home)
    value.home = importer.getBuilder().getInsertionBlock();
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

LogicalResult NodeContext::needNonNegative(SizeAttr size,
                                           const Twine &expected) {
  auto [least, most] = nn::getRange(size);
  if (most < 0)
    return invalid(expected, nn::toString(size));
  if (least >= 0)
    return success();
  importer.assumeEqual(nn::max(size, getSize(0)), size, *this, expected.str());
  return success();
}

/// The size to which two broadcast. A late one may be 1 when running: then the
/// other one counts.
FailureOr<SizeAttr> NodeContext::broadcastSize(SizeAttr lhs, SizeAttr rhs) {
  constexpr StringLiteral expected = "sizes that broadcast: equal, or 1";
  if (lhs == rhs || rhs.isConstant(1))
    return lhs;
  if (lhs.isConstant(1))
    return rhs;
  auto mayBeOne = [](SizeAttr size) {
    auto [least, most] = nn::getRange(size);
    return least <= 1 && most >= 1;
  };
  if ((!nn::hasLate(lhs) && !nn::hasLate(rhs)) ||
      (!mayBeOne(lhs) && !mayBeOne(rhs)))
    return unify(lhs, rhs, expected);
  // One is 1, or both are equal: [lhs != 1] * [rhs != 1] * (lhs - rhs) = 0.
  SizeAttr one = getSize(1);
  SizeAttr bothCount =
      nn::mul(nn::sub(one, isEqual(lhs, 1)), nn::sub(one, isEqual(rhs, 1)));
  importer.assumeEqual(nn::mul(bothCount, nn::sub(lhs, rhs)), getSize(0), *this,
                       expected);
  if (!mayBeOne(lhs) || !mayBeOne(rhs))
    return mayBeOne(lhs) ? rhs : lhs;
  // The larger one, but a size of 0 wins over 1.
  return nn::mul(nn::max(lhs, rhs),
                 nn::mul(nn::min(lhs, one), nn::min(rhs, one)));
}

FailureOr<SmallVector<SizeAttr>>
NodeContext::broadcast(ArrayRef<SizeAttr> lhs, ArrayRef<SizeAttr> rhs) {
  if (lhs.size() < rhs.size())
    std::swap(lhs, rhs);
  SmallVector<SizeAttr> result(lhs);
  size_t lead = lhs.size() - rhs.size();
  for (size_t i = 0; i < rhs.size(); ++i) {
    FailureOr<SizeAttr> common = broadcastSize(result[lead + i], rhs[i]);
    if (failed(common))
      return failure();
    result[lead + i] = *common;
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
  for (Value &operand : operands)
    operand = fit(operand, target);
}

SmallVector<SizeAttr> NodeContext::settle(ArrayRef<SizeAttr> sizes,
                                          StringRef what,
                                          ArrayRef<SizeAttr> bounds) {
  // What has no more is about as simple as a name.
  constexpr unsigned kMaxAtoms = 6;
  SmallVector<SizeAttr> result(sizes), open, openBounds;
  SmallVector<size_t> places;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    if (!nn::hasLate(size) ||
        countAtoms(size) <= (bounds.empty() ? kMaxAtoms : 1))
      continue;
    places.push_back(i);
    open.push_back(size);
    if (!bounds.empty())
      openBounds.push_back(bounds[i]);
  }
  if (open.empty())
    return result;
  SmallVector<SizeAttr> settled = importer.settleSizes(
      open, openBounds, location, Twine(getName()) + "." + what);
  for (auto [place, size] : llvm::zip_equal(places, settled))
    result[place] = size;
  return result;
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

Value NodeContext::sizeValue(SizeAttr size, Type elementType) {
  Content content;
  content.elementType = elementType;
  std::optional<int64_t> known = size.getConstant();
  content.elements.push_back(
      known && content.isFloat()
          ? Element::ofNumber(
                roundToType(static_cast<double>(*known), elementType))
          : Element::ofSize(size));
  return importer.createConstant(content, location);
}

Value NodeContext::fit(Value value, ArrayRef<SizeAttr> shape) {
  SmallVector<SizeAttr> own = nn::getSizes(value.getType());
  size_t lead = shape.size() - own.size();
  for (size_t i = 0; i < own.size(); ++i) {
    SizeAttr size = own[i], wanted = shape[lead + i];
    if (size == wanted || size.isConstant(1))
      continue;
    own[i] = wanted;
    // The indices count where the size is not 1, and else stay 0.
    SizeAttr step = nn::min(nn::max(nn::add(size, -1), getSize(0)), getSize(1));
    if ((!nn::hasLate(size) && !nn::hasLate(wanted)) || step.isConstant(1))
      continue;
    Value indices = createTyped<nn::IotaOp>(
        nn::makeTensorType(wanted, IntegerType::get(getContext(), 64)),
        /*axis=*/0, getSize(0), step);
    value = create<nn::GatherOp>(value, indices, static_cast<int64_t>(i));
  }
  return reshape(value, own);
}

Value NodeContext::broadcastTo(Value value, ArrayRef<SizeAttr> sizes) {
  value = fit(value, sizes);
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
