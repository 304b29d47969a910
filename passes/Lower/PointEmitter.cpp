//===- PointEmitter.cpp - computing the nodes of a point program ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Lower/Elementwise.h"
#include "passes/Lower/ElementwiseMath.h"
#include "passes/Lower/PointProgram.h"

using namespace mlir;
using namespace sinter;

using Kind = PointNode::Kind;

//===----------------------------------------------------------------------===//
// Order of computation
//===----------------------------------------------------------------------===//

Value PointEmitter::find(unsigned node) const {
  if (Value value = current.lookup(node))
    return value;
  return invariant.lookup(node);
}

void PointEmitter::computeUnder(ArrayRef<unsigned> roots,
                                function_ref<bool(const PointNode &)> wanted,
                                DenseMap<unsigned, Value> &results) {
  // What is known needs nothing below it.
  llvm::BitVector needed(program.getNodes().size());
  for (unsigned root : roots)
    needed.set(root);
  for (size_t number = needed.size(); number-- > 0;) {
    if (!needed.test(number))
      continue;
    if (find(number)) {
      needed.reset(number);
      continue;
    }
    const PointNode &node = program[number];
    for (unsigned operand : node.operands)
      needed.set(operand);
    for (const IndexExpr &expr : node.exprs)
      for (auto [term, coefficient] : expr.terms)
        needed.set(term);
  }
  for (unsigned number : needed.set_bits())
    if (wanted(program[number]))
      results[number] = compute(number, program[number]);
}

void PointEmitter::emitInvariant(ArrayRef<unsigned> roots, const Point &at,
                                 const llvm::BitVector &later) {
  invariant.clear();
  current.clear();
  point = at;
  llvm::BitVector varying(program.getRank());
  varying |= later;
  if (later.empty() && at.vectorDim >= 0)
    varying.set(at.vectorDim);

  // A node waits if it, or a seed under it, is not to be had yet.
  llvm::BitVector waits(program.getNodes().size());
  for (auto [number, node] : llvm::enumerate(program.getNodes())) {
    bool isWaiting = node.dims.anyCommon(varying) ||
                     (node.kind == Kind::Seed && !seeds.lookup(node.value));
    for (unsigned operand : node.operands)
      isWaiting |= waits.test(operand);
    for (const IndexExpr &expr : node.exprs)
      for (auto [term, coefficient] : expr.terms)
        isWaiting |= waits.test(term);
    if (isWaiting)
      waits.set(number);
  }
  const PointNode *first = program.getNodes().data();
  computeUnder(
      roots, [&](const PointNode &node) { return !waits.test(&node - first); },
      invariant);
}

void PointEmitter::startPoint(const Point &at) {
  point = at;
  current.clear();
}

Value PointEmitter::emit(unsigned node) {
  computeUnder({node}, [](const PointNode &) { return true; }, current);
  return find(node);
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

PointEmitter::LaneIndex PointEmitter::evaluate(const IndexExpr &expr) {
  LaneIndex index{
      kb.size(expr.form.base), nn::getSize(program.getContext(), 0), {}};
  for (unsigned d = 0; d < program.getRank(); ++d) {
    nn::SizeAttr stride = expr.form.strides[d];
    if (stride.isConstant(0))
      continue;
    index.uniform =
        kb.add(index.uniform, kb.mul(point.indices[d], kb.size(stride)));
    if (static_cast<int>(d) == point.vectorDim)
      index.stride = stride;
  }
  for (auto [term, coefficient] : expr.terms) {
    Value value = find(term), factor = kb.size(coefficient);
    if (!isa<VectorType>(value.getType())) {
      index.uniform = kb.add(index.uniform, kb.mul(value, factor));
      continue;
    }
    Value scaled =
        coefficient.isConstant(1)
            ? value
            : arith::MulIOp::create(kb.b, kb.loc, value, kb.broadcast(factor));
    index.varying = index.varying ? arith::AddIOp::create(kb.b, kb.loc,
                                                          index.varying, scaled)
                                  : scaled;
  }
  return index;
}

bool PointEmitter::isUniform(const LaneIndex &index) const {
  return !index.varying && index.stride.isConstant(0);
}

/// The offsets of the lanes from the uniform part; null if all are zero.
static Value getLaneOffsets(KernelBuilder &kb, nn::SizeAttr stride,
                            Value varying) {
  if (stride.isConstant(0))
    return varying;
  Value lanes = kb.laneNumbers();
  if (!stride.isConstant(1))
    lanes = arith::MulIOp::create(kb.b, kb.loc, lanes,
                                  kb.broadcast(kb.size(stride)));
  return varying ? arith::AddIOp::create(kb.b, kb.loc, lanes, varying) : lanes;
}

Value PointEmitter::asVector(const LaneIndex &index) {
  Value uniform = kb.broadcast(index.uniform);
  Value offsets = getLaneOffsets(kb, index.stride, index.varying);
  if (!offsets)
    return uniform;
  return arith::AddIOp::create(kb.b, kb.loc, uniform, offsets);
}

Value PointEmitter::asIndexValue(const LaneIndex &index) {
  return isUniform(index) ? index.uniform : asVector(index);
}

/// `scalar` (index) in the form of `like`: itself, or in all lanes.
static Value alike(KernelBuilder &kb, Value scalar, Value like) {
  return isa<VectorType>(like.getType()) ? kb.broadcast(scalar) : scalar;
}

/// `value` limited to [0, size - 1].
static Value clampIndex(KernelBuilder &kb, Value value, nn::SizeAttr size) {
  Value last = alike(kb, kb.size(nn::add(size, -1)), value);
  Value zero = alike(kb, kb.index(0), value);
  value = arith::MinSIOp::create(kb.b, kb.loc, value, last);
  return arith::MaxSIOp::create(kb.b, kb.loc, value, zero);
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

Value PointEmitter::compute(unsigned number, const PointNode &node) {
  switch (node.kind) {
  case Kind::Load:
    return computeLoad(node);
  case Kind::Constant:
    return kb.constant(kb.getVector(getComputeType(node.elementType)),
                       node.attribute);
  case Kind::Seed:
    return kb.broadcast(seeds.lookup(node.value));
  case Kind::Elementwise: {
    SmallVector<Value> operands;
    for (unsigned operand : node.operands)
      operands.push_back(find(operand));
    return emitElementwise(kb.b, kb.loc, node.op, operands);
  }
  case Kind::Position:
    return computePosition(node);
  case Kind::SizeList:
    return computeSizeList(node);
  case Kind::InRange:
    return computeInRange(node);
  case Kind::Select:
    return arith::SelectOp::create(kb.b, kb.loc, find(node.operands[0]),
                                   find(node.operands[1]),
                                   find(node.operands[2]));
  case Kind::Weighted:
    return computeWeighted(node);
  case Kind::ResizeWeight:
    return computeResizeWeight(node);
  case Kind::ResizeIndex:
    return computeResizeIndex(node);
  case Kind::GatherIndex:
    return computeGatherIndex(node);
  case Kind::PadIndex:
    return computePadIndex(node);
  }
  return {};
}

Value PointEmitter::computeLoad(const PointNode &node) {
  Value buffer = kb.getBuffer(node.argument);
  LaneIndex offset = evaluate(node.exprs[0]);
  if (isUniform(offset))
    return kb.loadBroadcast(buffer, node.elementType, offset.uniform);
  if (!offset.varying && offset.stride.isConstant(1))
    return kb.loadVector(buffer, node.elementType, offset.uniform, point.mask);
  Value lanes = getLaneOffsets(kb, offset.stride, offset.varying);
  return kb.gatherVector(buffer, node.elementType, offset.uniform, lanes,
                         point.mask);
}

/// A vector of index as one of `elementType`.
static Value convertIndices(KernelBuilder &kb, Value indices,
                            Type elementType) {
  Type wide = kb.b.getI64Type();
  Value value =
      arith::IndexCastOp::create(kb.b, kb.loc, kb.getVector(wide), indices);
  ValueEmitter e{kb.b, kb.loc, value.getType()};
  return emitConversion(e, value, wide, elementType);
}

Value PointEmitter::computePosition(const PointNode &node) {
  return convertIndices(kb, asVector(evaluate(node.exprs[0])),
                        node.elementType);
}

Value PointEmitter::computeSizeList(const PointNode &node) {
  Value position = asVector(evaluate(node.exprs[0]));
  Value result = kb.broadcast(kb.size(node.sizes[0]));
  for (size_t i = 1; i < node.sizes.size(); ++i) {
    Value isThis = arith::CmpIOp::create(kb.b, kb.loc, arith::CmpIPredicate::eq,
                                         position, kb.broadcast(kb.index(i)));
    result = arith::SelectOp::create(
        kb.b, kb.loc, isThis, kb.broadcast(kb.size(node.sizes[i])), result);
  }
  return convertIndices(kb, result, node.elementType);
}

Value PointEmitter::computeInRange(const PointNode &node) {
  Value all;
  for (auto [expr, size] : llvm::zip_equal(node.exprs, node.sizes)) {
    Value index = asIndexValue(evaluate(expr));
    // Negative indices are large as unsigned ones.
    Value inside =
        arith::CmpIOp::create(kb.b, kb.loc, arith::CmpIPredicate::ult, index,
                              alike(kb, kb.size(size), index));
    inside = kb.broadcast(inside);
    all = all ? arith::AndIOp::create(kb.b, kb.loc, all, inside) : inside;
  }
  return all;
}

Value PointEmitter::computeWeighted(const PointNode &node) {
  VectorType type = kb.getVector(kb.b.getF32Type());
  ValueEmitter e{kb.b, kb.loc, type};
  Value sum;
  for (size_t i = 0; i < node.operands.size(); i += 2) {
    Value weight = find(node.operands[i]), value = find(node.operands[i + 1]);
    sum = sum ? e.fma(weight, value, sum) : e.mul(weight, value);
  }
  return sum;
}

Value PointEmitter::computeGatherIndex(const PointNode &node) {
  Value raw = find(node.operands[0]);
  bool varies = point.vectorDim >= 0 && node.dims.test(point.vectorDim);
  if (!varies)
    raw = vector::ExtractOp::create(kb.b, kb.loc, raw, ArrayRef<int64_t>{0});
  Type type = varies ? Type(kb.getVector(kb.b.getIndexType()))
                     : Type(kb.b.getIndexType());
  Value index = arith::IndexCastOp::create(kb.b, kb.loc, type, raw);
  Value zero = alike(kb, kb.index(0), index);
  Value size = alike(kb, kb.size(node.sizes[0]), index);
  Value isNegative = arith::CmpIOp::create(
      kb.b, kb.loc, arith::CmpIPredicate::slt, index, zero);
  Value wrapped = arith::AddIOp::create(kb.b, kb.loc, index, size);
  index = arith::SelectOp::create(kb.b, kb.loc, isNegative, wrapped, index);
  Value isOutside = arith::CmpIOp::create(
      kb.b, kb.loc, arith::CmpIPredicate::uge, index, size);
  index = arith::SelectOp::create(kb.b, kb.loc, isOutside, zero, index);

  if (auto check = node.op->getAttrOfType<IntegerAttr>("check")) {
    Value failed = isOutside;
    if (varies) {
      if (point.mask)
        failed = arith::AndIOp::create(kb.b, kb.loc, failed, point.mask);
      failed = vector::ReductionOp::create(kb.b, kb.loc,
                                           vector::CombiningKind::OR, failed);
    }
    kb.reportCheck(failed, check.getInt());
  }
  return index;
}

Value PointEmitter::computePadIndex(const PointNode &node) {
  Value index = asIndexValue(evaluate(node.exprs[0]));
  nn::SizeAttr size = node.sizes[0];
  Value zero = alike(kb, kb.index(0), index);
  auto wrap = [&](Value value, Value period) -> Value {
    Value rest = arith::RemSIOp::create(kb.b, kb.loc, value, period);
    Value isNegative = arith::CmpIOp::create(
        kb.b, kb.loc, arith::CmpIPredicate::slt, rest, zero);
    Value shifted = arith::AddIOp::create(kb.b, kb.loc, rest, period);
    return arith::SelectOp::create(kb.b, kb.loc, isNegative, shifted, rest);
  };
  auto atLeastOne = [&](nn::SizeAttr value) {
    return alike(kb, kb.max(kb.size(value), kb.index(1)), index);
  };
  if (node.ints[0] == 1) { // reflect: a triangle wave
    index = wrap(index, atLeastOne(nn::add(nn::mul(size, 2), -2)));
    Value last = alike(kb, kb.size(nn::mul(nn::add(size, -1), 2)), index);
    Value mirrored = arith::SubIOp::create(kb.b, kb.loc, last, index);
    index = arith::MinSIOp::create(kb.b, kb.loc, index, mirrored);
  } else if (node.ints[0] == 2) {
    index = wrap(index, atLeastOne(size));
  }
  return clampIndex(kb, index, size);
}
