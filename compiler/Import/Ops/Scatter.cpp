//===- Scatter.cpp - operators that write by index ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Algorithm.h"
#include "dialects/NN/NNShapes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

/// As in runtime/support/Scatter.cpp.
enum class Combine { Replace, Add, Multiply, Maximum, Minimum };

/// What a unit of runtime/support/Scatter.cpp covers.
static constexpr int64_t scatterColumns = 16, scatterParts = 32;

static FailureOr<Combine> getCombine(NodeContext &node) {
  StringRef reduction = node.getString("reduction", "none");
  auto how = llvm::StringSwitch<std::optional<Combine>>(reduction)
                 .Case("none", Combine::Replace)
                 .Case("add", Combine::Add)
                 .Case("mul", Combine::Multiply)
                 .Case("max", Combine::Maximum)
                 .Case("min", Combine::Minimum)
                 .Default(std::nullopt);
  if (!how)
    return node.invalid("a reduction of none, add, mul, max or min",
                        "'" + reduction + "'");
  // Truth values are added as a disjunction and multiplied as a conjunction.
  if (node.getElementType(0).isInteger(1)) {
    if (*how == Combine::Add)
      return Combine::Maximum;
    if (*how == Combine::Multiply)
      return Combine::Minimum;
  }
  return *how;
}

/// The operator by `name` on all of its inputs, with the form of the data.
static LogicalResult buildScatter(NodeContext &node, StringRef name,
                                  int64_t axis, SizeAttr units, Twine range) {
  FailureOr<Combine> how = getCombine(node);
  if (failed(how))
    return failure();
  Type element = node.getElementType(0);
  bool moves = *how == Combine::Replace;
  if (!moves && element.getIntOrFloatBitWidth() < 8 && !element.isInteger(1))
    return node.unsupported("a reduction of elements of at least 8 bits",
                            "a smaller type", "cast the data first");
  AlgorithmCall call{moves ? getMovingName(name, element)
                           : getTypedName(name, element),
                     {axis, static_cast<int64_t>(*how),
                      node.getElementType(1).getIntOrFloatBitWidth() / 8}};
  call.units = units;
  call.check = ("indices i with -n <= i < n, n = " + range).str();
  return node.setOutput(
      0, createAlgorithm(node, call,
                         {node.getInput(0), node.getInput(1), node.getInput(2)},
                         nn::makeTensorType(node.getSizes(0), element))
             .front());
}

/// Records that `updates` has the shape that it should have.
static LogicalResult unifyUpdates(NodeContext &node,
                                  ArrayRef<SizeAttr> expected) {
  SmallVector<SizeAttr> updates = node.getSizes(2);
  if (updates.size() != expected.size())
    return node.invalid("updates of rank " + Twine(expected.size()),
                        "rank " + Twine(updates.size()));
  for (auto [size, want] : llvm::zip(updates, expected))
    if (failed(node.unify(size, want, "updates of the shape of the places")))
      return failure();
  return success();
}

/// data[.., indices[p], ..] = updates[p] along an axis.
static LogicalResult importScatterElements(NodeContext &node) {
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getInt("axis", 0), node.getRank(0));
  if (failed(axis))
    return failure();
  SmallVector<SizeAttr> sizes = node.getSizes(0), places = node.getSizes(1);
  if (places.size() != sizes.size())
    return node.invalid("indices of rank " + Twine(sizes.size()),
                        "rank " + Twine(places.size()));
  for (auto [d, size] : llvm::enumerate(sizes))
    if (static_cast<int64_t>(d) != *axis &&
        nn::getRange(nn::sub(size, places[d])).second < 0)
      return node.invalid("indices of at most " + nn::toString(size) +
                              " in dimension " + Twine(d),
                          nn::toString(places[d]));
  if (failed(unifyUpdates(node, places)))
    return failure();
  MLIRContext *context = node.getContext();
  SizeAttr outer = nn::product(context, ArrayRef(sizes).take_front(*axis)),
           inner = nn::product(context, ArrayRef(sizes).drop_front(*axis + 1));
  return buildScatter(node, "scatter_elements", *axis,
                      nn::mul(outer, nn::ceilDiv(inner, scatterColumns)),
                      nn::toString(sizes[*axis]) + " (axis " + Twine(*axis) +
                          ")");
}

/// data[indices[t]] = updates[t] for tuples t of indices.
static LogicalResult importScatterND(NodeContext &node) {
  SmallVector<SizeAttr> sizes = node.getSizes(0), places = node.getSizes(1);
  std::optional<int64_t> depth =
      places.empty() ? std::nullopt : places.back().getConstant();
  if (!depth)
    return node.unsupported("a constant number of indices in a tuple",
                            places.empty() ? "indices of rank 0"
                                           : nn::toString(places.back()),
                            "fix the last dimension of the indices");
  if (*depth < 0 || *depth > static_cast<int64_t>(sizes.size()))
    return node.invalid("tuples of at most " + Twine(sizes.size()) + " indices",
                        Twine(*depth));
  SmallVector<SizeAttr> expected(places.begin(), std::prev(places.end()));
  expected.append(sizes.begin() + *depth, sizes.end());
  if (failed(unifyUpdates(node, expected)))
    return failure();
  std::string range;
  for (int64_t d = 0; d < *depth; ++d)
    range += (d ? ", " : "") + nn::toString(sizes[d]);
  return buildScatter(node, "scatter_nd", 0, node.getSize(scatterParts),
                      range + " (of the first dimensions)");
}

/// What exporters write to put sizes into a shape: replaces elements of a list.
static bool foldScatterND(NodeContext &node) {
  const Content *data = node.getContent(0), *indices = node.getContent(1),
                *updates = node.getContent(2);
  auto places = indices ? indices->getIntegers() : std::nullopt;
  if (!data || !updates || !places || data->shape.size() != 1 ||
      indices->shape.empty() || indices->shape.back() != 1 ||
      updates->elements.size() != places->size() ||
      node.getString("reduction", "none") != "none")
    return false;
  Content folded = *data;
  int64_t size = data->shape.front();
  for (auto [place, element] : llvm::zip(*places, updates->elements)) {
    int64_t index = place < 0 ? place + size : place;
    if (index < 0 || index >= size)
      return false;
    folded.elements[index] = element;
  }
  return succeeded(node.setContent(0, folded));
}

/// Rows of a cache from `write_indices` of each batch on.
static LogicalResult importTensorScatter(NodeContext &node) {
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getInt("axis", -2), node.getRank(0));
  if (failed(axis))
    return failure();
  SmallVector<SizeAttr> sizes = node.getSizes(0), update = node.getSizes(1);
  if (*axis == 0)
    return node.invalid("an axis that is not the batch", "0");
  if (update.size() != sizes.size())
    return node.invalid("an update of rank " + Twine(sizes.size()),
                        "rank " + Twine(update.size()));
  for (auto [d, size] : llvm::enumerate(sizes))
    if (static_cast<int64_t>(d) != *axis &&
        failed(
            node.unify(size, update[d], "an update of the shape of the cache")))
      return failure();
  StringRef mode = node.getString("mode", "linear");
  if (mode != "linear" && mode != "circular")
    return node.invalid("the mode linear or circular", "'" + mode + "'");
  Type element = node.getElementType(0);
  SmallVector<Value> inputs{node.getInput(0), node.getInput(1)};
  bool hasStarts = node.hasInput(2);
  if (hasStarts)
    inputs.push_back(
        node.cast(node.getInput(2), IntegerType::get(node.getContext(), 64)));
  AlgorithmCall call{
      getMovingName(hasStarts ? "tensor_scatter_at" : "tensor_scatter",
                    element),
      {*axis, mode == "circular"}};
  call.units =
      nn::product(node.getContext(), ArrayRef(sizes).take_front(*axis));
  call.check =
      "rows that lie in the cache of " + nn::toString(sizes[*axis]) + " rows";
  return node.setOutput(
      0, createAlgorithm(node, call, inputs, nn::makeTensorType(sizes, element))
             .front());
}

llvm::ArrayRef<OpRow> sinter::getScatterRows() {
  static const OpRow rows[] = {
      {"Scatter", importScatterElements},
      {"ScatterElements", importScatterElements},
      {"ScatterND", importScatterND, foldScatterND},
      {"TensorScatter", importTensorScatter},
  };
  return rows;
}
