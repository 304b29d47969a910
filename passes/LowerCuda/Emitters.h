//===- Emitters.h - the emitters of the kernel kinds for CUDA ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWERCUDA_EMITTERS_H
#define SINTER_PASSES_LOWERCUDA_EMITTERS_H

#include "passes/LowerCuda/DeviceBuilder.h"

namespace sinter::cuda {

/// Each fills the function of `builder` with what one thread computes of its
/// kernel and sets the launch, up to but without `finish`. On failure a
/// diagnostic names nodes and operation.
mlir::LogicalResult emitLoopKernel(DeviceBuilder &builder);
mlir::LogicalResult emitRowsKernel(DeviceBuilder &builder);
mlir::LogicalResult emitReduceKernel(DeviceBuilder &builder);
mlir::LogicalResult emitWindowKernel(DeviceBuilder &builder);
mlir::LogicalResult emitContractKernel(DeviceBuilder &builder);
mlir::LogicalResult emitSerialKernel(DeviceBuilder &builder);

/// The emitter above that the kind of the kernel asks for.
mlir::LogicalResult emitKernel(DeviceBuilder &builder);

/// Why kernels have no code for CUDA: an entry for each, in their order.
struct Refusal {
  llvm::SmallVector<std::string> nodes;
  std::string reason;
};

/// Tries to emit every kernel of `module` (form: after outline, unchanged).
std::vector<Refusal> findRefusals(mlir::ModuleOp module);

} // namespace sinter::cuda

#endif // SINTER_PASSES_LOWERCUDA_EMITTERS_H
