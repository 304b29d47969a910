//===- WindowPlan.cpp - form of a window kernel ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/WindowPlan.h"
#include "dialects/NN/NNShapes.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/Tiling.h"

using namespace mlir;
using namespace sinter;

int64_t WindowPlan::getTaps() const {
  int64_t taps = 1;
  for (int64_t extent : window)
    taps *= extent;
  return taps;
}

bool WindowPlan::hasQuads() const {
  return filter && getElementTypeOrSelf(filter.getType()).isInteger(8);
}

static Operation *findWindowOp(Block &body) {
  Operation *found = nullptr;
  for (Operation &op : body) {
    if (!isa<nn::ConvOp, nn::PoolOp>(op))
      continue;
    if (found) {
      emitUnsupported(&op, "a window kernel holds one convolution or pooling");
      return nullptr;
    }
    found = &op;
  }
  if (!found)
    emitUnsupported(body.getParentOp(),
                    "a window kernel needs a convolution or pooling");
  return found;
}

static LogicalResult readConv(nn::ConvOp op, WindowPlan &plan) {
  auto unpack = op.getFilter().getDefiningOp<kernel::UnpackOp>();
  plan.filter =
      unpack ? dyn_cast<BlockArgument>(unpack.getPacked()) : BlockArgument();
  auto filterType = cast<RankedTensorType>(op.getFilter().getType());
  int64_t packedRank = plan.hasQuads() ? 4 : filterType.getRank() - 1;
  if (!op.getChannelsLast() || !plan.filter ||
      cast<RankedTensorType>(plan.filter.getType()).getRank() != packedRank) {
    emitUnsupported(op, "a convolution in a window kernel must be depthwise, "
                        "channels last, with a packed filter");
    return failure();
  }
  Type input = getElementTypeOrSelf(op.getInput().getType());
  if (plan.hasQuads() != input.isInteger(8) ||
      (plan.hasQuads() && (!input.isUnsignedInteger() ||
                           filterType.getElementType().isUnsignedInteger()))) {
    emitUnsupported(op, "a convolution of 8-bit integers must be of ui8 with a "
                        "filter of i8");
    return failure();
  }
  plan.window.assign(filterType.getShape().begin() + 2,
                     filterType.getShape().end());
  plan.padValue = static_cast<int64_t>(op.getPadValue());
  plan.strides.assign(op.getStrides().begin(), op.getStrides().end());
  plan.dilations.assign(op.getDilations().begin(), op.getDilations().end());
  size_t rank = plan.window.size();
  plan.padsBefore.assign(op.getPads().begin(), op.getPads().begin() + rank);
  plan.padsAfter.assign(op.getPads().begin() + rank, op.getPads().end());
  return success();
}

static LogicalResult readPool(nn::PoolOp op, WindowPlan &plan) {
  if (!op.getChannelsLast()) {
    emitUnsupported(op, "pooling in a window kernel must be channels last");
    return failure();
  }
  plan.kind = op.getKind();
  plan.countsPads = op.getCountIncludePad();
  plan.window.assign(op.getWindow().begin(), op.getWindow().end());
  plan.strides.assign(op.getStrides().begin(), op.getStrides().end());
  plan.dilations.assign(op.getDilations().begin(), op.getDilations().end());
  size_t rank = plan.window.size();
  plan.padsBefore.assign(op.getPads().begin(), op.getPads().begin() + rank);
  plan.padsAfter.assign(op.getPads().begin() + rank, op.getPads().end());
  return success();
}

FailureOr<WindowPlan> sinter::makeWindowPlan(kernel::FuncOp kernel) {
  MLIRContext *context = kernel.getContext();
  Block &body = kernel.getBody().front();
  Operation *op = findWindowOp(body);
  if (!op)
    return failure();
  Value result = op->getResult(0);
  WindowPlan plan(PointProgram(context, nn::getSizes(result.getType())));
  plan.op = op;
  plan.input = dyn_cast<BlockArgument>(op->getOperand(0));
  if (!plan.input) {
    emitUnsupported(op, "the input of a window kernel must be an argument");
    return failure();
  }
  auto conv = dyn_cast<nn::ConvOp>(op);
  if (failed(conv ? readConv(conv, plan)
                  : readPool(cast<nn::PoolOp>(op), plan)))
    return failure();
  plan.inputSizes = nn::getSizes(plan.input.getType());
  plan.sizes = nn::getSizes(result.getType());

  plan.epilogue.addSeed(result);
  for (Value value : body.getTerminator()->getOperands()) {
    FailureOr<unsigned> root = plan.epilogue.add(value);
    if (failed(root))
      return failure();
    plan.roots.push_back(*root);
  }
  plan.channelChunks =
      nn::ceilDiv(plan.sizes.back(), WindowPlan::channelsPerTile);
  nn::SizeAttr rows = nn::product(context, ArrayRef(plan.sizes).drop_back(2));
  plan.tiles = nn::mul(rows, plan.channelChunks);
  return plan;
}

TilePlan sinter::planWindowTiles(kernel::FuncOp kernel) {
  FailureOr<WindowPlan> plan = makeWindowPlan(kernel);
  if (failed(plan))
    return {};
  return {plan->tiles, nn::getSize(kernel.getContext(), 0)};
}
