//===- MachineCode.h - from a kernel to machine code ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What code generation has in common for all targets, once a kernel is a module
// of the llvm dialect.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_MACHINECODE_H
#define SINTER_COMPILER_CODEGEN_MACHINECODE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

namespace sinter::codegen {

/// The one function of `module` (llvm dialect) as LLVM IR, in a module of its
/// name. Emits an error and gives null if it cannot be translated.
std::unique_ptr<llvm::Module> translateKernel(mlir::ModuleOp module,
                                              llvm::LLVMContext &context);

/// Appends what a kernel takes for the flat buffer at `address`: five arguments
/// (address twice, offset, size, stride).
void appendBuffer(llvm::IRBuilderBase &b, llvm::Value *address,
                  llvm::SmallVectorImpl<llvm::Value *> &arguments);

/// Makes `kernel` a part of the entry that calls it.
void inlineIntoEntry(llvm::Function &kernel);

/// Whether the optimizer makes vectors of loops. What emitters made is in its
/// final form.
enum class Vectorize { No, Yes };

/// Optimizes `module` for `machine` and writes it as `type` (`name` is what
/// messages call that). `legalize`, if given, runs after the optimization. The
/// message of a failure is returned; an abort inside LLVM is one.
llvm::Expected<llvm::SmallVector<char, 0>>
writeMachineCode(llvm::Module &module, llvm::TargetMachine &machine,
                 llvm::CodeGenFileType type, llvm::StringRef name,
                 llvm::function_ref<void(llvm::Module &)> legalize = nullptr,
                 Vectorize vectorize = Vectorize::No);

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_MACHINECODE_H
