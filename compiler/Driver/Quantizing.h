//===- Quantizing.h - a request for precision, made ready -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_QUANTIZING_H
#define SINTER_COMPILER_DRIVER_QUANTIZING_H

#include "compiler/Calibrate/Calibrator.h"
#include "compiler/Driver/Compiler.h"

namespace sinter {

/// What a compilation with a precision needs for its plan, and keeps until the
/// plan is made.
class Quantizing {
public:
  /// Reads the first of the samples for `module` (the form after `simplify`),
  /// or makes some up with a warning. Null where the request asks for nothing,
  /// and with `failure` filled where its data is of no use.
  static std::unique_ptr<Quantizing> create(const CompileRequest &request,
                                            mlir::ModuleOp module,
                                            const Events &events,
                                            Failure &failure);

  quantize::PlanRequest plan;
  /// The sizes of the free dimensions in the samples.
  llvm::StringMap<int64_t> dims;

  /// Fills `failure` if the samples were at fault.
  bool describeFailure(Failure &failure) const;

private:
  std::unique_ptr<calibrate::Calibrator> calibrator;
};

/// What the plans in `module` say of each layer.
std::vector<LayerDecision> collectDecisions(mlir::ModuleOp module);

} // namespace sinter

#endif // SINTER_COMPILER_DRIVER_QUANTIZING_H
