//===- Pooling.cpp - pools that are sums of powers ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Term.h"
#include "compiler/Import/Ops/Window.h"

using namespace mlir;
using namespace sinter;

/// |x|^p, and the p-th root of sums of it.
static Term raise(Term x, double p) {
  return p == 1 ? x.abs() : p == 2 ? x * x : x.abs().pow(p);
}
static Term takeRoot(Term sum, double p) {
  return p == 1 ? sum : p == 2 ? sum.sqrt() : sum.pow(1 / p);
}

/// The exponent: an integer, or, in opset 1, a float.
static FailureOr<double> readExponent(NodeContext &node) {
  const onnx::Attribute *given = node.findAttribute("p");
  double p = !given                                      ? 2
             : given->kind == onnx::Attribute::Kind::Int ? double(given->i)
                                                         : given->f;
  if (p > 0)
    return p;
  return failure(failed(node.invalid("'p' above 0", std::to_string(p))));
}

/// How many windows `ceil_mode` adds at the end of spatial dimension `dim`: the
/// padding that completes the last window, which starts in the input or in
/// the padding before it.
static nn::SizeAttr getCeilPadding(NodeContext &node, const Window &window,
                                   unsigned dim) {
  int64_t stride = window.strides[dim];
  int64_t rank = window.kernel.size();
  int64_t begin = window.pads[dim], end = window.pads[rank + dim];
  nn::SizeAttr size = node.getSizes(0)[dim + 2];
  // Windows at most: as many as start before the end of the input.
  nn::SizeAttr span = nn::add(size, begin + end - window.getExtent(dim));
  nn::SizeAttr count = nn::min(nn::add(nn::ceilDiv(span, stride), 1),
                               nn::ceilDiv(nn::add(size, begin), stride));
  nn::SizeAttr needed = nn::sub(nn::mul(nn::add(count, -1), stride), span);
  return nn::max(needed, node.getSize(0));
}

/// The p-th root of the sums of |x|^p: means over windows that lie completely
/// in the input and zeros around it, times their size.
static LogicalResult buildLpPool(NodeContext &node) {
  auto window = readPoolWindow(node);
  if (failed(window))
    return failure();
  FailureOr<double> p = readExponent(node);
  if (failed(p))
    return failure();
  int64_t rank = window->kernel.size(), count = 1;
  bool isCeil = node.getInt("ceil_mode", 0) != 0;
  Term x = raise(Term::input(node, 0), *p);
  for (int64_t dim = 0; dim < rank; ++dim) {
    nn::SizeAttr end = node.getSize(window->pads[rank + dim]);
    if (isCeil)
      end = nn::add(end, getCeilPadding(node, *window, dim));
    x = x.pad(dim + 2, node.getSize(window->pads[dim]), end);
    count *= window->kernel[dim];
  }
  SmallVector<int64_t> noPads(2 * rank, 0);
  Term mean(node, node.create<nn::PoolOp>(x, nn::ReduceKind::Mean,
                                          window->kernel, window->strides,
                                          noPads, window->dilations));
  return node.setOutput(0, takeRoot(mean * static_cast<double>(count), *p));
}

static LogicalResult buildGlobalLpPool(NodeContext &node) {
  int64_t rank = node.getRank(0);
  FailureOr<double> p = readExponent(node);
  if (failed(p))
    return failure();
  if (rank < 3)
    return node.invalid("an input of rank 3 or more", "rank " + Twine(rank));
  Term sum = raise(Term::input(node, 0), *p)
                 .reduce(nn::ReduceKind::Sum,
                         llvm::to_vector(llvm::seq<int64_t>(2, rank)));
  return node.setOutput(0, takeRoot(sum, *p));
}

/// x / (bias + alpha * m)^beta, where m is the mean of the squares of `size`
/// channels around, zeros beyond the first and last: a pool along channels.
static LogicalResult buildLRN(NodeContext &node) {
  int64_t rank = node.getRank(0), size = node.getInt("size", 0);
  if (rank < 2 || size < 1)
    return node.invalid("an input of rank 2 or more and 'size' above 0",
                        "rank " + Twine(rank) + " and size " + Twine(size));
  Term x = Term::input(node, 0);
  SmallVector<nn::SizeAttr> sizes = x.getSizes();
  nn::SizeAttr one = node.getSize(1);
  Term squares = (x * x).reshape(
      {sizes[0], one, sizes[1],
       nn::product(node.getContext(), ArrayRef(sizes).drop_front(2))});
  int64_t before = (size - 1) / 2;
  Term mean(node, node.create<nn::PoolOp>(
                      squares, nn::ReduceKind::Mean, ArrayRef<int64_t>{size, 1},
                      ArrayRef<int64_t>{1, 1},
                      ArrayRef<int64_t>{before, 0, size - 1 - before, 0},
                      ArrayRef<int64_t>{1, 1}, /*ceil_mode=*/false,
                      /*count_include_pad=*/true));
  Term base = node.getFloat("bias", 1) +
              node.getFloat("alpha", 1e-4f) * mean.reshape(sizes);
  return node.setOutput(0, x / base.pow(node.getFloat("beta", 0.75)));
}

ArrayRef<OpRow> sinter::getPoolingRows() {
  static const OpRow rows[] = {
      {"GlobalLpPool", buildGlobalLpPool},
      {"LRN", buildLRN},
      {"LpPool", buildLpPool},
  };
  return rows;
}
