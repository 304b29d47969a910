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

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sinter::measure {
class Measurer;
} // namespace sinter::measure

namespace sinter::quantize {
struct PlanRequest;
} // namespace sinter::quantize

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

/// What the user says about one layer: `value` for the contractions whose node
/// names match the regular expression. Of several rules that fit, the last one
/// counts.
struct LayerRule {
  std::string nodes, value;
};

/// What the phase `plan` decides by.
struct PlanOptions {
  /// Times forms of layers against each other; null: everything that was asked
  /// for is done without measuring.
  measure::Measurer *measurer = nullptr;
  /// The size of a free dimension to measure at.
  std::function<std::optional<int64_t>(llvm::StringRef dim)> typicalDim;
  std::vector<LayerRule> layers;
  /// How all other weights are pruned (passes/Prune/PruneSpec.h); empty: only
  /// zeros that are there already are made use of.
  std::string prune;
  /// Which layers are quantized by what; null: none.
  const quantize::PlanRequest *quantize = nullptr;
};

/// nn on tensors -> nn on tensors, fewer and simpler, channels last.
void buildSimplifyPipeline(mlir::OpPassManager &pm);
/// nn -> nn with an attribute `plan` on contractions: which becomes what.
void buildPlanPipeline(mlir::OpPassManager &pm, const PlanOptions &options);
/// nn -> nn with plans carried out: sparse and quantized weights, contractions
/// on integers.
void buildCompressPipeline(mlir::OpPassManager &pm);
/// nn -> kernel.group; without `fuse` one operation a group.
void buildFusePipeline(mlir::OpPassManager &pm, bool fuse = true);
/// kernel.group -> kernel.func and kernel.call, weights packed, tiles planned.
void buildOutlinePipeline(mlir::OpPassManager &pm);
/// kernel.func -> func.func on flat buffers, once an instruction set: those of
/// these names, or the default ones where there are none.
void buildLowerPipeline(mlir::OpPassManager &pm,
                        llvm::ArrayRef<std::string> sets);
/// kernel.call -> kernel.schedule with offsets; without `inPlace` no kernel
/// writes over its operand.
void buildPlacePipeline(mlir::OpPassManager &pm, bool inPlace = true);

/// Makes the pipelines known to sinter-opt as `--sinter-phase-<name>`.
void registerPhasePipelines();

} // namespace sinter

#endif // SINTER_COMPILER_PIPELINES_PIPELINES_H
