//===- PtxEmitter.cpp - LLVM IR to PTX ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cuda/PtxEmitter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace sinter::codegen;
using namespace llvm;

/// The oldest PTX that has what kernels use on compute_80 (mma.sync m16n8k16,
/// cp.async): drivers since CUDA 11.0 take it.
static constexpr const char *ptxFeatures = "+ptx70";

/// What begins a file, as LLVM writes it.
static constexpr const char *ptxHeader =
    ".version 7.0\n.target sm_80\n.address_size 64\n";

StringRef sinter::codegen::getPtxHeader() { return ptxHeader; }

static std::unique_ptr<TargetMachine> createTargetMachine() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  TargetOptions options;
  options.AllowFPOpFusion = FPOpFusion::Fast;
  return std::unique_ptr<TargetMachine>(target->createTargetMachine(
      triple, "sm_80", ptxFeatures, options, std::nullopt));
}

/// Adds the `.entry` with the calling convention of docs/abi.md: it calls
/// `kernel`, which takes five arguments (address twice, offset, size, stride)
/// a buffer, the same for the status word at the end, and what is between as it
/// is.
static void addEntry(llvm::Module &module, Function &kernel,
                     const std::string &name, unsigned buffers,
                     int64_t threads) {
  LLVMContext &context = module.getContext();
  Type *ptr = PointerType::get(context, /*AddressSpace=*/1);
  Type *i64 = Type::getInt64Ty(context);
  unsigned scalars = kernel.arg_size() - 5 * (buffers + 1);
  SmallVector<Type *> types(buffers, ptr);
  types.append(scalars, i64);
  types.push_back(ptr);
  kernel.setName(name + ".body");
  auto *entry = Function::Create(
      FunctionType::get(Type::getVoidTy(context), types, false),
      GlobalValue::ExternalLinkage, name, module);
  entry->setCallingConv(CallingConv::PTX_Kernel);
  entry->addFnAttr("nvvm.maxntid", std::to_string(threads));
  IRBuilder<> b(BasicBlock::Create(context, "entry", entry));
  SmallVector<Value *> arguments;
  auto addMemRef = [&](Argument *address) {
    // The size is unknown to the kernel: nothing depends on it.
    Value *size = b.getInt64(std::numeric_limits<int64_t>::max());
    arguments.append({address, address, b.getInt64(0), size, b.getInt64(1)});
  };
  for (unsigned i = 0; i != buffers; ++i) {
    entry->addParamAttr(i, Attribute::getWithAlignment(context, Align(64)));
    addMemRef(entry->getArg(i));
  }
  for (unsigned i = 0; i != scalars; ++i)
    arguments.push_back(entry->getArg(buffers + i));
  addMemRef(entry->getArg(buffers + scalars));
  b.CreateCall(&kernel, arguments);
  b.CreateRetVoid();
  kernel.setLinkage(GlobalValue::InternalLinkage);
  kernel.addFnAttr(Attribute::AlwaysInline);
}

static void optimize(llvm::Module &module, TargetMachine &machine) {
  PipelineTuningOptions tuning;
  // The emitters have unrolled what is worth it.
  tuning.LoopVectorization = tuning.SLPVectorization = false;
  tuning.LoopUnrolling = tuning.LoopInterleaving = false;
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

/// PTX of `module` as LLVM writes it, or why there is none.
static Expected<std::string> writePtx(llvm::Module &module) {
  std::unique_ptr<TargetMachine> machine = createTargetMachine();
  if (!machine)
    return createStringError("this LLVM has no NVPTX back end");
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  for (Function &function : module)
    if (!function.isDeclaration())
      function.addFnAttr(Attribute::NoUnwind);
  std::string problem;
  raw_string_ostream stream(problem);
  if (verifyModule(module, &stream))
    return createStringError("invalid LLVM IR: " + problem);

  // LLVM aborts where it cannot select an instruction: that must not take the
  // process along.
  SmallString<0> text;
  bool canEmit = true;
  CrashRecoveryContext recovery;
  bool survived = recovery.RunSafely([&] {
    optimize(module, *machine);
    raw_svector_ostream out(text);
    legacy::PassManager codegen;
    canEmit = !machine->addPassesToEmitFile(codegen, out, nullptr,
                                            CodeGenFileType::AssemblyFile);
    if (canEmit)
      codegen.run(module);
  });
  if (!survived)
    return createStringError("LLVM stopped with an internal error");
  if (!canEmit)
    return createStringError("this LLVM cannot write PTX");
  size_t body = text.find(ptxHeader);
  if (body == StringRef::npos)
    return createStringError("LLVM wrote another PTX version than asked for");
  return text.substr(body + StringRef(ptxHeader).size()).str();
}

mlir::FailureOr<std::string>
sinter::codegen::compileToPtx(mlir::ModuleOp module, unsigned buffers,
                              int64_t threads) {
  LLVMContext context;
  auto functions = module.getOps<mlir::LLVM::LLVMFuncOp>();
  if (functions.empty())
    return module.emitError("expects one function, but got none"),
           mlir::failure();
  std::string name = (*functions.begin()).getSymName().str();
  std::unique_ptr<llvm::Module> ir =
      mlir::translateModuleToLLVMIR(module, context, name);
  if (!ir)
    return module.emitError("cannot translate kernel '")
               << name << "' to LLVM IR",
           mlir::failure();
  addEntry(*ir, *ir->getFunction(name), name, buffers, threads);
  Expected<std::string> ptx = writePtx(*ir);
  if (!ptx)
    return module.emitError("cannot generate PTX for kernel '")
               << name << "': " << toString(ptx.takeError()),
           mlir::failure();
  return std::move(*ptx);
}
