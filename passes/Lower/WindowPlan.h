//===- WindowPlan.h - form of a window kernel -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A depthwise convolution or a pooling, channels last: [n, spatial.., c]. A
// tile is one row of the result (all of its last spatial dimension) for a chunk
// of the channels; neighbours in the number of a tile share rows of the input.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_WINDOWPLAN_H
#define SINTER_PASSES_LOWER_WINDOWPLAN_H

#include "passes/Lower/PointProgram.h"

namespace sinter {

/// The window operation of a kernel and its epilogue.
struct WindowPlan {
  explicit WindowPlan(PointProgram epilogue) : epilogue(std::move(epilogue)) {}

  mlir::Operation *op = nullptr;
  mlir::BlockArgument input;
  /// Filter [spatial.., c], of bytes [ceil(rows / 4), last of spatial, c, 4];
  /// null for pooling.
  mlir::BlockArgument filter;
  /// What a convolution of bytes reads beyond the edges.
  int64_t padValue = 0;
  /// Sum for convolutions.
  nn::ReduceKind kind = nn::ReduceKind::Sum;
  bool countsPads = false;
  llvm::SmallVector<int64_t> window, strides, dilations, padsBefore, padsAfter;
  /// [n, spatial.., c] of the input and of the result.
  llvm::SmallVector<nn::SizeAttr> inputSizes, sizes;
  PointProgram epilogue;
  llvm::SmallVector<unsigned> roots;
  nn::SizeAttr channelChunks, tiles;

  unsigned getSpatialRank() const { return window.size(); }
  /// The number of the last spatial dimension among the spatial ones.
  unsigned getColumn() const { return window.size() - 1; }
  nn::SizeAttr getInputSize(unsigned spatial) const {
    return inputSizes[spatial + 1];
  }
  nn::SizeAttr getSize(unsigned spatial) const { return sizes[spatial + 1]; }
  int64_t getTaps() const;

  /// Whether four rows of the window are multiplied at once (WindowQuads.h).
  bool hasQuads() const;

  /// Windows of more taps than this are run through by loops.
  static constexpr int64_t maxUnrolledTaps = 64;
  /// Channels of a tile.
  static constexpr int64_t channelsPerTile = 256;
};

/// Plans a kernel of kind window, or fails after an error.
mlir::FailureOr<WindowPlan> makeWindowPlan(kernel::FuncOp kernel);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_WINDOWPLAN_H
