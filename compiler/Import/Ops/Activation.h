//===- Activation.h - activation functions by name --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_ACTIVATION_H
#define SINTER_COMPILER_IMPORT_OPS_ACTIVATION_H

#include "compiler/Import/NodeContext.h"
#include <cmath>

namespace sinter {

/// A function of one tensor and at most two numbers.
struct ActivationFunction {
  llvm::StringLiteral name;
  mlir::Value (*apply)(NodeContext &node, mlir::Value x, double alpha,
                       double beta);
  /// The numbers where none are given; NaN for one that it does not use.
  double alpha, beta;

  bool usesAlpha() const { return !std::isnan(alpha); }
  bool usesBeta() const { return !std::isnan(beta); }
};

/// The function `name`, in any case of letters, of those that recurrent layers
/// may apply to their gates; null if there is none.
const ActivationFunction *findActivation(llvm::StringRef name);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_ACTIVATION_H
