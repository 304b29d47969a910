//===- OpClasses.cpp - what fusion knows about operations -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Fuse/OpClasses.h"

#include "dialects/NN/NNShapes.h"

using namespace mlir;

namespace sinter::fuse {

bool isElementwise(Operation *op) {
  return op->hasTrait<nn::OpTrait::Elementwise>();
}

bool isIndexMap(Operation *op) {
  return isa<nn::TransposeOp, nn::SliceOp, nn::BroadcastOp>(op);
}

bool isBarrier(Operation *op) {
  return isa<nn::BindSizesOp, nn::LoopOp, nn::IfOp>(op);
}

bool isRematerializable(Operation *op) {
  return isa<nn::IotaOp, nn::SizeValueOp>(op);
}

bool isLoopOp(Operation *op) {
  return isElementwise(op) || isIndexMap(op) || isRematerializable(op) ||
         isa<nn::ConcatOp, nn::GatherElementsOp, nn::GatherOp, nn::PadOp,
             nn::ResizeOp>(op);
}

bool isInlineConstant(Operation *op) {
  auto weight = dyn_cast_or_null<nn::WeightOp>(op);
  return weight && weight.getValue().getKind() == "dense" &&
         weight.getValue().getType().getNumElements() <= 1;
}

bool isViewTranspose(nn::TransposeOp op) {
  Shape sizes = nn::getSizes(op.getInput().getType());
  int64_t last = -1;
  for (int64_t dim : op.getPermutation()) {
    if (sizes[dim].isConstant(1))
      continue;
    if (dim < last)
      return false;
    last = dim;
  }
  return true;
}

bool reducesTrailingAxes(nn::ReduceOp op) {
  int64_t rank = cast<RankedTensorType>(op.getInput().getType()).getRank();
  ArrayRef<int64_t> axes = op.getAxes();
  for (auto [i, axis] : llvm::enumerate(axes))
    if (axis != rank - static_cast<int64_t>(axes.size() - i))
      return false;
  return !axes.empty();
}

/// Whether every output channel of `op` reads one input channel of its own.
static bool isDepthwise(nn::ConvOp op) {
  auto filter = cast<RankedTensorType>(op.getFilter().getType());
  return op.getGroup() > 1 && filter.getDimSize(1) == 1 &&
         filter.getDimSize(0) == static_cast<int64_t>(op.getGroup());
}

static bool isWeight(Value value) {
  return value.getDefiningOp<nn::WeightOp>() != nullptr;
}

std::optional<kernel::Kind> getRootKind(Operation *op, StringRef &reason) {
  if (isa<nn::MatmulOp>(op))
    return kernel::Kind::Contract;
  if (auto conv = dyn_cast<nn::ConvOp>(op)) {
    if (conv.getChannelsLast() && isWeight(conv.getFilter()))
      return isDepthwise(conv) ? kernel::Kind::Window : kernel::Kind::Contract;
    reason = conv.getChannelsLast() ? "its filter is computed by the model"
                                    : "its channels are not the last dimension";
    return kernel::Kind::Serial;
  }
  if (auto conv = dyn_cast<nn::ConvTransposeOp>(op)) {
    if (conv.getChannelsLast() && isWeight(conv.getFilter()))
      return kernel::Kind::Contract;
    reason = conv.getChannelsLast() ? "its filter is computed by the model"
                                    : "its channels are not the last dimension";
    return kernel::Kind::Serial;
  }
  if (auto pool = dyn_cast<nn::PoolOp>(op)) {
    if (pool.getChannelsLast())
      return kernel::Kind::Window;
    reason = "its channels are not the last dimension";
    return kernel::Kind::Serial;
  }
  if (isLoopOp(op) || isa<nn::ReduceOp>(op))
    return std::nullopt;
  reason = "it is an algorithm of its own";
  return kernel::Kind::Serial;
}

} // namespace sinter::fuse
