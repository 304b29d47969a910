//===- Cast.cpp - conversions between element types -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cast, CastLike and BitCast. What is special about a type to be made is done
// to the real numbers before nn.cast.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Cast.h"
#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Folding.h"
#include <limits>

using namespace mlir;
using namespace sinter;

static bool isSmallFloat(Type type) {
  return isa<FloatType>(type) && type.getIntOrFloatBitWidth() <= 8;
}

/// Magnitudes of f32 as powers of two, rounded as said; infinity where that is
/// too large. NaN stays.
static Value roundToPowers(NodeContext &node, Value value,
                           PowerRounding rounding) {
  Type f32 = Float32Type::get(node.getContext()),
       i32 = IntegerType::get(node.getContext(), 32);
  auto withElement = [&](Value like, Type element) {
    auto type = cast<RankedTensorType>(like.getType());
    return RankedTensorType::get(type.getShape(), element, type.getEncoding());
  };
  Value magnitude = node.elementwise<nn::AbsOp>(value);
  Value bits =
      node.createTyped<nn::BitCastOp>(withElement(magnitude, i32), magnitude);
  // What is added carries into the exponent; halves go up, but 2^-127, which is
  // half of the smallest normal number, is a power of two itself.
  Value least = node.scalar(0x800000, i32);
  Value carry;
  if (rounding == PowerRounding::Up)
    carry = node.scalar(0x7fffff, i32);
  else if (rounding == PowerRounding::Nearest)
    carry = node.elementwise<nn::WhereOp>(
        {node.elementwise<nn::LessOp>({bits, least}),
         node.scalar(0x3fffff, i32), node.scalar(0x400000, i32)});
  if (carry)
    bits = node.elementwise<nn::AddOp>({bits, carry});
  bits = node.elementwise<nn::BitAndOp>({bits, node.scalar(0x7f800000, i32)});
  Value powers = node.createTyped<nn::BitCastOp>(withElement(bits, f32), bits);
  return node.elementwise<nn::WhereOp>(
      {node.elementwise<nn::IsNanOp>(value), value, powers});
}

Value sinter::castElements(NodeContext &node, Value value, Type to,
                           bool saturate, PowerRounding rounding) {
  Type from = cast<RankedTensorType>(value.getType()).getElementType();
  if (from == to || isa<Float4E2M1FNType>(to))
    return node.cast(value, to);
  if (!isSmallFloat(to)) {
    // Where ONNX leaves it open, integers of 2 and 4 bits wrap, as they do from
    // wider integers.
    if (isa<FloatType>(from) && to.getIntOrFloatBitWidth() < 8 &&
        !to.isInteger(1))
      value = node.cast(value, IntegerType::get(node.getContext(), 32));
    return node.cast(value, to);
  }
  Type f32 = Float32Type::get(node.getContext());
  if (isa<Float8E8M0FNUType>(to)) {
    if (saturate && rounding == PowerRounding::Up)
      return node.cast(value, to);
    value = roundToPowers(node, node.cast(value, f32), rounding);
    if (!saturate) {
      double infinity = std::numeric_limits<double>::infinity(),
             nan = std::numeric_limits<double>::quiet_NaN();
      value = node.elementwise<nn::WhereOp>(
          {node.elementwise<nn::EqualOp>({value, node.scalar(infinity, f32)}),
           node.scalar(nan, f32), value});
    }
    return node.cast(value, to);
  }
  if (saturate) {
    if (!isa<FloatType>(from) || isSmallFloat(from))
      value = node.cast(value, f32);
    double largest =
        llvm::APFloat::getLargest(cast<FloatType>(to).getFloatSemantics())
            .convertToDouble();
    value = node.elementwise<nn::ClampOp>(value, llvm::APFloat(-largest),
                                          llvm::APFloat(largest));
  }
  return node.cast(value, to);
}

/// The type that 'to' names, or that of input 1 of CastLike. Null, with an
/// issue, if tensors do not have it.
static Type getTarget(NodeContext &node) {
  if (node.getOp() == "CastLike")
    return node.getElementType(1);
  auto given = static_cast<onnx::ElementType>(node.getInt("to", 0));
  Type type = node.getImporter().getElementType(given);
  if (!type)
    (void)node.unsupported("a cast to a number type",
                           "a cast to " + onnx::getElementName(given),
                           "leave the conversion out of the model");
  return type;
}

static LogicalResult importCast(NodeContext &node) {
  Type type = getTarget(node);
  if (!type)
    return failure();
  if (node.getElementType(0) == type)
    return node.forward(0);
  StringRef mode = node.getString("round_mode", "up");
  if (mode != "up" && mode != "down" && mode != "nearest")
    return node.invalid("'round_mode' up, down or nearest", "'" + mode + "'");
  PowerRounding rounding = mode == "up"     ? PowerRounding::Up
                           : mode == "down" ? PowerRounding::Down
                                            : PowerRounding::Nearest;
  return node.setOutput(0, castElements(node, node.getInput(0), type,
                                        node.getInt("saturate", 1) != 0,
                                        rounding));
}

static LogicalResult importBitCast(NodeContext &node) {
  Type from = node.getElementType(0), to = getTarget(node);
  if (!to)
    return failure();
  if (from == to)
    return node.forward(0);
  auto getBits = [](Type type) {
    unsigned bits = type.getIntOrFloatBitWidth();
    return bits == 1 ? 8 : bits; // A truth value is a byte.
  };
  if (getBits(from) != getBits(to))
    return node.invalid("a type with elements of " + Twine(getBits(from)) +
                            " bits",
                        Twine(getBits(to)) + " bits");
  Value input = node.getInput(0);
  auto type = cast<RankedTensorType>(input.getType());
  return node.setOutput(
      0, node.createTyped<nn::BitCastOp>(
             RankedTensorType::get(type.getShape(), to, type.getEncoding()),
             input));
}

llvm::ArrayRef<OpRow> sinter::getCastRows() {
  static const OpRow rows[] = {
      {"BitCast", importBitCast},
      {"Cast", importCast, foldCast, 6},
      {"CastLike", importCast, foldCast},
  };
  return rows;
}
