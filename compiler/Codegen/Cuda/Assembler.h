//===- Assembler.h - PTX to cubins with ptxas -------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CUDA_ASSEMBLER_H
#define SINTER_COMPILER_CODEGEN_CUDA_ASSEMBLER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace sinter::codegen {

/// The path of ptxas: `given`, or the one on $PATH, or the one that the build
/// found; empty if there is none.
std::string findPtxas(llvm::StringRef given);

/// The cubin of `ptx` for `architecture` ("sm_90a"). The error says what ptxas
/// said and what to do.
llvm::Expected<std::string> assemble(llvm::StringRef ptx,
                                     llvm::StringRef architecture,
                                     llvm::StringRef ptxas);

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_CUDA_ASSEMBLER_H
