//===- PtxEmitter.h - LLVM IR to PTX ----------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CUDA_PTXEMITTER_H
#define SINTER_COMPILER_CODEGEN_CUDA_PTXEMITTER_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace sinter::codegen {

/// Compiles the one kernel of `module` (llvm dialect), which takes `buffers`
/// buffers and is run by blocks of `threads`, to PTX for compute_80: its shared
/// arrays and its `.entry`, without the lines that begin a file. Emits an error
/// and fails if LLVM cannot; safe to call from several threads on different
/// modules.
mlir::FailureOr<std::string> compileToPtx(mlir::ModuleOp module,
                                          unsigned buffers, int64_t threads);

/// The lines that begin a file: version, target, size of addresses.
llvm::StringRef getPtxHeader();

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_CUDA_PTXEMITTER_H
