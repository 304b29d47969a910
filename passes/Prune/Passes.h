//===- Passes.h - pruning passes --------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_PRUNE_PASSES_H
#define SINTER_PASSES_PRUNE_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <functional>
#include <optional>

namespace sinter {

namespace measure {
class Measurer;
} // namespace measure

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Prune/Passes.h.inc"

/// The size of a free dimension to measure at.
using TypicalDim = std::function<std::optional<int64_t>(llvm::StringRef dim)>;

/// The planning pass with `measurer`, which outlives it; null: sparse kernels
/// are taken without measuring.
std::unique_ptr<mlir::Pass> createPrunePlanPass(PrunePlanPassOptions options,
                                                measure::Measurer *measurer,
                                                TypicalDim typicalDim);

} // namespace sinter

#endif // SINTER_PASSES_PRUNE_PASSES_H
