//===- KernelToLLVM.cpp - from lowered kernels to the llvm dialect --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

namespace sinter {
#define GEN_PASS_DEF_SPLITKERNELSPASS
#include "compiler/Codegen/Cpu/Passes.h.inc"
} // namespace sinter

using namespace mlir;

namespace {

struct SplitKernelsPass : sinter::impl::SplitKernelsPassBase<SplitKernelsPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    for (auto func :
         llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
      OpBuilder builder(func);
      auto own = ModuleOp::create(builder, func.getLoc(), func.getSymName());
      func->moveBefore(own.getBody(), own.getBody()->end());
    }
  }
};

} // namespace

void sinter::buildKernelToLLVMPipeline(OpPassManager &pm) {
  // 1. Each kernel alone, so that the rest runs in parallel.
  pm.nest<ModuleOp>().addPass(createSplitKernelsPass());
  OpPassManager &kernel = pm.nest<ModuleOp>().nest<ModuleOp>();
  // 2. The emitters leave repeated index arithmetic.
  kernel.addPass(createCanonicalizerPass());
  kernel.addPass(createCSEPass());
  kernel.addPass(createLoopInvariantCodeMotionPass());
  kernel.addPass(createExpandMathPass());
  kernel.addPass(createCSEPass());
  // 3. Dialect by dialect: one big set of patterns does not terminate.
  kernel.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vector;
  vector.reassociateFPReductions = true;
  kernel.addPass(createConvertVectorToLLVMPass(vector));
  kernel.addPass(createFinalizeMemRefToLLVMConversionPass());
  kernel.addPass(createConvertMathToLLVMPass());
  kernel.addPass(createArithToLLVMConversionPass());
  kernel.addPass(createConvertIndexToLLVMPass());
  kernel.addPass(createConvertControlFlowToLLVMPass());
  kernel.addPass(createUBToLLVMConversionPass());
  kernel.addPass(createConvertFuncToLLVMPass());
  kernel.addPass(createReconcileUnrealizedCastsPass());
}
