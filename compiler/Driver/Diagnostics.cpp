//===- Diagnostics.cpp - errors of passes as failures ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Diagnostics.h"

#include "dialects/NN/NodeLocation.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace sinter;

DiagnosticCollector::DiagnosticCollector(mlir::MLIRContext *context,
                                         const Events &events)
    : handler(context, [this, &events](mlir::Diagnostic &diagnostic) {
        // The diagnostic engine calls one handler at a time.
        if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Warning) {
          if (events.warning)
            events.warning(diagnostic.str());
        } else if (diagnostic.getSeverity() ==
                       mlir::DiagnosticSeverity::Error &&
                   message.empty()) {
          message = diagnostic.str();
          for (mlir::Diagnostic &note : diagnostic.getNotes())
            message += "; " + note.str();
          llvm::SetVector<llvm::StringRef> nodes;
          nn::collectNodes(diagnostic.getLocation(), nodes);
          node = llvm::join(nodes, ", ");
        }
        return mlir::success();
      }) {}

void DiagnosticCollector::describe(Failure &failure, ExitCode exitCode,
                                   llvm::StringRef phase) const {
  failure.exitCode = exitCode;
  failure.node = node;
  failure.message =
      message.empty() ? "the phase failed without a message" : message;
  failure.found = "phase " + phase.str();
  switch (exitCode) {
  case ExitCode::Unsupported:
    failure.code = "unsupported";
    failure.remedy = "rewrite the node with other operators; "
                     "docs/howto/add-an-op.md says how to add support";
    break;
  case ExitCode::BadInput:
    failure.code = "bad_plan";
    failure.remedy =
        "correct the plan in the IR, or compile the model as it is";
    break;
  default:
    failure.code = "internal";
    failure.remedy = "this is a defect of Sinter: please report it with the "
                     "model, or with the output of --dump-phases-to";
  }
}

void sinter::describe(llvm::ArrayRef<ImportIssue> issues, Failure &failure) {
  const ImportIssue &first = issues.front();
  failure.exitCode = first.isBadInput() ? ExitCode::BadInput
                     : first.isUsage()  ? ExitCode::Usage
                                        : ExitCode::Unsupported;
  failure.code = first.code;
  failure.message = first.message;
  if (issues.size() > 1)
    failure.message += " (and " + std::to_string(issues.size() - 1) +
                       " more: sinter check lists them all)";
  failure.node = first.node;
  failure.op = first.op;
  failure.expected = first.expected;
  failure.found = first.found;
  failure.remedy = first.remedy;
}
