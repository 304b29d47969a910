//===- Window.h - windows that slide over an input --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_WINDOW_H
#define SINTER_COMPILER_IMPORT_OPS_WINDOW_H

#include "compiler/Import/NodeContext.h"

namespace sinter {

/// The attributes that convolutions and pools share, completed: one entry for
/// each spatial dimension, `pads` all begins and then all ends.
struct Window {
  llvm::SmallVector<int64_t> kernel, strides, pads, dilations;

  int64_t getExtent(unsigned dim) const {
    return (kernel[dim] - 1) * dilations[dim] + 1;
  }
  /// Sets pads[dim] and pads[rank + dim] to the halves of `total`.
  void splitPadding(unsigned dim, int64_t total, bool moreAtEnd);
};

/// Reads strides, dilations and pads for a window of `kernel`; failure,
/// reported, where they do not fit input 0.
mlir::FailureOr<Window> readWindow(NodeContext &node,
                                   llvm::ArrayRef<int64_t> kernel,
                                   bool isTransposed = false);
/// The window of a pool, whose size is the attribute `kernel_shape`.
mlir::FailureOr<Window> readPoolWindow(NodeContext &node);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_WINDOW_H
