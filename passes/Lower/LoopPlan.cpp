//===- LoopPlan.cpp - iteration space of a loop kernel --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/LoopPlan.h"
#include "dialects/NN/NNShapes.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/Tiling.h"

using namespace mlir;
using namespace sinter;

/// Elements of a tile: 32 KiB of f32.
static constexpr int64_t tileElements = 8192;
/// Rows of a tile that is a block of two dimensions, and columns at least.
static constexpr int64_t blockRows = 64, blockColumns = 128;
/// More nodes than this are not unrolled over the rows of a block.
static constexpr unsigned maxBlockNodes = 24;

//===----------------------------------------------------------------------===//
// Segments
//===----------------------------------------------------------------------===//

namespace {

/// A choice of operands of concatenations.
struct Choice {
  nn::ConcatOp op;
  unsigned operand;
  nn::SizeAttr offset;
};

/// A part of the space whose program is to be made.
struct Part {
  SmallVector<Choice> choices;
  nn::SizeAttr low, high;
};

} // namespace

static FailureOr<LoopSegment> makeSegment(ValueRange results,
                                          ArrayRef<nn::SizeAttr> sizes,
                                          const Part &part) {
  LoopSegment segment{
      PointProgram(results[0].getContext(), sizes), {}, part.low, part.high};
  for (const Choice &choice : part.choices)
    segment.program.chooseConcatOperand(choice.op, choice.operand,
                                        choice.offset);
  for (Value result : results) {
    FailureOr<unsigned> root = segment.program.add(result);
    if (failed(root))
      return failure();
    segment.roots.push_back(*root);
  }
  return segment;
}

/// The dimension that `index` is, up to a summand; -1 if it is none.
static int getUnitDimension(const IndexExpr &index) {
  int dim = -1;
  if (!index.terms.empty())
    return -1;
  for (auto [d, stride] : llvm::enumerate(index.form.strides)) {
    if (stride.isConstant(0))
      continue;
    if (dim >= 0 || !stride.isConstant(1))
      return -1;
    dim = d;
  }
  return dim;
}

/// A concatenation of `segment` along a dimension of the space (`splitDim`, or
/// any if that is -1, which is then set), and the summand of its index.
static nn::ConcatOp findConcat(Block &body, const LoopSegment &segment,
                               const Part &part, int &splitDim,
                               nn::SizeAttr &base) {
  for (auto concat : body.getOps<nn::ConcatOp>()) {
    auto isThis = [&](const Choice &choice) { return choice.op == concat; };
    auto uses = segment.program.getIndices(concat.getResult());
    if (uses.size() != 1 || llvm::any_of(part.choices, isThis))
      continue;
    const IndexExpr &index = uses[0][concat.getAxis()];
    int dim = getUnitDimension(index);
    if (dim < 0 || (splitDim >= 0 && dim != splitDim))
      continue;
    splitDim = dim;
    base = index.form.base;
    return concat;
  }
  return {};
}

/// Makes the segments of the kernel in order, over the space as it is.
static LogicalResult makeSegments(kernel::FuncOp kernel, ValueRange results,
                                  LoopPlan &plan) {
  MLIRContext *context = kernel.getContext();
  Block &body = kernel.getBody().front();
  nn::SizeAttr zero = nn::getSize(context, 0);
  SmallVector<Part> waiting{{{}, zero, zero}};
  while (!waiting.empty()) {
    Part part = waiting.pop_back_val();
    FailureOr<LoopSegment> segment = makeSegment(results, plan.sizes, part);
    if (failed(segment))
      return failure();
    bool wasWhole = plan.splitDim < 0;
    nn::SizeAttr base;
    nn::ConcatOp concat = findConcat(body, *segment, part, plan.splitDim, base);
    if (!concat) {
      plan.segments.push_back(std::move(*segment));
      continue;
    }
    if (wasWhole)
      part.high = plan.sizes[plan.splitDim];
    nn::SizeAttr offset = zero;
    SmallVector<Part> parts;
    for (auto [number, input] : llvm::enumerate(concat.getInputs())) {
      nn::SizeAttr extent = nn::getSizes(input.getType())[concat.getAxis()];
      Part next = part;
      next.choices.push_back({concat, static_cast<unsigned>(number), offset});
      nn::SizeAttr low = nn::sub(offset, base);
      offset = nn::add(offset, extent);
      next.low = nn::max(part.low, low);
      next.high = nn::min(part.high, nn::sub(offset, base));
      parts.push_back(next);
    }
    waiting.append(parts.rbegin(), parts.rend());
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Space and tiles
//===----------------------------------------------------------------------===//

static void collapseSpace(LoopPlan &plan, MLIRContext *context) {
  SmallVector<LinearForm> forms;
  for (const LoopSegment &segment : plan.segments)
    forms.append(segment.program.getForms());
  SmallVector<nn::SizeAttr> strides = getRowMajorStrides(context, plan.sizes);
  unsigned rank = plan.sizes.size();
  nn::SizeAttr inner = nn::getSize(context, 1);
  if (plan.splitDim >= 0) {
    // The split dimension may merge with those inside of it only.
    LinearForm form = LinearForm::constant(nn::getSize(context, 0), rank);
    for (unsigned d = plan.splitDim; d < rank; ++d)
      form.strides[d] = strides[d];
    forms.push_back(form);
  }
  auto runs = collapseDimensions(plan.sizes, forms);
  if (plan.splitDim >= 0) {
    for (auto [number, run] : llvm::enumerate(runs)) {
      unsigned dim = plan.splitDim;
      if (dim < run.first || dim >= run.second)
        continue;
      inner = nn::product(
          context, ArrayRef(plan.sizes).slice(dim + 1, run.second - dim - 1));
      plan.splitDim = number;
      break;
    }
  }
  for (LoopSegment &segment : plan.segments) {
    segment.program.collapse(runs);
    segment.low = nn::mul(segment.low, inner);
    segment.high = nn::mul(segment.high, inner);
  }
  plan.sizes = collapseSizes(context, plan.sizes, runs);
}

/// The dimension along which a load is contiguous instead of the last one; -1:
/// it is contiguous along that or does not depend on it; -2: along none.
static int getContiguousDim(const PointProgram &program,
                            const PointNode &load) {
  const IndexExpr &offset = load.exprs[0];
  nn::SizeAttr last = offset.form.strides.back();
  bool varies = llvm::any_of(offset.terms, [&](auto &term) {
    return program[term.first].dims.test(program.getRank() - 1);
  });
  if (varies)
    return -2;
  if (last.isConstant(0) || last.isConstant(1))
    return -1;
  for (int d = program.getRank() - 2; d >= 0; --d) {
    bool inTerms = llvm::any_of(offset.terms, [&](auto &term) {
      return program[term.first].dims.test(d);
    });
    if (!inTerms && offset.form.strides[d].isConstant(1))
      return d;
  }
  return -2;
}

SmallVector<unsigned> sinter::getTransposedLoads(const PointProgram &program,
                                                 int blockDim) {
  SmallVector<unsigned> loads;
  for (auto [number, node] : llvm::enumerate(program.getNodes()))
    if (node.kind == PointNode::Kind::Load &&
        getContiguousDim(program, node) == blockDim)
      loads.push_back(number);
  return loads;
}

/// The dimension for blocks, if all loads that would need a gather agree on it.
static int chooseBlockDim(const LoopPlan &plan) {
  if (plan.segments.size() != 1)
    return -1;
  const PointProgram &program = plan.segments[0].program;
  if (program.getNodes().size() > maxBlockNodes)
    return -1;
  int blockDim = -1;
  for (const PointNode &node : program.getNodes()) {
    if (node.kind != PointNode::Kind::Load)
      continue;
    int dim = getContiguousDim(program, node);
    if (dim == -1 || dim == -2)
      continue;
    if (blockDim >= 0 && dim != blockDim)
      return -1;
    blockDim = dim;
  }
  return blockDim;
}

static void planTileSizes(LoopPlan &plan, MLIRContext *context) {
  auto constant = [&](int64_t value) { return nn::getSize(context, value); };
  nn::SizeAttr one = constant(1);
  plan.columns = plan.sizes.back();
  SmallVector<nn::SizeAttr> outer(llvm::drop_end(plan.sizes));
  nn::SizeAttr count = nn::product(context, plan.sizes);
  if (count.isConstant(0)) {
    plan.rows = plan.rowsPerTile = plan.columnsPerTile = one;
    plan.tiles = constant(0);
    return;
  }
  if (plan.blockDim >= 0) {
    nn::SizeAttr extent = plan.sizes[plan.blockDim];
    outer.erase(outer.begin() + plan.blockDim);
    plan.rows = extent;
    plan.rowsPerTile = nn::min(extent, constant(blockRows));
    // Few rows make wide blocks; whole vectors of every instruction set.
    nn::SizeAttr wide = nn::floorDiv(constant(tileElements), plan.rowsPerTile);
    plan.columnsPerTile =
        nn::mul(nn::ceilDiv(nn::max(wide, constant(blockColumns)), 16), 16);
    plan.tiles =
        nn::mul(nn::product(context, outer),
                nn::mul(nn::ceilDiv(plan.rows, plan.rowsPerTile),
                        nn::ceilDiv(plan.columns, plan.columnsPerTile)));
    return;
  }
  plan.rows = nn::product(context, outer);
  plan.rowsPerTile =
      nn::max(one, nn::floorDiv(constant(tileElements), plan.columns));
  plan.columnsPerTile = constant(tileElements);
  plan.tiles = nn::mul(nn::ceilDiv(plan.rows, plan.rowsPerTile),
                       nn::ceilDiv(plan.columns, plan.columnsPerTile));
}

FailureOr<LoopPlan> sinter::makeLoopPlan(kernel::FuncOp kernel) {
  MLIRContext *context = kernel.getContext();
  Operation *yield = kernel.getBody().front().getTerminator();
  LoopPlan plan;
  plan.sizes = nn::getSizes(yield->getOperand(0).getType());
  for (Value result : yield->getOperands()) {
    if (nn::getSizes(result.getType()) == plan.sizes)
      continue;
    emitUnsupported(yield, "the results of a loop kernel must have one shape");
    return failure();
  }
  if (failed(makeSegments(kernel, yield->getOperands(), plan)))
    return failure();
  collapseSpace(plan, context);
  plan.blockDim = chooseBlockDim(plan);
  planTileSizes(plan, context);
  return plan;
}

TilePlan sinter::planLoopTiles(kernel::FuncOp kernel) {
  FailureOr<LoopPlan> plan = makeLoopPlan(kernel);
  if (failed(plan))
    return {};
  return {plan->tiles, nn::getSize(kernel.getContext(), 0)};
}
