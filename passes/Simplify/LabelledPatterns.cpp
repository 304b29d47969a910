//===- LabelledPatterns.cpp - patterns that say what they did -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Simplify/LabelledPatterns.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace {

/// Makes a remark of every pattern that succeeds and has a label.
class RemarkingListener : public RewriterBase::Listener {
public:
  void notifyPatternBegin(const Pattern &, Operation *op) override {
    // The operation may be gone when the pattern ends.
    location = op->getLoc();
    operation = op->getName().stripDialect();
  }

  void notifyPatternEnd(const Pattern &pattern, LogicalResult status) override {
    if (failed(status) || pattern.getDebugLabels().empty())
      return;
    remark::passed(
        *location,
        remark::RemarkOpts::name(getName(pattern)).category("sinter-simplify"))
        << ("'" + operation + "' " + pattern.getDebugLabels().front()).str();
  }

private:
  /// `DropFullSlice` of `(anonymous namespace)::DropFullSlice`, and of a
  /// template without its arguments.
  static StringRef getName(const Pattern &pattern) {
    StringRef name = pattern.getDebugName().split('<').first;
    return name.drop_front(name.rfind(':') + 1);
  }

  StringRef operation;
  std::optional<Location> location;
};

} // namespace

LogicalResult sinter::applyLabelledPatterns(Operation *op,
                                            RewritePatternSet &&patterns) {
  RemarkingListener listener;
  return applyPatternsGreedily(op, std::move(patterns),
                               GreedyRewriteConfig().setListener(&listener));
}
