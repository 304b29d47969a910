//===- Reduction.cpp - reductions over axes -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"

#include <limits>

#include <cmath>

using namespace mlir;
using namespace sinter;

namespace {

/// What a reduction works on. Axes from data are reduced in a tensor of twice
/// the rank: each dimension is split into what stays of it and what is reduced,
/// one of which is 1.
struct Axes {
  /// Those of the tensor that `prepare` gives.
  SmallVector<int64_t> axes;
  bool keepsDims = true;
  AxisSet set = {};
  /// Where axes come from data, what stays of each dimension and what is
  /// reduced.
  SmallVector<nn::SizeAttr> outer = {}, inner = {};

  bool isSplit() const { return !outer.empty(); }
};

} // namespace

/// Axes from the attribute or the second input; all of them where none is
/// given, none where the operator says that no axes mean no reduction.
static FailureOr<Axes> readAxes(NodeContext &node) {
  MLIRContext *context = node.getContext();
  Axes result;
  result.keepsDims = node.getInt("keepdims", 1) != 0;
  SmallVector<nn::SizeAttr> given, sizes = node.getSizes(0);
  if (node.hasInput(1)) {
    auto list = node.readSizeList(1, "axes");
    if (failed(list))
      return failure();
    given = std::move(*list);
  } else if (auto list = node.getInts("axes")) {
    given = nn::getSizes(context, *list);
  }
  if (given.empty()) {
    if (node.getInt("noop_with_empty_axes", 0) == 0)
      result.axes = llvm::to_vector(llvm::seq<int64_t>(0, sizes.size()));
    return result;
  }
  FailureOr<AxisSet> set = node.makeAxes(given, sizes.size());
  if (failed(set))
    return failure();
  if (std::optional<SmallVector<int64_t>> known = set->getKnown()) {
    result.axes = std::move(*known);
    return result;
  }
  SmallVector<nn::SizeAttr> bounds;
  nn::SizeAttr one = node.getSize(1);
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    nn::SizeAttr isReduced = set->contains(context, dim);
    result.outer.push_back(select(isReduced, one, size));
    result.inner.push_back(select(isReduced, size, one));
    result.axes.push_back(2 * dim + 1);
    bounds.push_back(nn::max(size, one));
  }
  if (nn::hasLate(node.getType(0)))
    bounds.clear();
  result.outer = node.settle(result.outer, "kept", bounds);
  result.inner = node.settle(result.inner, "reduced", bounds);
  result.set = std::move(*set);
  return result;
}

/// `value`, of the shape of input 0, as `Axes::axes` count.
static Value prepare(NodeContext &node, Value value, const Axes &axes) {
  if (!axes.isSplit())
    return value;
  SmallVector<nn::SizeAttr> sizes;
  for (auto [outer, inner] : llvm::zip_equal(axes.outer, axes.inner))
    sizes.append({outer, inner});
  return node.reshape(value, sizes);
}

static Value reduce(NodeContext &node, Value value, nn::ReduceKind kind,
                    const Axes &axes) {
  return axes.axes.empty() ? value : node.reduce(value, kind, axes.axes);
}

/// Sets the output to `value`, which has kept its dimensions.
static LogicalResult finish(NodeContext &node, Value value, const Axes &axes) {
  if (axes.isSplit()) {
    SmallVector<nn::SizeAttr> sizes = axes.outer;
    if (!axes.keepsDims)
      sizes = node.settle(axes.set.drop(node.getContext(), sizes), "size");
    return node.setOutput(0, node.reshape(value, sizes));
  }
  if (axes.keepsDims || axes.axes.empty())
    return node.setOutput(0, value);
  SmallVector<nn::SizeAttr> sizes;
  for (auto [dim, size] : llvm::enumerate(nn::getSizes(value.getType())))
    if (!llvm::is_contained(axes.axes, int64_t(dim)))
      sizes.push_back(size);
  return node.setOutput(0, node.reshape(value, sizes));
}

template <nn::ReduceKind kind>
static LogicalResult buildReduce(NodeContext &node) {
  auto axes = readAxes(node);
  if (failed(axes))
    return failure();
  Value input = prepare(node, node.getInput(0), *axes);
  return finish(node, reduce(node, input, kind, *axes), *axes);
}

static LogicalResult buildReduceL1(NodeContext &node) {
  auto axes = readAxes(node);
  if (failed(axes))
    return failure();
  Value magnitude =
      node.elementwise<nn::AbsOp>({prepare(node, node.getInput(0), *axes)});
  return finish(node, reduce(node, magnitude, nn::ReduceKind::Sum, *axes),
                *axes);
}

static Value sumSquares(NodeContext &node, const Axes &axes) {
  Value input = prepare(node, node.getInput(0), axes);
  return reduce(node, node.elementwise<nn::MulOp>({input, input}),
                nn::ReduceKind::Sum, axes);
}

static LogicalResult buildReduceSumSquare(NodeContext &node) {
  auto axes = readAxes(node);
  if (failed(axes))
    return failure();
  return finish(node, sumSquares(node, *axes), *axes);
}

/// Refuses what has no meaning on integers here.
static LogicalResult needFloat(NodeContext &node) {
  if (isa<FloatType>(node.getElementType(0)))
    return success();
  return node.unsupported("a float input", "integers",
                          "put a Cast to float before the node");
}

static LogicalResult buildReduceL2(NodeContext &node) {
  auto axes = readAxes(node);
  if (failed(axes) || failed(needFloat(node)))
    return failure();
  return finish(node, node.elementwise<nn::SqrtOp>({sumSquares(node, *axes)}),
                *axes);
}

static LogicalResult buildReduceLogSum(NodeContext &node) {
  auto axes = readAxes(node);
  if (failed(axes) || failed(needFloat(node)))
    return failure();
  Value sum = reduce(node, prepare(node, node.getInput(0), *axes),
                     nn::ReduceKind::Sum, *axes);
  return finish(node, node.elementwise<nn::LogOp>({sum}), *axes);
}

/// log(sum(exp(x))) as m + log(sum(exp(x - m))) with the maximum m, which keeps
/// exp in range; an infinite m is replaced by 0, so that inf - inf never
/// occurs.
static LogicalResult buildReduceLogSumExp(NodeContext &node) {
  auto axes = readAxes(node);
  if (failed(axes) || failed(needFloat(node)))
    return failure();
  Value input = prepare(node, node.getInput(0), *axes);
  Type element = node.getElementType(0);
  Value largest = reduce(node, input, nn::ReduceKind::Max, *axes);
  Value isInfinite = node.elementwise<nn::EqualOp>(
      {node.elementwise<nn::AbsOp>({largest}),
       node.scalar(std::numeric_limits<double>::infinity(), element)});
  Value shift = node.elementwise<nn::WhereOp>(
      {isInfinite, node.scalar(0, element), largest});
  Value exponential = node.elementwise<nn::ExpOp>(
      {node.elementwise<nn::SubOp>({input, shift})});
  Value sum = reduce(node, exponential, nn::ReduceKind::Sum, *axes);
  return finish(
      node,
      node.elementwise<nn::AddOp>({node.elementwise<nn::LogOp>({sum}), shift}),
      *axes);
}

template <nn::ReduceKind kind>
static LogicalResult buildArgReduce(NodeContext &node) {
  auto axis = node.normalizeAxis(node.getInt("axis", 0), node.getRank(0));
  if (failed(axis))
    return failure();
  Axes axes{{*axis}, node.getInt("keepdims", 1) != 0};
  return finish(
      node,
      node.create<nn::ArgReduceOp>(node.getInput(0), kind, uint64_t(*axis),
                                   node.getInt("select_last_index", 0) != 0),
      axes);
}

/// `combine` over all elements: of integers, and where the result is exact of
/// floats.
template <nn::SizeAttr (*combine)(nn::SizeAttr, nn::SizeAttr)>
static std::optional<Element> combineElements(const Content &content) {
  if (content.elements.empty())
    return std::nullopt;
  if (content.elements.size() == 1)
    return content.elements.front();
  if (std::optional<SmallVector<nn::SizeAttr>> sizes = content.getSizes()) {
    nn::SizeAttr result = sizes->front();
    for (nn::SizeAttr size : ArrayRef(*sizes).drop_front())
      result = combine(result, size);
    return Element::ofSize(result);
  }
  constexpr bool isMax = combine == nn::max, isMin = combine == nn::min;
  std::optional<SmallVector<double>> numbers = content.getNumbers();
  if (!numbers || !(isMax || isMin) ||
      llvm::any_of(*numbers, [](double number) { return std::isnan(number); }))
    return std::nullopt;
  return Element::ofNumber(isMax ? *llvm::max_element(*numbers)
                                 : *llvm::min_element(*numbers));
}

/// Folds a reduction of all elements of a list: what exporters write to count
/// elements.
template <nn::SizeAttr (*combine)(nn::SizeAttr, nn::SizeAttr)>
static bool foldReduce(NodeContext &node) {
  const Content *content = node.getContent(0);
  std::optional<Element> result;
  if (content && content->shape.size() == 1)
    result = combineElements<combine>(*content);
  if (!result)
    return false;
  if (node.hasInput(1) && !node.getIntegerList(1))
    return false;
  bool hasAxes = node.hasInput(1) ? !node.getIntegerList(1)->empty()
                                  : node.getInts("axes").has_value();
  if (!hasAxes && node.getInt("noop_with_empty_axes", 0) != 0)
    return false;
  Content folded;
  folded.elementType = content->elementType;
  if (node.getInt("keepdims", 1) != 0)
    folded.shape.push_back(1);
  folded.elements.push_back(*result);
  return succeeded(node.setContent(0, folded));
}

ArrayRef<OpRow> sinter::getReductionRows() {
  static const OpRow rows[] = {
      {"ArgMax", buildArgReduce<nn::ReduceKind::Max>},
      {"ArgMin", buildArgReduce<nn::ReduceKind::Min>},
      {"ReduceL1", buildReduceL1},
      {"ReduceL2", buildReduceL2},
      {"ReduceLogSum", buildReduceLogSum},
      {"ReduceLogSumExp", buildReduceLogSumExp},
      {"ReduceMax", buildReduce<nn::ReduceKind::Max>, foldReduce<nn::max>},
      {"ReduceMean", buildReduce<nn::ReduceKind::Mean>},
      {"ReduceMin", buildReduce<nn::ReduceKind::Min>, foldReduce<nn::min>},
      {"ReduceProd", buildReduce<nn::ReduceKind::Prod>, foldReduce<nn::mul>},
      {"ReduceSum", buildReduce<nn::ReduceKind::Sum>, foldReduce<nn::add>},
      {"ReduceSumSquare", buildReduceSumSquare},
  };
  return rows;
}
