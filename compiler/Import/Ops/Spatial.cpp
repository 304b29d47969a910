//===- Spatial.cpp - convolutions and pools -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Algorithm.h"
#include "compiler/Import/Ops/DynamicFilter.h"
#include "compiler/Import/Ops/IntegerOperand.h"
#include "compiler/Import/Ops/Window.h"
#include "dialects/NN/NNShapes.h"

using namespace mlir;
using namespace sinter;

/// The spatial sizes of the filter, which must be fixed.
static FailureOr<SmallVector<int64_t>> readFilterWindow(NodeContext &node) {
  SmallVector<int64_t> kernel;
  for (nn::SizeAttr size :
       ArrayRef(node.getSizes(1))
           .drop_front(std::min<size_t>(2, node.getRank(1)))) {
    std::optional<int64_t> value = size.getConstant();
    if (!value)
      return failure(failed(node.unsupported(
          "a filter of fixed size", "the size " + nn::toString(size),
          "make the filter a constant of the model")));
    kernel.push_back(*value);
  }
  std::optional<SmallVector<int64_t>> declared = node.getInts("kernel_shape");
  if (declared && *declared != kernel)
    return failure(failed(node.invalid(
        "'kernel_shape' equal to the size of the filter", "another size")));
  return kernel;
}

/// The window of a convolution, from its filter and attributes.
static FailureOr<Window> readConvWindow(NodeContext &node,
                                        bool isTransposed = false) {
  auto kernel = readFilterWindow(node);
  if (failed(kernel))
    return failure();
  return readWindow(node, *kernel, isTransposed);
}

/// Adds the bias, input 2, if there is one.
static Value addBias(NodeContext &node, Value result) {
  if (!node.hasInput(2))
    return result;
  return node.elementwise<nn::AddOp>(
      {result, node.alignChannels(node.getInput(2), node.getRank(0))});
}

/// The input with as many channels as the filter has, which is an assumption
/// where they are a formula. What never fits is left to the operation to
/// refuse.
static FailureOr<Value> takeChannels(NodeContext &node, bool isTransposed) {
  SmallVector<nn::SizeAttr> sizes = node.getSizes(0);
  nn::SizeAttr channels =
      isTransposed ? node.getSizes(1)[0]
                   : nn::mul(node.getSizes(1)[1], node.getInt("group", 1));
  if (sizes[1].getConstant() || !channels.getConstant())
    return node.getInput(0);
  if (failed(node.unify(sizes[1], channels, "as many channels as the filter")))
    return failure();
  sizes[1] = channels;
  return node.reshape(node.getInput(0), sizes);
}

static LogicalResult buildConv(NodeContext &node) {
  auto window = readConvWindow(node);
  if (failed(window))
    return failure();
  if (!isConstantExpression(node.getInput(1))) {
    auto product =
        convolveDynamic(node, {window->kernel, window->strides, window->pads,
                               window->dilations, node.getInt("group", 1)});
    return failed(product) ? failure()
                           : node.setOutput(0, addBias(node, *product));
  }
  FailureOr<Value> input = takeChannels(node, /*isTransposed=*/false);
  if (failed(input))
    return failure();
  Value result = node.create<nn::ConvOp>(
      *input, node.getInput(1), window->strides, window->pads,
      window->dilations, uint64_t(node.getInt("group", 1)));
  return node.setOutput(0, addBias(node, result));
}

namespace {

/// A convolution of integers minus their zero points, exactly: one of the
/// input, and one of the filter or of each of its output channels. A filter
/// that is data is on the left of a product.
class IntegerConvolution {
public:
  IntegerConvolution(NodeContext &node, const Window &window)
      : node(node), window(window), group(node.getInt("group", 1)),
        isDynamic(!isConstantExpression(node.getInput(1))),
        input(makeIntegerOperand(node, 0, 2, /*isLeft=*/!isDynamic)),
        filter(makeIntegerOperand(node, 1, 3, /*isLeft=*/isDynamic)),
        pads(window.pads) {}

  LogicalResult build();

private:
  void pad();
  FailureOr<Value> convolve(Value taps);
  /// [channels, 1, ..] or one element, aligned with channels in dimension 1.
  Value align(Value channels);
  Type getWord() { return IntegerType::get(node.getContext(), 32); }

  NodeContext &node;
  const Window &window;
  int64_t group;
  bool isDynamic;
  IntegerOperand input, filter;
  SmallVector<int64_t> pads;
};

} // namespace

/// The padding stands for zero, so it holds the zero point: nn.conv says so
/// where that is known.
void IntegerConvolution::pad() {
  size_t rank = window.kernel.size();
  bool isNeeded = llvm::any_of(pads, [](int64_t pad) { return pad != 0; });
  if (!isNeeded || (!isDynamic && (!input.zeroPoint || input.knownZeroPoint)))
    return;
  SmallVector<nn::SizeAttr> before(2, node.getSize(0)), after(before);
  for (size_t dim = 0; dim < rank; ++dim) {
    before.push_back(node.getSize(pads[dim]));
    after.push_back(node.getSize(pads[rank + dim]));
  }
  Type byte = cast<RankedTensorType>(input.values.getType()).getElementType();
  Value value = input.zeroPoint
                    ? node.reshape(node.cast(input.zeroPoint, byte), {})
                    : node.scalar(0, byte);
  input.values = node.create<nn::PadOp>(
      input.values, value, nn::makeSizeArray(node.getContext(), before),
      nn::makeSizeArray(node.getContext(), after), nn::PadMode::Constant);
  pads.assign(pads.size(), 0);
}

FailureOr<Value> IntegerConvolution::convolve(Value taps) {
  if (isDynamic)
    return multiplyWindows(
        node, input.values, taps,
        {window.kernel, window.strides, {}, window.dilations, group});
  return node.create<nn::ConvOp>(input.values, taps, window.strides, pads,
                                 window.dilations, uint64_t(group),
                                 /*channels_last=*/false,
                                 uint64_t(input.knownZeroPoint.value_or(0)));
}

Value IntegerConvolution::align(Value channels) {
  SmallVector<nn::SizeAttr> sizes = nn::getSizes(channels.getType());
  bool isSingle =
      llvm::all_of(sizes, [](nn::SizeAttr size) { return size.isConstant(1); });
  if (isSingle)
    return node.reshape(channels, {});
  return node.alignChannels(node.reshape(channels, sizes[0]), node.getRank(0));
}

LogicalResult IntegerConvolution::build() {
  pad();
  FailureOr<Value> result = convolve(filter.values);
  if (failed(result))
    return failure();
  Value zero = input.zeroPoint ? node.reshape(input.zeroPoint, {}) : Value();
  SmallVector<int64_t> inner =
      llvm::to_vector(llvm::seq<int64_t>(1, node.getRank(1)));
  if (zero)
    *result =
        subtractProduct(node, *result, zero,
                        align(node.reduce(node.cast(filter.values, getWord()),
                                          nn::ReduceKind::Sum, inner)));
  if (!filter.zeroPoint)
    return node.setOutput(0, *result);
  // Sums over windows of the input minus its zero point: with a filter of ones.
  SmallVector<nn::SizeAttr> taps = node.getSizes(1);
  if (group == 1)
    taps[0] = node.getSize(1);
  Type byte = cast<RankedTensorType>(filter.values.getType()).getElementType();
  FailureOr<Value> sums =
      convolve(node.broadcastTo(node.scalar(1, byte), taps));
  if (failed(sums))
    return failure();
  int64_t count = *nn::product(node.getContext(), ArrayRef(taps).drop_front())
                       .getConstant();
  if (zero)
    *sums = subtractProduct(node, *sums, zero,
                            node.scalar(static_cast<double>(count), getWord()));
  return node.setOutput(
      0, subtractProduct(node, *result, align(filter.zeroPoint), *sums));
}

static LogicalResult buildConvInteger(NodeContext &node) {
  auto window = readConvWindow(node);
  if (failed(window))
    return failure();
  return IntegerConvolution(node, *window).build();
}

/// Padding of a transposed convolution from the size that its output must have.
static LogicalResult padToOutput(NodeContext &node, Window &window,
                                 SmallVectorImpl<int64_t> &outputPadding) {
  unsigned rank = window.kernel.size();
  StringRef automatic = node.getString("auto_pad", "NOTSET");
  std::optional<SmallVector<int64_t>> wanted = node.getInts("output_shape");
  bool isSame = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  if (!wanted && !isSame)
    return success();
  SmallVector<nn::SizeAttr> sizes = node.getSizes(0);
  for (unsigned dim = 0; dim < rank; ++dim) {
    int64_t total =
        window.getExtent(dim) + outputPadding[dim] - window.strides[dim];
    if (wanted) {
      std::optional<int64_t> size = sizes[dim + 2].getConstant();
      if (!size || wanted->size() < rank)
        return node.unsupported(
            "a fixed input size where 'output_shape' is given",
            "the size " + nn::toString(sizes[dim + 2]),
            "fix the dimension with --dim or --shape, or export with explicit "
            "pads");
      total +=
          *size * window.strides[dim] - (*wanted)[wanted->size() - rank + dim];
    }
    if (total < 0)
      outputPadding[dim] -= total;
    window.splitPadding(dim, std::max<int64_t>(total, 0),
                        automatic == "SAME_UPPER");
  }
  return success();
}

static LogicalResult buildConvTranspose(NodeContext &node) {
  auto window = readConvWindow(node, /*isTransposed=*/true);
  if (failed(window))
    return failure();
  unsigned rank = window->kernel.size();
  SmallVector<int64_t> outputPadding =
      node.getInts("output_padding").value_or(SmallVector<int64_t>(rank, 0));
  if (outputPadding.size() != rank)
    return node.invalid("'output_padding' with " + Twine(rank) + " entries",
                        Twine(outputPadding.size()));
  if (failed(padToOutput(node, *window, outputPadding)))
    return failure();
  if (!isConstantExpression(node.getInput(1))) {
    auto product = convolveTransposedDynamic(node,
                                             {window->kernel, window->strides,
                                              window->pads, window->dilations,
                                              node.getInt("group", 1)},
                                             outputPadding);
    return failed(product) ? failure()
                           : node.setOutput(0, addBias(node, *product));
  }
  FailureOr<Value> input = takeChannels(node, /*isTransposed=*/true);
  if (failed(input))
    return failure();
  Value result = node.create<nn::ConvTransposeOp>(
      *input, node.getInput(1), window->strides, window->pads,
      window->dilations, outputPadding, uint64_t(node.getInt("group", 1)));
  return node.setOutput(0, addBias(node, result));
}

static Value createPool(NodeContext &node, const Window &window,
                        nn::ReduceKind kind, bool countsPads) {
  return node.create<nn::PoolOp>(node.getInput(0), kind, window.kernel,
                                 window.strides, window.pads, window.dilations,
                                 node.getInt("ceil_mode", 0) != 0, countsPads);
}

/// Where the elements of `pooled` are in the input, flattened.
static LogicalResult locateMaxima(NodeContext &node, const Window &window,
                                  Value pooled) {
  // More dimensions than runtime/support/Windows.cpp has room for.
  constexpr int64_t maxDims = 6;
  int64_t dims = window.kernel.size();
  if (dims > maxDims)
    return node.unsupported("at most 6 spatial dimensions", Twine(dims),
                            "pool the other dimensions before");
  SmallVector<nn::SizeAttr> sizes =
      nn::getSizes(cast<RankedTensorType>(pooled.getType()));
  AlgorithmCall call{getTypedName("locate_maxima", node.getElementType(0)),
                     {node.getInt("storage_order", 0)}};
  for (ArrayRef<int64_t> list :
       {ArrayRef(window.kernel), ArrayRef(window.strides),
        ArrayRef(window.pads).take_front(dims), ArrayRef(window.dilations)})
    call.integers.append(list.begin(), list.end());
  call.units = nn::mul(sizes[0], sizes[1]);
  Type i64 = IntegerType::get(node.getContext(), 64);
  return node.setOutput(1, createAlgorithm(node, call, node.getInput(0),
                                           nn::makeTensorType(sizes, i64))
                               .front());
}

static LogicalResult buildMaxPool(NodeContext &node) {
  auto window = readPoolWindow(node);
  if (failed(window))
    return failure();
  Value pooled = createPool(node, *window, nn::ReduceKind::Max, false);
  if (failed(node.setOutput(0, pooled)))
    return failure();
  return node.hasOutput(1) && !node.hasFailed()
             ? locateMaxima(node, *window, pooled)
             : success();
}

static LogicalResult buildAveragePool(NodeContext &node) {
  auto window = readPoolWindow(node);
  if (failed(window))
    return failure();
  return node.setOutput(0,
                        createPool(node, *window, nn::ReduceKind::Mean,
                                   node.getInt("count_include_pad", 0) != 0));
}

/// Combines all spatial elements.
static LogicalResult buildGlobalPool(NodeContext &node, nn::ReduceKind kind) {
  if (node.getRank(0) < 3)
    return node.invalid("an input of rank 3 or more",
                        "rank " + Twine(node.getRank(0)));
  return node.setOutput(
      0, node.reduce(node.getInput(0), kind,
                     llvm::to_vector(llvm::seq<int64_t>(2, node.getRank(0)))));
}

static LogicalResult buildGlobalAveragePool(NodeContext &node) {
  return buildGlobalPool(node, nn::ReduceKind::Mean);
}

static LogicalResult buildGlobalMaxPool(NodeContext &node) {
  return buildGlobalPool(node, nn::ReduceKind::Max);
}

ArrayRef<OpRow> sinter::getSpatialRows() {
  static const OpRow rows[] = {
      {"AveragePool", buildAveragePool},
      {"Conv", buildConv},
      {"ConvInteger", buildConvInteger},
      {"ConvTranspose", buildConvTranspose},
      {"GlobalAveragePool", buildGlobalAveragePool},
      {"GlobalMaxPool", buildGlobalMaxPool},
      {"MaxPool", buildMaxPool},
  };
  return rows;
}
