//===- CpuTarget.h - the instruction sets that code is made for -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CPU_CPUTARGET_H
#define SINTER_COMPILER_CODEGEN_CPU_CPUTARGET_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>

namespace sinter::codegen {

/// What LLVM generates code for, for the instruction set of the same name
/// (passes/Lower/InstructionSet.h), and what a processor must have to run it.
struct CpuTarget {
  llvm::StringRef name;     ///< as users write it: "x86-64-v4"
  llvm::StringRef cpu;      ///< LLVM's name of the processor
  llvm::StringRef tune;     ///< LLVM's name of the processor to schedule for
  llvm::StringRef features; ///< beyond those of `cpu`, as LLVM writes them
  unsigned vectorBits;      ///< width of a vector register
  uint64_t needs;           ///< SINTER_ABI_FEATURE_* bits, all needed

  /// Name of the nested module of its kernels after lowering.
  llvm::StringRef getModuleName() const;
  /// Whose kernels serve where it has none of its own; null: it has all.
  const CpuTarget *getBase() const;
};

/// All targets, best first.
llvm::ArrayRef<CpuTarget> getTargets();

/// The targets that kernels of `module` were lowered for, best first: the
/// variants of the artifact.
llvm::SmallVector<const CpuTarget *> getTargets(mlir::ModuleOp module);

/// The target of that name; null if there is none.
const CpuTarget *findTarget(llvm::StringRef name);

/// The target that every processor has on which an artifact can run.
const CpuTarget &getLeastTarget();

/// A target machine for `target`. It depends on nothing of the host. Null if
/// LLVM was built without x86.
std::unique_ptr<llvm::TargetMachine>
createTargetMachine(const CpuTarget &target);

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_CPU_CPUTARGET_H
