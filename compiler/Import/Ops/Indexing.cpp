//===- Indexing.cpp - operators that take elements by index ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Folding.h"
#include <numeric>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

//===- Slice --------------------------------------------------------------===//

namespace {
/// Slice with one entry for each dimension of the input.
struct SliceForm {
  SmallVector<SizeAttr> starts, sizes, steps;
};
} // namespace

/// Constants from here on mean "to the end".
static constexpr int64_t kFar = INT32_MAX;

/// A place given by the user: clamped to [low, high], and counted from the end
/// where negative.
static SizeAttr resolvePlace(SizeAttr place, SizeAttr size, SizeAttr low,
                             SizeAttr high) {
  if (std::optional<int64_t> constant = place.getConstant()) {
    if (*constant >= kFar)
      return high;
    if (*constant <= -kFar)
      return low;
  }
  auto [least, most] = nn::getRange(place);
  if (least >= 0) {
    if (place == high || place == low)
      return place;
    return nn::min(place, high);
  }
  SizeAttr counted = nn::add(place, nn::mul(isNegative(place), size));
  if (most >= 0)
    return nn::max(nn::min(counted, high), low);
  // -1 of a size of at least 1 needs no clamp.
  return nn::getRange(nn::sub(counted, low)).first >= 0 ? counted
                                                        : nn::max(counted, low);
}

/// The lists of a Slice node: attributes before opset 10, then inputs.
static FailureOr<SmallVector<SizeAttr>>
getSliceList(NodeContext &node, unsigned input, StringRef name) {
  FailureOr<SmallVector<SizeAttr>> list = SmallVector<SizeAttr>();
  if (node.getOpset() >= 10)
    list = node.readSizeList(input, name);
  else if (auto constants = node.getInts(name))
    list = nn::getSizes(node.getContext(), *constants);
  if (failed(list))
    return failure();
  // The largest integers are common; formulas with them would overflow.
  for (SizeAttr &size : *list)
    if (std::optional<int64_t> constant = size.getConstant())
      size = node.getSize(std::clamp(*constant, -kFar, kFar));
  return list;
}

/// starts, ends, axes, steps.
static LogicalResult getSliceForm(NodeContext &node, SliceForm &form) {
  int64_t rank = node.getRank(0);
  MLIRContext *context = node.getContext();
  bool byInput = node.getOpset() >= 10;
  auto starts = getSliceList(node, 1, "starts");
  auto ends = getSliceList(node, 2, "ends");
  if (failed(starts) || failed(ends))
    return failure();
  FailureOr<SmallVector<SizeAttr>> axes = nn::getSizes(
      context, llvm::to_vector(llvm::seq<int64_t>(0, starts->size())));
  if (byInput ? node.hasInput(3) : node.hasAttribute("axes"))
    axes = getSliceList(node, 3, "axes");
  FailureOr<SmallVector<SizeAttr>> steps =
      SmallVector<SizeAttr>(starts->size(), node.getSize(1));
  if (byInput && node.hasInput(4))
    steps = getSliceList(node, 4, "steps");
  if (failed(axes) || failed(steps))
    return failure();
  if (ends->size() != starts->size() || axes->size() != starts->size() ||
      steps->size() != starts->size())
    return node.invalid("starts, ends, axes and steps of one length",
                        "lists of different lengths");
  FailureOr<AxisSet> set = node.makeAxes(*axes, rank);
  if (failed(set))
    return failure();

  form.sizes = node.getSizes(0);
  SizeAttr zero = node.getSize(0), one = node.getSize(1);
  SmallVector<SizeAttr> bounds;
  for (int64_t axis = 0; axis < rank; ++axis) {
    SizeAttr size = form.sizes[axis];
    bounds.push_back(size);
    if (set->contains(context, axis).isConstant(0)) {
      form.starts.push_back(zero);
      form.steps.push_back(one);
      continue;
    }
    SizeAttr start = set->pick(*starts, axis, zero),
             end = set->pick(*ends, axis, size),
             step = set->pick(*steps, axis, one);
    if (failed(node.unify(isEqual(step, 0), zero, "steps that are not 0")))
      return failure();
    // Backwards, places lie one lower; the end is never reached.
    SizeAttr back = isNegative(step), high = nn::sub(size, back);
    start = resolvePlace(start, size, zero, high);
    end = resolvePlace(end, size, nn::mul(back, -1), high);
    SizeAttr count = back.isConstant(1)
                         ? nn::ceilDiv(nn::sub(start, end), nn::mul(step, -1))
                         : nn::ceilDiv(nn::sub(end, start), step);
    form.starts.push_back(start);
    form.sizes[axis] =
        nn::getRange(count).first >= 0 ? count : nn::max(count, zero);
    form.steps.push_back(step);
  }
  form.starts = node.settle(form.starts, "start");
  form.steps = node.settle(form.steps, "step");
  if (nn::hasLate(node.getType(0)))
    bounds.clear();
  form.sizes = node.settle(form.sizes, "size", bounds);
  return success();
}

static bool foldSlice(NodeContext &node) {
  const Content *content = node.getContent(0);
  SliceForm form;
  // What is wrong is reported by the builder.
  for (unsigned i = 1; i < node.getNumInputs(); ++i)
    if (node.hasInput(i) && !node.getIntegerList(i))
      return false;
  if (!content || failed(getSliceForm(node, form)))
    return false;
  SmallVector<int64_t> shape;
  for (SizeAttr size : form.sizes)
    shape.push_back(*size.getConstant());
  return setElements(node, *content, shape, [&](ArrayRef<int64_t> index) {
    int64_t place = 0;
    for (auto [d, size] : llvm::enumerate(content->shape))
      place = place * size + *form.starts[d].getConstant() +
              index[d] * *form.steps[d].getConstant();
    return place;
  });
}

static LogicalResult importSlice(NodeContext &node) {
  SliceForm form;
  if (failed(getSliceForm(node, form)))
    return failure();
  bool isWhole = llvm::all_of(form.steps,
                              [](SizeAttr step) { return step.isConstant(1); });
  if (isWhole &&
      ArrayRef<SizeAttr>(form.sizes) == ArrayRef<SizeAttr>(node.getSizes(0)))
    return node.forward(0);
  // A slice with steps that are known, then a gather for each that is not.
  MLIRContext *context = node.getContext();
  SmallVector<SizeAttr> starts = form.starts, sizes = form.sizes;
  SmallVector<int64_t> steps;
  for (auto [axis, step] : llvm::enumerate(form.steps)) {
    steps.push_back(step.getConstant().value_or(1));
    if (step.getConstant())
      continue;
    starts[axis] = node.getSize(0);
    sizes[axis] = node.getSizes(0)[axis];
  }
  Value value = node.create<nn::SliceOp>(
      node.getInput(0), nn::makeSizeArray(context, starts),
      nn::makeSizeArray(context, sizes), steps);
  for (auto [axis, step] : llvm::enumerate(form.steps)) {
    if (step.getConstant())
      continue;
    Value places = node.createTyped<nn::IotaOp>(
        nn::makeTensorType(form.sizes[axis], IntegerType::get(context, 64)),
        /*axis=*/0, form.starts[axis], step);
    value =
        node.create<nn::GatherOp>(value, places, static_cast<int64_t>(axis));
  }
  return node.setOutput(0, value);
}

//===- Gather -------------------------------------------------------------===//

static bool foldGather(NodeContext &node) {
  const Content *content = node.getContent(0), *indices = node.getContent(1);
  if (!content || !indices)
    return false;
  auto places = indices->getIntegers();
  int64_t rank = content->shape.size(), axis = node.getInt("axis", 0);
  axis = axis < 0 ? axis + rank : axis;
  if (!places || axis < 0 || axis >= rank)
    return false;
  int64_t size = content->shape[axis];
  for (int64_t &place : *places) {
    place = place < 0 ? place + size : place;
    if (place < 0 || place >= size)
      return false;
  }
  SmallVector<int64_t> shape(content->shape.begin(),
                             content->shape.begin() + axis);
  shape.append(indices->shape);
  shape.append(content->shape.begin() + axis + 1, content->shape.end());
  size_t indexRank = indices->shape.size();
  return setElements(node, *content, shape, [&](ArrayRef<int64_t> index) {
    int64_t which = 0;
    for (size_t i = 0; i < indexRank; ++i)
      which = which * indices->shape[i] + index[axis + i];
    int64_t place = 0;
    for (int64_t d = 0; d < rank; ++d)
      place =
          place * content->shape[d] + (d < axis    ? index[d]
                                       : d == axis ? (*places)[which]
                                                   : index[d + indexRank - 1]);
    return place;
  });
}

static LogicalResult importGather(NodeContext &node) {
  SmallVector<SizeAttr> sizes = node.getSizes(0), indexSizes = node.getSizes(1);
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getInt("axis", 0), sizes.size());
  if (failed(axis))
    return failure();
  // One constant index is a slice, which fuses.
  auto indices = node.getSizeList(1);
  if (indices && indices->size() == 1) {
    SizeAttr index = indices->front(), size = sizes[*axis];
    auto [low, high] = nn::getRange(index);
    if (high < 0)
      index = nn::add(index, size);
    bool isInside = nn::getRange(index).first >= 0 &&
                    nn::getRange(nn::sub(size, index)).first > 0;
    if (index.getConstant() && size.getConstant() && !isInside)
      return node.invalid("an index in [" + Twine(-*size.getConstant()) + ", " +
                              Twine(*size.getConstant()) + ")",
                          nn::toString(indices->front()));
    if (isInside) {
      SmallVector<SizeAttr> starts(sizes.size(), node.getSize(0)),
          taken = sizes, result(sizes.begin(), sizes.begin() + *axis);
      starts[*axis] = index;
      taken[*axis] = node.getSize(1);
      SmallVector<int64_t> steps(sizes.size(), 1);
      Value slice = node.create<nn::SliceOp>(
          node.getInput(0), nn::makeSizeArray(node.getContext(), starts),
          nn::makeSizeArray(node.getContext(), taken), steps);
      result.append(indexSizes);
      result.append(sizes.begin() + *axis + 1, sizes.end());
      return node.setOutput(0, node.reshape(slice, result));
    }
  }
  return node.setOutput(
      0, node.create<nn::GatherOp>(node.getInput(0), node.getInput(1), *axis));
}

static LogicalResult importGatherElements(NodeContext &node) {
  FailureOr<int64_t> axis =
      node.normalizeAxis(node.getInt("axis", 0), node.getRank(0));
  if (failed(axis))
    return failure();
  return node.setOutput(0, node.create<nn::GatherElementsOp>(
                               node.getInput(0), node.getInput(1), *axis));
}

/// As a Gather from the leading dimensions in one: index = sum of index *
/// stride. Batch dimensions are counted.
static LogicalResult importGatherND(NodeContext &node) {
  SmallVector<SizeAttr> sizes = node.getSizes(0), indexSizes = node.getSizes(1);
  int64_t rank = sizes.size(), batch = node.getInt("batch_dims", 0);
  std::optional<int64_t> depth =
      indexSizes.empty() ? std::nullopt : indexSizes.back().getConstant();
  if (!depth)
    return node.unsupported("a number of indices known when compiling",
                            "indices of shape " + nn::toString(indexSizes),
                            "give the last dimension of the indices a constant "
                            "size: it decides the rank of the result");
  if (batch < 0 || batch >= static_cast<int64_t>(indexSizes.size()) ||
      *depth < 1 || batch + *depth > rank)
    return node.invalid("batch_dims and indices for dimensions of the input",
                        Twine(batch) + " and " + Twine(*depth) +
                            " for a tensor of rank " + Twine(rank));
  MLIRContext *context = node.getContext();
  Type i64 = IntegerType::get(context, 64);
  Value indices = node.cast(node.getInput(1), i64), linear;
  SmallVector<SizeAttr> starts(indexSizes.size(), node.getSize(0)),
      part = indexSizes;
  part.back() = node.getSize(1);
  SmallVector<int64_t> steps(indexSizes.size(), 1);
  auto getIndex = [&](int64_t dim) {
    if (dim < batch) {
      SmallVector<SizeAttr> shape(indexSizes.size(), node.getSize(1));
      shape[dim] = indexSizes[dim];
      return node.createTyped<nn::IotaOp>(nn::makeTensorType(shape, i64), dim,
                                          node.getSize(0), node.getSize(1));
    }
    starts.back() = node.getSize(dim - batch);
    Value index =
        node.create<nn::SliceOp>(indices, nn::makeSizeArray(context, starts),
                                 nn::makeSizeArray(context, part), steps);
    Value isNegative =
        node.elementwise<nn::LessOp>({index, node.scalar(0, i64)});
    Value wrapped =
        node.elementwise<nn::AddOp>({index, node.sizeValue(sizes[dim], i64)});
    return node.elementwise<nn::WhereOp>({isNegative, wrapped, index});
  };
  for (int64_t dim = 0; dim < batch + *depth; ++dim) {
    Value index = getIndex(dim);
    if (linear)
      linear = node.elementwise<nn::AddOp>(
          {node.elementwise<nn::MulOp>(
               {linear, node.sizeValue(sizes[dim], i64)}),
           index});
    else
      linear = index;
  }
  SmallVector<SizeAttr> flat = {
      nn::product(context, ArrayRef(sizes).take_front(batch + *depth))};
  flat.append(sizes.begin() + batch + *depth, sizes.end());
  for (int64_t dim = 0; dim < batch; ++dim)
    if (failed(
            node.unify(sizes[dim], indexSizes[dim], "equal batch dimensions")))
      return failure();
  linear = node.reshape(linear, ArrayRef(indexSizes).drop_back());
  return node.setOutput(
      0, node.create<nn::GatherOp>(node.reshape(node.getInput(0), flat), linear,
                                   int64_t(0)));
}

llvm::ArrayRef<OpRow> sinter::getIndexingRows() {
  static const OpRow rows[] = {
      {"Gather", importGather, foldGather},
      {"GatherElements", importGatherElements},
      {"GatherND", importGatherND},
      {"Slice", importSlice, foldSlice},
  };
  return rows;
}
