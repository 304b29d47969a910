//===- PointEmitterResize.cpp - coordinates and weights of nn.resize ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/ElementwiseMath.h"
#include "passes/Lower/PointProgram.h"

using namespace mlir;
using namespace sinter;

/// An index value (scalar or vector) as a vector of f32.
static Value toFloat(KernelBuilder &kb, Value index) {
  Value wide = arith::IndexCastOp::create(
      kb.b, kb.loc, kb.getVector(kb.b.getI64Type()), kb.broadcast(index));
  return arith::SIToFPOp::create(kb.b, kb.loc, kb.getVector(kb.b.getF32Type()),
                                 wide);
}

Value PointEmitter::computeResizeCoordinate(const PointNode &node) {
  auto op = cast<nn::ResizeOp>(node.op);
  nn::SizeAttr from = node.sizes[0], to = node.sizes[1];
  ValueEmitter e{kb.b, kb.loc, kb.getVector(kb.b.getF32Type())};
  Value position = toFloat(kb, asVector(evaluate(node.exprs[0])));
  Value half = e.constant(0.5), zero = e.constant(0.0);

  double given = op.getScales()[node.ints[0]];
  auto scale = [&]() -> Value {
    if (given != 0)
      return e.constant(given);
    return e.div(toFloat(kb, kb.size(to)), toFloat(kb, kb.size(from)));
  };
  auto unlessSingle = [&](Value value) {
    Value isMany = arith::CmpIOp::create(
        kb.b, kb.loc, arith::CmpIPredicate::sgt, kb.size(to), kb.index(1));
    return e.select(kb.broadcast(isMany), value, zero);
  };
  switch (op.getCoordinates()) {
  case nn::ResizeCoordinates::HalfPixel:
    return e.sub(e.div(e.add(position, half), scale()), half);
  case nn::ResizeCoordinates::PytorchHalfPixel:
    return unlessSingle(e.sub(e.div(e.add(position, half), scale()), half));
  case nn::ResizeCoordinates::AlignCorners: {
    Value steps = toFloat(kb, kb.size(nn::add(from, -1)));
    Value intervals = toFloat(kb, kb.size(nn::add(to, -1)));
    return unlessSingle(e.div(e.mul(position, steps), intervals));
  }
  case nn::ResizeCoordinates::Asymmetric:
    break;
  }
  return e.div(position, scale());
}

/// The whole number that `coordinate` is rounded to for nearest.
static Value roundNearest(KernelBuilder &kb, nn::ResizeRounding rounding,
                          Value coordinate) {
  ValueEmitter e{kb.b, kb.loc, coordinate.getType()};
  Value half = e.constant(0.5);
  switch (rounding) {
  case nn::ResizeRounding::RoundPreferFloor:
    return math::CeilOp::create(kb.b, kb.loc, e.sub(coordinate, half));
  case nn::ResizeRounding::RoundPreferCeil:
    return math::FloorOp::create(kb.b, kb.loc, e.add(coordinate, half));
  case nn::ResizeRounding::Floor:
    return math::FloorOp::create(kb.b, kb.loc, coordinate);
  case nn::ResizeRounding::Ceil:
    break;
  }
  return math::CeilOp::create(kb.b, kb.loc, coordinate);
}

/// `value` (f32) limited to [0, size - 1].
static Value clampCoordinate(KernelBuilder &kb, Value value,
                             nn::SizeAttr size) {
  Value last = toFloat(kb, kb.size(nn::add(size, -1)));
  Value zero = kb.constant(value.getType(), 0.0);
  value = arith::MinimumFOp::create(kb.b, kb.loc, value, last);
  return arith::MaximumFOp::create(kb.b, kb.loc, value, zero);
}

Value PointEmitter::computeResizeIndex(const PointNode &node) {
  auto op = cast<nn::ResizeOp>(node.op);
  ValueEmitter e{kb.b, kb.loc, kb.getVector(kb.b.getF32Type())};
  Value coordinate = computeResizeCoordinate(node);
  int64_t tap = node.ints[1];
  Value whole;
  if (op.getMode() == nn::ResizeMode::Nearest) {
    whole = roundNearest(kb, op.getRounding(), coordinate);
  } else {
    bool isLinear = op.getMode() == nn::ResizeMode::Linear;
    if (isLinear)
      coordinate = clampCoordinate(kb, coordinate, node.sizes[0]);
    whole = math::FloorOp::create(kb.b, kb.loc, coordinate);
    whole = e.add(whole, e.constant(isLinear ? tap : tap - 1));
  }
  whole = clampCoordinate(kb, whole, node.sizes[0]);

  bool varies = point.vectorDim >= 0 && node.dims.test(point.vectorDim);
  Type narrow = kb.getVector(kb.b.getI32Type());
  Value index = arith::FPToSIOp::create(kb.b, kb.loc, narrow, whole);
  if (varies)
    return arith::IndexCastOp::create(kb.b, kb.loc,
                                      kb.getVector(kb.b.getIndexType()), index);
  index = vector::ExtractOp::create(kb.b, kb.loc, index, ArrayRef<int64_t>{0});
  return arith::IndexCastOp::create(kb.b, kb.loc, kb.b.getIndexType(), index);
}

Value PointEmitter::computeResizeWeight(const PointNode &node) {
  auto op = cast<nn::ResizeOp>(node.op);
  ValueEmitter e{kb.b, kb.loc, kb.getVector(kb.b.getF32Type())};
  Value coordinate = computeResizeCoordinate(node), one = e.constant(1.0);
  int64_t tap = node.ints[1];
  bool isLinear = op.getMode() == nn::ResizeMode::Linear;
  if (isLinear)
    coordinate = clampCoordinate(kb, coordinate, node.sizes[0]);
  Value whole = math::FloorOp::create(kb.b, kb.loc, coordinate);
  Value fraction = e.sub(coordinate, whole);
  if (isLinear)
    return tap == 0 ? e.sub(one, fraction) : fraction;

  // Keys' cubic convolution: distance to the tap is t, 1 - t or one more.
  double a = op.getCubicCoefficient().convertToDouble();
  Value t = tap < 2 ? fraction : e.sub(one, fraction);
  auto cubic = [&](double c3, double c2, double c1, double c0, Value x) {
    Value sum = e.fma(e.constant(c3), x, e.constant(c2));
    sum = e.fma(sum, x, e.constant(c1));
    return e.fma(sum, x, e.constant(c0));
  };
  if (tap == 1 || tap == 2)
    return cubic(a + 2, -(a + 3), 0, 1, t);
  return cubic(a, -5 * a, 8 * a, -4 * a, e.add(t, one));
}
