//===- Passes.td - lowering passes --------------------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_PASSES_TD
#define SINTER_PASSES_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def CloneKernelsPass : Pass<"sinter-lower-clone-kernels", "::mlir::ModuleOp"> {
  let summary = "copies the kernels into a module for each instruction set";
  let description = [{
    The originals stay: what follows reads `tiles`, `scratch` and nodes there. A
    set that only differs for contractions of 8-bit integers gets just these.

    Needs: `kernel.func` with `tiles` and `scratch`. Leaves: nested modules
    `@x86_64_v3`, `@x86_64_v4` and `@x86_64_v4_vnni` of copies, with
    `kernel.target`.

    ```mlir
    kernel.func @relu_0(...) ...
    // becomes
    kernel.func @relu_0(...) ...
    module @x86_64_v3 attributes {kernel.target = "x86-64-v3"} { kernel.func @relu_0(...) ... }
    module @x86_64_v4 attributes {kernel.target = "x86-64-v4"} { kernel.func @relu_0(...) ... }
    module @x86_64_v4_vnni attributes {kernel.target = "x86-64-v4+vnni"} {}
    ```
  }];
  let options = [
    ListOption<"sets", "sets", "std::string",
               "Names of instruction sets; none: those of the default artifact">,
  ];
  let dependentDialects = ["::sinter::kernel::KernelDialect"];
}

def EmitKernelsPass : Pass<"sinter-lower-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "makes the kernels of an instruction set loops on vectors";
  let description = [{
    Replaces each `kernel.func` of a module with `kernel.target` by a `func.func`
    on flat buffers, made by the emitter of its kind. Other modules are left
    alone. The names of the free dimensions come from `nn.free_dims` of the module
    around it.

    Needs: the form after `sinter-lower-clone-kernels`. Leaves: functions of scf,
    arith, vector, memref and math; or an error for each kernel that has no code.

    ```mlir
    func.func @relu_0(%a: memref<?xf32>, %y: memref<?xf32>, %dims: memref<?xi64>,
                      %first: index, %last: index, %scratch: memref<?xi8>) -> i32
    ```
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::sinter::kernel::KernelDialect", "::sinter::nn::NNDialect"];
}

def VerifyVectorsPass
    : Pass<"sinter-lower-verify-vectors", "::mlir::func::FuncOp"> {
  let summary = "fails where an innermost loop has no vector operation";
  let description = [{
    What a kernel does with elements it does with vectors: an innermost loop of a
    lowered kernel without one is a defect. Kernels of kind `serial` are exempt.

    Needs, leaves: the form after `sinter-lower-emit-kernels`.
  }];
}

#endif // SINTER_PASSES_LOWER_PASSES_TD
