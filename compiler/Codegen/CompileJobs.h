//===- CompileJobs.h - kernels compiled in parallel -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_COMPILEJOBS_H
#define SINTER_COMPILER_CODEGEN_COMPILEJOBS_H

#include "mlir/IR/Threading.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <mutex>

namespace sinter::codegen {

/// Called after each compiled kernel, from any thread, one call at a time.
using Progress = llvm::function_ref<void(size_t done, size_t total)>;

/// Calls `compile` with each of `jobs`, in parallel on the threads of the
/// context; fails if one of them does.
template <typename Jobs, typename Compile>
mlir::LogicalResult compileJobs(mlir::MLIRContext *context, Jobs &jobs,
                                Progress progress, Compile compile) {
  std::mutex mutex;
  size_t done = 0;
  return mlir::failableParallelForEach(
      context, jobs, [&](auto &job) -> mlir::LogicalResult {
        if (mlir::failed(compile(job)))
          return mlir::failure();
        std::lock_guard<std::mutex> lock(mutex);
        progress(++done, jobs.size());
        return mlir::success();
      });
}

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_COMPILEJOBS_H
