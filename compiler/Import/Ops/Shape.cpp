//===- Shape.cpp - operators that give or change shapes -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Folding.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

//===- Shape, Size --------------------------------------------------------===//

static LogicalResult setSizes(NodeContext &node, ArrayRef<SizeAttr> sizes,
                              bool isScalar) {
  Content content;
  content.elementType = IntegerType::get(node.getContext(), 64);
  for (SizeAttr size : sizes)
    content.elements.push_back(Element::ofSize(size));
  if (!isScalar)
    content.shape.push_back(sizes.size());
  return node.setContent(0, std::move(content));
}

static LogicalResult importShape(NodeContext &node) {
  int64_t rank = node.getRank(0);
  auto clamp = [&](int64_t place) {
    return std::min(std::max<int64_t>(place < 0 ? place + rank : place, 0),
                    rank);
  };
  int64_t start = clamp(node.getInt("start", 0)),
          end = clamp(node.getInt("end", rank));
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  return setSizes(
      node, ArrayRef(sizes).slice(start, std::max<int64_t>(end - start, 0)),
      /*isScalar=*/false);
}

static LogicalResult importSize(NodeContext &node) {
  return setSizes(node, nn::getNumElements(node.getType(0)), /*isScalar=*/true);
}

//===- Reshape ------------------------------------------------------------===//

/// Output 0 is the input with other sizes: of its content, where it is known.
static LogicalResult setReshaped(NodeContext &node, ArrayRef<SizeAttr> sizes) {
  const Content *content = node.getContent(0);
  RankedTensorType type = nn::makeTensorType(sizes, node.getElementType(0));
  if (content && type.hasStaticShape() &&
      type.getNumElements() == static_cast<int64_t>(content->elements.size())) {
    Content copy = *content;
    copy.shape.assign(type.getShape().begin(), type.getShape().end());
    // A large constant stays in the file.
    if (mayHaveContent(copy.shape, copy.elementType))
      return node.setContent(0, std::move(copy));
  }
  return node.setOutput(0, node.reshape(node.getInput(0), sizes));
}

/// The result shape of Reshape: 0 takes the size of the input, -1 what is left.
/// Sizes that are read while running (`isRead`) may turn out to be either.
static FailureOr<SmallVector<SizeAttr>>
resolveShape(NodeContext &node, SmallVector<SizeAttr> shape, bool isRead) {
  SmallVector<SizeAttr> input = node.getSizes(0);
  SizeAttr total = nn::getNumElements(node.getType(0)), one = node.getSize(1);
  bool allowZero = node.getInt("allowzero", 0) != 0;
  std::optional<size_t> open;
  // 1 where a size from data is -1.
  SmallVector<SizeAttr> isOpen(shape.size(), node.getSize(0));
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (size.isConstant(0) && !allowZero && i >= input.size())
      return node.invalid("a dimension of the input for each 0 of the shape",
                          "a 0 at place " + Twine(i));
    if (size.isConstant(-1)) {
      if (open)
        return node.invalid("at most one -1 in the shape", "two");
      open = i;
      size = one;
      continue;
    }
    if (nn::getRange(size).second < 0)
      return node.invalid("sizes, 0 or -1 in the shape", nn::toString(size));
  }
  for (auto [i, size] : llvm::enumerate(shape)) {
    SizeAttr given = size;
    if (given.isConstant(0) && !allowZero)
      size = input[i];
    if (!isRead || !nn::hasLate(given))
      continue;
    if (!allowZero && i < input.size())
      size = select(isEqual(given, 0), input[i], size);
    if (!open) {
      isOpen[i] = isEqual(given, -1);
      size = select(isOpen[i], one, size);
    }
  }
  bool mayBeOpen =
      llvm::any_of(isOpen, [](SizeAttr size) { return !size.isConstant(0); });
  shape = node.settle(shape, "factor");
  SizeAttr known = nn::product(node.getContext(), shape);
  if (open || mayBeOpen) {
    if (open && known.isConstant(0)) {
      shape[*open] = node.getSize(0);
      return shape;
    }
    SizeAttr rest = nn::divideExactly(total, known);
    bool isExact = rest != nullptr;
    if (!isExact)
      rest = nn::floorDiv(total, known);
    for (auto [size, condition] : llvm::zip_equal(shape, isOpen))
      size = select(condition, rest, size);
    if (open)
      shape[*open] = rest;
    shape = node.settle(shape, "size");
    known = nn::product(node.getContext(), shape);
    if (open && !isExact &&
        failed(node.unify(total, known,
                          "a number of elements that the other sizes divide")))
      return failure();
  }
  if (!open) {
    // A common factor says nothing: the rest has to be 1.
    SizeAttr rest =
        nn::hasLate(known) ? SizeAttr() : nn::divideExactly(total, known);
    if (failed(node.unify(rest ? rest : total, rest ? one : known,
                          "as many elements as before the reshape")))
      return failure();
  }
  for (SizeAttr size : shape)
    if (isRead &&
        failed(node.needNonNegative(size, "sizes, 0 or -1 in the shape")))
      return failure();
  return shape;
}

static LogicalResult importReshape(NodeContext &node) {
  FailureOr<SmallVector<SizeAttr>> given = failure();
  bool isRead = node.getOpset() >= 5 && !node.getSizeList(1);
  if (node.getOpset() >= 5)
    given = node.readSizeList(1, "shape");
  else if (auto constants = node.getInts("shape"))
    given = nn::getSizes(node.getContext(), *constants);
  if (failed(given))
    return failure();
  FailureOr<SmallVector<SizeAttr>> shape =
      resolveShape(node, std::move(*given), isRead);
  return failed(shape) ? failure() : setReshaped(node, *shape);
}

static LogicalResult importFlatten(NodeContext &node) {
  int64_t rank = node.getRank(0), axis = node.getInt("axis", 1);
  if (axis < -rank || axis > rank)
    return node.invalid("an axis from " + Twine(-rank) + " to " + Twine(rank),
                        "axis " + Twine(axis));
  axis = axis < 0 ? axis + rank : axis;
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  MLIRContext *context = node.getContext();
  return setReshaped(node,
                     {nn::product(context, ArrayRef(sizes).take_front(axis)),
                      nn::product(context, ArrayRef(sizes).drop_front(axis))});
}

/// Axes from the attribute, or (from opset 13) input 1, for a tensor of rank
/// `rank` more than there are axes where `isAdded`.
static FailureOr<AxisSet> getAxes(NodeContext &node, int64_t rank,
                                  bool isAdded) {
  SmallVector<SizeAttr> axes;
  if (node.getOpset() < 13) {
    axes = nn::getSizes(node.getContext(),
                        node.getInts("axes").value_or(SmallVector<int64_t>()));
  } else {
    auto given = node.readSizeList(1, "axes");
    if (failed(given))
      return failure();
    axes = std::move(*given);
  }
  return node.makeAxes(axes, rank + (isAdded ? axes.size() : 0));
}

static LogicalResult importSqueeze(NodeContext &node) {
  SmallVector<SizeAttr> sizes = node.getSizes(0), kept;
  if (node.getOpset() < 13 ? !node.hasAttribute("axes") : !node.hasInput(1)) {
    for (SizeAttr size : sizes) {
      if (nn::hasLate(size))
        return node.unsupported(
            "axes to squeeze where a size comes from data", "none",
            "give the axes: else the rank of the result depends on data");
      if (!size.isConstant(1))
        kept.push_back(size);
    }
    return setReshaped(node, kept);
  }
  FailureOr<AxisSet> axes = getAxes(node, sizes.size(), /*isAdded=*/false);
  if (failed(axes))
    return failure();
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (failed(node.unify(select(axes->contains(node.getContext(), dim), size,
                                 node.getSize(1)),
                          node.getSize(1), "squeezed dimensions to be 1")))
      return failure();
  return setReshaped(node,
                     node.settle(axes->drop(node.getContext(), sizes), "size"));
}

static LogicalResult importUnsqueeze(NodeContext &node) {
  FailureOr<AxisSet> axes = getAxes(node, node.getRank(0), /*isAdded=*/true);
  if (failed(axes))
    return failure();
  return setReshaped(
      node, node.settle(axes->insertOnes(node.getContext(), node.getSizes(0)),
                        "size"));
}

//===- Expand, Tile -------------------------------------------------------===//

static bool foldExpand(NodeContext &node) {
  const Content *content = node.getContent(0);
  auto given = node.getIntegerList(1);
  if (!content || !given)
    return false;
  auto shape =
      node.broadcast(node.getSizes(0), nn::getSizes(node.getContext(), *given));
  if (failed(shape))
    return false;
  RankedTensorType type = nn::makeTensorType(*shape, content->elementType);
  size_t lead = type.getRank() - content->shape.size();
  return setElements(node, *content, type.getShape(),
                     [&](ArrayRef<int64_t> index) {
                       int64_t place = 0;
                       for (size_t i = 0; i < content->shape.size(); ++i)
                         place = place * content->shape[i] +
                                 (content->shape[i] == 1 ? 0 : index[lead + i]);
                       return place;
                     });
}

static LogicalResult importExpand(NodeContext &node) {
  auto given = node.readSizeList(1, "shape");
  if (failed(given))
    return failure();
  for (SizeAttr size : *given)
    if (failed(node.needNonNegative(size, "sizes that are not negative")))
      return failure();
  FailureOr<SmallVector<SizeAttr>> shape =
      node.broadcast(node.getSizes(0), *given);
  if (failed(shape))
    return failure();
  return node.setOutput(
      0, node.broadcastTo(node.getInput(0), node.settle(*shape, "size")));
}

static LogicalResult importTile(NodeContext &node) {
  auto repeats = node.readSizeList(1, "repeats");
  if (failed(repeats))
    return failure();
  SmallVector<SizeAttr> input = node.getSizes(0);
  if (repeats->size() != input.size())
    return node.invalid("one repeat for each of " + Twine(input.size()) +
                            " dimensions",
                        Twine(repeats->size()));
  // A repeated dimension of size d is [1, d], repeated to [r, d], and joined.
  SmallVector<SizeAttr> split, repeated, joined;
  for (auto [size, repeat] : llvm::zip_equal(input, *repeats)) {
    if (failed(node.needNonNegative(repeat, "repeats that are not negative")))
      return failure();
    bool separate = !repeat.isConstant(1) && !size.isConstant(1);
    if (separate) {
      split.push_back(node.getSize(1));
      repeated.push_back(repeat);
    }
    split.push_back(size);
    repeated.push_back(size.isConstant(1) ? repeat : size);
    joined.push_back(nn::mul(size, repeat));
  }
  Value value =
      node.broadcastTo(node.reshape(node.getInput(0), split), repeated);
  return node.setOutput(0, node.reshape(value, joined));
}

static LogicalResult importIdentity(NodeContext &node) {
  return node.forward(0);
}

llvm::ArrayRef<OpRow> sinter::getShapeRows() {
  static const OpRow rows[] = {
      {"Expand", importExpand, foldExpand},
      {"Flatten", importFlatten},
      {"Identity", importIdentity},
      {"Reshape", importReshape},
      {"Shape", importShape},
      {"Size", importSize},
      {"Squeeze", importSqueeze},
      {"Tile", importTile, nullptr, 6},
      {"Unsqueeze", importUnsqueeze},
  };
  return rows;
}
