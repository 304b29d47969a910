//===- Calibrator.h - observes a model on samples ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CALIBRATE_CALIBRATOR_H
#define SINTER_COMPILER_CALIBRATE_CALIBRATOR_H

#include "compiler/Calibrate/Samples.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/Quantize/PlanRequest.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace sinter::calibrate {

/// The inputs of a model as samples must have them.
std::vector<InputSpec> describeInputs(mlir::func::FuncOp function);

/// Runs a model on samples and gathers statistics of inner values: the model is
/// compiled by the ordinary phases, with these values as outputs, into a
/// temporary artifact that runs in this process.
class Calibrator {
public:
  /// Compiles a module (the form after `simplify`) to an artifact at `path`.
  using Build =
      std::function<llvm::Error(mlir::ModuleOp module, llvm::StringRef path)>;
  using Progress = std::function<void(size_t done)>;

  /// Takes the first sample at once: null with `problem` set where there is
  /// none, or it does not fit.
  static std::unique_ptr<Calibrator>
  create(std::unique_ptr<SampleSource> source, Build build, int32_t threads,
         Progress progress, Problem &problem);

  /// The sizes of the free dimensions of `function` in the first sample.
  llvm::StringMap<int64_t> getDims(mlir::func::FuncOp function) const;

  /// Fills `statistics` for the values of `function`; emits an error and keeps
  /// it as the problem on failure.
  llvm::LogicalResult
  observe(mlir::func::FuncOp function, llvm::ArrayRef<quantize::Watched> values,
          llvm::MutableArrayRef<quantize::Statistics> statistics);

  /// Why `observe` failed; with an empty message if it did not.
  const Problem &getProblem() const { return problem; }

private:
  llvm::LogicalResult fail(mlir::func::FuncOp function, Problem reason);

  std::unique_ptr<SampleSource> source;
  Build build;
  int32_t threads = 0;
  Progress progress;
  Sample first;
  Problem problem;
};

} // namespace sinter::calibrate

#endif // SINTER_COMPILER_CALIBRATE_CALIBRATOR_H
