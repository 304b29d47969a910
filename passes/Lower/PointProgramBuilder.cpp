//===- PointProgramBuilder.cpp - from nn operations to point nodes --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Walks from a value to its operands with an explicit stack. `visit` makes the
// node of one value at given indices, or requests the nodes of operands that it
// lacks and is then called again: making nodes twice gives the same nodes.
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNShapes.h"
#include "passes/Lower/Elementwise.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/PointProgram.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace sinter;

using Kind = PointNode::Kind;

namespace sinter {

/// Builds the nodes of one `PointProgram::add`.
class PointProgramBuilder {
public:
  explicit PointProgramBuilder(PointProgram &program)
      : program(program), context(program.context) {}

  FailureOr<unsigned> run(Value value, SmallVector<IndexExpr> indices);

private:
  using Exprs = SmallVector<IndexExpr>;
  /// A node, nothing (operands were requested), or failure.
  using Result = FailureOr<std::optional<unsigned>>;
  static Result give(std::optional<unsigned> node) { return Result(node); }

  std::optional<unsigned> find(Value value, const Exprs &indices);
  std::optional<unsigned> request(Value value, Exprs indices);
  unsigned insert(Kind kind, Value value, ArrayRef<unsigned> operands,
                  ArrayRef<IndexExpr> exprs = {});
  IndexExpr fromNode(unsigned node);
  IndexExpr constant(nn::SizeAttr value);
  Exprs broadcast(const Exprs &indices, Value operand, Value result);
  nn::SizeAttr size(Value value, unsigned dim) {
    return nn::getSizes(value.getType())[dim];
  }

  Result visit(Value value, const Exprs &indices);
  Result visitArgument(BlockArgument argument, const Exprs &indices);
  Result visitWeight(nn::WeightOp op);
  Result visitElementwise(Operation *op, const Exprs &indices);
  Result visit(nn::SliceOp op, const Exprs &indices);
  Result visit(nn::ConcatOp op, const Exprs &indices);
  Result visit(nn::GatherOp op, const Exprs &indices);
  Result visit(nn::GatherElementsOp op, const Exprs &indices);
  Result visit(nn::PadOp op, const Exprs &indices);
  Result visit(nn::ResizeOp op, const Exprs &indices);
  Result visit(nn::SizeValueOp op, const Exprs &indices);
  unsigned clamped(Operation *op, IndexExpr index, nn::SizeAttr size,
                   int64_t mode);
  unsigned gatherIndex(Operation *op, unsigned value, nn::SizeAttr size);

  PointProgram &program;
  MLIRContext *context;
  SmallVector<std::pair<Value, Exprs>> stack;
};

} // namespace sinter

FailureOr<unsigned> PointProgram::add(Value value, const Indices &indices) {
  SmallVector<IndexExpr> exprs;
  for (const LinearForm &form : indices)
    exprs.push_back({form, {}});
  return PointProgramBuilder(*this).run(value, exprs);
}

FailureOr<unsigned> PointProgramBuilder::run(Value value, Exprs indices) {
  stack.push_back({value, indices});
  while (!stack.empty()) {
    auto [next, exprs] = stack.back();
    if (find(next, exprs)) {
      stack.pop_back();
      continue;
    }
    size_t before = stack.size();
    Result result = visit(next, exprs);
    if (failed(result))
      return failure();
    if (!*result)
      continue;
    stack.truncate(before - 1);
    program.known[next].push_back({exprs, **result});
  }
  return *find(value, indices);
}

std::optional<unsigned> PointProgramBuilder::find(Value value,
                                                  const Exprs &indices) {
  auto place = program.known.find(value);
  if (place != program.known.end())
    for (auto &[exprs, node] : place->second)
      if (exprs == indices)
        return node;
  return std::nullopt;
}

std::optional<unsigned> PointProgramBuilder::request(Value value,
                                                     Exprs indices) {
  std::optional<unsigned> node = find(value, indices);
  if (!node)
    stack.push_back({value, std::move(indices)});
  return node;
}

unsigned PointProgramBuilder::insert(Kind kind, Value value,
                                     ArrayRef<unsigned> operands,
                                     ArrayRef<IndexExpr> exprs) {
  PointNode node(kind);
  node.op = value.getDefiningOp();
  node.elementType = getElementTypeOrSelf(value.getType());
  node.operands.assign(operands.begin(), operands.end());
  node.exprs.assign(exprs.begin(), exprs.end());
  return program.insert(std::move(node));
}

IndexExpr PointProgramBuilder::constant(nn::SizeAttr value) {
  return {LinearForm::constant(value, program.getRank()), {}};
}

IndexExpr PointProgramBuilder::fromNode(unsigned node) {
  IndexExpr expr = constant(nn::getSize(context, 0));
  expr.terms.push_back({node, nn::getSize(context, 1)});
  return expr;
}

PointProgramBuilder::Exprs PointProgramBuilder::broadcast(const Exprs &indices,
                                                          Value operand,
                                                          Value result) {
  SmallVector<nn::SizeAttr> sizes = nn::getSizes(operand.getType());
  size_t skipped = cast<ShapedType>(result.getType()).getRank() - sizes.size();
  Exprs exprs;
  for (auto [d, size] : llvm::enumerate(sizes))
    exprs.push_back(size.isConstant(1) ? constant(nn::getSize(context, 0))
                                       : indices[skipped + d]);
  return exprs;
}

//===----------------------------------------------------------------------===//
// Leaves and element-wise operations
//===----------------------------------------------------------------------===//

PointProgramBuilder::Result PointProgramBuilder::visit(Value value,
                                                       const Exprs &indices) {
  if (program.seeds.count(value)) {
    PointNode node(Kind::Seed);
    node.value = value;
    node.elementType = getElementTypeOrSelf(value.getType());
    return give(program.insert(std::move(node)));
  }
  if (auto argument = dyn_cast<BlockArgument>(value))
    return visitArgument(argument, indices);
  Operation *op = value.getDefiningOp();
  return TypeSwitch<Operation *, Result>(op)
      .Case([&](nn::WeightOp weight) { return visitWeight(weight); })
      .Case([&](nn::TransposeOp transpose) -> Result {
        Exprs exprs(indices);
        for (auto [i, d] : llvm::enumerate(transpose.getPermutation()))
          exprs[d] = indices[i];
        return give(request(transpose.getInput(), exprs));
      })
      .Case([&](nn::BroadcastOp expand) -> Result {
        return give(request(expand.getInput(),
                            broadcast(indices, expand.getInput(), value)));
      })
      .Case([&](nn::IotaOp iota) -> Result {
        IndexExpr position = indices[iota.getAxis()] * iota.getStep();
        return give(
            insert(Kind::Position, value, {}, {position + iota.getStart()}));
      })
      .Case<nn::SliceOp, nn::ConcatOp, nn::GatherOp, nn::GatherElementsOp,
            nn::PadOp, nn::ResizeOp, nn::SizeValueOp>(
          [&](auto typed) { return visit(typed, indices); })
      .Default([&](Operation *other) -> Result {
        if (isElementwise(other))
          return visitElementwise(other, indices);
        emitUnsupported(other, "it cannot be computed element by element "
                               "inside of a kernel; it needs one of its own");
        return failure();
      });
}

PointProgramBuilder::Result
PointProgramBuilder::visitArgument(BlockArgument argument,
                                   const Exprs &indices) {
  SmallVector<nn::SizeAttr> strides =
      getRowMajorStrides(context, nn::getSizes(argument.getType()));
  IndexExpr offset = constant(nn::getSize(context, 0));
  for (auto [index, stride] : llvm::zip_equal(indices, strides))
    offset = offset + index * stride;
  PointNode node(Kind::Load);
  node.argument = argument;
  node.elementType = getElementTypeOrSelf(argument.getType());
  node.exprs.push_back(offset);
  return give(program.insert(std::move(node)));
}

PointProgramBuilder::Result PointProgramBuilder::visitWeight(nn::WeightOp op) {
  TypedAttr scalar = getScalarConstant(op.getResult());
  if (!scalar) {
    emitUnsupported(op, "a weight inside of a kernel must be a dense scalar; "
                        "larger ones are arguments of the kernel");
    return failure();
  }
  PointNode node(Kind::Constant);
  node.attribute = scalar;
  node.elementType = getElementTypeOrSelf(op.getType());
  return give(program.insert(std::move(node)));
}

PointProgramBuilder::Result
PointProgramBuilder::visitElementwise(Operation *op, const Exprs &indices) {
  std::string obstacle = getElementwiseObstacle(op);
  if (!obstacle.empty()) {
    emitUnsupported(op, obstacle);
    return failure();
  }
  SmallVector<unsigned> operands;
  for (Value operand : op->getOperands())
    if (auto node =
            request(operand, broadcast(indices, operand, op->getResult(0))))
      operands.push_back(*node);
  if (operands.size() < op->getNumOperands())
    return give(std::nullopt);
  return give(insert(Kind::Elementwise, op->getResult(0), operands));
}

PointProgramBuilder::Result PointProgramBuilder::visit(nn::SizeValueOp op,
                                                       const Exprs &indices) {
  PointNode node(Kind::SizeList);
  node.elementType = getElementTypeOrSelf(op.getType());
  for (Attribute size : op.getSizes())
    node.sizes.push_back(cast<nn::SizeAttr>(size));
  node.exprs.push_back(indices.empty() ? constant(nn::getSize(context, 0))
                                       : indices[0]);
  return give(program.insert(std::move(node)));
}

//===----------------------------------------------------------------------===//
// Operations that map indices
//===----------------------------------------------------------------------===//

PointProgramBuilder::Result PointProgramBuilder::visit(nn::SliceOp op,
                                                       const Exprs &indices) {
  Exprs exprs;
  for (auto [d, index] : llvm::enumerate(indices))
    exprs.push_back(index * nn::getSize(context, op.getSteps()[d]) +
                    cast<nn::SizeAttr>(op.getStarts()[d]));
  return give(request(op.getInput(), exprs));
}

unsigned PointProgramBuilder::clamped(Operation *op, IndexExpr index,
                                      nn::SizeAttr size, int64_t mode) {
  PointNode node(Kind::PadIndex);
  node.op = op;
  node.elementType = IndexType::get(context);
  node.exprs.push_back(std::move(index));
  node.sizes.push_back(size);
  node.ints.push_back(mode);
  return program.insert(std::move(node));
}

PointProgramBuilder::Result PointProgramBuilder::visit(nn::ConcatOp op,
                                                       const Exprs &indices) {
  unsigned axis = op.getAxis();
  auto choice = program.choices.find(op);
  if (choice != program.choices.end()) {
    auto [operand, offset] = choice->second;
    Exprs exprs(indices);
    exprs[axis] = exprs[axis] + nn::mul(offset, -1);
    return give(request(op.getInputs()[operand], exprs));
  }
  // Every operand at an index that exists, then the one that is meant.
  nn::SizeAttr offset = nn::getSize(context, 0);
  SmallVector<unsigned> values, conditions;
  bool complete = true;
  for (Value input : op.getInputs()) {
    nn::SizeAttr extent = size(input, axis);
    Exprs exprs(indices);
    IndexExpr local = indices[axis] + nn::mul(offset, -1);
    exprs[axis] = fromNode(clamped(op, local, extent, 0));
    auto node = request(input, exprs);
    complete &= node.has_value();
    values.push_back(node.value_or(0));
    PointNode inRange(Kind::InRange);
    inRange.elementType = IntegerType::get(context, 1);
    inRange.exprs.push_back(local);
    inRange.sizes.push_back(extent);
    conditions.push_back(program.insert(std::move(inRange)));
    offset = nn::add(offset, extent);
  }
  if (!complete)
    return give(std::nullopt);
  unsigned result = values[0];
  for (size_t i = 1; i < values.size(); ++i)
    result = insert(Kind::Select, op.getResult(),
                    {conditions[i], values[i], result});
  return give(result);
}

unsigned PointProgramBuilder::gatherIndex(Operation *op, unsigned value,
                                          nn::SizeAttr size) {
  PointNode node(Kind::GatherIndex);
  node.op = op;
  node.elementType = IndexType::get(context);
  node.operands.push_back(value);
  node.sizes.push_back(size);
  return program.insert(std::move(node));
}

PointProgramBuilder::Result PointProgramBuilder::visit(nn::GatherOp op,
                                                       const Exprs &indices) {
  unsigned axis = op.getAxis();
  unsigned count = cast<ShapedType>(op.getIndices().getType()).getRank();
  Exprs outer(indices.begin() + axis, indices.begin() + axis + count);
  auto value = request(op.getIndices(), outer);
  if (!value)
    return give(std::nullopt);
  Exprs exprs(indices.begin(), indices.begin() + axis);
  exprs.push_back(fromNode(gatherIndex(op, *value, size(op.getInput(), axis))));
  exprs.append(indices.begin() + axis + count, indices.end());
  return give(request(op.getInput(), exprs));
}

PointProgramBuilder::Result PointProgramBuilder::visit(nn::GatherElementsOp op,
                                                       const Exprs &indices) {
  unsigned axis = op.getAxis();
  auto value = request(op.getIndices(), indices);
  if (!value)
    return give(std::nullopt);
  Exprs exprs(indices);
  exprs[axis] = fromNode(gatherIndex(op, *value, size(op.getInput(), axis)));
  return give(request(op.getInput(), exprs));
}

PointProgramBuilder::Result PointProgramBuilder::visit(nn::PadOp op,
                                                       const Exprs &indices) {
  bool isConstant = op.getMode() == nn::PadMode::Constant;
  PointNode inRange(Kind::InRange);
  inRange.elementType = IntegerType::get(context, 1);
  Exprs exprs(indices);
  for (auto [d, index] : llvm::enumerate(indices)) {
    auto before = cast<nn::SizeAttr>(op.getBefore()[d]);
    auto after = cast<nn::SizeAttr>(op.getAfter()[d]);
    IndexExpr local = index + nn::mul(before, -1);
    exprs[d] = local;
    auto never = [](nn::SizeAttr amount) {
      return nn::getRange(amount).second <= 0;
    };
    if (never(before) && never(after))
      continue;
    nn::SizeAttr extent = size(op.getInput(), d);
    int64_t mode = op.getMode() == nn::PadMode::Reflect ? 1
                   : op.getMode() == nn::PadMode::Wrap  ? 2
                                                        : 0;
    exprs[d] = fromNode(clamped(op, local, extent, mode));
    inRange.exprs.push_back(local);
    inRange.sizes.push_back(extent);
  }
  auto inner = request(op.getInput(), exprs);
  if (!isConstant || inRange.exprs.empty())
    return give(inner);
  Exprs scalar(cast<ShapedType>(op.getValue().getType()).getRank(),
               constant(nn::getSize(context, 0)));
  auto outer = request(op.getValue(), scalar);
  if (!inner || !outer)
    return give(std::nullopt);
  unsigned condition = program.insert(std::move(inRange));
  return give(
      insert(Kind::Select, op.getResult(), {condition, *inner, *outer}));
}

PointProgramBuilder::Result PointProgramBuilder::visit(nn::ResizeOp op,
                                                       const Exprs &indices) {
  bool isNearest = op.getMode() == nn::ResizeMode::Nearest;
  unsigned taps = isNearest                                ? 1
                  : op.getMode() == nn::ResizeMode::Linear ? 2
                                                           : 4;
  Type element = getElementTypeOrSelf(op.getType());
  if (!isNearest && (!isa<FloatType>(element) || element.isF64())) {
    emitUnsupported(op, "interpolation is computed in f32; a cast to f32 "
                        "before and back after the node would be");
    return failure();
  }
  SmallVector<unsigned> resized;
  SmallVector<nn::SizeAttr> from = nn::getSizes(op.getInput().getType());
  SmallVector<nn::SizeAttr> to = nn::getSizes(op.getType());
  for (unsigned d = 0; d < indices.size(); ++d)
    if (from[d] != to[d] || (op.getScales()[d] != 0 && op.getScales()[d] != 1))
      resized.push_back(d);

  auto tapNode = [&](Kind kind, unsigned dim, int64_t tap) {
    PointNode node(kind);
    node.op = op;
    node.elementType = kind == Kind::ResizeIndex
                           ? Type(IndexType::get(context))
                           : Type(Float32Type::get(context));
    node.exprs.push_back(indices[dim]);
    node.sizes = {from[dim], to[dim]};
    node.ints = {dim, tap};
    return program.insert(std::move(node));
  };
  // Every combination of taps, the last resized dimension fastest.
  unsigned combinations = 1;
  for (size_t i = 0; i < resized.size(); ++i)
    combinations *= taps;
  SmallVector<unsigned> values;
  bool complete = true;
  for (unsigned c = 0; c < combinations; ++c) {
    Exprs exprs(indices);
    unsigned rest = c;
    for (unsigned d : llvm::reverse(resized)) {
      exprs[d] = fromNode(tapNode(Kind::ResizeIndex, d, rest % taps));
      rest /= taps;
    }
    auto node = request(op.getInput(), exprs);
    complete &= node.has_value();
    values.push_back(node.value_or(0));
  }
  if (!complete)
    return give(std::nullopt);
  if (isNearest || resized.empty())
    return give(values[0]);
  for (unsigned d : llvm::reverse(resized)) {
    SmallVector<unsigned> sums;
    for (size_t first = 0; first < values.size(); first += taps) {
      SmallVector<unsigned> operands;
      for (unsigned tap = 0; tap < taps; ++tap) {
        operands.push_back(tapNode(Kind::ResizeWeight, d, tap));
        operands.push_back(values[first + tap]);
      }
      sums.push_back(insert(Kind::Weighted, op.getResult(), operands));
    }
    values = sums;
  }
  return give(values[0]);
}
