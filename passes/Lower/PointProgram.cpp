//===- PointProgram.cpp - what is computed at one point -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/PointProgram.h"
#include "dialects/NN/NNShapes.h"
#include "passes/Lower/Elementwise.h"
#include "passes/Lower/Emitters.h"

using namespace mlir;
using namespace sinter;

using Kind = PointNode::Kind;

//===----------------------------------------------------------------------===//
// Index expressions and nodes
//===----------------------------------------------------------------------===//

IndexExpr IndexExpr::operator*(nn::SizeAttr factor) const {
  IndexExpr result{form * factor, {}};
  for (auto [node, coefficient] : terms)
    result.terms.push_back({node, nn::mul(coefficient, factor)});
  return result;
}

IndexExpr IndexExpr::operator+(const IndexExpr &other) const {
  IndexExpr result{form + other.form, terms};
  result.terms.append(other.terms);
  return result;
}

IndexExpr IndexExpr::operator+(nn::SizeAttr summand) const {
  return {form + summand, terms};
}

bool PointNode::isSame(const PointNode &other) const {
  return kind == other.kind && op == other.op && value == other.value &&
         argument == other.argument && attribute == other.attribute &&
         elementType == other.elementType && operands == other.operands &&
         exprs == other.exprs && sizes == other.sizes && ints == other.ints;
}

TypedAttr sinter::getScalarConstant(Value value) {
  auto weight = value.getDefiningOp<nn::WeightOp>();
  if (!weight || weight.getValue().getKind() != "dense")
    return {};
  auto dense = dyn_cast_or_null<DenseElementsAttr>(
      weight.getValue().getParams().get("value"));
  if (!dense || dense.getNumElements() != 1)
    return {};
  return *dense.value_begin<TypedAttr>();
}

//===----------------------------------------------------------------------===//
// PointProgram
//===----------------------------------------------------------------------===//

PointProgram::PointProgram(MLIRContext *context, ArrayRef<nn::SizeAttr> sizes)
    : context(context), sizes(sizes.begin(), sizes.end()) {}

void PointProgram::addSeed(Value value) {
  addSeed(value, llvm::BitVector(getRank(), true));
}

void PointProgram::addSeed(Value value, llvm::BitVector dims) {
  seeds[value] = std::move(dims);
}

void PointProgram::chooseConcatOperand(Operation *op, unsigned operand,
                                       nn::SizeAttr offset) {
  choices[op] = {operand, offset};
}

unsigned PointProgram::insert(PointNode node) {
  for (auto [number, other] : llvm::enumerate(nodes))
    if (node.isSame(other))
      return number;
  computeDims(node);
  nodes.push_back(std::move(node));
  return nodes.size() - 1;
}

void PointProgram::computeDims(PointNode &node) const {
  if (node.kind == Kind::Seed) {
    node.dims = seeds.lookup(node.value);
    return;
  }
  node.dims = llvm::BitVector(getRank());
  for (unsigned operand : node.operands)
    node.dims |= nodes[operand].dims;
  for (const IndexExpr &expr : node.exprs) {
    for (unsigned d = 0; d < getRank(); ++d)
      if (expr.form.dependsOn(d))
        node.dims.set(d);
    for (auto [term, coefficient] : expr.terms)
      node.dims |= nodes[term].dims;
  }
}

SmallVector<SmallVector<IndexExpr>>
PointProgram::getIndices(Value value) const {
  SmallVector<SmallVector<IndexExpr>> result;
  auto place = known.find(value);
  if (place != known.end())
    for (auto &[exprs, node] : place->second)
      result.push_back(exprs);
  return result;
}

llvm::BitVector PointProgram::getReachable(ArrayRef<unsigned> roots) const {
  llvm::BitVector reachable(nodes.size());
  for (unsigned root : roots)
    reachable.set(root);
  for (size_t number = nodes.size(); number-- > 0;) {
    if (!reachable.test(number))
      continue;
    for (unsigned operand : nodes[number].operands)
      reachable.set(operand);
    for (const IndexExpr &expr : nodes[number].exprs)
      for (auto [term, coefficient] : expr.terms)
        reachable.set(term);
  }
  return reachable;
}

SmallVector<LinearForm> PointProgram::getForms() const {
  SmallVector<LinearForm> forms;
  for (const PointNode &node : nodes)
    for (const IndexExpr &expr : node.exprs)
      forms.push_back(expr.form);
  return forms;
}

LinearForm sinter::collapseForm(const LinearForm &form,
                                ArrayRef<nn::SizeAttr> sizes,
                                ArrayRef<std::pair<unsigned, unsigned>> runs) {
  nn::SizeAttr zero = nn::getSize(form.base.getContext(), 0);
  LinearForm result{form.base, {}};
  for (auto [begin, end] : runs) {
    // The last dimension that is not of size 1 advances fastest.
    nn::SizeAttr stride = zero;
    for (unsigned d = begin; d < end; ++d)
      if (!sizes[d].isConstant(1))
        stride = form.strides[d];
    result.strides.push_back(stride);
  }
  if (runs.empty())
    result.strides.push_back(zero);
  return result;
}

SmallVector<nn::SizeAttr>
sinter::collapseSizes(MLIRContext *context, ArrayRef<nn::SizeAttr> sizes,
                      ArrayRef<std::pair<unsigned, unsigned>> runs) {
  SmallVector<nn::SizeAttr> result;
  for (auto [begin, end] : runs)
    result.push_back(nn::product(context, sizes.slice(begin, end - begin)));
  if (runs.empty())
    result.push_back(nn::getSize(context, 1));
  return result;
}

void PointProgram::collapse(ArrayRef<std::pair<unsigned, unsigned>> runs) {
  SmallVector<nn::SizeAttr> oldSizes(sizes);
  for (PointNode &node : nodes)
    for (IndexExpr &expr : node.exprs)
      expr.form = collapseForm(expr.form, oldSizes, runs);
  for (auto &[value, dims] : seeds) {
    llvm::BitVector merged(std::max<size_t>(runs.size(), 1));
    for (auto [number, run] : llvm::enumerate(runs))
      for (unsigned d = run.first; d < run.second; ++d)
        if (dims.test(d) && !oldSizes[d].isConstant(1))
          merged.set(number);
    dims = merged;
  }
  sizes = collapseSizes(context, oldSizes, runs);
  for (PointNode &node : nodes)
    computeDims(node);
  known.clear();
}

FailureOr<unsigned> PointProgram::add(Value value) {
  SmallVector<nn::SizeAttr> own = nn::getSizes(value.getType());
  return add(value, broadcastTo(getIdentity(context, getRank()), own, sizes));
}
