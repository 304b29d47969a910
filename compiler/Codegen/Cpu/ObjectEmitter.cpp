//===- ObjectEmitter.cpp - LLVM IR to object code -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/ObjectEmitter.h"

#include "compiler/Codegen/Cpu/SupportCode.h"
#include "compiler/Codegen/MachineCode.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"

using namespace sinter::codegen;
using namespace llvm;

std::string sinter::codegen::getKernelSymbol(StringRef kernel,
                                             const CpuTarget &target) {
  return ("sinter_kernel." + kernel + "." + target.getModuleName()).str();
}

/// Adds to `module` the function `symbol` of type sinter_abi_kernel_fn, which
/// reads the addresses of the buffers and calls `kernel`: five arguments
/// (address twice, offset, size, stride) a buffer, then those of the free
/// dimensions, first, last, and five for the scratch.
static void addEntry(llvm::Module &module, Function &kernel,
                     const std::string &symbol) {
  LLVMContext &context = module.getContext();
  Type *ptr = PointerType::getUnqual(context);
  Type *i64 = Type::getInt64Ty(context), *i32 = Type::getInt32Ty(context);
  auto *type = FunctionType::get(i32, {ptr, ptr, i64, i64, ptr}, false);
  auto *entry =
      Function::Create(type, GlobalValue::ExternalLinkage, symbol, module);
  entry->setVisibility(GlobalValue::HiddenVisibility);
  IRBuilder<> b(BasicBlock::Create(context, "entry", entry));
  SmallVector<Value *> arguments;
  unsigned buffers = (kernel.arg_size() - 5 - 2 - 5) / 5;
  for (unsigned i = 0; i != buffers; ++i)
    appendBuffer(b,
                 b.CreateLoad(ptr, b.CreateConstInBoundsGEP1_64(
                                       ptr, entry->getArg(0), i)),
                 arguments);
  appendBuffer(b, entry->getArg(1), arguments);
  arguments.push_back(entry->getArg(2));
  arguments.push_back(entry->getArg(3));
  appendBuffer(b, entry->getArg(4), arguments);
  b.CreateRet(b.CreateCall(&kernel, arguments));
  inlineIntoEntry(kernel);
}

/// Says how wide vectors may be, and that no loop becomes a library call.
static void addTargetAttributes(llvm::Module &module, const CpuTarget &target) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("tune-cpu", target.tune);
    // Of support code, which is compiled for the least processor.
    function.removeFnAttr("target-features");
    if (!target.features.empty())
      function.addFnAttr("target-features", target.features);
    function.addFnAttr("prefer-vector-width",
                       std::to_string(target.vectorBits));
    function.addFnAttr("min-legal-vector-width",
                       std::to_string(target.vectorBits));
    function.addFnAttr("no-builtins");
  }
}

/// The one lane that `mask` lets through, if it is constant and there is one.
static std::optional<unsigned> getSingleLane(Value *mask) {
  auto *constant = dyn_cast<Constant>(mask);
  auto *type = dyn_cast<FixedVectorType>(mask->getType());
  std::optional<unsigned> single;
  for (unsigned lane = 0; constant && type && lane < type->getNumElements();
       ++lane) {
    Constant *bit = constant->getAggregateElement(lane);
    if (!bit || !isa<ConstantInt>(bit))
      return std::nullopt;
    if (bit->isZeroValue())
      continue;
    if (single)
      return std::nullopt;
    single = lane;
  }
  return single;
}

/// A masked store of one lane becomes a plain store of that lane. LLVM 22 makes
/// an instruction of it that stores four bytes (vextractps) where the lane is a
/// byte cut from an element of four.
static void storeSingleLanes(llvm::Module &module) {
  for (Function &function : module)
    for (BasicBlock &block : function)
      for (Instruction &instruction : make_early_inc_range(block)) {
        auto *call = dyn_cast<IntrinsicInst>(&instruction);
        if (!call || call->getIntrinsicID() != Intrinsic::masked_store)
          continue;
        std::optional<unsigned> lane =
            getSingleLane(call->getArgOperand(call->arg_size() - 1));
        if (!lane)
          continue;
        IRBuilder<> b(call);
        b.CreateAlignedStore(
            b.CreateExtractElement(call->getArgOperand(0), uint64_t(*lane)),
            call->getArgOperand(1), call->getParamAlign(1).valueOrOne());
        call->eraseFromParent();
      }
}

llvm::Expected<Object> sinter::codegen::compileModule(llvm::Module &module,
                                                      const CpuTarget &target,
                                                      Vectorize vectorize) {
  std::unique_ptr<TargetMachine> machine = createTargetMachine(target);
  if (!machine)
    return createStringError("this LLVM has no x86 back end");
  addTargetAttributes(module, target);
  Expected<SmallVector<char, 0>> bytes =
      writeMachineCode(module, *machine, CodeGenFileType::ObjectFile,
                       "object files", storeSingleLanes, vectorize);
  if (!bytes)
    return bytes.takeError();
  return std::make_unique<SmallVectorMemoryBuffer>(
      std::move(*bytes), module.getName(), /*RequiresNullTerminator=*/false);
}

mlir::FailureOr<Object>
sinter::codegen::compileKernel(mlir::ModuleOp module, const CpuTarget &target) {
  LLVMContext context;
  std::unique_ptr<llvm::Module> ir = translateKernel(module, context);
  if (!ir)
    return mlir::failure();
  std::string name = ir->getName().str();
  addEntry(*ir, *ir->getFunction(name), getKernelSymbol(name, target));
  Expected<bool> hasSupport = linkSupport(*ir);
  llvm::Expected<Object> object =
      hasSupport ? compileModule(*ir, target,
                                 *hasSupport ? Vectorize::Yes : Vectorize::No)
                 : hasSupport.takeError();
  if (!object)
    return module.emitError("cannot generate code for kernel '")
               << name << "' on " << target.name << ": "
               << toString(object.takeError()),
           mlir::failure();
  return std::move(*object);
}
