//===- Context.h - the MLIR context of a compilation ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_CONTEXT_H
#define SINTER_COMPILER_DRIVER_CONTEXT_H

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/ThreadPool.h"

#include <memory>

namespace sinter {

/// A context with every dialect that the phases use, loaded, and the
/// translation to LLVM IR registered. Works on `threads`, which must outlive
/// it.
std::unique_ptr<mlir::MLIRContext>
createContext(llvm::ThreadPoolInterface &threads);

} // namespace sinter

#endif // SINTER_COMPILER_DRIVER_CONTEXT_H
