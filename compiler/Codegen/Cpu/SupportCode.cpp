//===- SupportCode.cpp - the algorithms that kernels call -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/SupportCode.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Linker/Linker.h"

using namespace llvm;

// The bitcode of runtime/support. SINTER_SUPPORT_BITCODE is the path of the
// file that the build made.
asm(".section .rodata.sinter_support,\"a\",@progbits\n"
    ".balign 16\n"
    "sinter_support_begin:\n"
    ".incbin \"" SINTER_SUPPORT_BITCODE "\"\n"
    "sinter_support_end:\n"
    ".byte 0\n"
    ".text\n");
extern "C" {
extern const char sinter_support_begin[] __attribute__((visibility("hidden")));
extern const char sinter_support_end[] __attribute__((visibility("hidden")));
}

static constexpr StringLiteral prefix = "sinter_";

/// What `module` calls by name and does not define.
static SmallVector<StringRef> getMissing(const llvm::Module &module) {
  SmallVector<StringRef> missing;
  for (const Function &function : module)
    if (function.isDeclaration() && function.getName().starts_with(prefix) &&
        !function.use_empty())
      missing.push_back(function.getName());
  return missing;
}

Expected<bool> sinter::codegen::linkSupport(llvm::Module &module) {
  if (getMissing(module).empty())
    return false;
  StringRef bytes(sinter_support_begin,
                  sinter_support_end - sinter_support_begin);
  // Reads only the functions that are used.
  Expected<std::unique_ptr<llvm::Module>> support = getLazyBitcodeModule(
      MemoryBufferRef(bytes, "support"), module.getContext());
  if (!support)
    return support.takeError();
  if (NamedMDNode *flags = (*support)->getModuleFlagsMetadata())
    (*support)->eraseNamedMetadata(flags);
  SmallPtrSet<Function *, 4> own;
  for (Function &function : module)
    if (!function.isDeclaration())
      own.insert(&function);
  if (Linker::linkModules(module, std::move(*support), Linker::LinkOnlyNeeded))
    return createStringError("cannot link the support code");
  if (SmallVector<StringRef> missing = getMissing(module); !missing.empty())
    return createStringError("there is no algorithm '" +
                             missing.front().drop_front(prefix.size()) + "'");
  for (GlobalValue &value : module.global_values()) {
    auto *function = dyn_cast<Function>(&value);
    if (value.isDeclaration() || own.contains(function))
      continue;
    value.setLinkage(GlobalValue::InternalLinkage);
    if (auto *object = dyn_cast<GlobalObject>(&value))
      object->setComdat(nullptr);
  }
  return true;
}
