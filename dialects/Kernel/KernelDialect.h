//===- KernelDialect.h - the kernel dialect ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_KERNEL_KERNELDIALECT_H
#define SINTER_DIALECTS_KERNEL_KERNELDIALECT_H

#include "dialects/NN/NNDialect.h"

#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include "dialects/Kernel/KernelDialect.h.inc"
#include "dialects/Kernel/KernelEnums.h.inc"

namespace sinter::kernel {

/// Columns of a block of a packed sparse weight, and rows after which its
/// single elements begin anew with the first column.
constexpr int64_t sparseBlock = 16;
constexpr int64_t sparseDepth = 64;

} // namespace sinter::kernel

#define GET_ATTRDEF_CLASSES
#include "dialects/Kernel/KernelAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Kernel/KernelTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/Kernel/KernelOps.h.inc"

#endif // SINTER_DIALECTS_KERNEL_KERNELDIALECT_H
