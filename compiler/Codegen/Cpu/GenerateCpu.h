//===- GenerateCpu.h - objects of a placed model ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CPU_GENERATECPU_H
#define SINTER_COMPILER_CODEGEN_CPU_GENERATECPU_H

#include "compiler/Codegen/CompileJobs.h"
#include "compiler/Codegen/Cpu/ObjectEmitter.h"
#include "compiler/Codegen/Cpu/SizeTable.h"
#include "dialects/Kernel/KernelDialect.h"

namespace sinter::codegen {

/// What the phase `generate` makes.
struct GeneratedCode {
  std::vector<Object> objects;               ///< to be linked
  llvm::SmallVector<kernel::FuncOp> kernels; ///< in the order of the tables
  llvm::SmallVector<unsigned> launches;      ///< kernel of each launch
};

/// Compiles the lowered kernels and the schedule of `module` (form: after
/// `place`) for the default targets, kernels in parallel on the threads of the
/// context. The nested modules of lowered kernels are consumed. Emits errors
/// that name nodes and kernels.
mlir::FailureOr<GeneratedCode>
generateCpuCode(mlir::ModuleOp module, SizeTable &sizes, Progress progress);

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_CPU_GENERATECPU_H
