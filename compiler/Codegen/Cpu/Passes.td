//===- Passes.td - passes of CPU code generation ------------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CPU_PASSES_TD
#define SINTER_COMPILER_CODEGEN_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandMathPass : Pass<"sinter-codegen-expand-math"> {
  let summary = "replaces transcendental functions by arithmetic";
  let description = [{
    Generated code calls no library: `math.exp`, `math.tanh`, `math.erf`,
    `math.log`, `math.sin`, `math.cos` and the like on f32 become polynomials,
    `math.powf` goes through exp and log. Rounding to bf16 becomes integer arithmetic, and
    numbers of bf16 move as `i16`.

    Needs: math on f32 scalars or vectors. Leaves: only those math operations that
    are instructions (sqrt, fma, floor, ceil, roundeven, trunc, abs, copysign).
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def SplitKernelsPass : Pass<"sinter-codegen-split-kernels", "::mlir::ModuleOp"> {
  let summary = "gives every function of an instruction set's module a module of its own";
  let description = [{
    The modules are then converted, optimized and compiled independently.

    ```mlir
    module @x86_64_v4 { func.func @a() {..}  func.func @b() {..} }
    // becomes
    module @x86_64_v4 { module @a { func.func @a() {..} }  module @b { func.func @b() {..} } }
    ```
  }];
}

#endif // SINTER_COMPILER_CODEGEN_CPU_PASSES_TD
