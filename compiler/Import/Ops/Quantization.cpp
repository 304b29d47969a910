//===- Quantization.cpp - between real numbers and integers ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// QuantizeLinear and DequantizeLinear of the standard and of com.microsoft,
// whose parameters are for the tensor, for the indices of an axis, or for
// blocks along an axis.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Cast.h"

using namespace mlir;
using namespace sinter;

/// A parameter with an element for each block of `block` indices of `axis`,
/// repeated to an element for each index.
static FailureOr<Value> repeatBlocks(NodeContext &node, Value parameter,
                                     int64_t axis, int64_t block) {
  SmallVector<nn::SizeAttr> sizes = nn::getSizes(parameter.getType()),
                            wanted = node.getSizes(0);
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    nn::SizeAttr expected = static_cast<int64_t>(dim) == axis
                                ? nn::ceilDiv(wanted[dim], node.getSize(block))
                                : wanted[dim];
    if (failed(node.unify(size, expected,
                          "a scale with an element for each block of " +
                              Twine(block) + " along axis " + Twine(axis))))
      return failure();
  }
  SmallVector<nn::SizeAttr> split = sizes;
  split.insert(split.begin() + axis + 1, node.getSize(1));
  Value repeated = node.reshape(parameter, split);
  split[axis + 1] = node.getSize(block);
  repeated = node.broadcastTo(repeated, split);
  nn::SizeAttr full = nn::mul(sizes[axis], block);
  sizes[axis] = full;
  repeated = node.reshape(repeated, sizes);
  if (full == wanted[axis])
    return repeated;
  // The last block is not full.
  sizes[axis] = wanted[axis];
  SmallVector<nn::SizeAttr> starts(sizes.size(), node.getSize(0));
  SmallVector<int64_t> steps(sizes.size(), 1);
  return node.create<nn::SliceOp>(
      repeated, nn::makeSizeArray(node.getContext(), starts),
      nn::makeSizeArray(node.getContext(), sizes), steps);
}

/// Scale or zero point, input `index`, in a shape that broadcasts to input 0.
static FailureOr<Value> alignParameter(NodeContext &node, unsigned index) {
  Value parameter = node.getInput(index);
  SmallVector<nn::SizeAttr> sizes = node.getSizes(index);
  int64_t rank = node.getRank(0), block = node.getInt("block_size", 0);
  bool isSingle =
      llvm::all_of(sizes, [](nn::SizeAttr size) { return size.isConstant(1); });
  if (isSingle && sizes.size() <= 1)
    return node.reshape(parameter, {});
  auto axis = node.normalizeAxis(node.getInt("axis", 1), rank);
  if (failed(axis))
    return failure();
  if (block > 0 && static_cast<int64_t>(sizes.size()) == rank)
    return repeatBlocks(node, parameter, *axis, block);
  if (block != 0 || sizes.size() != 1)
    return failure(failed(node.invalid(
        "a scale of one element or of one dimension, or with 'block_size' "
        "above 0 of as many dimensions as the input",
        nn::toString(sizes) + " with 'block_size' " + Twine(block))));
  if (failed(node.unify(sizes[0], node.getSizes(0)[*axis],
                        "a scale with an element for each index of axis " +
                            Twine(*axis))))
    return failure();
  sizes.append(rank - *axis - 1, node.getSize(1));
  return node.reshape(parameter, sizes);
}

/// Input 2, or zero in the type `type`.
static FailureOr<Value> alignZeroPoint(NodeContext &node, Type type) {
  return node.hasInput(2) ? alignParameter(node, 2) : node.scalar(0, type);
}

/// The type that an attribute names; `given` if the node does not have it.
static FailureOr<Type> getNamedType(NodeContext &node, StringRef name,
                                    Type given) {
  auto number = static_cast<onnx::ElementType>(node.getInt(name, 0));
  if (number == onnx::ElementType::Undefined)
    return given;
  if (Type type = node.getImporter().getElementType(number))
    return type;
  return failure(failed(node.unsupported("a type of numbers as '" + name + "'",
                                         onnx::getElementName(number),
                                         "quantize to int8 or uint8")));
}

/// `type` if it can be computed in, else f32.
static Type getComputed(NodeContext &node, Type type) {
  bool isReal = isa<FloatType>(type) && type.getIntOrFloatBitWidth() > 8;
  return isReal ? type : Float32Type::get(node.getContext());
}

static LogicalResult buildQuantizeLinear(NodeContext &node) {
  Type byte = IntegerType::get(node.getContext(), 8, IntegerType::Unsigned);
  FailureOr<Type> type = getNamedType(
      node, "output_dtype", node.hasInput(2) ? node.getElementType(2) : byte);
  FailureOr<Type> precision =
      getNamedType(node, "precision", node.getElementType(1));
  if (failed(type) || failed(precision))
    return failure();
  if (node.hasInput(2) && node.getElementType(2) != *type)
    return node.invalid("'output_dtype' as the zero point has", "another type");
  FailureOr<Value> scale = alignParameter(node, 1);
  FailureOr<Value> zero = alignZeroPoint(node, *type);
  if (failed(scale) || failed(zero))
    return failure();
  // The quotient is that of the type of the scale, or of 'precision'.
  Type computed = getComputed(node, *precision);
  Value x = node.cast(node.getInput(0), computed);
  Value divisor = node.cast(*scale, computed);
  if (!isa<FloatType>(*type))
    return node.setOutput(
        0, node.elementwise<nn::QuantizeOp>({x, divisor, *zero}));
  Value quotient = node.elementwise<nn::DivOp>({x, divisor});
  if (node.hasInput(2))
    quotient =
        node.elementwise<nn::AddOp>({quotient, node.cast(*zero, computed)});
  return node.setOutput(
      0, castElements(node, quotient, *type, node.getInt("saturate", 1) != 0));
}

static LogicalResult buildDequantizeLinear(NodeContext &node) {
  Type given = node.getElementType(1), integer = node.getElementType(0);
  FailureOr<Type> type =
      getNamedType(node, "output_dtype", getComputed(node, given));
  FailureOr<Value> scale = alignParameter(node, 1);
  FailureOr<Value> zero = alignZeroPoint(node, integer);
  if (failed(type) || failed(scale) || failed(zero))
    return failure();
  // The product is that of the scale, or of the result where it holds more.
  Type computed = getComputed(node, given);
  if (isa<FloatType>(*type) &&
      type->getIntOrFloatBitWidth() > computed.getIntOrFloatBitWidth())
    computed = *type;
  Value factor = node.cast(*scale, computed), x = node.getInput(0), real;
  if (isa<FloatType>(integer)) {
    real = node.cast(x, computed);
    if (node.hasInput(2))
      real = node.elementwise<nn::SubOp>({real, node.cast(*zero, computed)});
    real = node.elementwise<nn::MulOp>({real, factor});
  } else {
    real = node.elementwise<nn::DequantizeOp>({x, factor, *zero});
  }
  return node.setOutput(0, node.cast(real, *type));
}

ArrayRef<OpRow> sinter::getQuantizationRows() {
  static const OpRow rows[] = {
      {"DequantizeLinear", buildDequantizeLinear},
      {"QuantizeLinear", buildQuantizeLinear},
      makeContribRow(
          "DequantizeLinear", buildDequantizeLinear,
          {"x x_scale x_zero_point?", "y", "axis=int block_size=int"}),
      makeContribRow(
          "QuantizeLinear", buildQuantizeLinear,
          {"x y_scale y_zero_point?", "y", "axis=int block_size=int"}),
  };
  return rows;
}
