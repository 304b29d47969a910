//===- Constants.h - reading and making constant tensors --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_SIMPLIFY_CONSTANTS_H
#define SINTER_PASSES_SIMPLIFY_CONSTANTS_H

#include "dialects/NN/NNDialect.h"
#include "mlir/IR/Builders.h"

namespace sinter {

/// The expression of `value` if an `nn.weight` makes it, else null.
nn::WeightAttr getWeight(mlir::Value value);

/// The one number that every element of the constant `value` is; nothing where
/// it is not constant, not uniform, or would have to be read from the file.
std::optional<double> getUniformValue(mlir::Value value);

/// The elements of a small integer constant, in row-major order.
std::optional<llvm::SmallVector<int64_t>> getIntegers(mlir::Value value);

/// Whether `value` is a constant of one element.
bool isConstantScalar(mlir::Value value);

/// An `nn.weight` of rank 0 holding `number` as an element of type
/// `elementType`.
mlir::Value createScalar(mlir::OpBuilder &builder, mlir::Location loc,
                         double number, mlir::Type elementType);

/// The weight expression that computes the result of `op`, or null where an
/// operand is no weight or the result is much larger than the operands.
nn::WeightAttr foldToWeight(mlir::Operation *op);

/// The operands of the binary operation `op` as (variable, weight), whichever
/// way round; null values where not exactly one of them is a weight.
std::pair<mlir::Value, mlir::Value> splitWeightOperand(mlir::Operation *op);

} // namespace sinter

#endif // SINTER_PASSES_SIMPLIFY_CONSTANTS_H
