//===- CpuTarget.cpp - the instruction sets that code is made for ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/CpuTarget.h"

#include "passes/Lower/InstructionSet.h"
#include "sinter/abi.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"

#include <mutex>

using namespace sinter;
using namespace sinter::codegen;

static constexpr uint64_t v3 = SINTER_ABI_FEATURE_X86_64_V3;
static constexpr uint64_t v4 = v3 | SINTER_ABI_FEATURE_X86_64_V4;
static constexpr uint64_t vnni = v4 | SINTER_ABI_FEATURE_AVX512_VNNI;

static constexpr CpuTarget targets[] = {
    {"x86-64-v4+amx", "x86-64-v4", "sapphirerapids",
     "+avx512vnni,+amx-tile,+amx-int8", 512,
     vnni | SINTER_ABI_FEATURE_AMX_INT8},
    {"x86-64-v4+vnni", "x86-64-v4", "icelake-server", "+avx512vnni", 512, vnni},
    {"x86-64-v4", "x86-64-v4", "icelake-server", "", 512, v4},
    {"x86-64-v3", "x86-64-v3", "haswell", "", 256, v3},
};

llvm::StringRef CpuTarget::getModuleName() const {
  return findInstructionSet(name)->moduleName;
}

const CpuTarget *CpuTarget::getBase() const {
  return findTarget(findInstructionSet(name)->base);
}

llvm::ArrayRef<CpuTarget> sinter::codegen::getTargets() { return targets; }

llvm::SmallVector<const CpuTarget *>
sinter::codegen::getTargets(mlir::ModuleOp module) {
  llvm::SmallVector<const CpuTarget *> found;
  for (const CpuTarget &target : targets)
    if (module.lookupSymbol<mlir::ModuleOp>(target.getModuleName()))
      found.push_back(&target);
  return found;
}

const CpuTarget *sinter::codegen::findTarget(llvm::StringRef name) {
  for (const CpuTarget &target : targets)
    if (target.name == name)
      return &target;
  return nullptr;
}

const CpuTarget &sinter::codegen::getLeastTarget() {
  return *std::prev(std::end(targets));
}

std::unique_ptr<llvm::TargetMachine>
sinter::codegen::createTargetMachine(const CpuTarget &target) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string error;
  const llvm::Target *x86 = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!x86)
    return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Fast;
  return std::unique_ptr<llvm::TargetMachine>(x86->createTargetMachine(
      triple, target.cpu, target.features, options, llvm::Reloc::PIC_,
      llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default));
}
