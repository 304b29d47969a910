//===- NNInference.h - helpers to infer result types ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For the .cpp files of this folder. The rules run also on operations that no
// verifier has seen (while text is parsed), so operands may have any type.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NNINFERENCE_H
#define SINTER_DIALECTS_NN_NNINFERENCE_H

#include "dialects/NN/NNShapes.h"

namespace sinter::nn {

/// Where and for which operation a rule reports what it refuses.
struct Refusal {
  llvm::StringRef operation;
  std::optional<mlir::Location> location;

  /// Emits an error "'nn.xy' op ..." if there is a location; always failure.
  template <typename... Args>
  llvm::LogicalResult operator()(Args &&...args) const {
    return mlir::emitOptionalError(location, "'", operation, "' op ",
                                   std::forward<Args>(args)...);
  }
};

/// The type of `value` as a ranked tensor; an error if it is another type.
mlir::FailureOr<mlir::RankedTensorType> getTensor(const Refusal &refuse,
                                                  mlir::Value value);

/// Sets the only result type, after a check that every size is known and not
/// negative.
llvm::LogicalResult setResult(const Refusal &refuse,
                              llvm::ArrayRef<SizeAttr> sizes,
                              mlir::Type elementType,
                              llvm::SmallVectorImpl<mlir::Type> &types);

/// (C1) `axis` is a dimension of a tensor of rank `rank`.
llvm::LogicalResult checkAxis(const Refusal &refuse, int64_t axis,
                              int64_t rank);

/// The rule of element-wise operations whose result holds what operands hold.
llvm::LogicalResult inferElementwise(llvm::StringRef operation,
                                     std::optional<mlir::Location> location,
                                     mlir::ValueRange operands,
                                     llvm::SmallVectorImpl<mlir::Type> &types);
/// The same where the result holds truth values.
llvm::LogicalResult inferTruth(llvm::StringRef operation,
                               std::optional<mlir::Location> location,
                               mlir::ValueRange operands,
                               llvm::SmallVectorImpl<mlir::Type> &types);

/// A sliding window over the spatial dimensions of a tensor.
struct Window {
  llvm::ArrayRef<int64_t> strides, pads, dilations;
};

/// Positions of the batch, the channels and the first spatial dimension.
struct SpatialLayout {
  bool channelsLast;
  int64_t rank;

  int64_t getChannels() const { return channelsLast ? rank - 1 : 1; }
  int64_t getFirstSpatial() const { return channelsLast ? 1 : 2; }
  int64_t getSpatialRank() const { return rank - 2; }
};

/// Checks that `window` has positive strides and dilations, one for each
/// spatial dimension, and two pads for each.
llvm::LogicalResult checkWindow(const Refusal &refuse, const Window &window,
                                int64_t spatialRank);

/// The extent of `taps` elements that lie `dilation` apart.
SizeAttr getExtent(SizeAttr taps, int64_t dilation);

} // namespace sinter::nn

#endif // SINTER_DIALECTS_NN_NNINFERENCE_H
