//===- sinter-opt.cpp - runs single passes for tests ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/Passes.h"
#include "compiler/Pipelines/Dialects.h"
#include "compiler/Pipelines/Pipelines.h"
#include "dialects/Kernel/KernelDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Fuse/Passes.h"
#include "passes/Layout/Passes.h"
#include "passes/Lower/Passes.h"
#include "passes/LowerCuda/Passes.h"
#include "passes/Memory/Passes.h"
#include "passes/Outline/Passes.h"
#include "passes/Prune/Passes.h"
#include "passes/Quantize/Passes.h"
#include "passes/Simplify/Passes.h"
#include "passes/Verify/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  sinter::registerDialects(registry);
  mlir::registerTransformsPasses();
  sinter::registerCpuCodegenPasses();
  sinter::registerFusePasses();
  sinter::registerLayoutPasses();
  sinter::registerLowerPasses();
  sinter::registerLowerCudaPasses();
  sinter::registerMemoryPasses();
  sinter::registerOutlinePasses();
  sinter::registerPhasePipelines();
  sinter::registerPrunePasses();
  sinter::registerQuantizePasses();
  sinter::registerSimplifyPasses();
  sinter::registerVerifyPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "runs Sinter passes\n", registry));
}
