//===- GenerateCuda.h - device code of a placed model -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CUDA_GENERATECUDA_H
#define SINTER_COMPILER_CODEGEN_CUDA_GENERATECUDA_H

#include "compiler/Codegen/CompileJobs.h"
#include "dialects/NN/Size.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace sinter::codegen {

/// A kernel and how it is started (docs/abi.md, "Devices").
struct CudaKernel {
  std::string name;  ///< symbol of the kernel.func
  std::string entry; ///< name of its `.entry`
  /// Blocks of the grid; bytes of dynamic shared memory and of scratch.
  nn::SizeAttr grid[3], shared, scratch;
  uint32_t block[3];    ///< threads of a block
  uint32_t buffers = 0; ///< parameters that are addresses of buffers
  bool reports = false; ///< whether it may write the status word
};

/// All kernels for one architecture.
struct CudaModule {
  std::string name; ///< "compute_80" (PTX) or "sm_90a" (cubin)
  std::string code; ///< PTX text, or the bytes of the cubin
};

struct CudaCode {
  std::vector<CudaKernel> kernels;
  std::vector<CudaModule> modules; ///< the PTX first
};

struct CudaOptions {
  std::vector<std::string> sms; ///< cubins to make: "80", "90a"; none: PTX only
  /// The assembler; empty: $PATH, then where the build found it.
  std::string ptxas;
};

/// Compiles the module `@cuda` of `module` (form: after `place`), kernels in
/// parallel on the threads of the context, and takes it out. Emits errors that
/// name nodes and kernels.
mlir::FailureOr<CudaCode> generateCudaCode(mlir::ModuleOp module,
                                           const CudaOptions &options,
                                           Progress progress);

/// A kernel that has no code for CUDA.
struct CudaRefusal {
  std::vector<std::string> nodes;
  std::string reason, remedy;
};

/// All of them in `module` (form: after `outline`), which stays as it is.
std::vector<CudaRefusal> findCudaRefusals(mlir::ModuleOp module);

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_CUDA_GENERATECUDA_H
