//===- Passes.h - passes of CPU code generation -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CPU_PASSES_H
#define SINTER_COMPILER_CODEGEN_CPU_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace sinter {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Codegen/Cpu/Passes.h.inc"

/// Adds the passes that turn functions of scf, vector, memref and math in the
/// module that `pm` works on into the llvm dialect.
void addKernelToLLVMPasses(mlir::OpPassManager &pm);

/// Adds the passes that turn lowered kernels (scf, vector, memref, math) into
/// the llvm dialect. `pm` works on the module that holds one nested module an
/// instruction set; every kernel ends in a module of its own inside it.
void buildKernelToLLVMPipeline(mlir::OpPassManager &pm);

} // namespace sinter

#endif // SINTER_COMPILER_CODEGEN_CPU_PASSES_H
