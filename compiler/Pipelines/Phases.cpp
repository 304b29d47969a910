//===- Phases.cpp - names of the phases -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/Pipelines.h"

using namespace sinter;

static const PhaseInfo phases[] = {
    {Phase::Import, "import", "ONNX to nn operations on tensors"},
    {Phase::Simplify, "simplify",
     "fewer and simpler nn operations, channels last"},
    {Phase::Plan, "plan", "what becomes of each contraction, as attributes"},
    {Phase::Compress, "compress",
     "plans carried out: sparse weights, contractions on integers"},
    {Phase::Fuse, "fuse",
     "nn operations in groups that will be one kernel each"},
    {Phase::Outline, "outline",
     "kernels as functions of their own, weights packed"},
    {Phase::Lower, "lower",
     "kernels as loops on vectors, once an instruction set"},
    {Phase::Place, "place", "the schedule with every buffer at its offset"},
    {Phase::Generate, "generate", "kernels and schedule as object code"},
    {Phase::Emit, "emit", "the artifact"},
};

llvm::ArrayRef<PhaseInfo> sinter::getPhases() { return phases; }

llvm::StringRef sinter::getPhaseName(Phase phase) {
  return phases[static_cast<int>(phase)].name;
}

std::optional<Phase> sinter::parsePhase(llvm::StringRef name) {
  for (const PhaseInfo &info : phases)
    if (info.name == name)
      return info.phase;
  return std::nullopt;
}
