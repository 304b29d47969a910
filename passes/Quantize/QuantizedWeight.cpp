//===- QuantizedWeight.cpp - weights that are dequantized -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Earlier phases reshape, transpose, slice and scale weights. On a dequantized
// weight, what they did to the product is done to its factors here.
//
//===----------------------------------------------------------------------===//

#include "passes/Quantize/QuantizedWeight.h"

#include "compiler/Weights/WeightStore.h"
#include "dialects/NN/NNShapes.h"
#include "passes/Simplify/Constants.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace sinter;
using nn::WeightAttr;

namespace {

/// The factors of a dequantized weight. Parameters have one element, or the
/// rank of the values.
struct Factors {
  WeightAttr values, scale, zeroPoint;
};

/// Makes weight expressions.
class ExpressionBuilder {
public:
  explicit ExpressionBuilder(MLIRContext *context) : builder(context) {}

  WeightAttr make(StringRef kind, ArrayRef<WeightAttr> operands,
                  ArrayRef<int64_t> shape, Type elementType,
                  DictionaryAttr params = {}) {
    auto weight = WeightAttr::get(
        builder.getContext(), builder.getStringAttr(kind), operands,
        params ? params : builder.getDictionaryAttr({}),
        RankedTensorType::get(shape, elementType));
    WeightAttr small = evaluateSmall(weight);
    return small ? small : weight;
  }
  WeightAttr reshape(WeightAttr weight, ArrayRef<int64_t> shape) {
    if (weight.getType().getShape() == shape)
      return weight;
    return make("reshape", weight, shape, weight.getType().getElementType());
  }
  WeightAttr cast(WeightAttr weight, Type elementType) {
    return make("cast", weight, weight.getType().getShape(), elementType);
  }
  WeightAttr scalar(int64_t value, Type elementType) {
    auto type = RankedTensorType::get({}, elementType);
    auto params = builder.getDictionaryAttr(builder.getNamedAttr(
        "value", DenseElementsAttr::get(
                     type, builder.getIntegerAttr(elementType, value))));
    return WeightAttr::get(builder.getContext(), builder.getStringAttr("dense"),
                           {}, params, type);
  }

  Builder builder;
};

} // namespace

static bool isSingle(WeightAttr weight) {
  return weight.getType().getNumElements() == 1;
}

/// The parameter `weight` of a tensor of rank `rank` with leading sizes of 1.
static WeightAttr alignRank(ExpressionBuilder &e, WeightAttr weight,
                            size_t rank) {
  ArrayRef<int64_t> own = weight.getType().getShape();
  if (isSingle(weight))
    return e.reshape(weight, {});
  SmallVector<int64_t> shape(rank - own.size(), 1);
  shape.append(own.begin(), own.end());
  return e.reshape(weight, shape);
}

/// `parameter` for the tensor of shape `from` reshaped to `to`: its one
/// dimension that is not 1 must be the same elements there. Null otherwise.
static WeightAttr reshapeParameter(ExpressionBuilder &e, WeightAttr parameter,
                                   ArrayRef<int64_t> from,
                                   ArrayRef<int64_t> to) {
  if (isSingle(parameter))
    return parameter;
  ArrayRef<int64_t> own = parameter.getType().getShape();
  std::optional<size_t> axis;
  for (auto [dim, size] : llvm::enumerate(own))
    if (size != 1) {
      if (axis)
        return {};
      axis = dim;
    }
  int64_t before = 1, reached = 1;
  for (int64_t size : from.take_front(*axis))
    before *= size;
  SmallVector<int64_t> shape(to.size(), 1);
  int64_t left = own[*axis];
  for (auto [dim, size] : llvm::enumerate(to)) {
    if (reached == before && left > 1) {
      if (left % size != 0)
        return {};
      shape[dim] = size;
      left /= size;
      continue;
    }
    reached *= size;
    if (left > 1 && reached > before)
      return {};
  }
  return left == 1 ? e.reshape(parameter, shape) : WeightAttr();
}

/// `slice` of a parameter: where it repeats, one element stays.
static WeightAttr sliceParameter(ExpressionBuilder &e, WeightAttr parameter,
                                 WeightAttr slice) {
  if (isSingle(parameter))
    return parameter;
  SmallVector<Attribute> starts, sizes;
  SmallVector<int64_t> steps, shape;
  DictionaryAttr params = slice.getParams();
  auto givenStarts = params.getAs<ArrayAttr>("starts");
  auto givenSteps = params.getAs<DenseI64ArrayAttr>("steps");
  MLIRContext *context = slice.getContext();
  for (auto [dim, own] : llvm::enumerate(parameter.getType().getShape())) {
    bool repeats = own == 1;
    shape.push_back(repeats ? 1 : slice.getType().getDimSize(dim));
    starts.push_back(repeats ? nn::getSize(context, 0) : givenStarts[dim]);
    sizes.push_back(nn::getSize(context, shape.back()));
    steps.push_back(repeats ? 1 : givenSteps[dim]);
  }
  Builder &b = e.builder;
  return e.make("slice", parameter, shape, parameter.getType().getElementType(),
                b.getDictionaryAttr(
                    {b.getNamedAttr("sizes", b.getArrayAttr(sizes)),
                     b.getNamedAttr("starts", b.getArrayAttr(starts)),
                     b.getNamedAttr("steps", b.getDenseI64ArrayAttr(steps))}));
}

static std::optional<Factors> findFactors(ExpressionBuilder &e,
                                          WeightAttr weight);

/// Factors of (values - zero) * scale times a constant of each output.
static std::optional<Factors> findInProduct(ExpressionBuilder &e,
                                            WeightAttr weight) {
  for (unsigned index : {0, 1}) {
    std::optional<Factors> inner = findFactors(e, weight.getOperands()[index]);
    WeightAttr factor = weight.getOperands()[1 - index];
    if (!inner ||
        inner->values.getType().getShape() != weight.getType().getShape())
      continue;
    factor = alignRank(e, factor, weight.getType().getRank());
    SmallVector<int64_t> shape(factor.getType().getShape());
    ArrayRef<int64_t> own = inner->scale.getType().getShape();
    if (shape.empty())
      shape.assign(own.begin(), own.end());
    for (auto [size, other] : llvm::zip(shape, own))
      size = std::max(size, other);
    inner->scale = e.make("mul", {inner->scale, factor}, shape,
                          inner->scale.getType().getElementType());
    return inner;
  }
  return std::nullopt;
}

static std::optional<Factors> findFactors(ExpressionBuilder &e,
                                          WeightAttr weight) {
  StringRef kind = weight.getKind().getValue();
  ArrayRef<WeightAttr> operands = weight.getOperands();
  ArrayRef<int64_t> shape = weight.getType().getShape();
  if (kind == "dequantize") {
    if (operands[0].getType().getShape() != shape)
      return std::nullopt;
    return Factors{operands[0], alignRank(e, operands[1], shape.size()),
                   alignRank(e, operands[2], shape.size())};
  }
  if (kind == "mul")
    return findInProduct(e, weight);
  if (kind != "reshape" && kind != "transpose" && kind != "slice")
    return std::nullopt;
  std::optional<Factors> inner = findFactors(e, operands[0]);
  if (!inner)
    return std::nullopt;
  ArrayRef<int64_t> from = operands[0].getType().getShape();
  auto follow = [&](WeightAttr parameter) -> WeightAttr {
    if (kind == "reshape")
      return reshapeParameter(e, parameter, from, shape);
    if (kind == "slice")
      return sliceParameter(e, parameter, weight);
    if (isSingle(parameter))
      return parameter;
    SmallVector<int64_t> moved;
    auto permutation =
        weight.getParams().getAs<DenseI64ArrayAttr>("permutation");
    for (int64_t dim : permutation.asArrayRef())
      moved.push_back(parameter.getType().getDimSize(dim));
    return e.make("transpose", parameter, moved,
                  parameter.getType().getElementType(), weight.getParams());
  };
  Factors result;
  result.values =
      e.make(kind, inner->values, shape,
             inner->values.getType().getElementType(), weight.getParams());
  result.scale = follow(inner->scale);
  result.zeroPoint = follow(inner->zeroPoint);
  if (!result.scale || !result.zeroPoint)
    return std::nullopt;
  return result;
}

/// Whether every zero point is `expected`; `reason` says why not.
static bool checkZeroPoints(WeightAttr zeroPoint, int64_t expected,
                            std::string &reason) {
  constexpr uint64_t kMaxBytes = 8192; // What the importer keeps in the IR.
  WeightAttr known = evaluateSmall(zeroPoint, kMaxBytes);
  if (!known) {
    reason = "the zero points of its weights are too many to look at";
    return false;
  }
  auto value = known.getParams().getAs<DenseElementsAttr>("value");
  for (const APInt &element : value.getValues<APInt>())
    if (static_cast<int64_t>(element.getZExtValue()) != expected) {
      reason = "its weights have a zero point that is not the middle of their "
               "range: quantize them symmetrically";
      return false;
    }
  return true;
}

std::optional<quantize::QuantizedWeight>
quantize::findQuantizedWeight(Value value, std::string &reason) {
  WeightAttr weight = getWeight(value);
  if (auto op = value.getDefiningOp<nn::DequantizeOp>())
    weight = foldToWeight(op);
  if (!weight)
    return std::nullopt;
  ExpressionBuilder e(value.getContext());
  std::optional<Factors> factors = findFactors(e, weight);
  if (!factors)
    return std::nullopt;
  Type type = factors->values.getType().getElementType();
  if (!type.isInteger(8)) {
    reason = "its weights are not of 8 bits";
    return std::nullopt;
  }
  if (!factors->scale.getType().getElementType().isF32()) {
    reason = "its weights are not dequantized to f32";
    return std::nullopt;
  }
  bool isUnsigned = type.isUnsignedInteger();
  if (!checkZeroPoints(factors->zeroPoint, isUnsigned ? 128 : 0, reason))
    return std::nullopt;
  WeightAttr values = factors->values;
  if (isUnsigned) {
    // Both wrap: 128 becomes 0.
    Type signedByte = IntegerType::get(type.getContext(), 8);
    values =
        e.make("add", {e.cast(values, signedByte), e.scalar(-128, signedByte)},
               values.getType().getShape(), signedByte);
  }
  return QuantizedWeight{values, factors->scale};
}
