//===- Random.cpp - random numbers ----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All of them are made of uniform numbers of a counter-based generator
// (runtime/support/Random.cpp). A node without a seed gets one from its name:
// different nodes have different numbers, every run has the same.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Algorithm.h"
#include "dialects/NN/NNShapes.h"
#include "llvm/Support/xxhash.h"

#include <cmath>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

/// Elements of a unit of runtime/support/Random.cpp.
static constexpr int64_t randomElements = 256;

static int64_t getSeed(NodeContext &node) {
  const onnx::Attribute *seed = node.findAttribute("seed");
  if (!seed)
    return static_cast<int64_t>(llvm::xxh3_64bits(node.getName()));
  if (seed->kind == onnx::Attribute::Kind::Int)
    return node.getInt("seed", 0);
  return llvm::bit_cast<int64_t>(node.getFloat("seed", 0));
}

/// Uniform numbers in [0, 1): doubles for doubles, else f32. Streams of a node
/// are independent.
static Value createUniform(NodeContext &node, ArrayRef<SizeAttr> sizes,
                           Type type, int64_t stream = 0) {
  if (!type.isF64())
    type = Float32Type::get(node.getContext());
  AlgorithmCall call{getTypedName("random_uniform", type),
                     {getSeed(node), stream}};
  call.units =
      nn::ceilDiv(nn::product(node.getContext(), sizes), randomElements);
  return createAlgorithm(node, call, {}, nn::makeTensorType(sizes, type))
      .front();
}

/// The element type that attribute `dtype` names, `missing` without one; null
/// after an error.
static Type getRandomType(NodeContext &node, Type missing) {
  Type type = missing;
  if (node.hasAttribute("dtype"))
    type = node.getImporter().getElementType(
        static_cast<onnx::ElementType>(node.getInt("dtype", 1)));
  if (type)
    return type;
  (void)node.unsupported("numbers as elements", "another 'dtype'",
                         "choose a type of numbers");
  return nullptr;
}

/// Where and of which type an operator makes its numbers.
template <bool isLike>
static bool getRandomForm(NodeContext &node, SmallVector<SizeAttr> &sizes,
                          Type &type) {
  if constexpr (isLike)
    sizes = node.getSizes(0);
  else
    sizes =
        nn::getSizes(node.getContext(),
                     node.getInts("shape").value_or(SmallVector<int64_t>()));
  type =
      getRandomType(node, isLike ? node.getElementType(0)
                                 : Type(Float32Type::get(node.getContext())));
  return type != nullptr;
}

/// x * factor + summand in the type of x, as `type`.
static Value scaleNumbers(NodeContext &node, Value x, double factor,
                          double summand, Type type) {
  Type own = cast<RankedTensorType>(x.getType()).getElementType();
  x = node.elementwise<nn::MulOp>({x, node.scalar(factor, own)});
  x = node.elementwise<nn::AddOp>({x, node.scalar(summand, own)});
  return node.cast(x, type);
}

template <bool isLike>
static LogicalResult importRandomUniform(NodeContext &node) {
  SmallVector<SizeAttr> sizes;
  Type type;
  if (!getRandomForm<isLike>(node, sizes, type))
    return failure();
  double low = node.getFloat("low", 0), high = node.getFloat("high", 1);
  return node.setOutput(0, scaleNumbers(node, createUniform(node, sizes, type),
                                        high - low, low, type));
}

/// sqrt(-2 ln(1 - u)) cos(2 pi v): G. Box and M. Muller, A note on the
/// generation of random normal deviates (1958).
template <bool isLike>
static LogicalResult importRandomNormal(NodeContext &node) {
  SmallVector<SizeAttr> sizes;
  Type type;
  if (!getRandomForm<isLike>(node, sizes, type))
    return failure();
  Value u = createUniform(node, sizes, type, 0),
        v = createUniform(node, sizes, type, 1);
  Type own = cast<RankedTensorType>(u.getType()).getElementType();
  Value radius = node.elementwise<nn::LogOp>(
      node.elementwise<nn::SubOp>({node.scalar(1, own), u}));
  radius = node.elementwise<nn::SqrtOp>(
      node.elementwise<nn::MulOp>({radius, node.scalar(-2, own)}));
  Value angle = node.elementwise<nn::CosOp>(
      node.elementwise<nn::MulOp>({v, node.scalar(2 * M_PI, own)}));
  return node.setOutput(
      0,
      scaleNumbers(node, node.elementwise<nn::MulOp>({radius, angle}),
                   node.getFloat("scale", 1), node.getFloat("mean", 0), type));
}

/// 1 with the probability that the input says.
static LogicalResult importBernoulli(NodeContext &node) {
  Type type = getRandomType(node, node.getElementType(0));
  if (!type)
    return failure();
  Value u = createUniform(node, node.getSizes(0), node.getElementType(0));
  Value p = node.cast(node.getInput(0),
                      cast<RankedTensorType>(u.getType()).getElementType());
  return node.setOutput(0,
                        node.cast(node.elementwise<nn::LessOp>({u, p}), type));
}

/// Classes, given the logarithms of their probabilities up to a summand.
static LogicalResult importMultinomial(NodeContext &node) {
  MLIRContext *context = node.getContext();
  Type f32 = Float32Type::get(context);
  SmallVector<SizeAttr> sizes = node.getSizes(0);
  int64_t samples = node.getInt("sample_size", 1);
  Type type = getRandomType(node, IntegerType::get(context, 32));
  if (!type)
    return failure();
  if (sizes.size() != 2 || samples < 0)
    return node.invalid("logits [batch, classes] and a sample_size of at least "
                        "0",
                        "another shape or number");
  Value logits = node.cast(node.getInput(0), f32);
  Value greatest = node.reshape(node.reduce(logits, nn::ReduceKind::Max, {1}),
                                {sizes[0], node.getSize(1)});
  Value weights = node.elementwise<nn::ExpOp>(
      node.elementwise<nn::SubOp>({logits, greatest}));
  SmallVector<SizeAttr> results{sizes[0], node.getSize(samples)};
  AlgorithmCall call{"draw_classes"};
  call.units = sizes[0];
  call.scratch = nn::mul(nn::max(sizes[1], node.getSize(1)), 8);
  call.check = "at least one class";
  Value drawn = createAlgorithm(
                    node, call, {weights, createUniform(node, results, f32)},
                    nn::makeTensorType(results, IntegerType::get(context, 64)))
                    .front();
  return node.setOutput(0, node.cast(drawn, type));
}

//===- Dropout ------------------------------------------------------------===//

/// Elements that stay where a uniform number is not below the ratio, divided by
/// the part that stays.
static LogicalResult dropElements(NodeContext &node, Value isTraining) {
  Type type = node.getElementType(0);
  Value u = createUniform(node, node.getSizes(0), type);
  Type own = cast<RankedTensorType>(u.getType()).getElementType();
  Value ratio = node.hasInput(1)
                    ? node.reshape(node.cast(node.getInput(1), own), {})
                    : node.scalar(0.5, own);
  if (isTraining)
    ratio = node.elementwise<nn::WhereOp>(
        {node.reshape(isTraining, {}), ratio, node.scalar(0, own)});
  Value keeps = node.elementwise<nn::LessEqualOp>({ratio, u});
  Value scale = node.elementwise<nn::DivOp>(
      {node.scalar(1, own),
       node.elementwise<nn::SubOp>({node.scalar(1, own), ratio})});
  Value kept = node.elementwise<nn::WhereOp>(
      {keeps,
       node.elementwise<nn::MulOp>({node.cast(node.getInput(0), own), scale}),
       node.scalar(0, own)});
  if (node.hasOutput(1) && failed(node.setOutput(1, keeps)))
    return failure();
  return node.setOutput(0, node.cast(kept, type));
}

static LogicalResult importDropout(NodeContext &node) {
  if (node.getOpset() >= 12 && node.hasInput(2)) {
    auto training = node.getIntegerList(2);
    if (!training)
      return dropElements(node, node.getInput(2));
    if (training->size() != 1)
      return node.invalid("one truth value as training_mode",
                          Twine(training->size()));
    if (training->front() != 0)
      return dropElements(node, /*isTraining=*/{});
  }
  if (node.hasOutput(1)) {
    Value keep = node.scalar(
        1, node.getOpset() >= 10 ? Type(IntegerType::get(node.getContext(), 1))
                                 : node.getElementType(0));
    if (failed(node.setOutput(1, node.broadcastTo(keep, node.getSizes(0)))))
      return failure();
  }
  return node.forward(0);
}

llvm::ArrayRef<OpRow> sinter::getRandomRows() {
  static const OpRow rows[] = {
      {"Bernoulli", importBernoulli},
      {"Dropout", importDropout},
      {"Multinomial", importMultinomial},
      {"RandomNormal", importRandomNormal<false>},
      {"RandomNormalLike", importRandomNormal<true>},
      {"RandomUniform", importRandomUniform<false>},
      {"RandomUniformLike", importRandomUniform<true>},
  };
  return rows;
}
