//===- AlgorithmCall.h - calls of runtime/support ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_ALGORITHMCALL_H
#define SINTER_PASSES_LOWER_ALGORITHMCALL_H

#include "passes/Lower/KernelBuilder.h"

namespace sinter {

/// Fills the kernel whose body is `op` with a call of its C function, which is
/// declared in the module and defined when machine code is made.
mlir::LogicalResult emitAlgorithm(KernelBuilder &kb, nn::AlgorithmOp op);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_ALGORITHMCALL_H
