//===- QuantizeWeight.h - weights on 8 bits ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_QUANTIZE_QUANTIZEWEIGHT_H
#define SINTER_PASSES_QUANTIZE_QUANTIZEWEIGHT_H

#include "mlir/IR/Builders.h"

namespace sinter::quantize {

/// The constant weight of the contraction `op` as the constant `dequantize` of
/// an `i8` weight: symmetric, with the scale max|w| / 127 for each output
/// channel. A channel of zeros stays one.
mlir::Value quantizeWeight(mlir::OpBuilder &builder, mlir::Operation *op);

/// What the rounding of the weight takes from the mean of the result: the sum
/// of (weight - dequantized) * mean of the input channel, for each output
/// channel, as a constant that broadcasts to the result of `op`. `dequantized`
/// is what quantizeWeight gave. Null where the number of means does not fit.
mlir::Value makeBiasCorrection(mlir::OpBuilder &builder, mlir::Operation *op,
                               mlir::Value dequantized,
                               llvm::ArrayRef<float> inputMeans);

/// A constant of rank 0.
mlir::Value makeScale(mlir::OpBuilder &builder, mlir::Location loc,
                      float scale);
mlir::Value makeZeroPoint(mlir::OpBuilder &builder, mlir::Location loc,
                          int64_t zeroPoint);

} // namespace sinter::quantize

#endif // SINTER_PASSES_QUANTIZE_QUANTIZEWEIGHT_H
