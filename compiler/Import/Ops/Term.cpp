//===- Term.cpp - compositions written as formulas ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Term.h"
#include <numeric>

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

Term Term::size(NodeContext &node, SizeAttr size, Type type) {
  Type i64 = IntegerType::get(node.getContext(), 64);
  return Term(node, node.sizeValue(size, i64)).cast(type);
}

Term Term::vector(NodeContext &node, ArrayRef<double> numbers, Type type) {
  Content content;
  content.elementType = type;
  content.shape.push_back(numbers.size());
  for (double number : numbers)
    content.elements.push_back(
        content.isFloat()
            ? Element::ofNumber(roundToType(number, type))
            : Element::ofSize(node.getSize(static_cast<int64_t>(number))));
  return {node, node.getImporter().createConstant(content, node.getLocation())};
}

Term Term::dense(NodeContext &node, DenseElementsAttr elements) {
  MLIRContext *context = node.getContext();
  auto params = DictionaryAttr::get(
      context, NamedAttribute(StringAttr::get(context, "value"), elements));
  auto weight = nn::WeightAttr::get(
      context, StringAttr::get(context, "dense"), {}, params,
      llvm::cast<RankedTensorType>(elements.getType()));
  return {node, nn::WeightOp::create(node.getImporter().getBuilder(),
                                     node.getLocation(), weight)};
}

Term Term::iota(NodeContext &node, SizeAttr count, Type type, int64_t axis,
                int64_t rank) {
  SmallVector<SizeAttr> sizes(rank, node.getSize(1));
  sizes[axis] = count;
  Type i64 = IntegerType::get(node.getContext(), 64);
  return Term(node,
              node.createTyped<nn::IotaOp>(nn::makeTensorType(sizes, i64), axis,
                                           node.getSize(0), node.getSize(1)))
      .cast(type);
}

Term Term::transposeMatrix() const {
  SmallVector<int64_t> permutation(getRank());
  std::iota(permutation.begin(), permutation.end(), 0);
  std::swap(permutation[getRank() - 1], permutation[getRank() - 2]);
  return transpose(permutation);
}

Term Term::unsqueeze(int64_t axis) const {
  SmallVector<SizeAttr> sizes = getSizes();
  sizes.insert(sizes.begin() + axis, node->getSize(1));
  return reshape(sizes);
}

Term Term::squeeze(int64_t axis) const {
  SmallVector<SizeAttr> sizes = getSizes();
  sizes.erase(sizes.begin() + axis);
  return reshape(sizes);
}

Term Term::slice(int64_t axis, SizeAttr start, SizeAttr count,
                 int64_t step) const {
  SmallVector<SizeAttr> sizes = getSizes(),
                        starts(sizes.size(), node->getSize(0));
  if (start.isConstant(0) && count == sizes[axis] && step == 1)
    return *this;
  SmallVector<int64_t> steps(sizes.size(), 1);
  starts[axis] = start;
  sizes[axis] = count;
  steps[axis] = step;
  MLIRContext *context = node->getContext();
  return wrap(
      node->create<nn::SliceOp>(value, nn::makeSizeArray(context, starts),
                                nn::makeSizeArray(context, sizes), steps));
}

SmallVector<Term, 4> Term::split(int64_t axis,
                                 ArrayRef<SizeAttr> counts) const {
  SmallVector<Term, 4> parts;
  SizeAttr start = node->getSize(0);
  for (SizeAttr count : counts) {
    parts.push_back(slice(axis, start, count));
    start = nn::add(start, count);
  }
  return parts;
}

Term Term::pad(int64_t axis, SizeAttr before, SizeAttr after,
               double fill) const {
  if (before.isConstant(0) && after.isConstant(0))
    return *this;
  SmallVector<SizeAttr> lead(getRank(), node->getSize(0)), tail(lead);
  lead[axis] = before;
  tail[axis] = after;
  MLIRContext *context = node->getContext();
  return wrap(node->create<nn::PadOp>(
      value, like(fill), nn::makeSizeArray(context, lead),
      nn::makeSizeArray(context, tail), nn::PadMode::Constant));
}

Term Term::concat(ArrayRef<Term> others, int64_t axis) const {
  SmallVector<Value> values{value};
  llvm::append_range(values, others);
  return wrap(node->create<nn::ConcatOp>(ValueRange(values), axis));
}

Term Term::gather(Term indices, int64_t axis) const {
  return wrap(node->create<nn::GatherOp>(value, indices, axis));
}

Term Term::argMax(int64_t axis) const {
  return wrap(node->create<nn::ArgReduceOp>(value, nn::ReduceKind::Max, axis));
}

Term Term::matmul(Term other) const {
  // Sizes that do not fit have been reported, so that the import fails.
  FailureOr<Value> product = multiplyMatrices(*node, value, other);
  return succeeded(product) ? wrap(*product) : *this;
}

Term Term::softmax(int64_t axis) const {
  Term exponential = (*this - maximum(axis)).exp();
  return exponential / exponential.sum(axis);
}

Term Term::clamp(double least, double most) const {
  return wrap(node->create<nn::ClampOp>(value, llvm::APFloat(least),
                                        llvm::APFloat(most)));
}
