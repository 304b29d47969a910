//===- Resampling.h - resampling of one dimension ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ONNX Resize, one dimension after the other, as gathers and weighted sums: all
// of its modes, with sizes, scales and regions that may come from data.
// nn.resize is faster, but has not all modes and knows its scales.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_RESAMPLING_H
#define SINTER_COMPILER_IMPORT_OPS_RESAMPLING_H

#include "compiler/Import/NodeContext.h"

namespace sinter {

/// What is the same for all dimensions, as the attributes of Resize-19 have it.
struct ResampleRules {
  nn::ResizeMode mode;
  nn::ResizeRounding rounding;
  llvm::StringRef coordinates;
  double cubicCoefficient = -0.75, extrapolation = 0;
  bool antialias = false, excludeOutside = false;
};

/// One dimension.
struct ResampleAxis {
  int64_t axis;
  /// Of the input and of the output.
  nn::SizeAttr from, to;
  /// Output over input (f32, rank 0); null where that is the quotient of the
  /// sizes.
  mlir::Value scale = {};
  /// The same where it is known when compiling, else 0.
  double knownScale = 0;
  /// The region for tf_crop_and_resize, f32 of rank 0, in parts of the input.
  mlir::Value regionStart = {}, regionEnd = {};
};

/// Whether `rules` has a known name for the coordinates.
bool isKnownCoordinates(llvm::StringRef name);

/// `value` resampled along `axis`; f32 unless the mode is nearest.
mlir::Value resample(NodeContext &node, mlir::Value value,
                     const ResampleAxis &axis, const ResampleRules &rules);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_RESAMPLING_H
