//===- DynamicFilter.h - convolutions whose filter is data ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels of nn.conv read filters that were packed when compiling. A filter
// that is computed from the inputs is multiplied as a matrix instead, with the
// windows of the input side by side.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_DYNAMICFILTER_H
#define SINTER_COMPILER_IMPORT_OPS_DYNAMICFILTER_H

#include "compiler/Import/NodeContext.h"

namespace sinter {

/// Whether `value` is a constant, or will be folded to one.
bool isConstantExpression(mlir::Value value);

/// What a convolution does along the spatial dimensions; pads are all begins,
/// then all ends.
struct ConvolutionForm {
  llvm::ArrayRef<int64_t> kernel, strides, pads, dilations;
  int64_t group = 1;
};

/// Convolves `input`, which has its pads, with the filter `filter`: the product
/// of the filter, on the left, with windows of the input.
mlir::FailureOr<mlir::Value> multiplyWindows(NodeContext &node,
                                             mlir::Value input,
                                             mlir::Value filter,
                                             const ConvolutionForm &form);

/// Conv and ConvTranspose of input 0 with the filter input 1, without bias.
/// Failure has been reported.
mlir::FailureOr<mlir::Value> convolveDynamic(NodeContext &node,
                                             const ConvolutionForm &form);
mlir::FailureOr<mlir::Value>
convolveTransposedDynamic(NodeContext &node, const ConvolutionForm &form,
                          llvm::ArrayRef<int64_t> outputPadding);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_DYNAMICFILTER_H
