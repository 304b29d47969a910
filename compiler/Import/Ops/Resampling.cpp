//===- Resampling.cpp - resampling of one dimension -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Resampling.h"

#include <cmath>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

bool sinter::isKnownCoordinates(StringRef name) {
  return name == "tf_crop_and_resize" || name == "half_pixel_symmetric" ||
         nn::symbolizeResizeCoordinates(name).has_value();
}

namespace {

/// Builds the operations for one dimension. Coordinates are f32, as those of
/// nn.resize.
class Resampler {
public:
  Resampler(NodeContext &node, const ResampleAxis &axis,
            const ResampleRules &rules)
      : node(node), axis(axis), rules(rules),
        f32(Float32Type::get(node.getContext())),
        i64(IntegerType::get(node.getContext(), 64)),
        from(node.sizeValue(axis.from, f32)), to(node.sizeValue(axis.to, f32)) {
    scale = axis.scale ? axis.scale : div(to, from);
  }

  Value run(Value value);

private:
  Value number(double value) { return node.scalar(value, f32); }
  Value add(Value a, Value b) { return node.elementwise<nn::AddOp>({a, b}); }
  Value sub(Value a, Value b) { return node.elementwise<nn::SubOp>({a, b}); }
  Value mul(Value a, Value b) { return node.elementwise<nn::MulOp>({a, b}); }
  Value div(Value a, Value b) { return node.elementwise<nn::DivOp>({a, b}); }
  Value isLess(Value a, Value b) {
    return node.elementwise<nn::LessOp>({a, b});
  }
  Value choose(Value condition, Value a, Value b) {
    return node.elementwise<nn::WhereOp>({condition, a, b});
  }
  Value limit(Value value, Value low, Value high) {
    return node.elementwise<nn::MaxOp>(
        {node.elementwise<nn::MinOp>({value, high}), low});
  }
  Value count(SizeAttr size, int64_t dim, SizeAttr start);

  Value getWidth() { return axis.scale ? mul(scale, from) : to; }
  Value getCoordinates(Value position);
  Value roundNearest(Value coordinates);
  SizeAttr countTaps();
  Value getWeights(Value distance);
  Value sumTaps(Value value, Value coordinates);
  Value extrapolate(Value value, Value coordinates);

  NodeContext &node;
  const ResampleAxis &axis;
  const ResampleRules &rules;
  Type f32, i64;
  Value from, to, scale;
};

} // namespace

/// start, start + 1, .. along dimension `dim` of a matrix.
Value Resampler::count(SizeAttr size, int64_t dim, SizeAttr start) {
  SmallVector<SizeAttr> sizes(2, node.getSize(1));
  sizes[dim] = size;
  Value iota = node.createTyped<nn::IotaOp>(nn::makeTensorType(sizes, i64), dim,
                                            start, node.getSize(1));
  return node.cast(iota, f32);
}

/// Where the output elements at `position` lie in the input.
Value Resampler::getCoordinates(Value position) {
  Value half = number(0.5), one = number(1), zero = number(0);
  Value last = sub(from, one);
  StringRef name = rules.coordinates;
  if (name == "asymmetric")
    return div(position, scale);
  if (name == "align_corners" || name == "tf_crop_and_resize") {
    Value width = getWidth();
    Value isSingle = node.elementwise<nn::EqualOp>({width, one});
    Value intervals = choose(isSingle, one, sub(width, one));
    if (name == "align_corners")
      return choose(isSingle, zero, div(mul(position, last), intervals));
    Value extent = mul(sub(axis.regionEnd, axis.regionStart), last);
    Value offset = choose(isSingle, mul(extent, half),
                          div(mul(position, extent), intervals));
    return add(offset, mul(axis.regionStart, last));
  }
  Value middle = sub(div(add(position, half), scale), half);
  if (name == "pytorch_half_pixel")
    return choose(isLess(one, to), middle, zero);
  if (name == "half_pixel_symmetric") {
    // The centre of the output is that of the input, though its size is
    // rounded.
    Value adjustment = div(to, mul(scale, from));
    return add(mul(mul(from, half), sub(one, adjustment)), middle);
  }
  return middle;
}

Value Resampler::roundNearest(Value coordinates) {
  Value half = number(0.5);
  switch (rules.rounding) {
  case nn::ResizeRounding::RoundPreferFloor:
    return node.elementwise<nn::CeilOp>({sub(coordinates, half)});
  case nn::ResizeRounding::RoundPreferCeil:
    return node.elementwise<nn::FloorOp>({add(coordinates, half)});
  case nn::ResizeRounding::Floor:
    return node.elementwise<nn::FloorOp>({coordinates});
  case nn::ResizeRounding::Ceil:
    break;
  }
  return node.elementwise<nn::CeilOp>({coordinates});
}

/// How many input elements make an output element: the support of the filter,
/// which antialiasing widens where the output is smaller.
SizeAttr Resampler::countTaps() {
  int64_t radius = rules.mode == nn::ResizeMode::Cubic ? 2 : 1;
  if (!rules.antialias)
    return node.getSize(2 * radius);
  if (axis.knownScale > 0)
    return node.getSize(2 * static_cast<int64_t>(std::ceil(
                                radius / std::min(axis.knownScale, 1.0))));
  SizeAttr side;
  if (!axis.scale) {
    side = nn::ceilDiv(nn::mul(axis.from, radius), axis.to);
  } else {
    Value widened = node.elementwise<nn::CeilOp>({div(number(radius), scale)});
    side = node.readSizes(node.cast(widened, i64), "taps").front();
  }
  side = nn::max(side, node.getSize(radius));
  return node.settle(nn::mul(side, 2), "taps").front();
}

/// The filter at `distance`: a triangle, or Keys' cubic convolution.
Value Resampler::getWeights(Value distance) {
  Value zero = number(0), one = number(1);
  Value x = node.elementwise<nn::AbsOp>({distance});
  if (rules.mode != nn::ResizeMode::Cubic)
    return node.elementwise<nn::MaxOp>({sub(one, x), zero});
  double a = rules.cubicCoefficient;
  auto cubic = [&](double c3, double c2, double c1, double c0) {
    Value sum = add(mul(number(c3), x), number(c2));
    sum = add(mul(sum, x), number(c1));
    return add(mul(sum, x), number(c0));
  };
  Value outer =
      choose(isLess(x, number(2)), cubic(a, -5 * a, 8 * a, -4 * a), zero);
  return choose(isLess(one, x), outer, cubic(a + 2, -(a + 3), 0, 1));
}

Value Resampler::sumTaps(Value value, Value coordinates) {
  SizeAttr taps = countTaps();
  Value one = number(1), zero = number(0);
  // The element at or left of a coordinate, of two at equal distance the left
  // one: the fraction lies in (0, 1].
  Value whole = sub(node.elementwise<nn::CeilOp>({coordinates}), one);
  Value fraction = sub(coordinates, whole);
  SizeAttr first = nn::sub(node.getSize(1), nn::floorDiv(taps, 2));
  Value offsets = count(taps, /*dim=*/1, first);
  Value distance = sub(offsets, fraction);
  if (rules.antialias)
    distance = mul(distance, node.elementwise<nn::MinOp>({scale, number(1)}));
  Value weights = getWeights(distance);
  Value places = add(whole, offsets), last = sub(from, one);
  if (rules.excludeOutside) {
    Value isInside =
        node.elementwise<nn::EqualOp>({limit(places, zero, last), places});
    weights = choose(isInside, weights, zero);
  }
  if (rules.antialias || rules.excludeOutside)
    weights =
        div(weights, node.reduce(weights, nn::ReduceKind::Sum, /*axes=*/1));
  Value indices = node.cast(limit(places, zero, last), i64);
  Value taken = node.create<nn::GatherOp>(value, indices, axis.axis);
  SmallVector<SizeAttr> shape = nn::getSizes(weights.getType());
  shape.append(nn::getSizes(value.getType()).size() - axis.axis - 1,
               node.getSize(1));
  Value product = mul(taken, node.reshape(weights, shape));
  Value sum = node.reduce(product, nn::ReduceKind::Sum, axis.axis + 1);
  SmallVector<SizeAttr> sizes = nn::getSizes(sum.getType());
  sizes.erase(sizes.begin() + axis.axis + 1);
  return node.reshape(sum, sizes);
}

/// Puts the extrapolation value where coordinates lie outside of the input.
Value Resampler::extrapolate(Value value, Value coordinates) {
  Value last = sub(from, number(1));
  Value isOutside = node.elementwise<nn::OrOp>(
      {isLess(coordinates, number(0)), isLess(last, coordinates)});
  SmallVector<SizeAttr> sizes(nn::getSizes(value.getType()).size(),
                              node.getSize(1));
  sizes[axis.axis] = axis.to;
  Type type = llvm::cast<RankedTensorType>(value.getType()).getElementType();
  return choose(node.reshape(isOutside, sizes),
                node.scalar(rules.extrapolation, type), value);
}

Value Resampler::run(Value value) {
  Value coordinates =
      getCoordinates(count(axis.to, /*dim=*/0, node.getSize(0)));
  Value result;
  if (rules.mode == nn::ResizeMode::Nearest) {
    Value places =
        limit(roundNearest(coordinates), number(0), sub(from, number(1)));
    Value indices = node.reshape(node.cast(places, i64), axis.to);
    result = node.create<nn::GatherOp>(value, indices, axis.axis);
  } else {
    result = sumTaps(value, coordinates);
  }
  return rules.coordinates == "tf_crop_and_resize"
             ? extrapolate(result, coordinates)
             : result;
}

Value sinter::resample(NodeContext &node, Value value, const ResampleAxis &axis,
                       const ResampleRules &rules) {
  return Resampler(node, axis, rules).run(value);
}
