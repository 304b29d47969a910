//===- DecisionLog.h - what the passes decided ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Passes say what they decide, and why, as optimization remarks
// (docs/howto/add-a-pass.md). The log keeps all of one compilation, in a form
// that outlives the IR.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_REPORT_DECISIONLOG_H
#define SINTER_COMPILER_REPORT_DECISIONLOG_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"

#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

namespace mlir::remark::detail {
class Remark;
}

namespace sinter {

/// A node of the ONNX graph. Ordered by its number.
struct ReportNode {
  unsigned index = 0;
  std::string name, op;
  bool operator<(const ReportNode &other) const {
    return std::tie(index, name) < std::tie(other.index, other.name);
  }
};

/// One remark. `text` says what was decided, `reason` why, `suggestion` what
/// the user could do about it; any but the first may be empty.
struct Decision {
  enum class Kind {
    Passed,  ///< something was done
    Missed,  ///< something that could have been done was left alone
    Failed,  ///< something was tried and did not work
    Analysis ///< a fact, such as a size
  };
  unsigned phase = 0; ///< counts the calls of `DecisionLog::enterPhase`
  std::string phaseName;
  std::string category; ///< family of the pass: "fuse"
  std::string name;     ///< what kind of decision: "FormGroup"
  Kind kind = Kind::Analysis;
  std::vector<ReportNode> nodes; ///< the nodes it is about; none: the model
  std::string text, reason, suggestion;
  std::vector<std::pair<std::string, std::string>> metrics;

  /// The metric `key`, or null.
  const std::string *findMetric(llvm::StringRef key) const;
};

/// Collects the remarks of a context from all threads.
class DecisionLog {
public:
  /// From now on remarks of `context` with a category "sinter-..." are kept.
  /// The log must outlive the context.
  void attach(mlir::MLIRContext &context);

  /// The phase that the remarks which follow belong to.
  void enterPhase(llvm::StringRef name);
  /// Notes which nodes the functions and schedules of `module` hold after this
  /// phase.
  void observe(mlir::ModuleOp module);

  /// Everything so far, without repeats, in an order that does not depend on
  /// threads: by phase, then by first node, then by what is said.
  std::vector<Decision> getDecisions() const;
  /// The nodes that were named, each with the last phase after which the IR
  /// held it; empty if never.
  const std::map<ReportNode, std::string> &getNodes() const { return nodes; }

private:
  class Streamer;
  void add(const mlir::remark::detail::Remark &remark);

  mutable std::mutex mutex;
  unsigned phase = 0;
  std::string phaseName;
  std::vector<Decision> decisions;
  std::map<ReportNode, std::string> nodes;
};

} // namespace sinter

#endif // SINTER_COMPILER_REPORT_DECISIONLOG_H
