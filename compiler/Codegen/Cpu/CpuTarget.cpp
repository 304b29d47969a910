//===- CpuTarget.cpp - the instruction sets that code is made for ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/CpuTarget.h"

#include "sinter/abi.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"

#include <mutex>

using namespace sinter::codegen;

static const CpuTarget targets[] = {
    {"x86-64-v4+amx", "x86_64_v4_amx", "x86-64-v4", "sapphirerapids",
     "+avx512vnni,+amx-tile,+amx-int8", 512, &targets[2]},
    {"x86-64-v4+vnni", "x86_64_v4_vnni", "x86-64-v4", "icelake-server",
     "+avx512vnni", 512, &targets[2]},
    {"x86-64-v4", "x86_64_v4", "x86-64-v4", "icelake-server", "", 512, nullptr},
    {"x86-64-v3", "x86_64_v3", "x86-64-v3", "haswell", "", 256, nullptr},
};

static const CpuVariant variants[] = {
    {"x86-64-v4+vnni",
     SINTER_ABI_FEATURE_X86_64_V3 | SINTER_ABI_FEATURE_X86_64_V4 |
         SINTER_ABI_FEATURE_AVX512_VNNI,
     &targets[1]},
    {"x86-64-v4", SINTER_ABI_FEATURE_X86_64_V3 | SINTER_ABI_FEATURE_X86_64_V4,
     &targets[2]},
    {"x86-64-v3", SINTER_ABI_FEATURE_X86_64_V3, &targets[3]},
};

llvm::ArrayRef<CpuTarget> sinter::codegen::getDefaultTargets() {
  return llvm::ArrayRef(targets).drop_front();
}

const CpuTarget *sinter::codegen::findTarget(llvm::StringRef name) {
  for (const CpuTarget &target : targets)
    if (target.name == name)
      return &target;
  return nullptr;
}

llvm::ArrayRef<CpuVariant> sinter::codegen::getDefaultVariants() {
  return variants;
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
