//===- ChannelOrder.cpp - channels first and channels last ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Layout/ChannelOrder.h"

#include "passes/Simplify/Patterns.h"
#include "passes/Simplify/ReshapeGroups.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace sinter {

SmallVector<int64_t> getToChannelsLast(int64_t rank) {
  SmallVector<int64_t> permutation{0};
  llvm::append_range(permutation, llvm::seq<int64_t>(2, rank));
  permutation.push_back(1);
  return permutation;
}

SmallVector<int64_t> getToChannelsFirst(int64_t rank) {
  SmallVector<int64_t> permutation{0, rank - 1};
  llvm::append_range(permutation, llvm::seq<int64_t>(1, rank - 1));
  return permutation;
}

RankedTensorType permuteType(RankedTensorType type,
                             ArrayRef<int64_t> permutation) {
  SmallVector<nn::SizeAttr> sizes = nn::getSizes(type), permuted;
  for (int64_t dim : permutation)
    permuted.push_back(sizes[dim]);
  return nn::makeTensorType(permuted, type.getElementType());
}

bool isViewPermutation(RankedTensorType type, ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> moved;
  for (int64_t dim : permutation)
    if (type.getDimSize(dim) != 1)
      moved.push_back(dim);
  return llvm::is_sorted(moved);
}

static int64_t getRank(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

OrderRule getOrderRule(Operation *op) {
  if (op->getNumResults() != 1 ||
      !isa<RankedTensorType>(op->getResult(0).getType()))
    return OrderRule::Fixed;
  if (isa<nn::TransposeOp>(op))
    return OrderRule::Free;
  if (getRank(op->getResult(0)) < 3)
    return OrderRule::Fixed;
  return llvm::TypeSwitch<Operation *, OrderRule>(op)
      .Case<nn::ConvOp, nn::ConvTransposeOp, nn::PoolOp>([](auto op) {
        return op.getChannelsLast() ? OrderRule::Fixed
                                    : OrderRule::ChannelsLast;
      })
      .Case([](nn::ReshapeOp op) {
        return isRenaming(op) ? OrderRule::Either : OrderRule::Fixed;
      })
      .Case<nn::ReduceOp, nn::ArgReduceOp, nn::ConcatOp, nn::SliceOp, nn::PadOp,
            nn::ResizeOp, nn::BroadcastOp, nn::IotaOp, nn::GatherElementsOp>(
          [](auto) { return OrderRule::Either; })
      .Default([](Operation *op) {
        return op->hasTrait<nn::OpTrait::Elementwise>() ? OrderRule::Either
                                                        : OrderRule::Fixed;
      });
}

bool followsOrder(OpOperand &operand) {
  Operation *op = operand.getOwner();
  if (isa<nn::ConvOp, nn::ConvTransposeOp, nn::PadOp>(op) &&
      operand.getOperandNumber() != 0)
    return false;
  return getRank(operand.get()) == getRank(op->getResult(0));
}

/// Where dimension `dim` went.
static int64_t mapAxis(ArrayRef<int64_t> permutation, int64_t dim) {
  return llvm::find(permutation, dim) - permutation.begin();
}

static ArrayAttr permute(ArrayAttr values, ArrayRef<int64_t> permutation) {
  SmallVector<Attribute> permuted;
  for (int64_t dim : permutation)
    permuted.push_back(values[dim]);
  return ArrayAttr::get(values.getContext(), permuted);
}

template <typename T>
static SmallVector<T> permute(ArrayRef<T> values,
                              ArrayRef<int64_t> permutation) {
  SmallVector<T> permuted;
  for (int64_t dim : permutation)
    permuted.push_back(values[dim]);
  return permuted;
}

/// Changes the attributes of `op` that speak of dimensions.
static void permuteAttributes(Operation *op, ArrayRef<int64_t> permutation) {
  llvm::TypeSwitch<Operation *>(op)
      .Case<nn::ConvOp, nn::ConvTransposeOp, nn::PoolOp>(
          [](auto op) { op.setChannelsLast(true); })
      .Case<nn::ConcatOp, nn::ArgReduceOp, nn::GatherElementsOp, nn::IotaOp>(
          [&](auto op) { op.setAxis(mapAxis(permutation, op.getAxis())); })
      .Case([&](nn::ReduceOp op) {
        SmallVector<int64_t> axes;
        for (int64_t axis : op.getAxes())
          axes.push_back(mapAxis(permutation, axis));
        llvm::sort(axes);
        op.setAxes(axes);
      })
      .Case([&](nn::SliceOp op) {
        op.setStartsAttr(permute(op.getStarts(), permutation));
        op.setSizesAttr(permute(op.getSizes(), permutation));
        op.setSteps(permute(op.getSteps(), permutation));
      })
      .Case([&](nn::PadOp op) {
        op.setBeforeAttr(permute(op.getBefore(), permutation));
        op.setAfterAttr(permute(op.getAfter(), permutation));
      })
      .Case([&](nn::ResizeOp op) {
        op.setScales(permute(op.getScales(), permutation));
      });
}

Operation *createChannelsLast(RewriterBase &rewriter, Operation *op,
                              ValueRange operands) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<int64_t> permutation = getToChannelsLast(type.getRank());
  Operation *copy =
      cloneWith(rewriter, op, operands, permuteType(type, permutation));
  permuteAttributes(copy, permutation);
  return copy;
}

} // namespace sinter
