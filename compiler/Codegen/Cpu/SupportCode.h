//===- SupportCode.h - the algorithms that kernels call ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CPU_SUPPORTCODE_H
#define SINTER_COMPILER_CODEGEN_CPU_SUPPORTCODE_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace sinter::codegen {

/// Defines the functions of runtime/support that `module` declares, with all
/// that they use, as internal functions. False if there is none; fails for
/// a name that runtime/support does not have.
llvm::Expected<bool> linkSupport(llvm::Module &module);

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_CPU_SUPPORTCODE_H
