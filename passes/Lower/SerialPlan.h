//===- SerialPlan.h - form of a serial kernel -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_SERIALPLAN_H
#define SINTER_PASSES_LOWER_SERIALPLAN_H

#include "dialects/Kernel/KernelDialect.h"
#include "dialects/NN/Size.h"

namespace sinter {

/// nn.arg_reduce as [outer, axis, inner]: a lane for each inner index.
struct ArgReducePlan {
  nn::ArgReduceOp op;
  mlir::BlockArgument input;
  nn::SizeAttr outer, extent, inner, units, unitsPerTile, tiles;

  /// Results of a unit.
  static constexpr int64_t unitColumns = 64;
};

/// nn.algorithm: units of work of its own.
struct AlgorithmPlan {
  nn::AlgorithmOp op;
  nn::SizeAttr units, unitsPerTile, tiles;
};

/// The nn.algorithm that `kernel`, of kind serial, consists of, or null.
nn::AlgorithmOp getAlgorithm(kernel::FuncOp kernel);

AlgorithmPlan makeAlgorithmPlan(nn::AlgorithmOp op);

/// Plans a kernel of kind serial that is no nn.algorithm, or fails after an
/// error.
mlir::FailureOr<ArgReducePlan> makeSerialPlan(kernel::FuncOp kernel);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_SERIALPLAN_H
