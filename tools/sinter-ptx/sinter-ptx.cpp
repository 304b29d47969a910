//===- sinter-ptx.cpp - PTX of kernels, for tests -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads IR in the form after phase outline, lowers its kernels for CUDA and
// prints the PTX, behind a comment for each kernel that says how it is started.
// With --sm it also makes cubins, and prints how long they are; with --refusals
// it prints the kernels that have no code for CUDA instead, and why.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cuda/GenerateCuda.h"
#include "compiler/Pipelines/Dialects.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "passes/LowerCuda/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;

static llvm::cl::opt<std::string> input(llvm::cl::Positional,
                                        llvm::cl::desc("FILE.mlir"),
                                        llvm::cl::init("-"));

static llvm::cl::list<std::string> sms("sm", llvm::cl::CommaSeparated,
                                       llvm::cl::desc("cubins to make"));
static llvm::cl::opt<std::string> ptxas("ptxas",
                                        llvm::cl::desc("path of ptxas"));
static llvm::cl::opt<bool> refusals("refusals",
                                    llvm::cl::desc("only what has no code"));

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  registerAsmPrinterCLOptions();
  registerMLIRContextCLOptions();
  llvm::cl::ParseCommandLineOptions(argc, argv, "prints the PTX of kernels\n");
  DialectRegistry registry;
  sinter::registerDialects(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();

  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(input, &context);
  if (!module)
    return 1;
  if (refusals) {
    for (auto &refusal : sinter::codegen::findCudaRefusals(*module))
      llvm::outs() << llvm::join(refusal.nodes, ", ") << ": " << refusal.reason
                   << "; " << refusal.remedy << "\n";
    return 0;
  }
  (*module)->setAttr("sinter.targets",
                     Builder(&context).getStrArrayAttr({"cuda"}));
  PassManager pm(&context);
  pm.addPass(sinter::createCloneForCudaPass());
  pm.addNestedPass<ModuleOp>(sinter::createEmitForCudaPass());
  if (failed(pm.run(*module)))
    return 1;
  sinter::codegen::CudaOptions options;
  options.sms.assign(sms.begin(), sms.end());
  options.ptxas = ptxas;
  auto code = sinter::codegen::generateCudaCode(*module, options,
                                                [](size_t, size_t) {});
  if (failed(code))
    return 1;
  for (const sinter::codegen::CudaKernel &kernel : code->kernels)
    llvm::outs() << "// " << kernel.name << ": "
                 << sinter::nn::toString(kernel.grid[0]) << " blocks of "
                 << kernel.block[0] << " threads, " << kernel.buffers
                 << " buffers\n";
  for (const auto &cubin : llvm::drop_begin(code->modules))
    llvm::outs() << "// " << cubin.name << ": " << cubin.code.size()
                 << " bytes\n";
  llvm::outs() << code->modules.front().code;
  return 0;
}
