//===- PlanRequest.h - what a plan of precisions is made from ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_QUANTIZE_PLANREQUEST_H
#define SINTER_PASSES_QUANTIZE_PLANREQUEST_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Quantize/Statistics.h"

#include <functional>
#include <string>
#include <utility>

namespace sinter::measure {
class Measurer;
} // namespace sinter::measure

namespace sinter::quantize {

/// A value to be observed while the model runs; its channels are an axis.
struct Watched {
  mlir::Value value;
  int64_t channelAxis;
};

/// What the pass `sinter-quantize-plan` decides by.
struct PlanRequest {
  /// Quantize whatever no rule excludes; otherwise only what a rule names.
  bool quantizeAll = false;
  RangeMethod method = RangeMethod::Percentile;
  /// Rules in order: a regular expression for names of nodes, and whether the
  /// layers it matches are to be quantized. The last match counts.
  std::vector<std::pair<std::string, bool>> rules;
  /// Runs the function on samples and fills one statistic for each value, or
  /// emits an error.
  std::function<llvm::LogicalResult(mlir::func::FuncOp, llvm::ArrayRef<Watched>,
                                    llvm::MutableArrayRef<Statistics>)>
      observe;
  /// Null: what is to be quantized is, faster or not.
  measure::Measurer *measurer = nullptr;
  std::function<std::optional<int64_t>(llvm::StringRef)> typicalDim;

  bool isEmpty() const { return !quantizeAll && rules.empty(); }
};

} // namespace sinter::quantize

#endif // SINTER_PASSES_QUANTIZE_PLANREQUEST_H
