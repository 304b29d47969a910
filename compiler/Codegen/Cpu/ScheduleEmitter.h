//===- ScheduleEmitter.h - code of prepare and run --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CPU_SCHEDULEEMITTER_H
#define SINTER_COMPILER_CODEGEN_CPU_SCHEDULEEMITTER_H

#include "compiler/Codegen/Cpu/SizeTable.h"
#include "dialects/Kernel/KernelDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"

namespace sinter::codegen {

/// What the schedule of a model becomes.
struct ScheduleCode {
  std::unique_ptr<llvm::Module> module;      ///< defines `sinter_root`
  llvm::SmallVector<kernel::FuncOp> kernels; ///< in the order of the tables
  llvm::SmallVector<unsigned> launches;      ///< kernel of each launch
};

/// Emits `prepare`, `run`, the tables of kernels of every default variant and
/// `sinter_root` (abi.h) for the one kernel.schedule of `module`. Sizes that a
/// run needs are added to `sizes`. Emits an error and fails where the schedule
/// is not completely placed.
mlir::FailureOr<ScheduleCode> emitSchedule(mlir::ModuleOp module,
                                           SizeTable &sizes,
                                           llvm::LLVMContext &context);

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_CPU_SCHEDULEEMITTER_H
