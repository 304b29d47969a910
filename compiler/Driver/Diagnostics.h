//===- Diagnostics.h - errors of passes as failures -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_DIAGNOSTICS_H
#define SINTER_COMPILER_DRIVER_DIAGNOSTICS_H

#include "compiler/Driver/Compiler.h"
#include "mlir/IR/Diagnostics.h"

namespace sinter {

/// While it lives: keeps the first error of `context` with its ONNX nodes, and
/// passes warnings on. Nothing reaches the terminal.
class DiagnosticCollector {
public:
  DiagnosticCollector(mlir::MLIRContext *context, const Events &events);

  bool hasError() const { return !message.empty(); }
  /// Makes `failure` of the first error; `exitCode` as the phase decides.
  void describe(Failure &failure, ExitCode exitCode,
                llvm::StringRef phase) const;

private:
  std::string message, node;
  mlir::ScopedDiagnosticHandler handler;
};

/// Makes `failure` of the first of `issues`, with the number of others.
void describe(llvm::ArrayRef<ImportIssue> issues, Failure &failure);

} // namespace sinter

#endif // SINTER_COMPILER_DRIVER_DIAGNOSTICS_H
