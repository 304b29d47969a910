//===- Softmax.cpp - softmax and its relatives ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Term.h"

using namespace mlir;
using namespace sinter;

namespace {
/// The input less its maximum, so that no exponential overflows.
struct Shifted {
  Value value;
  SmallVector<int64_t> axes;
};
} // namespace

/// Before opset 13 the dimensions from `axis` on count as one.
static bool isCoerced(NodeContext &node) { return node.getOpset() < 13; }

/// The attribute `axis`, which says more than one dimension where
/// `isCoerced`.
static FailureOr<int64_t> readAxis(NodeContext &node) {
  if (node.getRank(0) == 0)
    return node.invalid("an input of rank 1 or more", "a scalar");
  return node.normalizeAxis(node.getInt("axis", isCoerced(node) ? 1 : -1),
                            node.getRank(0));
}

static FailureOr<Shifted> shiftByMaximum(NodeContext &node) {
  FailureOr<int64_t> axis = readAxis(node);
  if (failed(axis))
    return failure();
  Shifted result;
  int64_t end = isCoerced(node) ? node.getRank(0) : *axis + 1;
  for (int64_t i = *axis; i < end; ++i)
    result.axes.push_back(i);
  Value x = node.getInput(0);
  result.value = node.elementwise<nn::SubOp>(
      {x, node.reduce(x, nn::ReduceKind::Max, result.axes)});
  return result;
}

static LogicalResult importSoftmax(NodeContext &node) {
  FailureOr<Shifted> shifted = shiftByMaximum(node);
  if (failed(shifted))
    return failure();
  Value exponential = node.elementwise<nn::ExpOp>(shifted->value);
  Value sum = node.reduce(exponential, nn::ReduceKind::Sum, shifted->axes);
  return node.setOutput(0, node.elementwise<nn::DivOp>({exponential, sum}));
}

static LogicalResult importLogSoftmax(NodeContext &node) {
  FailureOr<Shifted> shifted = shiftByMaximum(node);
  if (failed(shifted))
    return failure();
  Value sum = node.reduce(node.elementwise<nn::ExpOp>(shifted->value),
                          nn::ReduceKind::Sum, shifted->axes);
  return node.setOutput(
      0, node.elementwise<nn::SubOp>(
             {shifted->value, node.elementwise<nn::LogOp>(sum)}));
}

/// 1 at the first largest element along the axis, 0 elsewhere.
static LogicalResult importHardmax(NodeContext &node) {
  FailureOr<int64_t> axis = readAxis(node);
  if (failed(axis))
    return failure();
  Term x = Term::input(node, 0);
  SmallVector<nn::SizeAttr> sizes = x.getSizes();
  if (isCoerced(node)) {
    ArrayRef<nn::SizeAttr> all = sizes;
    x = x.reshape({nn::product(node.getContext(), all.take_front(*axis)),
                   nn::product(node.getContext(), all.drop_front(*axis))});
    axis = 1;
  }
  Term largest = x.argMax(*axis);
  Term place = Term::iota(node, x.getSize(*axis), largest.getElementType(),
                          *axis, x.getRank());
  return node.setOutput(
      0, place.equals(largest).cast(x.getElementType()).reshape(sizes));
}

llvm::ArrayRef<OpRow> sinter::getSoftmaxRows() {
  static const OpRow rows[] = {
      {"Hardmax", importHardmax},
      {"LogSoftmax", importLogSoftmax},
      {"Softmax", importSoftmax},
  };
  return rows;
}
