//===- Report.cpp - what became of each node, and why ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Report/Report.h"

#include "dialects/Kernel/KernelDialect.h"
#include "dialects/NN/NNDialect.h"
#include "dialects/NN/NodeLocation.h"
#include "dialects/NN/Size.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

using namespace sinter;

unsigned Report::find(const ReportNode &node) const {
  auto it = llvm::lower_bound(
      nodes, node, [](const NodeOutcome &outcome, const ReportNode &node) {
        return outcome.node < node;
      });
  return it != nodes.end() && !(node < it->node) ? it - nodes.begin()
                                                 : nodes.size();
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// "fp32", "fp16", "bf16", "int8", "uint8", "bool": how numbers of `type` are
/// called outside of MLIR.
static std::string getPrecisionName(mlir::Type type) {
  if (type.isBF16())
    return "bf16";
  if (mlir::isa<mlir::FloatType>(type))
    return "fp" + std::to_string(type.getIntOrFloatBitWidth());
  if (type.isInteger(1))
    return "bool";
  if (auto integer = mlir::dyn_cast<mlir::IntegerType>(type))
    return (integer.isUnsigned() ? "uint" : "int") +
           std::to_string(integer.getWidth());
  return "";
}

/// How precise a kernel computes: as its contraction does, or else as its last
/// operation. A contraction of integers of 8 bits is "w8a8".
static std::string getPrecision(kernel::FuncOp kernel) {
  mlir::Type type;
  for (mlir::Operation &op : kernel.getBody().front().without_terminator()) {
    if (op.getNumResults() == 0)
      continue;
    bool isContraction =
        mlir::isa<nn::MatmulOp, nn::ConvOp, nn::ConvTransposeOp>(op);
    mlir::Value value = isContraction ? op.getOperand(0) : op.getResult(0);
    type = mlir::getElementTypeOrSelf(value.getType());
    if (!isContraction)
      continue;
    return type.isInteger(8) ? "w8a8" : getPrecisionName(type);
  }
  return type ? getPrecisionName(type) : "";
}

/// The devices that kernels are made for: what the module says, or the
/// processor alone.
static std::vector<std::string> getDevices(mlir::Operation *module) {
  std::vector<std::string> devices;
  if (auto targets = module->getAttrOfType<mlir::ArrayAttr>("sinter.targets"))
    for (llvm::StringRef target : targets.getAsValueRange<mlir::StringAttr>())
      devices.push_back(target.str());
  return devices.empty() ? std::vector<std::string>{"cpu"} : devices;
}

static ReportKernel describe(kernel::FuncOp kernel) {
  ReportKernel result;
  result.devices = getDevices(kernel->getParentOp());
  result.name = kernel.getSymName().str();
  result.kind = kernel::stringifyKind(kernel.getKind()).str();
  for (mlir::Operation &op : kernel.getBody().front().without_terminator())
    if (!mlir::isa<nn::WeightOp, kernel::UnpackOp>(op))
      result.operations.push_back(op.getName().stripDialect().str());
  result.precision = getPrecision(kernel);
  if (kernel.getTilesAttr())
    result.tiles = nn::toString(kernel.getTilesAttr());
  if (kernel.getScratchAttr())
    result.scratch = nn::toString(kernel.getScratchAttr());
  llvm::raw_string_ostream out(result.code);
  kernel->print(out,
                mlir::OpPrintingFlags().useLocalScope().enableDebugInfo(false));
  return result;
}

//===----------------------------------------------------------------------===//
// The report
//===----------------------------------------------------------------------===//

namespace {
/// Fills the launches of a report, and the nodes of each.
class LaunchCollector {
public:
  LaunchCollector(mlir::ModuleOp module, Report &report) : report(report) {
    for (auto kernel : module.getOps<kernel::FuncOp>()) {
      numbers[kernel.getSymName()] = report.kernels.size();
      report.kernels.push_back(describe(kernel));
    }
    // Before the schedule is made, calls stand for its launches.
    for (auto function : module.getOps<mlir::func::FuncOp>())
      function.walk(
          [&](kernel::CallOp op) { add(op.getCallee(), op.getLoc()); });
    for (auto schedule : module.getOps<kernel::ScheduleOp>())
      schedule.walk(
          [&](kernel::LaunchOp op) { add(op.getCallee(), op.getLoc()); });
  }

private:
  void add(llvm::StringRef callee, mlir::Location location) {
    ReportLaunch launch;
    launch.kernel = numbers.lookup(callee);
    nn::forEachNode(location, [&](const nn::Node &node) {
      unsigned position =
          report.find({node.index, node.name.str(), node.opType.str()});
      if (position == report.nodes.size() ||
          llvm::is_contained(launch.nodes, position))
        return;
      launch.nodes.push_back(position);
      report.nodes[position].launches.push_back(report.launches.size());
    });
    llvm::sort(launch.nodes);
    report.launches.push_back(std::move(launch));
  }

  Report &report;
  llvm::StringMap<unsigned> numbers;
};
} // namespace

/// Sparsity is decided by a pass: the last decision of it about a node of the
/// kernel counts.
static void readSparsity(Report &report) {
  for (const Decision &decision : report.decisions) {
    const std::string *text = decision.findMetric("sparsity");
    double sparsity = 0;
    if (!text || decision.kind != Decision::Kind::Passed ||
        llvm::StringRef(*text).getAsDouble(sparsity))
      continue;
    for (const ReportNode &node : decision.nodes)
      for (unsigned launch : report.nodes[report.find(node)].launches)
        report.kernels[report.launches[launch].kernel].sparsity = sparsity;
  }
}

Report sinter::makeReport(mlir::ModuleOp module, const DecisionLog &log) {
  Report report;
  for (const auto &[node, lastPhase] : log.getNodes())
    report.nodes.push_back({node, {}, lastPhase});
  report.decisions = log.getDecisions();
  LaunchCollector(module, report);
  readSparsity(report);
  return report;
}
