//===- DynamicFilter.cpp - convolutions whose filter is data --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/DynamicFilter.h"
#include "compiler/Weights/WeightStore.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

static bool isConstantExpression(Value value, unsigned depth) {
  constexpr unsigned kMaxDepth = 16;
  Operation *op = value.getDefiningOp();
  if (!op || depth > kMaxDepth)
    return false;
  if (isa<nn::WeightOp>(op))
    return true;
  StringRef name = op->getName().stripDialect();
  return op->getNumOperands() > 0 && isWeightKind(name) &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return isConstantExpression(operand, depth + 1);
         });
}

bool sinter::isConstantExpression(Value value) {
  return ::isConstantExpression(value, 0);
}

/// Pads the spatial dimensions with zeros; negative amounts crop.
static Value padSpatial(NodeContext &node, Value value,
                        ArrayRef<int64_t> begins, ArrayRef<int64_t> ends) {
  bool isNeeded = llvm::any_of(llvm::concat<const int64_t>(begins, ends),
                               [](int64_t amount) { return amount != 0; });
  if (!isNeeded)
    return value;
  SmallVector<SizeAttr> before(2, node.getSize(0)), after = before;
  for (auto [begin, end] : llvm::zip_equal(begins, ends)) {
    before.push_back(node.getSize(begin));
    after.push_back(node.getSize(end));
  }
  return node.create<nn::PadOp>(value, node.scalar(0, node.getElementType(0)),
                                nn::makeSizeArray(node.getContext(), before),
                                nn::makeSizeArray(node.getContext(), after),
                                nn::PadMode::Constant);
}

/// filter [o, c/g, k..] over an input [n, c, s..] that has its pads:
///   windows [n, g, c/g * taps, positions], one slice of the input for each
///   tap; result  = filter [1, g, o/g, c/g * taps] x windows.
FailureOr<Value> sinter::multiplyWindows(NodeContext &node, Value input,
                                         Value filter,
                                         const ConvolutionForm &form) {
  constexpr int64_t kMaxTaps = 1024;
  MLIRContext *context = node.getContext();
  SmallVector<SizeAttr> in = nn::getSizes(input.getType()),
                        filterSizes = nn::getSizes(filter.getType());
  std::optional<int64_t> channels = in[1].getConstant(),
                         outputs = filterSizes[0].getConstant(),
                         depth = filterSizes[1].getConstant();
  if (!channels || !outputs || !depth || form.group < 1 ||
      *channels != *depth * form.group || *outputs % form.group != 0)
    return failure(failed(node.invalid(
        "channels that fit the filter and 'group' " + Twine(form.group),
        "input " + nn::toString(in) + ", filter " +
            nn::toString(filterSizes))));
  int64_t taps = 1;
  for (int64_t size : form.kernel)
    taps *= size;
  if (taps > kMaxTaps)
    return failure(failed(node.unsupported(
        "a filter that is a constant, or of at most " + Twine(kMaxTaps) +
            " taps",
        Twine(taps) + " taps", "make the filter a constant of the model")));

  SmallVector<SizeAttr> result = {in[0], node.getSize(*outputs)},
                        sizes(in.begin(), in.begin() + 2);
  SmallVector<int64_t> steps(2, 1);
  for (size_t d = 0; d < form.kernel.size(); ++d) {
    int64_t extent = (form.kernel[d] - 1) * form.dilations[d] + 1;
    sizes.push_back(nn::floorDiv(nn::add(in[d + 2], form.strides[d] - extent),
                                 form.strides[d]));
    steps.push_back(form.strides[d]);
  }
  result.append(sizes.begin() + 2, sizes.end());
  SizeAttr positions = nn::product(context, ArrayRef(sizes).drop_front(2));

  SmallVector<Value> windows;
  SmallVector<int64_t> tap(form.kernel.size(), 0);
  for (int64_t t = 0; t < taps; ++t) {
    SmallVector<SizeAttr> starts(2, node.getSize(0));
    for (size_t d = 0; d < tap.size(); ++d)
      starts.push_back(node.getSize(tap[d] * form.dilations[d]));
    Value slice =
        node.create<nn::SliceOp>(input, nn::makeSizeArray(context, starts),
                                 nn::makeSizeArray(context, sizes), steps);
    windows.push_back(node.reshape(slice, {in[0], node.getSize(form.group),
                                           node.getSize(*depth),
                                           node.getSize(1), positions}));
    for (size_t d = tap.size(); d-- > 0 && ++tap[d] == form.kernel[d];)
      tap[d] = 0;
  }
  Value columns =
      taps == 1 ? windows.front()
                : node.create<nn::ConcatOp>(ValueRange(windows), int64_t(3));
  SizeAttr inner = node.getSize(*depth * taps),
           group = node.getSize(form.group);
  columns = node.reshape(columns, {in[0], group, inner, positions});
  Value matrix =
      node.reshape(filter, {node.getSize(1), group,
                            node.getSize(*outputs / form.group), inner});
  return node.reshape(node.create<nn::MatmulOp>(matrix, columns), result);
}

FailureOr<Value> sinter::convolveDynamic(NodeContext &node,
                                         const ConvolutionForm &form) {
  size_t rank = form.kernel.size();
  Value padded = padSpatial(node, node.getInput(0), form.pads.take_front(rank),
                            form.pads.drop_front(rank));
  return multiplyWindows(node, padded, node.getInput(1), form);
}

/// [i, o/g, k..] as [o, i/g, k..], taps in reverse order.
static Value turnFilter(NodeContext &node, int64_t group) {
  MLIRContext *context = node.getContext();
  Value filter = node.getInput(1);
  SmallVector<SizeAttr> sizes = node.getSizes(1), starts(2, node.getSize(0));
  SmallVector<int64_t> steps(2, 1);
  for (SizeAttr size : ArrayRef(sizes).drop_front(2)) {
    starts.push_back(nn::add(size, -1));
    steps.push_back(-1);
  }
  filter = node.create<nn::SliceOp>(filter, nn::makeSizeArray(context, starts),
                                    nn::makeSizeArray(context, sizes), steps);
  ArrayRef<SizeAttr> kernel = ArrayRef(sizes).drop_front(2);
  SizeAttr inputs = nn::floorDiv(sizes[0], group), outputs = sizes[1];
  SmallVector<SizeAttr> split = {node.getSize(group), inputs, outputs},
                        turned = {nn::mul(outputs, group), inputs};
  split.append(kernel.begin(), kernel.end());
  turned.append(kernel.begin(), kernel.end());
  SmallVector<int64_t> permutation =
      llvm::to_vector(llvm::seq<int64_t>(0, split.size()));
  std::swap(permutation[1], permutation[2]);
  return node.reshape(node.transpose(node.reshape(filter, split), permutation),
                      turned);
}

/// Puts stride - 1 zeros after every element of the spatial dimensions.
static Value spreadElements(NodeContext &node, Value value,
                            ArrayRef<int64_t> strides) {
  for (auto [d, stride] : llvm::enumerate(strides)) {
    if (stride == 1)
      continue;
    SmallVector<SizeAttr> sizes = nn::getSizes(value.getType()), split = sizes;
    split.insert(split.begin() + d + 3, node.getSize(1));
    SmallVector<SizeAttr> before(split.size(), node.getSize(0)), after = before;
    after[d + 3] = node.getSize(stride - 1);
    Value spread = node.create<nn::PadOp>(
        node.reshape(value, split), node.scalar(0, node.getElementType(0)),
        nn::makeSizeArray(node.getContext(), before),
        nn::makeSizeArray(node.getContext(), after), nn::PadMode::Constant);
    sizes[d + 2] = nn::mul(sizes[d + 2], stride);
    value = node.reshape(spread, sizes);
  }
  return value;
}

FailureOr<Value>
sinter::convolveTransposedDynamic(NodeContext &node,
                                  const ConvolutionForm &form,
                                  ArrayRef<int64_t> outputPadding) {
  if (form.group < 1 ||
      node.getSizes(1)[0].getConstant().value_or(0) % form.group != 0)
    return failure(failed(
        node.invalid("'group' that divides the channels", Twine(form.group))));
  size_t rank = form.kernel.size();
  SmallVector<int64_t> begins, ends, ones(rank, 1);
  for (size_t d = 0; d < rank; ++d) {
    int64_t reach = (form.kernel[d] - 1) * form.dilations[d];
    begins.push_back(reach - form.pads[d]);
    // The zeros after the last element are too many.
    ends.push_back(reach - form.pads[rank + d] + outputPadding[d] -
                   (form.strides[d] - 1));
  }
  Value spread = padSpatial(
      node, spreadElements(node, node.getInput(0), form.strides), begins, ends);
  return multiplyWindows(node, spread, turnFilter(node, form.group),
                         {form.kernel, ones, {}, form.dilations, form.group});
}
