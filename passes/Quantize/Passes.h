//===- Passes.h - quantization passes ---------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_QUANTIZE_PASSES_H
#define SINTER_PASSES_QUANTIZE_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace sinter {

namespace quantize {
struct PlanRequest;
} // namespace quantize

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Quantize/Passes.h.inc"

/// The pass `sinter-quantize-plan` for `request`, which must outlive it.
std::unique_ptr<mlir::Pass>
createPlanQuantizationPass(const quantize::PlanRequest &request);

} // namespace sinter

#endif // SINTER_PASSES_QUANTIZE_PASSES_H
