//===- RowsPlan.cpp - stages of a rows kernel -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/RowsPlan.h"
#include "dialects/NN/NNShapes.h"
#include "passes/Lower/Elementwise.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/Tiling.h"

using namespace mlir;
using namespace sinter;

/// Elements of a tile.
static constexpr int64_t tileElements = 4096;

SmallVector<unsigned> RowsPlan::getRoots(unsigned stage) const {
  if (stage == stages.size())
    return results;
  SmallVector<unsigned> roots;
  for (const RowReduction &reduction : stages[stage])
    roots.push_back(reduction.input);
  return roots;
}

/// The reductions of the kernel; all must run over the same trailing
/// dimensions of one shape, the first of which is given back.
static FailureOr<unsigned> findReductions(kernel::FuncOp kernel,
                                          SmallVector<nn::ReduceOp> &found) {
  found.assign(kernel.getBody().front().getOps<nn::ReduceOp>().begin(),
               kernel.getBody().front().getOps<nn::ReduceOp>().end());
  if (found.empty()) {
    emitUnsupported(kernel, "a rows kernel needs a reduction");
    return failure();
  }
  SmallVector<nn::SizeAttr> sizes = nn::getSizes(found[0].getInput().getType());
  unsigned rank = sizes.size();
  unsigned first = rank - found[0].getAxes().size();
  for (nn::ReduceOp op : found) {
    bool isTrailing = op.getAxes().size() == rank - first;
    for (auto [i, axis] : llvm::enumerate(op.getAxes()))
      isTrailing &= axis == static_cast<int64_t>(first + i);
    if (!isTrailing || nn::getSizes(op.getInput().getType()) != sizes) {
      emitUnsupported(op, "all reductions of a rows kernel must run over the "
                          "same trailing dimensions of one shape");
      return failure();
    }
  }
  return first;
}

/// The stage that computes each reduction: behind those it depends on.
static unsigned getStage(const PointProgram &program, unsigned input,
                         const DenseMap<Value, unsigned> &known) {
  unsigned stage = 0;
  for (unsigned number : program.getReachable({input}).set_bits()) {
    const PointNode &node = program[number];
    if (node.kind == PointNode::Kind::Seed)
      stage = std::max(stage, known.lookup(node.value) + 1);
  }
  return stage;
}

static void keepExpensiveRows(RowsPlan &plan) {
  const PointProgram &program = plan.program;
  unsigned count = program.getNodes().size();
  llvm::BitVector isCostly(count);
  auto varies = [&](const PointNode &node) {
    for (unsigned d = plan.rowDims; d < program.getRank(); ++d)
      if (node.dims.test(d))
        return true;
    return false;
  };
  for (auto [number, node] : llvm::enumerate(program.getNodes())) {
    if (!varies(node))
      continue;
    bool costly =
        node.kind == PointNode::Kind::Elementwise && isExpensive(node.op);
    for (unsigned operand : node.operands)
      costly |= isCostly.test(operand);
    if (costly)
      isCostly.set(number);
  }
  // From the roots down: which stages need each node.
  unsigned stages = plan.stages.size() + 1;
  SmallVector<llvm::BitVector> needed(count, llvm::BitVector(stages));
  for (unsigned stage = 0; stage < stages; ++stage)
    for (unsigned root : plan.getRoots(stage))
      needed[root].set(stage);
  nn::SizeAttr offset = nn::getSize(program.getContext(), 0);
  for (unsigned number = count; number-- > 0;) {
    const PointNode &node = program[number];
    llvm::BitVector stagesBelow = needed[number];
    bool isKept = stagesBelow.count() > 1 && isCostly.test(number) &&
                  node.kind == PointNode::Kind::Elementwise &&
                  !node.elementType.isInteger(1);
    if (isKept) {
      unsigned first = stagesBelow.find_first();
      plan.kept.push_back({number, first, offset});
      nn::SizeAttr bytes =
          nn::mul(plan.rowElements, getComputeBytes(node.elementType));
      offset = nn::add(offset, nn::mul(nn::ceilDiv(bytes, 64), 64));
      stagesBelow.reset();
      stagesBelow.set(first);
    }
    for (unsigned operand : node.operands)
      needed[operand] |= stagesBelow;
    for (const IndexExpr &expr : node.exprs)
      for (auto [term, coefficient] : expr.terms)
        needed[term] |= stagesBelow;
  }
  plan.scratch = offset;
}

/// Merges dimensions, but none that counts rows with one inside of a row.
static void collapseSpace(RowsPlan &plan, unsigned firstAxis) {
  MLIRContext *context = plan.program.getContext();
  SmallVector<nn::SizeAttr> sizes(plan.program.getSizes());
  SmallVector<nn::SizeAttr> strides = getRowMajorStrides(context, sizes);
  SmallVector<LinearForm> forms = plan.program.getForms();
  LinearForm inner =
      LinearForm::constant(nn::getSize(context, 0), sizes.size());
  for (unsigned d = firstAxis; d < sizes.size(); ++d)
    inner.strides[d] = strides[d];
  forms.push_back(inner);
  auto runs = collapseDimensions(sizes, forms);
  plan.rowDims =
      llvm::count_if(runs, [&](auto &run) { return run.first < firstAxis; });
  // A row of one element is still a row.
  unsigned rank = sizes.size();
  if (plan.rowDims == runs.size())
    runs.push_back({rank, rank});
  plan.program.collapse(runs);
}

FailureOr<RowsPlan> sinter::makeRowsPlan(kernel::FuncOp kernel) {
  MLIRContext *context = kernel.getContext();
  SmallVector<nn::ReduceOp> reductions;
  FailureOr<unsigned> firstAxis = findReductions(kernel, reductions);
  if (failed(firstAxis))
    return failure();
  RowsPlan plan(
      PointProgram(context, nn::getSizes(reductions[0].getInput().getType())));
  PointProgram &program = plan.program;
  unsigned rank = program.getRank();
  llvm::BitVector rowDims(rank);
  rowDims.set(0, *firstAxis);
  DenseMap<Value, unsigned> stageOf;
  for (nn::ReduceOp op : reductions) {
    program.addSeed(op.getResult(), rowDims);
    FailureOr<unsigned> input = program.add(op.getInput());
    if (failed(input))
      return failure();
    unsigned stage = getStage(program, *input, stageOf);
    stageOf[op.getResult()] = stage;
    plan.stages.resize(std::max<size_t>(plan.stages.size(), stage + 1));
    plan.stages[stage].push_back({op, *input});
  }
  for (Value result : kernel.getBody().front().getTerminator()->getOperands()) {
    FailureOr<unsigned> root = program.add(result);
    if (failed(root))
      return failure();
    plan.results.push_back(*root);
  }
  SmallVector<nn::SizeAttr> sizes(program.getSizes());
  plan.rows = nn::product(context, ArrayRef(sizes).take_front(*firstAxis));
  plan.rowElements =
      nn::product(context, ArrayRef(sizes).drop_front(*firstAxis));
  collapseSpace(plan, *firstAxis);
  keepExpensiveRows(plan);
  nn::SizeAttr one = nn::getSize(context, 1);
  plan.rowsPerTile =
      plan.rowElements.isConstant(0)
          ? one
          : nn::max(one, nn::floorDiv(nn::getSize(context, tileElements),
                                      plan.rowElements));
  plan.tiles = nn::ceilDiv(plan.rows, plan.rowsPerTile);
  return plan;
}

TilePlan sinter::planRowsTiles(kernel::FuncOp kernel) {
  FailureOr<RowsPlan> plan = makeRowsPlan(kernel);
  if (failed(plan))
    return {};
  return {plan->tiles, plan->scratch};
}
