//===- ObjectEmitter.h - LLVM IR to object code -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CPU_OBJECTEMITTER_H
#define SINTER_COMPILER_CODEGEN_CPU_OBJECTEMITTER_H

#include "compiler/Codegen/Cpu/CpuTarget.h"
#include "compiler/Codegen/MachineCode.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"

namespace sinter::codegen {

using Object = std::unique_ptr<llvm::MemoryBuffer>;

/// The symbol of a kernel's code in the objects.
std::string getKernelSymbol(llvm::StringRef kernel, const CpuTarget &target);

/// Compiles the one function of `module` (llvm dialect, made by
/// buildKernelToLLVMPipeline) and gives it the calling convention of
/// sinter_abi_kernel_fn under getKernelSymbol(). Emits an error and fails if
/// LLVM cannot; safe to call from several threads on different modules.
mlir::FailureOr<Object> compileKernel(mlir::ModuleOp module,
                                      const CpuTarget &target);

/// Optimizes `module` and compiles it. The message of a failure is returned.
llvm::Expected<Object> compileModule(llvm::Module &module,
                                     const CpuTarget &target,
                                     Vectorize vectorize = Vectorize::No);

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_CPU_OBJECTEMITTER_H
