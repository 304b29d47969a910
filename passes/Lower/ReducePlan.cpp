//===- ReducePlan.cpp - form of a reduce kernel ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/ReducePlan.h"
#include "dialects/NN/NNShapes.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/Tiling.h"

using namespace mlir;
using namespace sinter;

/// Elements of the input that a tile reads.
static constexpr int64_t tileElements = 8192;
/// Results of a unit where lanes are results: whole vectors of every width.
static constexpr int64_t unitColumns = 64;

SmallVector<unsigned> ReducePlan::getOuterDims() const {
  SmallVector<unsigned> dims;
  for (unsigned d : keptDims)
    if (!isVectorKept || d != vectorDim)
      dims.push_back(d);
  return dims;
}

/// Loads that are contiguous along `dim`.
static unsigned countContiguous(const PointProgram &program, unsigned dim) {
  return llvm::count_if(program.getNodes(), [&](const PointNode &node) {
    return node.kind == PointNode::Kind::Load &&
           node.exprs[0].form.strides[dim].isConstant(1);
  });
}

static void chooseVectorDim(ReducePlan &plan) {
  int best = -1;
  for (unsigned d = 0; d < plan.program.getRank(); ++d) {
    bool isKept = llvm::is_contained(plan.keptDims, d);
    if (isKept && !plan.result.strides[d].isConstant(1))
      continue;
    int score = countContiguous(plan.program, d);
    if (score < best)
      continue;
    best = score;
    plan.vectorDim = d;
    plan.isVectorKept = isKept;
  }
}

static void collapseSpace(ReducePlan &plan) {
  SmallVector<nn::SizeAttr> sizes(plan.program.getSizes());
  SmallVector<LinearForm> forms = plan.program.getForms();
  forms.append(plan.epilogue.getForms());
  forms.push_back(plan.result);
  auto runs = collapseDimensions(sizes, forms);
  plan.program.collapse(runs);
  plan.epilogue.collapse(runs);
  plan.result = collapseForm(plan.result, sizes, runs);
  for (auto [d, stride] : llvm::enumerate(plan.result.strides))
    (stride.isConstant(0) ? plan.reducedDims : plan.keptDims).push_back(d);
}

static void planTileSizes(ReducePlan &plan) {
  MLIRContext *context = plan.program.getContext();
  auto sizeOf = [&](ArrayRef<unsigned> dims) {
    nn::SizeAttr result = nn::getSize(context, 1);
    for (unsigned d : dims)
      result = nn::mul(result, plan.getSize(d));
    return result;
  };
  plan.reducedElements = sizeOf(plan.reducedDims);
  nn::SizeAttr one = nn::getSize(context, 1);
  plan.units = sizeOf(plan.getOuterDims());
  plan.columnsPerUnit = one;
  nn::SizeAttr work = plan.reducedElements;
  if (plan.isVectorKept) {
    nn::SizeAttr columns = plan.getSize(plan.vectorDim);
    plan.columnsPerUnit = nn::getSize(context, unitColumns);
    plan.units = nn::mul(plan.units, nn::ceilDiv(columns, plan.columnsPerUnit));
    work = nn::mul(work, nn::min(columns, plan.columnsPerUnit));
  }
  plan.unitsPerTile =
      work.isConstant(0)
          ? one
          : nn::max(one,
                    nn::floorDiv(nn::getSize(context, tileElements), work));
  plan.tiles = nn::ceilDiv(plan.units, plan.unitsPerTile);
}

FailureOr<ReducePlan> sinter::makeReducePlan(kernel::FuncOp kernel) {
  MLIRContext *context = kernel.getContext();
  Block &body = kernel.getBody().front();
  auto ops = body.getOps<nn::ReduceOp>();
  if (!llvm::hasSingleElement(ops)) {
    emitUnsupported(kernel, "a reduce kernel holds exactly one reduction");
    return failure();
  }
  nn::ReduceOp op = *ops.begin();
  SmallVector<nn::SizeAttr> sizes = nn::getSizes(op.getInput().getType());
  unsigned rank = sizes.size();
  ReducePlan plan(PointProgram(context, sizes), PointProgram(context, sizes));
  plan.op = op;
  FailureOr<unsigned> input = plan.program.add(op.getInput());
  if (failed(input))
    return failure();
  plan.input = *input;

  // The epilogue stands at index 0 of the reduced dimensions.
  nn::SizeAttr zero = nn::getSize(context, 0);
  Indices indices = getIdentity(context, rank);
  llvm::BitVector kept(rank, true);
  for (int64_t axis : op.getAxes()) {
    indices[axis] = LinearForm::constant(zero, rank);
    kept.reset(axis);
  }
  plan.epilogue.addSeed(op.getResult(), kept);
  for (Value value : body.getTerminator()->getOperands()) {
    if (nn::getSizes(value.getType()) != nn::getSizes(op.getType())) {
      emitUnsupported(op, "the results of a reduce kernel must have the shape "
                          "of its reduction");
      return failure();
    }
    FailureOr<unsigned> root = plan.epilogue.add(value, indices);
    if (failed(root))
      return failure();
    plan.roots.push_back(*root);
  }
  plan.result = LinearForm::constant(zero, rank);
  auto strides = getRowMajorStrides(context, nn::getSizes(op.getType()));
  for (unsigned d : kept.set_bits())
    plan.result.strides[d] = strides[d];
  collapseSpace(plan);
  chooseVectorDim(plan);
  planTileSizes(plan);
  return plan;
}

TilePlan sinter::planReduceTiles(kernel::FuncOp kernel) {
  FailureOr<ReducePlan> plan = makeReducePlan(kernel);
  if (failed(plan))
    return {};
  return {plan->tiles, nn::getSize(kernel.getContext(), 0)};
}
