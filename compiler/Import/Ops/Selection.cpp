//===- Selection.cpp - operators that choose elements ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Algorithm.h"
#include "dialects/NN/NNShapes.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

/// The values and positions of the `k` greatest or least elements.
static LogicalResult importTopK(NodeContext &node) {
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getInt("axis", -1), node.getRank(0));
  if (failed(axis))
    return failure();
  SizeAttr k;
  if (node.getOpset() < 10) {
    k = node.getSize(node.getInt("k", 0));
  } else {
    FailureOr<SizeAttr> wanted = node.readSize(1, "k");
    if (failed(wanted) ||
        failed(node.needNonNegative(*wanted, "a number of elements k >= 0")))
      return failure();
    k = *wanted;
  }
  SmallVector<SizeAttr> sizes = node.getSizes(0), results = sizes;
  SizeAttr count = sizes[*axis];
  if (nn::getRange(nn::sub(count, k)).second < 0 || nn::getRange(k).second < 0)
    return node.invalid("a number of elements from 0 to " + nn::toString(count),
                        nn::toString(k));
  results[*axis] = k;
  Type element = node.getElementType(0);
  MLIRContext *context = node.getContext();
  int64_t bytes = element.getIntOrFloatBitWidth() == 64 ? 16 : 8;
  bool isSmall = nn::isLessEqual(nn::mul(k, 8), count);
  AlgorithmCall call{getTypedName("top_k", element),
                     {*axis, node.getInt("largest", 1)}};
  call.units =
      nn::mul(nn::product(context, ArrayRef(sizes).take_front(*axis)),
              nn::product(context, ArrayRef(sizes).drop_front(*axis + 1)));
  call.scratch = isSmall ? nn::mul(k, bytes)
                         : nn::mul(nn::max(count, node.getSize(1)), 2 * bytes);
  call.check = "a number of elements k <= " + nn::toString(count) + " (axis " +
               std::to_string(*axis) + ")";
  ResultRange chosen = createAlgorithm(
      node, call, node.getInput(0),
      {nn::makeTensorType(results, element),
       nn::makeTensorType(results, IntegerType::get(context, 64))});
  if (failed(node.setOutput(0, chosen[0])))
    return failure();
  return node.hasOutput(1) ? node.setOutput(1, chosen[1]) : success();
}

//===- Results whose size depends on the data -----------------------------===//

/// The places of the elements of `x` that are not zero, as [rank, count].
static Value createNonZero(NodeContext &node, Value x) {
  MLIRContext *context = node.getContext();
  auto type = cast<RankedTensorType>(x.getType());
  SizeAttr elements = nn::product(context, nn::getSizes(type));
  Type i64 = IntegerType::get(context, 64);
  ResultRange found = createAlgorithm(
      node, {getTypedName("non_zero", type.getElementType())}, x,
      {nn::makeTensorType({node.getSize(type.getRank()), elements}, i64),
       nn::makeTensorType({node.getSize(1)}, i64)});
  return takeFirst(node, found[0], 1,
                   bindCount(node, found[1], "count", elements));
}

static bool foldNonZero(NodeContext &node) {
  const Content *content = node.getContent(0);
  auto numbers = content ? content->getNumbers() : std::nullopt;
  if (!numbers)
    return false;
  // A scalar counts as a vector of one element.
  SmallVector<int64_t> shape = content->shape;
  if (shape.empty())
    shape.push_back(1);
  SmallVector<SmallVector<int64_t>> places(shape.size());
  for (auto [flat, number] : llvm::enumerate(*numbers)) {
    if (number == 0)
      continue;
    int64_t rest = flat;
    for (int64_t d = shape.size() - 1; d >= 0; --d) {
      places[d].push_back(rest % shape[d]);
      rest /= shape[d];
    }
  }
  Content folded;
  folded.elementType = IntegerType::get(node.getContext(), 64);
  folded.shape = {static_cast<int64_t>(shape.size()),
                  static_cast<int64_t>(places.front().size())};
  for (ArrayRef<int64_t> row : places)
    for (int64_t place : row)
      folded.elements.push_back(Element::ofSize(node.getSize(place)));
  return succeeded(node.setContent(0, folded));
}

static LogicalResult importNonZero(NodeContext &node) {
  Value x = node.getInput(0);
  if (node.getRank(0) == 0)
    x = node.reshape(x, {node.getSize(1)});
  return node.setOutput(0, createNonZero(node, x));
}

/// The elements along an axis, or of the flattened input, whose condition
/// holds.
static LogicalResult importCompress(NodeContext &node) {
  MLIRContext *context = node.getContext();
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  Value input = node.getInput(0);
  int64_t axis = 0;
  if (node.hasAttribute("axis")) {
    FailureOr<int64_t> normalized =
        node.normalizeAxis(node.getInt("axis", 0), sizes.size());
    if (failed(normalized))
      return failure();
    axis = *normalized;
  } else {
    sizes = {nn::product(context, sizes)};
    input = node.reshape(input, sizes);
  }
  if (node.getRank(1) != 1)
    return node.invalid("a condition of rank 1",
                        "rank " + Twine(node.getRank(1)));
  SizeAttr length = node.getSizes(1).front();
  if (nn::getRange(nn::sub(sizes[axis], length)).second < 0)
    return node.invalid("a condition of at most " + nn::toString(sizes[axis]) +
                            " elements",
                        nn::toString(length));
  Value places = createNonZero(node, node.getInput(1));
  SizeAttr count =
      nn::getSizes(cast<RankedTensorType>(places.getType())).back();
  return node.setOutput(
      0, node.create<nn::GatherOp>(input, node.reshape(places, {count}), axis));
}

/// The different elements, or sub-tensors along an axis.
static LogicalResult importUnique(NodeContext &node) {
  MLIRContext *context = node.getContext();
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  Type element = node.getElementType(0), i64 = IntegerType::get(context, 64);
  Value input = node.getInput(0), rows;
  int64_t axis = 0;
  if (node.hasAttribute("axis")) {
    FailureOr<int64_t> normalized =
        node.normalizeAxis(node.getInt("axis", 0), sizes.size());
    if (failed(normalized))
      return failure();
    axis = *normalized;
    SmallVector<int64_t> order{axis};
    for (int64_t d = 0; d < static_cast<int64_t>(sizes.size()); ++d)
      if (d != axis)
        order.push_back(d);
    rows = node.transpose(input, order);
  } else {
    sizes = {nn::product(context, sizes)};
    rows = input = node.reshape(input, sizes);
  }
  SizeAttr n = sizes[axis];
  RankedTensorType list = nn::makeTensorType({n}, i64);
  AlgorithmCall call{getTypedName("unique", element),
                     {node.getInt("sorted", 1)}};
  call.scratch = nn::mul(nn::max(n, node.getSize(1)), 48);
  call.check = "at most 4294967296 rows";
  ResultRange found = createAlgorithm(
      node, call, rows,
      {list, list, list, nn::makeTensorType({node.getSize(1)}, i64)});
  SizeAttr count = bindCount(node, found[3], "count", n);
  Value firsts = takeFirst(node, found[0], 0, count);
  if (failed(node.setOutput(0, node.create<nn::GatherOp>(input, firsts, axis))))
    return failure();
  if (node.hasOutput(1) && failed(node.setOutput(1, firsts)))
    return failure();
  if (node.hasOutput(2) && failed(node.setOutput(2, found[1])))
    return failure();
  return node.hasOutput(3)
             ? node.setOutput(3, takeFirst(node, found[2], 0, count))
             : success();
}

/// [batch, class, box] of the boxes that stay.
static LogicalResult importNonMaxSuppression(NodeContext &node) {
  MLIRContext *context = node.getContext();
  Type f32 = Float32Type::get(context), i64 = IntegerType::get(context, 64);
  SmallVector<SizeAttr> boxes = node.getSizes(0), scores = node.getSizes(1);
  if (boxes.size() != 3 || scores.size() != 3 || !boxes[2].isConstant(4))
    return node.invalid(
        "boxes [batches, n, 4] and scores [batches, classes, n]",
        "other shapes");
  FailureOr<SizeAttr> batches =
      node.unify(boxes[0], scores[0], "boxes and scores of as many batches");
  FailureOr<SizeAttr> n =
      node.unify(boxes[1], scores[2], "as many boxes as scores");
  if (failed(batches) || failed(n))
    return failure();
  bool hasLeast = node.hasInput(4);
  auto asScalar = [&](unsigned index, double defaultValue, Type type) {
    return node.hasInput(index) ? node.reshape(node.getInput(index), {})
                                : node.scalar(defaultValue, type);
  };
  SmallVector<Value> inputs{node.getInput(0), node.getInput(1),
                            asScalar(2, 0, i64), asScalar(3, 0, f32),
                            asScalar(4, 0, f32)};
  // As many as may stay, where that is known.
  SizeAttr room = *n;
  if (!node.hasInput(2))
    room = node.getSize(0);
  else if (auto most = node.getIntegerList(2); most && most->size() == 1)
    room = nn::min(room, node.getSize(std::max<int64_t>(0, most->front())));
  SizeAttr classes = scores[1], units = nn::mul(*batches, classes);

  AlgorithmCall suppress{"suppress_boxes",
                         {node.getInt("center_point_box", 0), hasLeast}};
  suppress.units = units;
  suppress.scratch = nn::add(nn::mul(*n, 16), nn::mul(room, 20));
  suppress.check = "at most 4294967296 boxes";
  ResultRange kept =
      createAlgorithm(node, suppress, inputs,
                      {nn::makeTensorType({*batches, classes, room}, i64),
                       nn::makeTensorType({*batches, classes}, i64)});
  SizeAttr bound = nn::mul(units, room);
  ResultRange rows =
      createAlgorithm(node, {"list_boxes"}, {kept[0], kept[1]},
                      {nn::makeTensorType({bound, node.getSize(3)}, i64),
                       nn::makeTensorType({node.getSize(1)}, i64)});
  return node.setOutput(
      0, takeFirst(node, rows[0], 0, bindCount(node, rows[1], "count", bound)));
}

llvm::ArrayRef<OpRow> sinter::getSelectionRows() {
  static const OpRow rows[] = {
      {"Compress", importCompress},
      {"NonMaxSuppression", importNonMaxSuppression},
      {"NonZero", importNonZero, foldNonZero},
      {"TopK", importTopK},
      {"Unique", importUnique},
  };
  return rows;
}
