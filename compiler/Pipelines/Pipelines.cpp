//===- Pipelines.cpp - the passes of each phase ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/Pipelines.h"

#include "dialects/Kernel/KernelDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Fuse/Passes.h"
#include "passes/Layout/Passes.h"
#include "passes/Lower/Passes.h"
#include "passes/LowerCuda/Passes.h"
#include "passes/Memory/Passes.h"
#include "passes/Outline/Passes.h"
#include "passes/Prune/Passes.h"
#include "passes/Prune/PruneSpec.h"
#include "passes/Quantize/Passes.h"
#include "passes/Simplify/Passes.h"
#include "passes/Verify/Passes.h"

using namespace mlir;
using namespace sinter;

/// The verifier at the lower edge of `phase`.
static void addVerifier(OpPassManager &pm, Phase phase) {
  VerifyFormPassOptions options;
  options.form = getPhaseName(phase).str();
  pm.addPass(createVerifyFormPass(options));
}

void sinter::buildSimplifyPipeline(OpPassManager &pm) {
  addVerifier(pm, Phase::Import);
  OpPassManager &func = pm.nest<func::FuncOp>();
  // 1. What depends on weights alone is computed at compile time.
  func.addPass(createFoldConstantsPass());
  // 2. One form for each computation, so that later passes see one spelling.
  func.addPass(createCanonicalizeOpsPass());
  // 3. One big product instead of a batch of small ones.
  func.addPass(createFlattenMatmulsPass());
  // 4. Queries, keys and values made together are no copies of slices.
  func.addPass(createSplitSlicedMatmulsPass());
  // 5. Scales and batch normalizations vanish into weights.
  func.addPass(createFoldAffineIntoContractionPass());
  func.addPass(createCanonicalizeOpsPass());
  func.addPass(createCSEPass());
  // 6. Channels innermost for everything spatial; transposed weights fold.
  func.addPass(createMakeChannelsLastPass());
  func.addPass(createFoldConstantsPass());
  func.addPass(createCancelTransposesPass());
  func.addPass(createFlattenPointwiseConvsPass());
  // 7. What the new layout uncovered.
  func.addPass(createFlattenMatmulsPass());
  func.addPass(createFoldAffineIntoContractionPass());
  func.addPass(createCancelTransposesPass());
  func.addPass(createCSEPass());
  addVerifier(pm, Phase::Simplify);
}

/// Of the rules for layers those that say how to prune.
static PrunePlanPassOptions getPruneOptions(const PlanOptions &options) {
  PrunePlanPassOptions result;
  result.prune = options.prune;
  std::string error;
  for (const LayerRule &rule : options.layers)
    if (prune::parsePruneSpec(rule.value, error))
      result.layers.push_back(rule.nodes + "=" + rule.value);
  return result;
}

void sinter::buildPlanPipeline(OpPassManager &pm, const PlanOptions &options) {
  // 1. Before precision: a layer with a sparse kernel stays in floats.
  pm.addPass(createPrunePlanPass(getPruneOptions(options), options.measurer,
                                 options.typicalDim));
  // 2. The formats of layers, by measured times.
  if (options.quantize)
    pm.addNestedPass<func::FuncOp>(
        createPlanQuantizationPass(*options.quantize));
  addVerifier(pm, Phase::Plan);
}

void sinter::buildCompressPipeline(OpPassManager &pm) {
  // 1. What is quantized afterwards is the pruned weight.
  pm.addPass(createPruneApplyPass());
  // 2. Rounding goes where plans ask for it.
  OpPassManager &func = pm.nest<func::FuncOp>();
  func.addPass(createApplyQuantizationPass());
  // 3. Of everything quantized, in the model or by a plan.
  func.addPass(createFormIntegerPass());
  func.addPass(createFoldConstantsPass());
  func.addPass(createCSEPass());
  addVerifier(pm, Phase::Compress);
}

void sinter::buildFusePipeline(OpPassManager &pm, bool fuse) {
  FormGroupsPassOptions options;
  options.enabled = fuse;
  pm.addNestedPass<func::FuncOp>(createFormGroupsPass(options));
  addVerifier(pm, Phase::Fuse);
}

void sinter::buildOutlinePipeline(OpPassManager &pm) {
  // 1. Weights in the form that contractions read: a part of the kernel's type.
  pm.addNestedPass<func::FuncOp>(createPackWeightsPass());
  // 2. Numbers of run-time checks go into the kernels' code.
  pm.addPass(createNumberChecksPass());
  // 3. A function for each distinct group.
  pm.addPass(createOutlineKernelsPass());
  // 4. Independent of the instruction set, because the schedule asks for it.
  pm.addNestedPass<kernel::FuncOp>(createPlanTilesPass());
  addVerifier(pm, Phase::Outline);
}

void sinter::buildLowerPipeline(OpPassManager &pm, ArrayRef<std::string> sets) {
  // 1. A copy of every kernel for each instruction set.
  CloneKernelsPassOptions clone;
  clone.sets = llvm::to_vector(sets);
  pm.addPass(createCloneKernelsPass(clone));
  OpPassManager &target = pm.nest<ModuleOp>();
  // 2. Loops on vectors.
  target.addPass(createEmitKernelsPass());
  // 3. Nothing is slow silently.
  target.addNestedPass<func::FuncOp>(createVerifyVectorsPass());
  // 4. And for CUDA, where it is a target, what one thread does.
  pm.addPass(createCloneForCudaPass());
  pm.addNestedPass<ModuleOp>(createEmitForCudaPass());
  addVerifier(pm, Phase::Lower);
}

void sinter::buildPlacePipeline(OpPassManager &pm, bool inPlace) {
  PlaceBuffersPassOptions options;
  options.inPlace = inPlace;
  pm.addPass(createPlaceBuffersPass(options));
  pm.addPass(createPlaceWeightsPass());
  addVerifier(pm, Phase::Place);
}

void sinter::registerPhasePipelines() {
  static PassPipelineRegistration<> simplify(
      "sinter-phase-simplify", "the phase simplify", buildSimplifyPipeline);
  static PassPipelineRegistration<> plan(
      "sinter-phase-plan", "the phase plan",
      [](OpPassManager &pm) { buildPlanPipeline(pm, {}); });
  static PassPipelineRegistration<> compress(
      "sinter-phase-compress", "the phase compress", buildCompressPipeline);
  static PassPipelineRegistration<> fuse(
      "sinter-phase-fuse", "the phase fuse",
      [](OpPassManager &pm) { buildFusePipeline(pm); });
  static PassPipelineRegistration<> outline(
      "sinter-phase-outline", "the phase outline", buildOutlinePipeline);
  static PassPipelineRegistration<> lower(
      "sinter-phase-lower", "the phase lower",
      [](OpPassManager &pm) { buildLowerPipeline(pm, {}); });
  static PassPipelineRegistration<> place(
      "sinter-phase-place", "the phase place",
      [](OpPassManager &pm) { buildPlacePipeline(pm); });
}
