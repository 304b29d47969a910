//===- Reduction.h - accumulators of reductions -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_REDUCTION_H
#define SINTER_PASSES_LOWER_REDUCTION_H

#include "passes/Lower/KernelBuilder.h"

namespace sinter {

/// Combines values of one nn.reduce, as vectors of its compute type.
class Reduction {
public:
  Reduction(KernelBuilder &kb, nn::ReduceOp op);

  /// The vector that a sum (product, maximum, ...) starts with.
  mlir::Value getStart() const;
  /// Both together; lanes outside of `mask`, if there is one, do not count.
  mlir::Value combine(mlir::Value accumulator, mlir::Value value,
                      mlir::Value mask = {}) const;
  /// All lanes of all accumulators as a scalar, in a fixed order.
  mlir::Value combineLanes(llvm::ArrayRef<mlir::Value> accumulators) const;
  /// The result for `count` (index) combined elements, from a scalar or
  /// vector: a mean is divided.
  mlir::Value finish(mlir::Value value, mlir::Value count) const;

private:
  KernelBuilder &kb;
  nn::ReduceKind kind;
  mlir::Type type;
  bool isUnsigned;
};

} // namespace sinter

#endif // SINTER_PASSES_LOWER_REDUCTION_H
