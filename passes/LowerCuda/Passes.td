//===- Passes.td - lowering passes for CUDA -----------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWERCUDA_PASSES_TD
#define SINTER_PASSES_LOWERCUDA_PASSES_TD

include "mlir/Pass/PassBase.td"

def CloneForCudaPass
    : Pass<"sinter-lower-cuda-clone-kernels", "::mlir::ModuleOp"> {
  let summary = "copies the kernels into a module for CUDA";
  let description = [{
    Does nothing unless the attribute `sinter.targets` of the module names `cuda`.

    Needs: `kernel.func`. Leaves: beside them a nested module of copies.

    ```mlir
    module attributes {sinter.targets = ["cpu", "cuda"]} { kernel.func @relu_0(...) ... }
    // gains
    module @cuda attributes {kernel.target = "cuda"} { kernel.func @relu_0(...) ... }
    ```
  }];
  let dependentDialects = ["::sinter::kernel::KernelDialect"];
}

def EmitForCudaPass
    : Pass<"sinter-lower-cuda-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "makes the kernels of a module for CUDA what one thread does";
  let description = [{
    Replaces each `kernel.func` of a module with `kernel.target = "cuda"` by a
    `func.func`, made by the emitter of its kind. Other modules are left alone.

    Needs: the form after `sinter-lower-cuda-clone-kernels`. Leaves: functions of
    scf, arith, vector, memref, math, nvvm and llvm, arrays in shared memory as
    `memref.global`, and how each kernel is started; or an error for each kernel that has
    no code.

    ```mlir
    func.func @relu_0(%a: memref<?xf32, 1>, %y: memref<?xf32, 1>, %batch: i64,
                      %scratch: i64, %status: memref<?xi32, 1>)
      attributes {kernel.launch = {grid = [#nn.size<batch>, #nn.size<1>, #nn.size<1>], threads = 256 : i64,
                                   shared = #nn.size<0>, scratch = #nn.size<0>, reports = false}}
    ```
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect",
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::sinter::kernel::KernelDialect", "::sinter::nn::NNDialect"];
}

#endif // SINTER_PASSES_LOWERCUDA_PASSES_TD
