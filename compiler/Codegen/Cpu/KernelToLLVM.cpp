//===- KernelToLLVM.cpp - from lowered kernels to the llvm dialect --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
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
      // Arrays in the shared memory of a GPU come along.
      func.walk([&](memref::GetGlobalOp use) {
        if (auto array = module.lookupSymbol<memref::GlobalOp>(use.getName()))
          array->moveBefore(own.getBody(), own.getBody()->begin());
      });
      // Declarations of algorithms, which other kernels may call too.
      func.walk([&](LLVM::CallOp call) {
        auto callee = module.lookupSymbol<LLVM::LLVMFuncOp>(
            call.getCallee().value_or(""));
        if (callee && !own.lookupSymbol(callee.getSymName()))
          own.push_back(callee.clone());
      });
    }
  }
};

} // namespace

void sinter::addKernelToLLVMPasses(OpPassManager &pm) {
  // 1. The emitters leave repeated index arithmetic.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createExpandMathPass());
  pm.addPass(createCSEPass());
  // 2. Dialect by dialect: one big set of patterns does not terminate.
  pm.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vector;
  vector.reassociateFPReductions = true;
  pm.addPass(createConvertVectorToLLVMPass(vector));
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void sinter::buildKernelToLLVMPipeline(OpPassManager &pm) {
  // Each kernel alone, so that the rest runs in parallel.
  OpPassManager &target = pm.nest<ModuleOp>();
  target.addPass(createSplitKernelsPass());
  addKernelToLLVMPasses(target.nest<ModuleOp>());
}
