//===- DecisionLog.cpp - what the passes decided --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Report/DecisionLog.h"

#include "dialects/Kernel/KernelDialect.h"
#include "dialects/NN/NodeLocation.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/STLExtras.h"

using namespace sinter;
using mlir::remark::detail::Remark;

/// Hands the remarks of a context to a log.
class DecisionLog::Streamer
    : public mlir::remark::detail::MLIRRemarkStreamerBase {
public:
  explicit Streamer(DecisionLog &log) : log(log) {}
  void streamOptimizationRemark(const Remark &remark) override {
    log.add(remark);
  }

private:
  DecisionLog &log;
};

const std::string *Decision::findMetric(llvm::StringRef key) const {
  for (const auto &[name, value] : metrics)
    if (name == key)
      return &value;
  return nullptr;
}

void DecisionLog::attach(mlir::MLIRContext &context) {
  mlir::remark::RemarkCategories categories;
  categories.passed = categories.missed = categories.failed =
      categories.analysis = "sinter-.*";
  // Fails only where the streamer cannot be made.
  (void)mlir::remark::enableOptimizationRemarks(
      context, std::make_unique<Streamer>(*this),
      std::make_unique<mlir::remark::RemarkEmittingPolicyAll>(), categories);
}

void DecisionLog::enterPhase(llvm::StringRef name) {
  ++phase;
  phaseName = name.str();
}

static std::vector<ReportNode> getNodes(mlir::Location location) {
  std::vector<ReportNode> nodes;
  nn::forEachNode(location, [&](const nn::Node &node) {
    nodes.push_back({node.index, node.name.str(), node.opType.str()});
  });
  llvm::sort(nodes);
  nodes.erase(llvm::unique(nodes,
                           [](const ReportNode &a, const ReportNode &b) {
                             return !(a < b) && !(b < a);
                           }),
              nodes.end());
  return nodes;
}

void DecisionLog::observe(mlir::ModuleOp module) {
  std::lock_guard<std::mutex> lock(mutex);
  for (mlir::Operation &top : *module.getBody())
    if (mlir::isa<mlir::func::FuncOp, kernel::ScheduleOp>(top))
      top.walk([&](mlir::Operation *op) {
        for (ReportNode &node : ::getNodes(op->getLoc()))
          nodes[std::move(node)] = phaseName;
      });
}

static Decision::Kind getKind(const Remark &remark) {
  switch (remark.getRemarkType()) {
  case llvm::remarks::Type::Passed:
    return Decision::Kind::Passed;
  case llvm::remarks::Type::Missed:
    return Decision::Kind::Missed;
  case llvm::remarks::Type::Failure:
    return Decision::Kind::Failed;
  default:
    return Decision::Kind::Analysis;
  }
}

void DecisionLog::add(const Remark &remark) {
  Decision decision;
  llvm::StringRef category = remark.getCategoryName();
  category.consume_front("sinter-");
  decision.category = category.str();
  decision.name = remark.getRemarkName().str();
  decision.kind = getKind(remark);
  decision.nodes = ::getNodes(remark.getLocation());
  for (const Remark::Arg &arg : remark.getArgs()) {
    std::string *part = arg.key == "Remark"       ? &decision.text
                        : arg.key == "Reason"     ? &decision.reason
                        : arg.key == "Suggestion" ? &decision.suggestion
                                                  : nullptr;
    if (part)
      *part += arg.val;
    else
      decision.metrics.emplace_back(arg.key, arg.val);
  }
  std::lock_guard<std::mutex> lock(mutex);
  decision.phase = phase;
  decision.phaseName = phaseName;
  for (const ReportNode &node : decision.nodes)
    nodes.try_emplace(node);
  decisions.push_back(std::move(decision));
}

/// The parts in the order in which decisions are sorted.
static auto getKey(const Decision &decision) {
  return std::tie(decision.phase, decision.nodes, decision.category,
                  decision.name, decision.kind, decision.text, decision.reason,
                  decision.suggestion, decision.metrics);
}

std::vector<Decision> DecisionLog::getDecisions() const {
  std::lock_guard<std::mutex> lock(mutex);
  std::vector<Decision> sorted = decisions;
  llvm::sort(sorted, [](const Decision &a, const Decision &b) {
    return getKey(a) < getKey(b);
  });
  sorted.erase(llvm::unique(sorted,
                            [](const Decision &a, const Decision &b) {
                              return !(getKey(a) < getKey(b)) &&
                                     !(getKey(b) < getKey(a));
                            }),
               sorted.end());
  return sorted;
}
