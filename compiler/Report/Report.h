//===- Report.h - what became of each node, and why -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The result of a compilation node by node, from the IR as it was left and the
// decisions on the way (docs/report.md).
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_REPORT_REPORT_H
#define SINTER_COMPILER_REPORT_REPORT_H

#include "compiler/Report/DecisionLog.h"

#include <optional>

namespace sinter {

/// A kernel of the model.
struct ReportKernel {
  std::string name, kind;
  std::vector<std::string> operations; ///< nn operations, in order
  std::string precision;               ///< "fp32", "w8a8", "int64", ...
  std::vector<std::string> devices;    ///< those that there is code for
  std::optional<double> sparsity;      ///< share of weights left out
  std::string tiles, scratch;          ///< formulas; empty before outlining
  std::string code;                    ///< its IR, without locations
};

/// A step of a run: a kernel, and the nodes it computes there.
struct ReportLaunch {
  unsigned kernel = 0;         ///< index of the kernel
  std::vector<unsigned> nodes; ///< positions in `Report::nodes`
};

/// A node and what became of it.
struct NodeOutcome {
  ReportNode node;
  std::vector<unsigned> launches;
  /// The last phase after which the IR still held it; empty if none did.
  std::string lastPhase;
};

/// Everything that is told.
struct Report {
  std::vector<NodeOutcome> nodes;
  std::vector<ReportKernel> kernels;
  std::vector<ReportLaunch> launches;
  std::vector<Decision> decisions;

  /// The position of `node`; the number of nodes if it is none of them.
  unsigned find(const ReportNode &node) const;
};

/// Puts together the report of `module` (in any phase; kernels and launches are
/// there from outlining on), which `log` has observed, and the decisions.
Report makeReport(mlir::ModuleOp module, const DecisionLog &log);

} // namespace sinter

#endif // SINTER_COMPILER_REPORT_REPORT_H
