//===- Window.cpp - windows that slide over an input ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Window.h"

using namespace mlir;
using namespace sinter;

/// An attribute with one positive entry for each of `rank` dimensions.
static FailureOr<SmallVector<int64_t>> readList(NodeContext &node,
                                                StringRef name, unsigned rank) {
  SmallVector<int64_t> list =
      node.getInts(name).value_or(SmallVector<int64_t>(rank, 1));
  if (list.size() == rank &&
      llvm::all_of(list, [](int64_t entry) { return entry > 0; }))
    return list;
  return failure(failed(node.invalid(
      "'" + name + "' with " + Twine(rank) + " entries above 0",
      Twine(list.size()) + " entries, or one that is not positive")));
}

void Window::splitPadding(unsigned dim, int64_t total, bool moreAtEnd) {
  int64_t smaller = total / 2;
  pads[dim] = moreAtEnd ? smaller : total - smaller;
  pads[kernel.size() + dim] = total - pads[dim];
}

/// Padding that makes the output ceil(input / stride) long.
static LogicalResult padToSame(NodeContext &node, Window &window,
                               bool moreAtEnd) {
  SmallVector<nn::SizeAttr> sizes = node.getSizes(0);
  for (unsigned dim = 0; dim < window.kernel.size(); ++dim) {
    int64_t stride = window.strides[dim], extent = window.getExtent(dim);
    std::optional<int64_t> size = sizes[dim + 2].getConstant();
    if (!size && stride != 1)
      return node.unsupported("a fixed size of dimension " + Twine(dim + 2) +
                                  " where auto_pad meets a stride",
                              "the size " + nn::toString(sizes[dim + 2]),
                              "fix the dimension with --dim or --shape, or "
                              "export with explicit pads");
    int64_t total =
        stride == 1
            ? extent - 1
            : (llvm::divideCeil(*size, stride) - 1) * stride + extent - *size;
    window.splitPadding(dim, std::max<int64_t>(total, 0), moreAtEnd);
  }
  return success();
}

FailureOr<Window> sinter::readWindow(NodeContext &node,
                                     ArrayRef<int64_t> kernel,
                                     bool isTransposed) {
  unsigned rank = kernel.size();
  if (node.getRank(0) != int64_t(rank) + 2)
    return failure(failed(node.invalid("an input of rank " + Twine(rank + 2),
                                       "rank " + Twine(node.getRank(0)))));
  Window window;
  window.kernel.assign(kernel.begin(), kernel.end());
  auto strides = readList(node, "strides", rank);
  if (failed(strides))
    return failure();
  auto dilations = readList(node, "dilations", rank);
  if (failed(dilations))
    return failure();
  window.strides = *strides;
  window.dilations = *dilations;
  StringRef automatic = node.getString("auto_pad", "NOTSET");
  window.pads.assign(2 * rank, 0);
  if (automatic == "NOTSET") {
    window.pads = node.getInts("pads").value_or(window.pads);
    if (window.pads.size() != 2 * rank ||
        llvm::any_of(window.pads, [](int64_t pad) { return pad < 0; }))
      return failure(failed(node.invalid(
          "'pads' with " + Twine(2 * rank) + " entries of at least 0",
          Twine(window.pads.size()) + " entries, or a negative one")));
  } else if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    if (!isTransposed &&
        failed(padToSame(node, window, automatic == "SAME_UPPER")))
      return failure();
  } else if (automatic != "VALID") {
    return failure(failed(node.invalid(
        "'auto_pad' NOTSET, VALID, SAME_UPPER or SAME_LOWER", automatic)));
  }
  return window;
}

FailureOr<Window> sinter::readPoolWindow(NodeContext &node) {
  std::optional<SmallVector<int64_t>> kernel = node.getInts("kernel_shape");
  if (!kernel || llvm::any_of(*kernel, [](int64_t size) { return size <= 0; }))
    return failure(failed(node.invalid("'kernel_shape' with sizes above 0",
                                       "none, or one that is not positive")));
  return readWindow(node, *kernel);
}
