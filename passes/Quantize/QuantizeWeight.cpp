//===- QuantizeWeight.cpp - weights on 8 bits -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Quantize/QuantizeWeight.h"

#include "dialects/NN/NNDialect.h"
#include "passes/Simplify/Constants.h"

#include <cfloat>

using namespace mlir;
using namespace sinter;
using namespace sinter::quantize;

namespace {

/// Builds operations on constants; each becomes a weight expression at once.
struct ConstantBuilder {
  OpBuilder &builder;
  Location loc;

  template <typename OpTy, typename... Args>
  Value make(Args &&...args) const {
    auto op = OpTy::create(builder, loc, std::forward<Args>(args)...);
    nn::WeightAttr weight = foldToWeight(op);
    Value value = nn::WeightOp::create(builder, loc, weight);
    op->erase();
    return value;
  }
  Value scalar(double number) const {
    return createScalar(builder, loc, number, builder.getF32Type());
  }
};

} // namespace

Value quantize::makeScale(OpBuilder &builder, Location loc, float scale) {
  return createScalar(builder, loc, scale, builder.getF32Type());
}

Value quantize::makeZeroPoint(OpBuilder &builder, Location loc,
                              int64_t zeroPoint) {
  return createScalar(builder, loc, static_cast<double>(zeroPoint),
                      builder.getIntegerType(8, /*isSigned=*/false));
}

/// The axes of the weight over which products are summed.
static SmallVector<int64_t> getContractedAxes(Operation *op) {
  if (isa<nn::MatmulOp>(op))
    return {0};
  auto type = cast<RankedTensorType>(op->getOperand(1).getType());
  return llvm::to_vector(llvm::seq<int64_t>(1, type.getRank()));
}

Value quantize::quantizeWeight(OpBuilder &builder, Operation *op) {
  Location loc = op->getLoc();
  ConstantBuilder b{builder, loc};
  Value weight = op->getOperand(1);
  Value largest = b.make<nn::ReduceOp>(
      b.make<nn::AbsOp>(weight), nn::ReduceKind::Max, getContractedAxes(op));
  // The smallest normal number in place of 0 keeps the division defined.
  Value scale = b.make<nn::MaxOp>(b.make<nn::DivOp>(largest, b.scalar(127)),
                                  b.scalar(FLT_MIN));
  Value zero = createScalar(builder, loc, 0, builder.getI8Type());
  Value rounded = b.make<nn::QuantizeOp>(weight, scale, zero);
  return b.make<nn::DequantizeOp>(rounded, scale, zero);
}

/// The mean of the input channel that meets each element of the weight, in a
/// shape that broadcasts to the weight's.
static Value makeMeans(OpBuilder &builder, Operation *op,
                       ArrayRef<float> means) {
  auto type = cast<RankedTensorType>(op->getOperand(1).getType());
  SmallVector<int64_t> shape(type.getRank(), 1);
  SmallVector<float> values(means);
  auto conv = dyn_cast<nn::ConvOp>(op);
  if (!conv) {
    shape[0] = type.getDimSize(0);
  } else {
    int64_t group = conv.getGroup(), outputs = type.getDimSize(0),
            inputs = type.getDimSize(1);
    shape[1] = inputs;
    if (group > 1) {
      if (static_cast<int64_t>(means.size()) != group * inputs)
        return {};
      shape[0] = outputs;
      values.clear();
      for (int64_t out = 0; out < outputs; ++out)
        llvm::append_range(
            values, means.slice(out / (outputs / group) * inputs, inputs));
    }
  }
  auto meansType = RankedTensorType::get(shape, builder.getF32Type());
  if (meansType.getNumElements() != static_cast<int64_t>(values.size()))
    return {};
  auto value = DenseElementsAttr::get(meansType, ArrayRef<float>(values));
  return nn::WeightOp::create(
      builder, op->getLoc(),
      nn::WeightAttr::get(
          builder.getContext(), builder.getStringAttr("dense"), {},
          builder.getDictionaryAttr(builder.getNamedAttr("value", value)),
          meansType));
}

Value quantize::makeBiasCorrection(OpBuilder &builder, Operation *op,
                                   Value dequantized,
                                   ArrayRef<float> inputMeans) {
  Value means = makeMeans(builder, op, inputMeans);
  if (!means)
    return {};
  ConstantBuilder b{builder, op->getLoc()};
  Value error = b.make<nn::SubOp>(op->getOperand(1), dequantized);
  Value sum = b.make<nn::ReduceOp>(b.make<nn::MulOp>(error, means),
                                   nn::ReduceKind::Sum, getContractedAxes(op));
  auto type = cast<RankedTensorType>(sum.getType());
  SmallVector<int64_t> shape = {type.getNumElements()};
  if (auto conv = dyn_cast<nn::ConvOp>(op); conv && !conv.getChannelsLast())
    shape.append(type.getRank() - 2, 1); // [channels, 1, 1]
  return b.make<nn::ReshapeOp>(
      RankedTensorType::get(shape, type.getElementType()), sum);
}
