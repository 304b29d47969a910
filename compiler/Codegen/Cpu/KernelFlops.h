//===- KernelFlops.h - floating point operations of a kernel ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CPU_KERNELFLOPS_H
#define SINTER_COMPILER_CODEGEN_CPU_KERNELFLOPS_H

#include "dialects/Kernel/KernelDialect.h"
#include "dialects/NN/Size.h"

namespace sinter::codegen {

/// Floating point operations of the matrix products and convolutions of
/// `kernel`: two for a multiplication with its addition, convolutions counted
/// as the direct algorithm does them. Element-wise work is not counted.
nn::SizeAttr countFlops(kernel::FuncOp kernel);

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_CPU_KERNELFLOPS_H
