//===- SerialPlan.cpp - form of a serial kernel ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/SerialPlan.h"
#include "dialects/NN/NNShapes.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/Tiling.h"

using namespace mlir;
using namespace sinter;

/// Elements that a tile reads.
static constexpr int64_t tileElements = 8192;

/// The only operation of a serial kernel besides constants and its terminator,
/// or null.
static Operation *getSingleOp(kernel::FuncOp kernel) {
  auto ops = llvm::make_filter_range(
      kernel.getBody().front().without_terminator(),
      [](Operation &op) { return !isa<nn::WeightOp>(op); });
  return llvm::hasSingleElement(ops) ? &*ops.begin() : nullptr;
}

nn::AlgorithmOp sinter::getAlgorithm(kernel::FuncOp kernel) {
  return dyn_cast_or_null<nn::AlgorithmOp>(getSingleOp(kernel));
}

/// Tiles of about as many elements as those of other kernels, under the
/// assumption that every unit takes its share of all operands and results.
AlgorithmPlan sinter::makeAlgorithmPlan(nn::AlgorithmOp op) {
  AlgorithmPlan plan;
  plan.op = op;
  MLIRContext *context = op.getContext();
  nn::SizeAttr one = nn::getSize(context, 1), elements = one;
  for (Value value : llvm::concat<Value>(op.getInputs(), op.getResults()))
    elements = nn::add(elements,
                       nn::product(context, nn::getSizes(cast<RankedTensorType>(
                                                value.getType()))));
  plan.units = op.getUnits();
  plan.unitsPerTile =
      nn::max(one, nn::floorDiv(nn::mul(plan.units, tileElements), elements));
  plan.tiles = nn::ceilDiv(plan.units, plan.unitsPerTile);
  return plan;
}

FailureOr<ArgReducePlan> sinter::makeSerialPlan(kernel::FuncOp kernel) {
  MLIRContext *context = kernel.getContext();
  Operation *op = getSingleOp(kernel);
  auto reduce = dyn_cast_or_null<nn::ArgReduceOp>(op);
  if (!reduce) {
    Operation *culprit = op ? op : kernel.getOperation();
    emitUnsupported(culprit,
                    isa<nn::ConvOp, nn::ConvTransposeOp>(culprit)
                        ? "its filter is computed while the model runs; a "
                          "filter that is a weight would be supported"
                        : "there is no algorithm for it");
    return failure();
  }
  ArgReducePlan plan;
  plan.op = reduce;
  plan.input = dyn_cast<BlockArgument>(reduce.getInput());
  SmallVector<nn::SizeAttr> sizes = nn::getSizes(reduce.getInput().getType());
  unsigned axis = reduce.getAxis();
  plan.outer = nn::product(context, ArrayRef(sizes).take_front(axis));
  plan.extent = sizes[axis];
  plan.inner = nn::product(context, ArrayRef(sizes).drop_front(axis + 1));
  plan.units =
      nn::mul(plan.outer, nn::ceilDiv(plan.inner, ArgReducePlan::unitColumns));
  nn::SizeAttr one = nn::getSize(context, 1);
  nn::SizeAttr work = nn::mul(
      plan.extent,
      nn::min(plan.inner, nn::getSize(context, ArgReducePlan::unitColumns)));
  plan.unitsPerTile =
      work.isConstant(0)
          ? one
          : nn::max(one,
                    nn::floorDiv(nn::getSize(context, tileElements), work));
  plan.tiles = nn::ceilDiv(plan.units, plan.unitsPerTile);
  return plan;
}

TilePlan sinter::planSerialTiles(kernel::FuncOp kernel) {
  if (nn::AlgorithmOp op = getAlgorithm(kernel))
    return {makeAlgorithmPlan(op).tiles, op.getScratch()};
  FailureOr<ArgReducePlan> plan = makeSerialPlan(kernel);
  if (failed(plan))
    return {};
  return {plan->tiles, nn::getSize(kernel.getContext(), 0)};
}
