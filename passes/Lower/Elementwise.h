//===- Elementwise.h - how element-wise operations compute ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table from element-wise `nn` operations to arith and math on vectors.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_ELEMENTWISE_H
#define SINTER_PASSES_LOWER_ELEMENTWISE_H

#include "dialects/NN/NNDialect.h"
#include "mlir/IR/Builders.h"

namespace sinter {

/// Whether `op` is in the table (it has the trait Elementwise).
bool isElementwise(mlir::Operation *op);

/// Why the element types of `op` cannot be computed; empty if they can.
std::string getElementwiseObstacle(mlir::Operation *op);

/// Computes `op` on `operands`: vectors (or scalars, all alike) of the compute
/// types of the operands' element types. Gives the result in its compute type.
/// The obstacle of `op` must be empty.
mlir::Value emitElementwise(mlir::OpBuilder &b, mlir::Location loc,
                            mlir::Operation *op, mlir::ValueRange operands);

/// Whether the operation costs so much more than memory access that a second
/// evaluation should be avoided (exp, erf, div, ...).
bool isExpensive(mlir::Operation *op);

/// How a reduction of elements of compute type `type` combines two values, and
/// what it starts with. `isUnsigned` tells how integers compare. Mean adds.
mlir::Value emitCombine(mlir::OpBuilder &b, mlir::Location loc,
                        nn::ReduceKind kind, bool isUnsigned, mlir::Value lhs,
                        mlir::Value rhs);
mlir::TypedAttr getNeutral(nn::ReduceKind kind, bool isUnsigned,
                           mlir::Type type);
/// Combines the lanes of `vector` in a fixed order to a scalar.
mlir::Value emitCombineLanes(mlir::OpBuilder &b, mlir::Location loc,
                             nn::ReduceKind kind, bool isUnsigned,
                             mlir::Value vector);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_ELEMENTWISE_H
