//===- ContractForm.cpp - a contraction as loops over buffers ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The forms are first built over a space of rows, column and reduction loops,
// then cut to what each operand needs.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ContractForm.h"
#include "dialects/NN/NNDialect.h"
#include "dialects/NN/NNShapes.h"
#include "passes/Lower/Elementwise.h"
#include "passes/Lower/KernelBuilder.h"

#include <numeric>

using namespace mlir;
using namespace sinter;
using namespace sinter::contract;
using nn::SizeAttr;

bool Contraction::needsPackedRhs() const {
  return !packed &&
         (step > 1 || !parts.front().rhs.strides.back().isConstant(1));
}

SizeAttr Contraction::getDepth() const {
  SmallVector<SizeAttr> counts;
  for (const ReductionLoop &loop : parts.front().reduction)
    counts.push_back(loop.count);
  return nn::product(columns.getContext(), counts);
}

namespace {

/// Builds the contraction of one kernel.
class FormBuilder {
public:
  FormBuilder(kernel::FuncOp kernel, ContractObstacle &obstacle)
      : kernel(kernel), context(kernel.getContext()), obstacle(obstacle) {}

  std::optional<Contraction> build();

private:
  bool fail(Operation *op, const Twine &reason) {
    obstacle = {op, reason.str()};
    return false;
  }
  SizeAttr getSize(int64_t value) const { return nn::getSize(context, value); }
  LinearForm getDimension(unsigned dim) const {
    return LinearForm::dimension(context, dim, spaceRank);
  }
  LinearForm getZero() const {
    return LinearForm::constant(getSize(0), spaceRank);
  }
  /// The form over rows and column only.
  LinearForm cut(const LinearForm &form) const {
    LinearForm result = form;
    result.strides.resize(rowRank + 1);
    return result;
  }

  bool findOps();
  bool checkElementTypes();
  /// Whether `operand` is a sparse weight, which becomes the right operand.
  bool takeSparse(Value operand);
  bool buildMatmul(nn::MatmulOp op);
  /// What the two kinds of convolution share.
  struct ConvInfo {
    Value input, filter;
    ArrayRef<int64_t> strides, pads, dilations;
    int64_t group;
    bool channelsLast, transposed;
    int64_t padValue = 0;
  };
  bool buildConv(const ConvInfo &info);
  /// The taps of each spatial dimension, for each residue class.
  SmallVector<SmallVector<FilterTaps>>
  getTaps(const ConvInfo &info, ArrayRef<int64_t> filterSizes) const;
  /// Fills result and leaves of `part`; `indices` are those of op's result.
  bool addResult(ContractPart &part, const Indices &indices);
  bool collectLeaves(const Indices &indices,
                     SmallVectorImpl<LinearForm> &forms);
  void collapseRows();
  void insertRow(unsigned position);

  kernel::FuncOp kernel;
  MLIRContext *context;
  ContractObstacle &obstacle;
  Contraction c;
  Value yielded;
  unsigned rowRank = 0, spaceRank = 0;
};

} // namespace

bool FormBuilder::findOps() {
  Block &body = kernel->getRegion(0).front();
  for (Operation &op : body)
    if (isa<nn::MatmulOp, nn::ConvOp, nn::ConvTransposeOp>(op)) {
      if (c.op)
        return fail(&op, "expects one contraction in a kernel, but got two");
      c.op = &op;
    }
  Operation *yield = body.getTerminator();
  if (!c.op)
    return fail(yield, "expects a matmul, conv or conv_transpose");
  if (yield->getNumOperands() != 1)
    return fail(yield, "expects one result, but got " +
                           Twine(yield->getNumOperands()));
  yielded = yield->getOperand(0);
  c.stored = yielded;
  while (auto transpose = c.stored.getDefiningOp<nn::TransposeOp>())
    c.stored = transpose.getInput();
  auto type = cast<RankedTensorType>(c.op->getResult(0).getType());
  c.elementType = type.getElementType();
  if (!checkElementTypes())
    return false;
  if (nn::getSizes(c.stored.getType()) != nn::getSizes(type))
    return fail(c.op, "expects an epilogue on the shape of the result");
  return true;
}

bool FormBuilder::checkElementTypes() {
  Type lhs = getElementTypeOrSelf(c.op->getOperand(0));
  Type rhs = getElementTypeOrSelf(c.op->getOperand(1));
  if (lhs.isInteger(8)) {
    c.step = quadSize;
    return (lhs.isUnsignedInteger() && !rhs.isUnsignedInteger()) ||
           fail(c.op, "expects ui8 on the left and i8 on the right as 8-bit "
                      "element types");
  }
  return isa<FloatType>(lhs) || lhs.isInteger(32) || lhs.isInteger(64) ||
         fail(c.op, "expects a float type, i32, i64, or ui8 and i8, as element "
                    "types");
}

std::optional<Contraction> FormBuilder::build() {
  if (!findOps())
    return std::nullopt;
  bool built = false;
  if (auto op = dyn_cast<nn::MatmulOp>(c.op))
    built = buildMatmul(op);
  else if (auto op = dyn_cast<nn::ConvOp>(c.op))
    built =
        buildConv({op.getInput(), op.getFilter(), op.getStrides(), op.getPads(),
                   op.getDilations(), static_cast<int64_t>(op.getGroup()),
                   op.getChannelsLast(), /*transposed=*/false,
                   static_cast<int64_t>(op.getPadValue())});
  else if (auto op = dyn_cast<nn::ConvTransposeOp>(c.op))
    built =
        buildConv({op.getInput(), op.getFilter(), op.getStrides(), op.getPads(),
                   op.getDilations(), static_cast<int64_t>(op.getGroup()),
                   op.getChannelsLast(), /*transposed=*/true});
  if (!built)
    return std::nullopt;
  if (c.sparse && (c.window || getComputeBytes(c.elementType) != 4)) {
    fail(c.op, "expects a sparse weight of 32 or 16 bit floats and an input "
               "without padding");
    return std::nullopt;
  }
  if (!c.window && c.parts.size() == 1)
    collapseRows();
  return std::move(c);
}

bool FormBuilder::takeSparse(Value operand) {
  auto unpack = operand.getDefiningOp<kernel::UnpackSparseOp>();
  if (!unpack)
    return false;
  c.rhs = dyn_cast<BlockArgument>(unpack.getValues());
  c.sparse = SparseRhs{dyn_cast<BlockArgument>(unpack.getStarts()),
                       dyn_cast<BlockArgument>(unpack.getIndices()),
                       unpack.hasBlocks()};
  c.packed = true;
  c.panelStride = getSize(0);
  return c.rhs && c.sparse->starts && c.sparse->indices;
}

bool FormBuilder::buildMatmul(nn::MatmulOp op) {
  SmallVector<SizeAttr> sizes = nn::getSizes(op.getResult().getType());
  SmallVector<SizeAttr> lhsSizes = nn::getSizes(op.getLhs().getType());
  rowRank = sizes.size() - 1;
  spaceRank = rowRank + 2;
  unsigned column = rowRank, reduction = rowRank + 1;

  // Leading dimensions broadcast; the last two are [m, k] and [k, n].
  auto getIndices = [&](Value operand, unsigned beforeLast, unsigned last) {
    SmallVector<SizeAttr> operandSizes = nn::getSizes(operand.getType());
    Indices leading;
    for (unsigned dim = 0; dim + 1 < rowRank; ++dim)
      leading.push_back(getDimension(dim));
    Indices indices = broadcastTo(leading, ArrayRef(operandSizes).drop_back(2),
                                  ArrayRef(sizes).drop_back(2));
    indices.push_back(getDimension(beforeLast));
    indices.push_back(getDimension(last));
    return indices;
  };
  ContractPart part;
  part.rows.assign(sizes.begin(), sizes.end() - 1);
  std::optional<OperandView> lhs = getOperandView(
      op.getLhs(), getIndices(op.getLhs(), rowRank - 1, reduction));
  if (!lhs)
    return fail(op, "expects the left operand to be an argument");
  c.lhs = lhs->argument;
  part.lhs = cut(lhs->offset);
  c.innerDepth = lhsSizes.back();
  c.innerStride = lhs->offset.strides[reduction];
  ReductionLoop loop{
      nn::ceilDiv(c.innerDepth, c.step), nn::mul(c.innerStride, c.step), {}};
  if (auto unpack = op.getRhs().getDefiningOp<kernel::UnpackOp>()) {
    c.packed = true;
    c.rhs = dyn_cast<BlockArgument>(unpack.getPacked());
    part.rhs = cut(getZero());
    loop.rhsStride = getSize(panelColumns * c.step);
    c.panelStride = nn::mul(loop.count, panelColumns * c.step);
  } else if (takeSparse(op.getRhs())) {
    part.rhs = cut(getZero());
    loop.rhsStride = getSize(0);
  } else if (auto rhs = getOperandView(
                 op.getRhs(), getIndices(op.getRhs(), reduction, column))) {
    c.rhs = rhs->argument;
    part.rhs = cut(rhs->offset);
    loop.rhsStride = rhs->offset.strides[reduction];
    c.panelStride = nn::mul(rhs->offset.strides[column], panelColumns);
  }
  if (!c.rhs)
    return fail(
        op, "expects the right operand to be an argument or a packed weight");
  part.reduction.push_back(loop);
  c.rows = part.rows;
  c.columns = sizes.back();
  Indices indices = getIdentity(context, rowRank + 1);
  if (!addResult(part, indices))
    return false;
  c.parts.push_back(std::move(part));
  return true;
}

SmallVector<SmallVector<FilterTaps>>
FormBuilder::getTaps(const ConvInfo &info,
                     ArrayRef<int64_t> filterSizes) const {
  SmallVector<SmallVector<FilterTaps>> result;
  for (auto [dim, size] : llvm::enumerate(filterSizes)) {
    int64_t stride = info.strides[dim], dilation = info.dilations[dim];
    int64_t pad = info.pads[dim];
    SmallVector<FilterTaps> &classes = result.emplace_back();
    if (!info.transposed) {
      classes.push_back({size, -pad, dilation, 0, 1});
      continue;
    }
    // Output o gets filter element k from input (o + pad - k * dilation) /
    // stride, where that is exact. For outputs of one residue class these k
    // are equally spaced.
    int64_t step = stride / std::gcd(stride, dilation);
    for (int64_t residue = 0; residue < stride; ++residue) {
      FilterTaps taps;
      taps.count = 0;
      taps.rhsStep = step;
      taps.lhsStep = -step * dilation / stride;
      for (int64_t k = 0; k < size; ++k) {
        int64_t position = residue + pad - k * dilation;
        if (position % stride != 0)
          continue;
        if (taps.count++ == 0) {
          taps.rhsStart = k;
          taps.lhsStart = position / stride;
        }
      }
      classes.push_back(taps);
    }
  }
  return result;
}

bool FormBuilder::buildConv(const ConvInfo &info) {
  SmallVector<int64_t> packedShape;
  if (auto unpack = info.filter.getDefiningOp<kernel::UnpackOp>()) {
    c.packed = true;
    c.rhs = dyn_cast<BlockArgument>(unpack.getPacked());
    packedShape.assign(unpack.getPacked().getType().getShape().begin(),
                       unpack.getPacked().getType().getShape().end());
  } else if (takeSparse(info.filter)) {
    // As if it were packed: [group, panel, spatial.., channel, column].
    auto shape = cast<RankedTensorType>(info.filter.getType()).getShape();
    if (info.group != 1 || info.transposed ||
        llvm::any_of(shape.drop_front(2), [](int64_t s) { return s != 1; }))
      return fail(c.op,
                  "expects a sparse filter to be pointwise, in one group");
    packedShape.assign(shape.size() + 2, 1);
    packedShape[packedShape.size() - 2] = shape[1];
  }
  if (!c.rhs)
    return fail(c.op, "expects the filter to be a packed weight");
  SmallVector<SizeAttr> inputSizes = nn::getSizes(info.input.getType());
  SmallVector<SizeAttr> sizes = nn::getSizes(c.op->getResult(0).getType());
  unsigned spatialRank = sizes.size() - 2;
  unsigned channelDim = info.channelsLast ? sizes.size() - 1 : 1;
  unsigned firstSpatial = info.channelsLast ? 1 : 2;
  std::optional<int64_t> outChannels = sizes[channelDim].getConstant();
  unsigned packedRank = spatialRank + (c.step > 1 ? 5 : 4);
  if (packedShape.size() != packedRank || !outChannels)
    return fail(c.op, "expects a packed filter of rank " + Twine(packedRank) +
                          " and a fixed number of channels");

  // Rows: n, group if there are several, a line of 1 where there is but one
  // spatial dimension, the spatial dimensions.
  bool grouped = info.group > 1;
  unsigned spatialRow = 1 + grouped + (spatialRank == 1);
  rowRank = spatialRow + spatialRank;
  spaceRank = rowRank + 2; // column, input channel
  unsigned column = rowRank, channel = rowRank + 1;
  ArrayRef<int64_t> filterShape =
      cast<RankedTensorType>(info.filter.getType()).getShape();
  int64_t inGroup =
      info.transposed ? filterShape[0] / info.group : filterShape[1];
  int64_t steps = llvm::divideCeil(inGroup, c.step);
  int64_t outGroup = *outChannels / info.group;

  // The input, as if its coordinates were the spatial rows.
  Indices inputIndices(sizes.size(), getZero());
  inputIndices[0] = getDimension(0);
  for (unsigned dim = 0; dim < spatialRank; ++dim)
    inputIndices[firstSpatial + dim] = getDimension(spatialRow + dim);
  inputIndices[channelDim] = getDimension(channel);
  if (grouped)
    inputIndices[channelDim] =
        inputIndices[channelDim] + getDimension(1) * getSize(inGroup);
  std::optional<OperandView> input = getOperandView(info.input, inputIndices);
  if (!input)
    return fail(c.op, "expects the input to be an argument");
  c.lhs = input->argument;
  const LinearForm &source = input->offset;

  // Strides of the packed filter [group, panel, spatial.., step, column,
  // element of the step].
  SmallVector<int64_t> filterStrides(packedShape.size(), 1);
  for (unsigned dim = packedShape.size() - 1; dim-- > 0;)
    filterStrides[dim] = filterStrides[dim + 1] * packedShape[dim + 1];
  c.panelStride = getSize(filterStrides[1]);
  c.columns = getSize(outGroup);
  SmallVector<SmallVector<FilterTaps>> taps =
      getTaps(info, ArrayRef(packedShape).slice(2, spatialRank));

  int64_t partCount = 1;
  for (const auto &classes : taps)
    partCount *= classes.size();
  for (int64_t index = 0; index < partCount; ++index) {
    ContractPart part;
    part.rows.push_back(sizes[0]);
    if (grouped)
      part.rows.push_back(getSize(info.group));
    if (spatialRank == 1)
      part.rows.push_back(getSize(1));
    part.lhs = cut(source);
    part.rhs = cut(getZero());
    if (grouped)
      part.rhs.strides[1] = getSize(filterStrides[0]);
    Indices indices(sizes.size(), cut(getZero()));
    indices[0] = cut(getDimension(0));
    indices[channelDim] = cut(getDimension(column));
    if (grouped)
      indices[channelDim] =
          indices[channelDim] + cut(getDimension(1)) * getSize(outGroup);

    int64_t rest = index;
    for (unsigned dim = 0; dim < spatialRank; ++dim) {
      unsigned row = spatialRow + dim;
      int64_t classes = taps[dim].size();
      int64_t residue = rest % classes;
      rest /= classes;
      const FilterTaps &tap = taps[dim][residue];
      part.taps.push_back(tap);
      SizeAttr size = sizes[firstSpatial + dim];
      part.rows.push_back(
          nn::ceilDiv(nn::sub(size, getSize(residue)), classes));
      indices[firstSpatial + dim] =
          cut(getDimension(row)) * getSize(classes) + getSize(residue);
      SizeAttr stride = source.strides[row];
      part.lhs.base = nn::add(part.lhs.base, nn::mul(stride, tap.lhsStart));
      part.lhs.strides[row] =
          nn::mul(stride, info.transposed ? 1 : info.strides[dim]);
      int64_t filterStride = filterStrides[2 + dim];
      part.rhs.base = nn::add(part.rhs.base, tap.rhsStart * filterStride);
      part.reduction.push_back({getSize(tap.count),
                                nn::mul(stride, tap.lhsStep),
                                getSize(tap.rhsStep * filterStride)});
    }
    part.reduction.push_back({getSize(steps),
                              nn::mul(source.strides[channel], c.step),
                              getSize(panelColumns * c.step)});
    if (!addResult(part, indices))
      return false;
    c.parts.push_back(std::move(part));
  }
  c.rows = c.parts.front().rows;

  // A window is needed where some tap may fall outside of the input, or where
  // the channels of a step do not lie together in it.
  InputWindow window;
  c.innerDepth = getSize(inGroup);
  c.innerStride = source.strides[channel];
  bool needsWindow =
      inGroup % c.step != 0 || (c.step > 1 && !c.innerStride.isConstant(1));
  for (unsigned dim = 0; dim < spatialRank; ++dim) {
    int64_t lowest = INT64_MAX, highest = INT64_MIN;
    for (const FilterTaps &tap : taps[dim])
      if (tap.count > 0) {
        lowest = std::min(lowest, tap.getLowest());
        highest = std::max(highest, tap.getHighest());
      }
    if (lowest > highest)
      lowest = highest = 0;
    unsigned row = spatialRow + dim;
    int64_t scale = info.transposed ? 1 : info.strides[dim];
    SizeAttr size = inputSizes[firstSpatial + dim];
    window.dimensions.push_back(
        {row, size, scale, lowest, highest, source.strides[row]});
    SizeAttr end =
        nn::add(nn::mul(nn::add(c.rows[row], -1), scale), highest + 1);
    bool padded = info.transposed
                      ? !nn::isLessEqual(end, size)
                      : info.pads[dim] > 0 || info.pads[spatialRank + dim] > 0;
    needsWindow |= lowest < 0 || padded;
  }
  if (!needsWindow)
    return true;
  window.channels = getSize(inGroup);
  window.steps = getSize(steps);
  window.padValue = info.padValue;
  window.channelStride = source.strides[channel];
  window.base = cut(source);
  for (const InputWindow::Dimension &dim : window.dimensions)
    window.base.strides[dim.row] = getSize(0);
  c.window = std::move(window);
  return true;
}

bool FormBuilder::addResult(ContractPart &part, const Indices &indices) {
  SmallVector<LinearForm> forms;
  if (!collectLeaves(indices, forms))
    return false;
  part.leaves = std::move(forms);

  // Transposes after the epilogue only change where results go.
  SmallVector<nn::TransposeOp> transposes;
  for (Value value = yielded; value != c.stored;) {
    transposes.push_back(value.getDefiningOp<nn::TransposeOp>());
    value = transposes.back().getInput();
  }
  Indices stored = indices;
  for (nn::TransposeOp transpose : llvm::reverse(transposes)) {
    Indices permuted;
    for (int64_t dim : transpose.getPermutation())
      permuted.push_back(stored[dim]);
    stored = std::move(permuted);
  }
  SmallVector<SizeAttr> strides =
      getRowMajorStrides(context, nn::getSizes(yielded.getType()));
  LinearForm form = LinearForm::constant(getSize(0), rowRank + 1);
  for (auto [index, stride] : llvm::zip_equal(stored, strides))
    form = form + index * stride;
  part.result = std::move(form);
  return true;
}

bool FormBuilder::collectLeaves(const Indices &indices,
                                SmallVectorImpl<LinearForm> &forms) {
  // From the stored value up to leaves, each value with the indices that its
  // users ask it for.
  Block &body = kernel->getRegion(0).front();
  llvm::DenseMap<Value, Indices> known;
  SmallVector<Operation *> ops;
  SmallVector<Contraction::Leaf> leaves;
  known[c.stored] = indices;
  auto addLeaf = [&](Value value) {
    std::optional<OperandView> view = getOperandView(value, known[value]);
    if (!view)
      return false;
    leaves.push_back({value, view->argument});
    forms.push_back(view->offset);
    // A scalar has no index to tell the rank by.
    if (forms.back().strides.empty())
      forms.back().strides.assign(rowRank + 1, getSize(0));
    return true;
  };
  for (Operation &op : llvm::reverse(body)) {
    if (&op == c.op || op.getNumResults() != 1 ||
        !known.count(op.getResult(0)) || isa<nn::WeightOp>(op))
      continue;
    if (!isElementwise(&op)) {
      if (!addLeaf(op.getResult(0)))
        return fail(&op, "expects the operands of an epilogue to be arguments");
      continue;
    }
    if (std::string reason = getElementwiseObstacle(&op); !reason.empty())
      return fail(&op, reason);
    ops.push_back(&op);
    Indices at = known[op.getResult(0)];
    SmallVector<SizeAttr> resultSizes = nn::getSizes(op.getResult(0).getType());
    for (Value operand : op.getOperands()) {
      if (operand == c.op->getResult(0)) {
        if (nn::getSizes(operand.getType()) != resultSizes)
          return fail(&op, "expects an epilogue on the shape of the result");
        continue;
      }
      known.try_emplace(
          operand,
          broadcastTo(at, nn::getSizes(operand.getType()), resultSizes));
    }
  }
  for (BlockArgument argument : body.getArguments())
    if (known.count(argument) && !addLeaf(argument))
      return fail(c.op, "expects the operands of an epilogue to be arguments");
  c.epilogue.assign(ops.rbegin(), ops.rend());
  c.leaves = std::move(leaves);
  return true;
}

void FormBuilder::insertRow(unsigned position) {
  SizeAttr zero = getSize(0);
  ContractPart &part = c.parts.front();
  c.rows.insert(c.rows.begin() + position, getSize(1));
  part.rows = c.rows;
  auto insert = [&](LinearForm &form) {
    form.strides.insert(form.strides.begin() + position, zero);
  };
  insert(part.lhs);
  insert(part.rhs);
  insert(part.result);
  for (LinearForm &form : part.leaves)
    insert(form);
}

void FormBuilder::collapseRows() {
  ContractPart &part = c.parts.front();
  SmallVector<LinearForm *> all = {&part.lhs, &part.rhs, &part.result};
  for (LinearForm &form : part.leaves)
    all.push_back(&form);
  SmallVector<LinearForm> forms;
  for (LinearForm *form : all) {
    forms.push_back(*form);
    forms.back().strides.resize(rowRank);
  }
  auto runs = collapseDimensions(c.rows, forms);
  // In a run the strides are those of its last dimension larger than 1.
  auto getInner = [&](std::pair<unsigned, unsigned> run) {
    unsigned inner = run.second - 1;
    while (inner > run.first && c.rows[inner].isConstant(1))
      --inner;
    return inner;
  };
  for (LinearForm *form : all) {
    SizeAttr columnStride = form->strides.back();
    SmallVector<SizeAttr, 4> strides;
    for (auto run : runs)
      strides.push_back(form->strides[getInner(run)]);
    strides.push_back(columnStride);
    form->strides = std::move(strides);
  }
  SmallVector<SizeAttr> rows;
  for (auto [begin, end] : runs)
    rows.push_back(
        nn::product(context, ArrayRef(c.rows).slice(begin, end - begin)));
  c.rows = part.rows = std::move(rows);

  // There is always a pixel and a line, and all of them share the same panels.
  if (c.rows.empty() || !part.rhs.strides[c.rows.size() - 1].isConstant(0))
    insertRow(c.rows.size());
  if (c.rows.size() == 1 || !part.rhs.strides[c.getLine()].isConstant(0))
    insertRow(c.getPixel());
}

std::optional<Contraction>
sinter::contract::getContraction(kernel::FuncOp kernel,
                                 ContractObstacle &obstacle) {
  return FormBuilder(kernel, obstacle).build();
}
