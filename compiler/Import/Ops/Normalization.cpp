//===- Normalization.cpp - normalizing layers -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Term.h"

using namespace mlir;
using namespace sinter;

static Value epsilon(NodeContext &node) {
  return node.scalar(node.getFloat("epsilon", 1e-5), node.getElementType(0));
}

/// (x - mean) / sqrt(var + epsilon) over `axes`, which stay; gives the mean and
/// 1 / sqrt(var + epsilon) where they are asked for.
static Value normalize(NodeContext &node, Value x, ArrayRef<int64_t> axes,
                       Value *outMean = nullptr, Value *outInverse = nullptr) {
  Value mean = node.reduce(x, nn::ReduceKind::Mean, axes);
  Value centered = node.elementwise<nn::SubOp>({x, mean});
  Value variance =
      node.reduce(node.elementwise<nn::MulOp>({centered, centered}),
                  nn::ReduceKind::Mean, axes);
  Value deviation = node.elementwise<nn::SqrtOp>(
      {node.elementwise<nn::AddOp>({variance, epsilon(node)})});
  Value inverse = node.elementwise<nn::DivOp>(
      {node.scalar(1, node.getElementType(0)), deviation});
  if (outMean)
    *outMean = mean;
  if (outInverse)
    *outInverse = inverse;
  return node.elementwise<nn::MulOp>({centered, inverse});
}

/// Multiplies by input `scale` and adds input `bias`, where there are such.
static Value applyAffine(NodeContext &node, Value value, Value scale,
                         Value bias) {
  if (scale)
    value = node.elementwise<nn::MulOp>({value, scale});
  return bias ? node.elementwise<nn::AddOp>({value, bias}) : value;
}

/// Normalizes with the mean and variance of the batch, and mixes them into the
/// running ones: inputs 3 and 4, outputs 1 and 2. Up to opset 13 there may be
/// outputs 3 and 4, the batch's own.
static LogicalResult buildBatchStatistics(NodeContext &node) {
  Term x = Term::input(node, 0);
  int64_t rank = x.getRank();
  SmallVector<int64_t> axes;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim != 1)
      axes.push_back(dim);
  Term mean = x.reduce(nn::ReduceKind::Mean, axes), centered = x - mean;
  Term variance = (centered * centered).reduce(nn::ReduceKind::Mean, axes);
  auto align = [&](unsigned index) {
    return Term(node, node.alignChannels(node.getInput(index), rank))
        .cast(x.getElementType());
  };
  double momentum = node.getFloat("momentum", 0.9);
  Term deviation = (variance + node.getFloat("epsilon", 1e-5)).sqrt();
  if (failed(node.setOutput(0, centered / deviation * align(1) + align(2))))
    return failure();
  for (auto [index, own] : {std::pair(3U, mean), std::pair(4U, variance)}) {
    Type type = node.getElementType(index);
    Term vector = own.reshape(node.getSizes(index)).cast(type);
    Term running =
        momentum * Term::input(node, index) + (1 - momentum) * vector;
    if (failed(node.setOutput(index - 2, running)) ||
        failed(node.setOutput(index, vector)))
      return failure();
  }
  return success();
}

/// Whether statistics come from the batch: an attribute says so, or, from opset
/// 7 to 13, further outputs.
static bool usesBatchStatistics(NodeContext &node) {
  if (node.getOpset() >= 14)
    return node.getInt("training_mode", 0) != 0;
  if (node.getOpset() < 7)
    return node.getInt("is_test", 0) == 0;
  for (unsigned index = 1; index < node.getNumOutputs(); ++index)
    if (node.hasOutput(index))
      return true;
  return false;
}

/// y = x * s + (b - mean * s) with s = scale / sqrt(var + epsilon): constants
/// in almost every model, so that two element-wise operations are left.
static LogicalResult buildBatchNormalization(NodeContext &node) {
  int64_t rank = node.getRank(0);
  if (rank < 2)
    return node.invalid("an input of rank 2 or more", "rank " + Twine(rank));
  for (unsigned index = 1; index < 5; ++index) {
    if (node.getRank(index) != 1)
      return node.unsupported("a scale, bias, mean and variance of rank 1",
                              "rank " + Twine(node.getRank(index)),
                              "export the model with 'spatial' 1");
    if (failed(node.unify(node.getSizes(0)[1], node.getSizes(index)[0],
                          "an element for each channel")))
      return failure();
  }
  if (usesBatchStatistics(node))
    return buildBatchStatistics(node);
  Value scale = node.getInput(1), bias = node.getInput(2),
        mean = node.getInput(3), variance = node.getInput(4);
  Value eps =
      node.scalar(node.getFloat("epsilon", 1e-5), node.getElementType(4));
  Value deviation = node.elementwise<nn::SqrtOp>(
      {node.elementwise<nn::AddOp>({variance, eps})});
  Value factor = node.elementwise<nn::DivOp>({scale, deviation});
  Value offset = node.elementwise<nn::SubOp>(
      {bias, node.elementwise<nn::MulOp>({mean, factor})});
  return node.setOutput(0, applyAffine(node, node.getInput(0),
                                       node.alignChannels(factor, rank),
                                       node.alignChannels(offset, rank)));
}

static LogicalResult buildInstanceNormalization(NodeContext &node) {
  int64_t rank = node.getRank(0);
  if (rank < 3)
    return node.invalid("an input of rank 3 or more", "rank " + Twine(rank));
  Value normalized = normalize(node, node.getInput(0),
                               llvm::to_vector(llvm::seq<int64_t>(2, rank)));
  return node.setOutput(
      0,
      applyAffine(node, normalized, node.alignChannels(node.getInput(1), rank),
                  node.alignChannels(node.getInput(2), rank)));
}

/// The axes from 'axis' (default -1) to the last.
static FailureOr<SmallVector<int64_t>> getTrailingAxes(NodeContext &node) {
  int64_t rank = node.getRank(0);
  auto axis = node.normalizeAxis(node.getInt("axis", -1), rank);
  if (failed(axis))
    return failure();
  return llvm::to_vector(llvm::seq<int64_t>(*axis, rank));
}

static LogicalResult buildLayerNormalization(NodeContext &node) {
  auto axes = getTrailingAxes(node);
  if (failed(axes))
    return failure();
  Value mean, inverse;
  Value normalized = normalize(node, node.getInput(0), *axes, &mean, &inverse);
  Value bias = node.hasInput(2) ? node.getInput(2) : Value();
  if (failed(node.setOutput(
          0, applyAffine(node, normalized, node.getInput(1), bias))))
    return failure();
  if (node.hasOutput(1) && failed(node.setOutput(1, mean)))
    return failure();
  return node.hasOutput(2) ? node.setOutput(2, inverse) : success();
}

static LogicalResult buildRMSNormalization(NodeContext &node) {
  auto axes = getTrailingAxes(node);
  if (failed(axes))
    return failure();
  Value x = node.getInput(0);
  Value square = node.reduce(node.elementwise<nn::MulOp>({x, x}),
                             nn::ReduceKind::Mean, *axes);
  Value root = node.elementwise<nn::SqrtOp>(
      {node.elementwise<nn::AddOp>({square, epsilon(node)})});
  return node.setOutput(0, applyAffine(node,
                                       node.elementwise<nn::DivOp>({x, root}),
                                       node.getInput(1), Value()));
}

/// Channels in `num_groups` groups, normalized over each group; up to opset 20
/// scale and bias have an element a group, from 21 on one a channel.
static LogicalResult buildGroupNormalization(NodeContext &node) {
  SmallVector<nn::SizeAttr> sizes = node.getSizes(0);
  int64_t rank = sizes.size(), groups = node.getInt("num_groups", 0);
  std::optional<int64_t> channels =
      rank >= 2 ? sizes[1].getConstant() : std::nullopt;
  if (!channels || groups <= 0 || *channels % groups != 0)
    return node.invalid("'num_groups' that divides the channels",
                        Twine(groups));
  SmallVector<nn::SizeAttr> grouped = {sizes[0], node.getSize(groups),
                                       node.getSize(*channels / groups)};
  grouped.append(sizes.begin() + 2, sizes.end());
  Value x = node.reshape(node.getInput(0), grouped);
  Value normalized =
      normalize(node, x, llvm::to_vector(llvm::seq<int64_t>(2, rank + 1)));
  bool isByGroup = node.getOpset() < 21;
  int64_t alignedRank = isByGroup ? rank + 1 : rank;
  Value scale = node.alignChannels(node.getInput(1), alignedRank);
  Value bias = node.alignChannels(node.getInput(2), alignedRank);
  Value result =
      isByGroup
          ? node.reshape(applyAffine(node, normalized, scale, bias), sizes)
          : applyAffine(node, node.reshape(normalized, sizes), scale, bias);
  return node.setOutput(0, result);
}

/// x / norm along an axis; a norm of 0 gives 0.
static LogicalResult buildLpNormalization(NodeContext &node) {
  auto axis = node.normalizeAxis(node.getInt("axis", -1), node.getRank(0));
  if (failed(axis))
    return failure();
  Value x = node.getInput(0), norm;
  if (node.getInt("p", 2) == 1) {
    norm = node.reduce(node.elementwise<nn::AbsOp>({x}), nn::ReduceKind::Sum,
                       {*axis});
  } else {
    Value squares = node.reduce(node.elementwise<nn::MulOp>({x, x}),
                                nn::ReduceKind::Sum, {*axis});
    norm = node.elementwise<nn::SqrtOp>({squares});
  }
  Value zero = node.scalar(0, node.getElementType(0));
  Value isZero = node.elementwise<nn::EqualOp>({norm, zero});
  Value divisor = node.elementwise<nn::WhereOp>(
      {isZero, node.scalar(1, node.getElementType(0)), norm});
  return node.setOutput(0, node.elementwise<nn::DivOp>({x, divisor}));
}

ArrayRef<OpRow> sinter::getNormalizationRows() {
  static const OpRow rows[] = {
      {"BatchNormalization", buildBatchNormalization, nullptr, 6},
      {"GroupNormalization", buildGroupNormalization, nullptr, 18},
      {"InstanceNormalization", buildInstanceNormalization},
      {"LayerNormalization", buildLayerNormalization},
      {"LpNormalization", buildLpNormalization},
      {"RMSNormalization", buildRMSNormalization},
  };
  return rows;
}
