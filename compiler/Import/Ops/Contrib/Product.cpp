//===- Product.cpp - products and quantized weights of com.microsoft ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Contrib/Blocks.h"
#include "compiler/Import/Ops/Expansion.h"
#include <numeric>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;
using Name = Expansion::Name;

//===- Products -----------------------------------------------------------===//

/// Input `index` with its matrices, or its first and its batch dimensions,
/// transposed.
static Term readOperand(NodeContext &node, unsigned index, StringRef matrix,
                        StringRef batch) {
  Term x = Term::input(node, index);
  int64_t rank = x.getRank();
  if (rank < 2)
    return x;
  if (node.getInt(batch, 0) != 0) {
    SmallVector<int64_t> permutation(rank);
    std::iota(permutation.begin(), permutation.end(), 0);
    std::rotate(permutation.begin(), permutation.begin() + 1,
                permutation.end() - 1);
    x = x.transpose(permutation);
  }
  return node.getInt(matrix, 0) != 0 ? x.transposeMatrix() : x;
}

/// alpha * op(A) * op(B).
static LogicalResult buildFusedMatMul(NodeContext &node) {
  Term a = readOperand(node, 0, "transA", "transBatchA"),
       b = readOperand(node, 1, "transB", "transBatchB");
  if (a.getRank() == 0 || b.getRank() == 0)
    return node.invalid("operands of rank 1 or more", "a scalar");
  bool isRow = a.getRank() == 1, isColumn = b.getRank() == 1;
  Term product =
      (isRow ? a.unsqueeze(0) : a).matmul(isColumn ? b.unsqueeze(1) : b);
  if (isColumn)
    product = product.squeeze(product.getRank() - 1);
  if (isRow)
    product = product.squeeze(product.getRank() - (isColumn ? 1 : 2));
  double alpha = node.getFloat("alpha", 1);
  return node.setOutput(0, alpha == 1 ? product : alpha * product);
}

/// Appends the activation that the attribute `activation` names; `alpha` and
/// `beta` are its parameters, where it has them.
static FailureOr<Name> addActivation(NodeContext &node, Expansion &body,
                                     Name value, std::optional<double> alpha,
                                     std::optional<double> beta) {
  StringRef name = node.getString("activation", "");
  SmallVector<onnx::Attribute> attributes;
  if (name == "Clip") {
    auto limit = [&](double bound) {
      return body.add("CastLike", {body.addConstant(bound), value});
    };
    if (alpha)
      value = body.add("Max", {value, limit(*alpha)});
    return beta ? body.add("Min", {value, limit(*beta)}) : value;
  }
  bool hasAlpha = name == "LeakyRelu" || name == "HardSigmoid";
  if (hasAlpha && alpha)
    attributes.push_back(Expansion::makeFloat("alpha", *alpha));
  if (name == "HardSigmoid" && beta)
    attributes.push_back(Expansion::makeFloat("beta", *beta));
  if (name.empty())
    return value;
  if (hasAlpha || llvm::is_contained({"Relu", "Sigmoid", "Tanh"}, name))
    return body.add(name, {value}, attributes);
  return failure(failed(node.unsupported(
      "an activation Relu, Sigmoid, Tanh, LeakyRelu, HardSigmoid or Clip",
      "'" + name + "'", "export the model without fused activations")));
}

/// activation(Conv(X, W, B) + Z).
static LogicalResult buildFusedConv(NodeContext &node) {
  Expansion body(node);
  Name result =
      body.add("Conv", {body.getInput(0), body.getInput(1), body.getInput(2)},
               body.pass({"auto_pad", "dilations", "group", "kernel_shape",
                          "pads", "strides"}));
  if (node.hasInput(3))
    result = body.add("Add", {result, body.getInput(3)});
  SmallVector<double> given =
      node.getFloats("activation_params").value_or(SmallVector<double>());
  auto parameter = [&](size_t index) {
    return index < given.size() ? std::optional(given[index]) : std::nullopt;
  };
  auto activated =
      addActivation(node, body, result, parameter(0), parameter(1));
  return failed(activated) ? failure() : body.finish(*activated);
}

/// activation(Gemm(A, B, C)).
static LogicalResult buildFusedGemm(NodeContext &node) {
  Expansion body(node);
  Name result =
      body.add("Gemm", {body.getInput(0), body.getInput(1), body.getInput(2)},
               body.pass({"alpha", "beta", "transA", "transB"}));
  auto parameter = [&](StringRef name) {
    return node.hasAttribute(name) ? std::optional(node.getFloat(name, 0))
                                   : std::nullopt;
  };
  auto activated =
      addActivation(node, body, result, parameter("activation_alpha"),
                    parameter("activation_beta"));
  return failed(activated) ? failure() : body.finish(*activated);
}

//===- Weights quantized in blocks ----------------------------------------===//

Term sinter::unpackBytes(Term bytes, int64_t bits, SizeAttr count, Type type) {
  NodeContext &node = bytes.getNode();
  int64_t rank = bytes.getRank(), each = 8 / bits;
  Type word = IntegerType::get(node.getContext(), 32);
  Term words = bytes.cast(word);
  if (each > 1) {
    SmallVector<Term> parts;
    // Bits below `place`, and those below the next, shifted down.
    for (int64_t part = 0; part < each; ++part) {
      double low = static_cast<double>(int64_t(1) << part * bits);
      double range = static_cast<double>(int64_t(1) << bits);
      Term shifted = part == 0 ? words : words / low;
      Term rest =
          part + 1 == each ? shifted : shifted - shifted / range * range;
      parts.push_back(rest.unsqueeze(rank));
    }
    SmallVector<SizeAttr> sizes = bytes.getSizes();
    sizes.back() = nn::mul(sizes.back(), each);
    words =
        parts.front().concat(ArrayRef(parts).drop_front(), rank).reshape(sizes);
  }
  return words.slice(rank - 1, node.getSize(0), count).cast(type);
}

Term sinter::repeatBlocks(Term parameters, int64_t axis, int64_t block,
                          SizeAttr count) {
  NodeContext &node = parameters.getNode();
  SmallVector<SizeAttr> sizes = parameters.getSizes(), spread = sizes;
  spread.insert(spread.begin() + axis + 1, node.getSize(block));
  sizes[axis] = nn::mul(sizes[axis], block);
  return parameters.unsqueeze(axis + 1)
      .broadcastTo(spread)
      .reshape(sizes)
      .slice(axis, node.getSize(0), count);
}

/// Whether `bits` is a width that bytes hold a whole number of.
static bool isWidth(int64_t bits) {
  return bits == 2 || bits == 4 || bits == 8;
}

/// A * W' + bias, where W [N, K] = (q - zero point) * scale: q in blobs of
/// bytes [N, blocks, bytes], scales [N, blocks], zero points as scales, or
/// packed as q.
static LogicalResult buildMatMulNBits(NodeContext &node) {
  int64_t columns = node.getInt("N", 0), depth = node.getInt("K", 0),
          block = node.getInt("block_size", 0), bits = node.getInt("bits", 4);
  if (!isWidth(bits) || node.getInt("weight_prepacked", 0) != 0 ||
      node.hasInput(4))
    return node.unsupported(
        "weights of 2, 4 or 8 bits in the order of ONNX Runtime's quantizer",
        !isWidth(bits)     ? "'bits' " + std::to_string(bits)
        : node.hasInput(4) ? std::string("the input 'g_idx'")
                           : std::string("'weight_prepacked'"),
        "quantize the model to 4 or 8 bits without reordering");
  if (columns < 1 || depth < 1 || block < 1 || block * bits % 8 != 0)
    return node.invalid("'N', 'K' and 'block_size' above 0",
                        Twine(columns) + ", " + Twine(depth) + " and " +
                            Twine(block));
  Term a = Term::input(node, 0), scales = Term::input(node, 2),
       zero = Term::input(node, 3);
  Type type = a.getElementType();
  int64_t blocks = llvm::divideCeil(depth, block);
  SizeAttr rows = node.getSize(columns), parts = node.getSize(blocks);
  auto isSize = [](Term t, int64_t count) {
    return nn::getNumElements(t.getType()).isConstant(count);
  };
  if (!isSize(Term::input(node, 1), columns * blocks * block * bits / 8) ||
      !isSize(scales, columns * blocks) || a.getRank() < 1)
    return node.invalid("weights and scales of " + Twine(columns) +
                            " rows in " + Twine(blocks) + " blocks",
                        "other sizes");
  Term packed = Term::input(node, 1).reshape(
      {rows, node.getSize(blocks * block * bits / 8)});
  Term weights = unpackBytes(packed, bits, node.getSize(depth), type);
  auto spread = [&](Term t) {
    return repeatBlocks(t, 1, block, node.getSize(depth));
  };
  if (!zero) {
    weights = weights - static_cast<double>(int64_t(1) << (bits - 1));
  } else if (isa<FloatType>(zero.getElementType())) {
    weights = weights - spread(zero.reshape({rows, parts}).cast(type));
  } else {
    int64_t bytes = llvm::divideCeil(blocks * bits, 8);
    if (!isSize(zero, columns * bytes))
      return node.invalid("packed zero points of " + Twine(bytes) +
                              " bytes a row",
                          nn::toString(zero.getSizes()));
    Term flat = zero.reshape({rows, node.getSize(bytes)});
    weights = weights - spread(unpackBytes(flat, bits, parts, type));
  }
  weights = weights * spread(scales.reshape({rows, parts}).cast(type));
  Term product =
      (a.getRank() == 1 ? a.unsqueeze(0) : a).matmul(weights.transposeMatrix());
  if (a.getRank() == 1)
    product = product.squeeze(0);
  if (Term bias = Term::input(node, 5))
    product = product + bias;
  return node.setOutput(0, product);
}

/// Rows that indices pick of data quantized in blocks along `quantize_axis`.
static LogicalResult buildGatherBlockQuantized(NodeContext &node) {
  Term data = Term::input(node, 0), indices = Term::input(node, 1),
       scales = Term::input(node, 2), zero = Term::input(node, 3);
  int64_t rank = data.getRank(), block = node.getInt("block_size", 128),
          bits = node.getInt("bits", 4);
  auto gatherAxis = node.normalizeAxis(node.getInt("gather_axis", 0), rank);
  auto blockAxis = node.normalizeAxis(node.getInt("quantize_axis", 1), rank);
  if (failed(gatherAxis) || failed(blockAxis))
    return failure();
  if (scales.getRank() != rank || (zero && zero.getRank() != rank))
    return node.invalid("scales and zero points of the rank of the data",
                        "other ranks");
  bool isPacked = data.getElementType().isUnsignedInteger(8);
  if (block < 1 || !isWidth(bits) ||
      (isPacked && bits < 8 && *gatherAxis == rank - 1))
    return node.unsupported(
        "blocks of constant size of elements of 2, 4 or 8 bits, gathered along "
        "another axis than the last",
        "'block_size' " + Twine(block) + ", 'bits' " + Twine(bits) +
            ", 'gather_axis' " + Twine(*gatherAxis),
        "quantize the embedding along its last axis in blocks");
  Type type = scales.getElementType();
  auto unpack = [&](Term t) {
    if (!isPacked)
      return t.cast(type);
    SizeAttr count = nn::mul(t.getSize(-1), 8 / bits);
    return unpackBytes(t, bits, count, type);
  };
  // What is gathered along another axis is gathered before it is unpacked.
  bool isFirst = *gatherAxis != *blockAxis;
  auto pick = [&](Term t) {
    return isFirst ? t.gather(indices, *gatherAxis) : t;
  };
  int64_t axis = isFirst && *blockAxis > *gatherAxis
                     ? *blockAxis + indices.getRank() - 1
                     : *blockAxis;
  Term values = unpack(pick(data));
  SizeAttr count = values.getSize(axis);
  auto spread = [&](Term t) { return repeatBlocks(t, axis, block, count); };
  Term factors = spread(pick(scales));
  if (zero)
    values = values - spread(unpack(pick(zero))
                                 .slice(axis, node.getSize(0),
                                        pick(scales).getSize(axis)));
  else if (isPacked)
    values = values - static_cast<double>(int64_t(1) << (bits - 1));
  Term real = values * factors;
  return node.setOutput(0, isFirst ? real : real.gather(indices, *gatherAxis));
}

ArrayRef<OpRow> sinter::getContribProductRows() {
  static const OpRow rows[] = {
      makeContribRow("FusedConv", buildFusedConv,
                     {"X W B? Z?", "Y",
                      "activation=string activation_params=floats "
                      "auto_pad=string dilations=ints group=int "
                      "kernel_shape=ints pads=ints strides=ints"}),
      makeContribRow("FusedGemm", buildFusedGemm,
                     {"A B C?", "Y",
                      "activation=string activation_alpha=float "
                      "activation_beta=float activation_gamma=float "
                      "alpha=float beta=float transA=int transB=int"}),
      makeContribRow("FusedMatMul", buildFusedMatMul,
                     {"A B", "Y",
                      "alpha=float transA=int transB=int transBatchA=int "
                      "transBatchB=int"}),
      makeContribRow("GatherBlockQuantized", buildGatherBlockQuantized,
                     {"data indices scales zero_points?", "output",
                      "bits=int block_size=int gather_axis=int "
                      "quantize_axis=int"}),
      makeContribRow("MatMulNBits", buildMatMulNBits,
                     {"A B scales zero_points? g_idx? bias?", "Y",
                      "K=int! N=int! accuracy_level=int bits=int "
                      "block_size=int! weight_prepacked=int"}),
      makeContribRow("TransposeMatMul", buildFusedMatMul,
                     {"A B", "Y", "alpha=float transA=int transB=int"}),
  };
  return rows;
}
