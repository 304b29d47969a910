//===- PtxEmitter.cpp - LLVM IR to PTX ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cuda/PtxEmitter.h"

#include "compiler/Codegen/MachineCode.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"

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
  for (unsigned i = 0; i != buffers; ++i) {
    entry->addParamAttr(i, Attribute::getWithAlignment(context, Align(64)));
    appendBuffer(b, entry->getArg(i), arguments);
  }
  for (unsigned i = 0; i != scalars; ++i)
    arguments.push_back(entry->getArg(buffers + i));
  appendBuffer(b, entry->getArg(buffers + scalars), arguments);
  b.CreateCall(&kernel, arguments);
  b.CreateRetVoid();
  inlineIntoEntry(kernel);
}

/// PTX of `module` as LLVM writes it, or why there is none.
static Expected<std::string> writePtx(llvm::Module &module) {
  std::unique_ptr<TargetMachine> machine = createTargetMachine();
  if (!machine)
    return createStringError("this LLVM has no NVPTX back end");
  Expected<SmallVector<char, 0>> code =
      writeMachineCode(module, *machine, CodeGenFileType::AssemblyFile, "PTX");
  if (!code)
    return code.takeError();
  StringRef text(code->data(), code->size());
  size_t body = text.find(ptxHeader);
  if (body == StringRef::npos)
    return createStringError("LLVM wrote another PTX version than asked for");
  return text.substr(body + StringRef(ptxHeader).size()).str();
}

mlir::FailureOr<std::string>
sinter::codegen::compileToPtx(mlir::ModuleOp module, unsigned buffers,
                              int64_t threads) {
  LLVMContext context;
  std::unique_ptr<llvm::Module> ir = translateKernel(module, context);
  if (!ir)
    return mlir::failure();
  std::string name = ir->getName().str();
  addEntry(*ir, *ir->getFunction(name), name, buffers, threads);
  Expected<std::string> ptx = writePtx(*ir);
  if (!ptx)
    return module.emitError("cannot generate PTX for kernel '")
               << name << "': " << toString(ptx.takeError()),
           mlir::failure();
  return std::move(*ptx);
}
