//===- WindowTaps.h - which taps of a window meet the input -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_WINDOWTAPS_H
#define SINTER_PASSES_LOWER_WINDOWTAPS_H

#include "passes/Lower/WindowPlan.h"

namespace sinter {

/// The input index of tap 0 along a spatial dimension for the result's index
/// `position`.
mlir::Value getWindowStart(KernelBuilder &kb, const WindowPlan &plan,
                           unsigned spatial, mlir::Value position);

/// The taps [first, second) that lie inside of the input.
std::pair<mlir::Value, mlir::Value> getTapRange(KernelBuilder &kb,
                                                const WindowPlan &plan,
                                                unsigned spatial,
                                                mlir::Value position);

/// The taps that a mean counts along one dimension.
mlir::Value getTapCount(KernelBuilder &kb, const WindowPlan &plan,
                        unsigned spatial, mlir::Value position);

/// `sum` with one more input, multiplied by `filter` if there is one. The
/// elements of the input are of type `elementType`.
mlir::Value accumulateTap(KernelBuilder &kb, const WindowPlan &plan,
                          mlir::Type elementType, mlir::Value sum,
                          mlir::Value input, mlir::Value filter);

/// `sum` (vector) divided by `count` (index).
mlir::Value divideByCount(KernelBuilder &kb, mlir::Value sum,
                          mlir::Value count);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_WINDOWTAPS_H
