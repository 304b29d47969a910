//===- MachineCode.cpp - from a kernel to machine code --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/MachineCode.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CrashRecoveryContext.h"

using namespace sinter::codegen;
using namespace llvm;

std::unique_ptr<llvm::Module>
sinter::codegen::translateKernel(mlir::ModuleOp module, LLVMContext &context) {
  auto functions = module.getOps<mlir::LLVM::LLVMFuncOp>();
  if (functions.empty()) {
    module.emitError("expects one function, but got none");
    return nullptr;
  }
  StringRef name = (*functions.begin()).getSymName();
  std::unique_ptr<llvm::Module> ir =
      mlir::translateModuleToLLVMIR(module, context, name);
  if (!ir)
    module.emitError("cannot translate kernel '") << name << "' to LLVM IR";
  return ir;
}

void sinter::codegen::appendBuffer(IRBuilderBase &b, Value *address,
                                   SmallVectorImpl<Value *> &arguments) {
  // The size is unknown to the kernel: nothing depends on it.
  Value *size = b.getInt64(std::numeric_limits<int64_t>::max());
  arguments.append({address, address, b.getInt64(0), size, b.getInt64(1)});
}

void sinter::codegen::inlineIntoEntry(Function &kernel) {
  kernel.setLinkage(GlobalValue::InternalLinkage);
  kernel.addFnAttr(Attribute::AlwaysInline);
}

static void optimize(llvm::Module &module, TargetMachine &machine,
                     Vectorize vectorize) {
  PipelineTuningOptions tuning;
  // The emitters have vectorized, unrolled and interleaved already.
  bool transformLoops = vectorize == Vectorize::Yes;
  tuning.LoopVectorization = tuning.SLPVectorization = transformLoops;
  tuning.LoopUnrolling = tuning.LoopInterleaving = transformLoops;
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine, tuning);
  TargetLibraryInfoImpl library(module.getTargetTriple());
  library.disableAllFunctions();
  functions.registerPass([&] { return TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O2)
      .run(module, modules);
}

Expected<SmallVector<char, 0>>
sinter::codegen::writeMachineCode(llvm::Module &module, TargetMachine &machine,
                                  CodeGenFileType type, StringRef name,
                                  function_ref<void(llvm::Module &)> legalize,
                                  Vectorize vectorize) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  for (Function &function : module)
    if (!function.isDeclaration())
      function.addFnAttr(Attribute::NoUnwind);
  std::string problem;
  raw_string_ostream stream(problem);
  if (verifyModule(module, &stream))
    return createStringError("invalid LLVM IR: " + problem);

  // LLVM aborts on some errors: that must not take the process along.
  SmallVector<char, 0> code;
  bool canEmit = true;
  CrashRecoveryContext recovery;
  bool survived = recovery.RunSafely([&] {
    optimize(module, machine, vectorize);
    if (legalize)
      legalize(module);
    raw_svector_ostream out(code);
    legacy::PassManager codegen;
    canEmit = !machine.addPassesToEmitFile(codegen, out, nullptr, type);
    if (canEmit)
      codegen.run(module);
  });
  if (!survived)
    return createStringError("LLVM stopped with an internal error");
  if (!canEmit)
    return createStringError("this LLVM cannot write " + name);
  return code;
}
