//===- Pipelines.h - the phases of a compilation ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The route of a model: one form of IR after each phase (docs/pipeline.md),
// checked by a verifier at its lower edge.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_PIPELINES_PIPELINES_H
#define SINTER_COMPILER_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace sinter {

/// In the order in which they run.
enum class Phase {
  Import,
  Simplify,
  Plan,
  Compress,
  Fuse,
  Outline,
  Lower,
  Place,
  Generate,
  Emit
};

/// A phase as users see it.
struct PhaseInfo {
  Phase phase;
  llvm::StringRef name;
  llvm::StringRef description;
};

llvm::ArrayRef<PhaseInfo> getPhases();
llvm::StringRef getPhaseName(Phase phase);
std::optional<Phase> parsePhase(llvm::StringRef name);

/// nn on tensors -> nn on tensors, fewer and simpler, channels last.
void buildSimplifyPipeline(mlir::OpPassManager &pm);
/// nn -> nn with an attribute `plan` on contractions: which becomes what.
void buildPlanPipeline(mlir::OpPassManager &pm);
/// nn -> nn with plans carried out: sparse and quantized weights, contractions
/// on integers.
void buildCompressPipeline(mlir::OpPassManager &pm);
/// nn -> kernel.group.
void buildFusePipeline(mlir::OpPassManager &pm);
/// kernel.group -> kernel.func and kernel.call, weights packed, tiles planned.
void buildOutlinePipeline(mlir::OpPassManager &pm);
/// kernel.func -> func.func on flat buffers, once an instruction set.
void buildLowerPipeline(mlir::OpPassManager &pm);
/// kernel.call -> kernel.schedule with offsets.
void buildPlacePipeline(mlir::OpPassManager &pm);

/// Makes the pipelines known to sinter-opt as `--sinter-phase-<name>`.
void registerPhasePipelines();

} // namespace sinter

#endif // SINTER_COMPILER_PIPELINES_PIPELINES_H
