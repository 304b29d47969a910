//===- QuantizedOperators.cpp - operators on quantized tensors ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operators that take and give quantized tensors, of the standard and of
// com.microsoft (ONNX Runtime: docs/ContribOperators.md), as the operators on
// real numbers between DequantizeLinear and QuantizeLinear. What becomes of
// them is decided for this form and the form of a QDQ model at once
// (passes/Quantize).
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Expansion.h"

using namespace mlir;
using namespace sinter;
using Name = Expansion::Name;

static Name quantize(Expansion &body, Name value, unsigned scale,
                     int64_t axis = 1) {
  return body.add("QuantizeLinear",
                  {value, body.getInput(scale), body.getInput(scale + 1)},
                  Expansion::makeInt("axis", axis));
}

/// Input `index`, real; its scale and zero point are the two inputs from
/// `scale` on.
static Name dequantize(Expansion &body, unsigned index, unsigned scale,
                       int64_t axis = 1) {
  return body.add(
      "DequantizeLinear",
      {body.getInput(index), body.getInput(scale), body.getInput(scale + 1)},
      Expansion::makeInt("axis", axis));
}

/// (X, x_scale, x_zero_point, y_scale, y_zero_point) with one operator between.
template <typename Build>
static LogicalResult expandUnary(NodeContext &node, Build build) {
  Expansion body(node);
  Name result = build(body, dequantize(body, 0, 1));
  return body.finish(quantize(body, result, 3));
}

static LogicalResult buildQLinearSigmoid(NodeContext &node) {
  return expandUnary(
      node, [](Expansion &body, Name x) { return body.add("Sigmoid", {x}); });
}

static LogicalResult buildQLinearLeakyRelu(NodeContext &node) {
  return expandUnary(node, [](Expansion &body, Name x) {
    return body.add("LeakyRelu", {x}, body.pass({"alpha"}));
  });
}

static LogicalResult buildQLinearSoftmax(NodeContext &node) {
  int64_t rank = node.getRank(0), opset = node.getInt("opset", 13);
  // Up to opset 12, what follows the axis counts as one dimension.
  bool flattens = opset < 13;
  auto axis = node.normalizeAxis(node.getInt("axis", flattens ? 1 : -1), rank);
  if (failed(axis))
    return failure();
  if (flattens && *axis != rank - 1)
    return node.unsupported("'axis' that is the last, or 'opset' from 13 on",
                            "axis " + Twine(*axis) + " of opset " +
                                Twine(opset),
                            "quantize the model from an export of opset 13");
  return expandUnary(node, [&](Expansion &body, Name x) {
    return body.add("Softmax", {x}, Expansion::makeInt("axis", *axis));
  });
}

/// A pool, whose channels may be last.
template <typename Build>
static LogicalResult expandPool(NodeContext &node, Build build) {
  bool isLast = node.getInt("channels_last", 0) != 0;
  int64_t rank = node.getRank(0);
  if (rank < 3)
    return node.invalid("an input of rank 3 or more", "rank " + Twine(rank));
  SmallVector<int64_t> toFront{0, rank - 1}, toBack{0};
  for (int64_t dim = 1; dim + 1 < rank; ++dim)
    toFront.push_back(dim);
  for (int64_t dim = 2; dim < rank; ++dim)
    toBack.push_back(dim);
  toBack.push_back(1);
  auto transpose = [&](Expansion &body, Name x, ArrayRef<int64_t> permutation) {
    return isLast ? body.add("Transpose", {x},
                             Expansion::makeInts("perm", permutation))
                  : x;
  };
  return expandUnary(node, [&](Expansion &body, Name x) {
    return transpose(body, build(body, transpose(body, x, toFront)), toBack);
  });
}

static LogicalResult buildQLinearGlobalAveragePool(NodeContext &node) {
  return expandPool(node, [](Expansion &body, Name x) {
    return body.add("GlobalAveragePool", {x});
  });
}

static LogicalResult buildQLinearAveragePool(NodeContext &node) {
  return expandPool(node, [](Expansion &body, Name x) {
    return body.add("AveragePool", {x},
                    body.pass({"auto_pad", "ceil_mode", "count_include_pad",
                               "kernel_shape", "pads", "strides"}));
  });
}

/// (A, A_scale, A_zero_point, B, B_scale, B_zero_point, C_scale, C_zero_point).
static LogicalResult expandBinary(NodeContext &node, StringRef op) {
  Expansion body(node);
  Name result = body.add(op, {dequantize(body, 0, 1), dequantize(body, 3, 4)});
  return body.finish(quantize(body, result, 6));
}

static LogicalResult buildQLinearAdd(NodeContext &node) {
  return expandBinary(node, "Add");
}
static LogicalResult buildQLinearMul(NodeContext &node) {
  return expandBinary(node, "Mul");
}

/// (condition, X, x_scale, x_zero_point, Y, y_scale, y_zero_point, z_scale,
/// z_zero_point).
static LogicalResult buildQLinearWhere(NodeContext &node) {
  Expansion body(node);
  Name result = body.add("Where", {body.getInput(0), dequantize(body, 1, 2),
                                   dequantize(body, 4, 5)});
  return body.finish(quantize(body, result, 7));
}

static LogicalResult buildQLinearReduceMean(NodeContext &node) {
  SmallVector<int64_t> axes =
      node.getInts("axes").value_or(SmallVector<int64_t>());
  return expandUnary(node, [&](Expansion &body, Name x) {
    Name list =
        body.add("Constant", {}, Expansion::makeInts("value_ints", axes));
    return body.add("ReduceMean", {x, list}, body.pass({"keepdims"}));
  });
}

/// (Y_scale, Y_zero_point, then X, X_scale, X_zero_point of each operand).
static LogicalResult buildQLinearConcat(NodeContext &node) {
  if (node.getNumInputs() % 3 != 2)
    return node.invalid("three inputs for each operand after two for the "
                        "result",
                        Twine(node.getNumInputs()) + " inputs");
  Expansion body(node);
  SmallVector<Name> operands;
  for (unsigned index = 2; index < node.getNumInputs(); index += 3)
    operands.push_back(dequantize(body, index, index + 1));
  Name result = body.add("Concat", operands, body.pass({"axis"}));
  return body.finish(quantize(body, result, 0));
}

//===- Contractions -------------------------------------------------------===//

/// The i32 bias, input `index`, whose scale is the product of those of the
/// operands, which broadcast to it; absent where it is.
static Name dequantizeBias(Expansion &body, unsigned index, Name lhsScale,
                           Name rhsScale) {
  if (body.getInput(index).empty())
    return {};
  Name real =
      body.add("Cast", {body.getInput(index)}, Expansion::makeInt("to", 1));
  return body.add("Mul", {real, body.add("Mul", {lhsScale, rhsScale})});
}

static LogicalResult buildQLinearConv(NodeContext &node) {
  Expansion body(node);
  Name x = dequantize(body, 0, 1), w = dequantize(body, 3, 4, /*axis=*/0);
  Name bias = dequantizeBias(body, 8, body.getInput(1), body.getInput(4));
  Name result = body.add("Conv", {x, w, bias},
                         body.pass({"auto_pad", "dilations", "group",
                                    "kernel_shape", "pads", "strides"}));
  return body.finish(quantize(body, result, 6));
}

/// Refuses a scale for each matrix of a batch.
static LogicalResult requireVector(NodeContext &node, unsigned index) {
  if (node.getRank(index) <= 1)
    return success();
  return node.unsupported("a scale of rank 0 or 1",
                          nn::toString(node.getSizes(index)),
                          "use one scale for the whole tensor");
}

static LogicalResult buildQLinearMatMul(NodeContext &node) {
  for (unsigned index : {1, 4, 6})
    if (failed(requireVector(node, index)))
      return failure();
  Expansion body(node);
  // Rows of the left operand and the result, columns of the right one.
  Name result = body.add(
      "MatMul", {dequantize(body, 0, 1, -2), dequantize(body, 3, 4, -1)});
  return body.finish(quantize(body, result, 6, -2));
}

/// (A, a_scale, a_zero_point, B, b_scale, b_zero_point, C, y_scale,
/// y_zero_point): alpha * A * B + C, real where there is no y_scale.
static LogicalResult buildQGemm(NodeContext &node) {
  Expansion body(node);
  bool isTransposed = node.getInt("transB", 0) != 0;
  Name a = dequantize(body, 0, 1);
  Name b = dequantize(body, 3, 4, isTransposed ? 0 : 1);
  Name scale = body.getInput(1);
  double alpha = node.getFloat("alpha", 1);
  if (alpha != 1)
    scale = body.add("Mul", {scale, body.addConstant(alpha)});
  Name bias = dequantizeBias(body, 6, scale, body.getInput(4));
  Name result =
      body.add("Gemm", {a, b, bias}, body.pass({"alpha", "transA", "transB"}));
  if (node.hasInput(7))
    result = quantize(body, result, 7);
  return body.finish(result);
}

/// The product of integers as real numbers, with a bias if there is one.
static Name scaleProduct(Expansion &body, ArrayRef<Name> operands,
                         Name lhsScale, Name rhsScale, Name bias) {
  Name real = body.add("Cast", {body.add("MatMulInteger", operands)},
                       Expansion::makeInt("to", 1));
  Name result = body.add("Mul", {real, body.add("Mul", {lhsScale, rhsScale})});
  return bias.empty() ? result : body.add("Add", {result, bias});
}

/// (A, B, a_scale, b_scale, a_zero_point, b_zero_point, bias).
static LogicalResult buildMatMulIntegerToFloat(NodeContext &node) {
  Expansion body(node);
  return body.finish(scaleProduct(
      body,
      {body.getInput(0), body.getInput(1), body.getInput(4), body.getInput(5)},
      body.getInput(2), body.getInput(3), body.getInput(6)));
}

/// (A, B, b_scale, b_zero_point, bias), A real.
static LogicalResult buildDynamicQuantizeMatMul(NodeContext &node) {
  Expansion body(node);
  SmallVector<Name> quantized =
      body.addAll("DynamicQuantizeLinear", {body.getInput(0)}, 3);
  return body.finish(scaleProduct(
      body, {quantized[0], body.getInput(1), quantized[2], body.getInput(3)},
      quantized[1], body.getInput(2), body.getInput(4)));
}

/// An LSTM whose weights W [directions, inputs, 4 * hidden] and R are
/// quantized, for each direction or each column of it; (X, W, R, B,
/// sequence_lens, initial_h, initial_c, P, then scale and zero point of W and
/// of R).
static LogicalResult buildDynamicQuantizeLSTM(NodeContext &node) {
  for (unsigned index : {1U, 2U})
    if (node.getRank(index) != 3)
      return node.invalid("weights of rank 3",
                          "rank " + Twine(node.getRank(index)));
  Expansion body(node);
  // Parameters stand as [directions, 1, 1 or columns].
  auto align = [&](unsigned index) {
    Name x = body.getInput(index);
    if (node.getRank(index) == 0)
      return x;
    SmallVector<int64_t> axes{1};
    if (node.getRank(index) == 1)
      axes.push_back(2);
    return body.add(
        "Unsqueeze",
        {x, body.add("Constant", {}, Expansion::makeInts("value_ints", axes))});
  };
  auto dequantizeWeights = [&](unsigned index, unsigned scale) {
    auto cast = [&](Name x) {
      return body.add("Cast", {x}, Expansion::makeInt("to", 1));
    };
    Name difference =
        body.add("Sub", {cast(body.getInput(index)), cast(align(scale + 1))});
    return body.add("Transpose", {body.add("Mul", {difference, align(scale)})},
                    Expansion::makeInts("perm", {0, 2, 1}));
  };
  SmallVector<Name> results = body.addAll(
      "LSTM",
      {body.getInput(0), dequantizeWeights(1, 8), dequantizeWeights(2, 10),
       body.getInput(3), body.getInput(4), body.getInput(5), body.getInput(6),
       body.getInput(7)},
      3,
      body.pass({"activation_alpha", "activation_beta", "activations", "clip",
                 "direction", "hidden_size", "input_forget"}));
  return body.finish(results);
}

ArrayRef<OpRow> sinter::getQuantizedOperatorRows() {
  static const OpRow rows[] = {
      {"QLinearConv", buildQLinearConv},
      {"QLinearMatMul", buildQLinearMatMul},
      makeContribRow(
          "DynamicQuantizeLSTM", buildDynamicQuantizeLSTM,
          {"X W R B? sequence_lens? initial_h? initial_c? P? W_scale "
           "W_zero_point R_scale R_zero_point",
           "Y? Y_h? Y_c?",
           "activation_alpha=floats activation_beta=floats "
           "activations=strings clip=float direction=string "
           "hidden_size=int input_forget=int"}),
      makeContribRow("DynamicQuantizeMatMul", buildDynamicQuantizeMatMul,
                     {"A B b_scale b_zero_point? bias?", "Y", ""}),
      makeContribRow(
          "MatMulIntegerToFloat", buildMatMulIntegerToFloat,
          {"A B a_scale b_scale a_zero_point? b_zero_point? bias?", "Y", ""}),
      makeContribRow("QGemm", buildQGemm,
                     {"A a_scale a_zero_point B b_scale b_zero_point C? "
                      "y_scale? y_zero_point?",
                      "Y", "alpha=float transA=int transB=int"}),
      makeContribRow("QLinearAdd", buildQLinearAdd,
                     {"A A_scale A_zero_point? B B_scale B_zero_point? C_scale "
                      "C_zero_point?",
                      "C", ""}),
      makeContribRow("QLinearAveragePool", buildQLinearAveragePool,
                     {"X x_scale x_zero_point? y_scale y_zero_point?", "Y",
                      "auto_pad=string ceil_mode=int channels_last=int "
                      "count_include_pad=int kernel_shape=ints! pads=ints "
                      "strides=ints"}),
      makeContribRow("QLinearConcat", buildQLinearConcat,
                     {"Y_scale Y_zero_point inputs*", "Y", "axis=int!"}),
      makeContribRow("QLinearGlobalAveragePool", buildQLinearGlobalAveragePool,
                     {"X x_scale x_zero_point y_scale y_zero_point", "Y",
                      "channels_last=int"}),
      makeContribRow("QLinearLeakyRelu", buildQLinearLeakyRelu,
                     {"X X_scale X_zero_point? Y_scale Y_zero_point?", "Y",
                      "alpha=float"}),
      makeContribRow("QLinearMul", buildQLinearMul,
                     {"A A_scale A_zero_point? B B_scale B_zero_point? C_scale "
                      "C_zero_point?",
                      "C", ""}),
      makeContribRow(
          "QLinearSigmoid", buildQLinearSigmoid,
          {"X X_scale X_zero_point? Y_scale Y_zero_point?", "Y", ""}),
      makeContribRow("QLinearSoftmax", buildQLinearSoftmax,
                     {"X X_scale x_zero_point? y_scale y_zero_point", "Y",
                      "axis=int opset=int!"}),
      makeContribRow("QLinearWhere", buildQLinearWhere,
                     {"condition X x_scale x_zero_point Y y_scale y_zero_point "
                      "z_scale z_zero_point",
                      "Z", ""}),
  };
  return rows;
}
