//===- Emitters.h - the emitters of the kernel kinds ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_EMITTERS_H
#define SINTER_PASSES_LOWER_EMITTERS_H

#include "passes/Lower/KernelBuilder.h"

namespace sinter {

/// Each fills the function of `builder` with the computation of its kernel, up
/// to but without `finish`. On failure a diagnostic names nodes and operation.
mlir::LogicalResult emitLoopKernel(KernelBuilder &builder);
mlir::LogicalResult emitRowsKernel(KernelBuilder &builder);
mlir::LogicalResult emitReduceKernel(KernelBuilder &builder);
mlir::LogicalResult emitWindowKernel(KernelBuilder &builder);
mlir::LogicalResult emitContractKernel(KernelBuilder &builder);
mlir::LogicalResult emitSerialKernel(KernelBuilder &builder);

/// The emitter above that the kind of the kernel asks for.
mlir::LogicalResult emitKernel(KernelBuilder &builder);

/// Emits all kernels of `module`, each through a builder that `makeBuilder`
/// gives for it, whose `emitKernel` knows its emitters. Kernels that fail stay.
template <typename MakeBuilder>
mlir::LogicalResult emitKernels(mlir::ModuleOp module,
                                MakeBuilder makeBuilder) {
  bool hasFailed = false;
  for (auto kernel :
       llvm::make_early_inc_range(module.getOps<kernel::FuncOp>())) {
    auto builder = makeBuilder(kernel);
    if (mlir::failed(emitKernel(builder))) {
      hasFailed = true;
      builder.getFunc().erase();
      continue;
    }
    builder.finish();
    builder.getFunc()->setAttr("kernel.kind", kernel.getKindAttr());
    kernel.erase();
  }
  return mlir::success(!hasFailed);
}

/// The names of the free dimensions of the model that `op` belongs to, in the
/// order of the ABI.
llvm::SmallVector<llvm::StringRef> getFreeDims(mlir::Operation *op);

/// Emits an error at `op`: "cannot generate code for 'nn.x' (nodes a, b) of
/// type ...: <reason>".
mlir::InFlightDiagnostic emitUnsupported(mlir::Operation *op,
                                         const llvm::Twine &reason);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_EMITTERS_H
