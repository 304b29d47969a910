//===- PackedTensor.cpp - elements that share bytes -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/PackedTensor.h"
#include "dialects/NN/NNShapes.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

namespace {

/// Builds operations on `count` elements of `bits` bits and their bytes.
class Packing {
public:
  Packing(OpBuilder &builder, Location location, RankedTensorType type)
      : b(builder), location(location), bits(type.getElementTypeBitWidth()),
        perByte(8 / bits), count(nn::getNumElements(type)),
        numBytes(nn::ceilDiv(count, nn::getSize(b.getContext(), perByte))),
        padded(nn::mul(numBytes, perByte)),
        byte(b.getIntegerType(8, /*isSigned=*/false)) {}

  Value reshape(Value value, ArrayRef<SizeAttr> sizes) {
    auto type = nn::makeTensorType(
        sizes, cast<RankedTensorType>(value.getType()).getElementType());
    return value.getType() == type
               ? value
               : nn::ReshapeOp::create(b, location, type, value).getResult();
  }
  template <typename OpTy>
  Value convert(Value value, Type element) {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getElementType() == element)
      return value;
    return OpTy::create(
        b, location,
        RankedTensorType::get(type.getShape(), element, type.getEncoding()),
        value);
  }
  Value makeConstant(ArrayRef<int64_t> shape, ArrayRef<uint8_t> values) {
    SmallVector<APInt> numbers;
    for (uint8_t value : values)
      numbers.emplace_back(8, value);
    auto type = RankedTensorType::get(shape, byte);
    auto params = b.getDictionaryAttr(
        b.getNamedAttr("value", DenseElementsAttr::get(type, numbers)));
    return nn::WeightOp::create(b, location,
                                nn::WeightAttr::get(b.getContext(),
                                                    b.getStringAttr("dense"),
                                                    {}, params, type));
  }
  /// Elements `start`, `start + step`, .. of a vector.
  Value slice(Value vector, int64_t start, SizeAttr size, int64_t step) {
    MLIRContext *context = b.getContext();
    return nn::SliceOp::create(
        b, location, vector,
        nn::makeSizeArray(context, nn::getSize(context, start)),
        nn::makeSizeArray(context, size), step);
  }
  Value mask() {
    return makeConstant({}, static_cast<uint8_t>((1 << bits) - 1));
  }

  OpBuilder &b;
  Location location;
  unsigned bits, perByte;
  SizeAttr count, numBytes, padded;
  Type byte;
};

} // namespace

RankedTensorType sinter::getPackedType(RankedTensorType type) {
  unsigned bits = type.getElementTypeBitWidth();
  if (bits == 1 || bits >= 8)
    return nullptr;
  MLIRContext *context = type.getContext();
  SizeAttr perByte = nn::getSize(context, 8 / bits);
  return nn::makeTensorType(
      nn::ceilDiv(nn::getNumElements(type), perByte),
      IntegerType::get(context, 8, IntegerType::Unsigned));
}

Value sinter::unpackTensor(OpBuilder &builder, Location location, Value bytes,
                           RankedTensorType type) {
  Packing p(builder, location, type);
  SmallVector<uint8_t> places;
  for (unsigned i = 0; i < p.perByte; ++i)
    places.push_back(i * p.bits);
  MLIRContext *context = builder.getContext();
  Value column = p.reshape(bytes, {p.numBytes, nn::getSize(context, 1)});
  Value shifted = nn::ShiftRightOp::create(builder, location, column,
                                           p.makeConstant(p.perByte, places));
  Value vector = p.reshape(shifted, p.padded);
  if (p.padded != p.count)
    vector = p.slice(vector, 0, p.count, 1);
  Value low = nn::BitAndOp::create(builder, location, vector, p.mask());
  Type element = type.getElementType();
  if (isa<FloatType>(element))
    low = p.convert<nn::BitCastOp>(
        p.convert<nn::CastOp>(low, builder.getIntegerType(p.bits, false)),
        element);
  return p.reshape(p.convert<nn::CastOp>(low, element), nn::getSizes(type));
}

Value sinter::packTensor(OpBuilder &builder, Location location, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Packing p(builder, location, type);
  Value vector = tensor;
  if (isa<FloatType>(type.getElementType()))
    vector =
        p.convert<nn::BitCastOp>(vector, builder.getIntegerType(p.bits, false));
  vector = p.reshape(p.convert<nn::CastOp>(vector, p.byte), p.count);
  vector = nn::BitAndOp::create(builder, location, vector, p.mask());
  if (p.padded != p.count) {
    MLIRContext *context = builder.getContext();
    vector = nn::PadOp::create(
        builder, location, vector, p.makeConstant({}, 0),
        nn::makeSizeArray(context, nn::getSize(context, 0)),
        nn::makeSizeArray(context, nn::sub(p.padded, p.count)),
        nn::PadMode::Constant);
  }
  Value result;
  for (unsigned i = 0; i < p.perByte; ++i) {
    Value part = p.slice(vector, i, p.numBytes, p.perByte);
    if (i > 0)
      part = nn::ShiftLeftOp::create(
          builder, location, part,
          p.makeConstant({}, static_cast<uint8_t>(i * p.bits)));
    result =
        result ? nn::BitOrOp::create(builder, location, result, part) : part;
  }
  return result;
}
