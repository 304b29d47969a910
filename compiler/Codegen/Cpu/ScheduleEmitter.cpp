//===- ScheduleEmitter.cpp - code of prepare and run ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The schedule is straight-line code: for every launch, the addresses of its
// buffers go into an array on the stack and the function table runs the kernel
// over its tiles.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/ScheduleEmitter.h"

#include "compiler/Codegen/Cpu/CpuTarget.h"
#include "compiler/Codegen/Cpu/ObjectEmitter.h"
#include "mlir/IR/SymbolTable.h"
#include "sinter/abi.h"

#include <cstddef>

using namespace sinter;
using namespace sinter::codegen;
using llvm::Value;

namespace {

class Emitter {
public:
  Emitter(mlir::ModuleOp source, SizeTable &sizes, llvm::LLVMContext &context)
      : source(source), sizes(sizes), b(context) {
    code.module = std::make_unique<llvm::Module>("sinter_schedule", context);
    ptr = llvm::PointerType::getUnqual(context);
  }

  mlir::FailureOr<ScheduleCode> emit() {
    auto schedules = source.getOps<kernel::ScheduleOp>();
    if (schedules.empty())
      return source.emitError("expects a kernel.schedule, but got none"),
             mlir::failure();
    emitMemoryFunctions();
    if (mlir::failed(emitRun(*schedules.begin())))
      return mlir::failure();
    // After run: only then all sizes are known.
    emitPrepare();
    if (mlir::failed(emitRoot()))
      return mlir::failure();
    return std::move(code);
  }

private:
  mlir::LogicalResult emitRun(kernel::ScheduleOp schedule);
  mlir::LogicalResult emitLaunch(kernel::LaunchOp launch);
  mlir::LogicalResult emitCopy(kernel::CopyOp copy);
  void emitMemoryFunctions();
  void emitPrepare();
  mlir::LogicalResult emitRoot();

  llvm::Function *createFunction(llvm::StringRef name,
                                 llvm::ArrayRef<llvm::Type *> arguments,
                                 llvm::Type *result);
  Value *loadField(Value *base, uint64_t offset, llvm::Type *type) {
    return b.CreateLoad(
        type, b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), base, offset));
  }
  /// A size while running: a constant or a load from the table.
  Value *getSize(nn::SizeAttr size) {
    if (std::optional<int64_t> value = size.getConstant())
      return b.getInt64(*value);
    return b.CreateLoad(b.getInt64Ty(),
                        b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), sizeTable,
                                                     sizes.getIndex(size)));
  }
  mlir::FailureOr<Value *> getAddress(mlir::Value buffer);
  mlir::FailureOr<unsigned> getKernelIndex(kernel::LaunchOp launch);
  /// Leaves the function with `result` where it is not 0.
  void returnIfSet(Value *result) {
    llvm::Function *function = b.GetInsertBlock()->getParent();
    auto *leave = llvm::BasicBlock::Create(b.getContext(), "leave", function);
    auto *next = llvm::BasicBlock::Create(b.getContext(), "next", function);
    b.CreateCondBr(b.CreateICmpNE(result, b.getInt32(0)), leave, next);
    b.SetInsertPoint(leave);
    b.CreateRet(result);
    b.SetInsertPoint(next);
  }

  mlir::ModuleOp source;
  SizeTable &sizes;
  llvm::IRBuilder<> b;
  llvm::PointerType *ptr;
  ScheduleCode code;
  llvm::DenseMap<mlir::Operation *, unsigned> kernelIndices;
  llvm::Function *run = nullptr, *prepare = nullptr;
  // While emitting run:
  Value *table = nullptr, *frame = nullptr, *kernels = nullptr;
  Value *user = nullptr, *parallelFor = nullptr, *dims = nullptr;
  Value *sizeTable = nullptr, *buffers = nullptr;
};

} // namespace

llvm::Function *Emitter::createFunction(llvm::StringRef name,
                                        llvm::ArrayRef<llvm::Type *> arguments,
                                        llvm::Type *result) {
  auto *function = llvm::Function::Create(
      llvm::FunctionType::get(result, arguments, false),
      llvm::GlobalValue::ExternalLinkage, name, *code.module);
  function->setVisibility(llvm::GlobalValue::HiddenVisibility);
  b.SetInsertPoint(llvm::BasicBlock::Create(b.getContext(), "entry", function));
  return function;
}

/// Defines memcpy and memset for LLVM, which may call them by name in any
/// object: the artifact imports nothing.
void Emitter::emitMemoryFunctions() {
  llvm::Type *i64 = b.getInt64Ty(), *i8 = b.getInt8Ty();
  llvm::Function *function = createFunction("memcpy", {ptr, ptr, i64}, ptr);
  llvm::BasicBlock *entry = b.GetInsertBlock();
  auto block = [&](const char *name) {
    return llvm::BasicBlock::Create(b.getContext(), name, function);
  };
  // Blocks of 32 bytes, then single bytes.
  auto copyLoop = [&](Value *start, Value *end, llvm::Type *type,
                      uint64_t step) {
    llvm::BasicBlock *before = b.GetInsertBlock();
    auto *head = block("head"), *body = block("body"), *after = block("after");
    b.CreateBr(head);
    b.SetInsertPoint(head);
    llvm::PHINode *i = b.CreatePHI(i64, 2);
    i->addIncoming(start, before);
    b.CreateCondBr(b.CreateICmpULT(i, end), body, after);
    b.SetInsertPoint(body);
    Value *element = b.CreateAlignedLoad(
        type, b.CreateGEP(i8, function->getArg(1), i), llvm::Align(1));
    b.CreateAlignedStore(element, b.CreateGEP(i8, function->getArg(0), i),
                         llvm::Align(1));
    i->addIncoming(b.CreateAdd(i, b.getInt64(step)), body);
    b.CreateBr(head);
    b.SetInsertPoint(after);
  };
  b.SetInsertPoint(entry);
  Value *bytes = function->getArg(2);
  Value *whole = b.CreateAnd(bytes, b.getInt64(~uint64_t(31)));
  copyLoop(b.getInt64(0), whole, llvm::FixedVectorType::get(i8, 32), 32);
  copyLoop(whole, bytes, i8, 1);
  b.CreateRet(function->getArg(0));

  // memset
  function = createFunction("memset", {ptr, b.getInt32Ty(), i64}, ptr);
  entry = b.GetInsertBlock();
  auto *head = block("head"), *body = block("body"), *after = block("after");
  Value *byte = b.CreateTrunc(function->getArg(1), i8);
  b.CreateBr(head);
  b.SetInsertPoint(head);
  llvm::PHINode *i = b.CreatePHI(i64, 2);
  i->addIncoming(b.getInt64(0), entry);
  b.CreateCondBr(b.CreateICmpULT(i, function->getArg(2)), body, after);
  b.SetInsertPoint(body);
  b.CreateStore(byte, b.CreateGEP(i8, function->getArg(0), i));
  i->addIncoming(b.CreateAdd(i, b.getInt64(1)), body);
  b.CreateBr(head);
  b.SetInsertPoint(after);
  b.CreateRet(function->getArg(0));
}

mlir::FailureOr<Value *> Emitter::getAddress(mlir::Value buffer) {
  mlir::Operation *op = buffer.getDefiningOp();
  llvm::Type *i8 = b.getInt8Ty();
  auto loadPointer = [&](uint64_t field, uint64_t index) {
    Value *array = loadField(frame, field, ptr);
    return b.CreateLoad(ptr, b.CreateConstInBoundsGEP1_64(ptr, array, index));
  };
  if (auto input = mlir::dyn_cast<kernel::InputOp>(op))
    return loadPointer(offsetof(sinter_abi_frame, inputs), input.getIndex());
  if (auto output = mlir::dyn_cast<kernel::OutputOp>(op))
    return loadPointer(offsetof(sinter_abi_frame, outputs), output.getIndex());
  if (auto constant = mlir::dyn_cast<kernel::ConstantOp>(op)) {
    if (constant.getOffset())
      return b.CreateConstGEP1_64(
          i8, loadField(frame, offsetof(sinter_abi_frame, weights), ptr),
          *constant.getOffset());
  } else if (auto arena = mlir::dyn_cast<kernel::ArenaOp>(op)) {
    if (arena.getOffset())
      return b.CreateGEP(
          i8, loadField(frame, offsetof(sinter_abi_frame, arena), ptr),
          getSize(*arena.getOffset()));
  }
  return op->emitError("expects a placed buffer, but got one without an "
                       "offset; run the place phase first"),
         mlir::failure();
}

mlir::FailureOr<unsigned> Emitter::getKernelIndex(kernel::LaunchOp launch) {
  auto callee = mlir::SymbolTable::lookupNearestSymbolFrom<kernel::FuncOp>(
      launch, launch.getCalleeAttr());
  if (!callee)
    return launch.emitError("expects a kernel.func named '")
               << launch.getCallee() << "', but got none",
           mlir::failure();
  auto [entry, isNew] = kernelIndices.insert({callee, code.kernels.size()});
  if (isNew)
    code.kernels.push_back(callee);
  return entry->second;
}

mlir::LogicalResult Emitter::emitLaunch(kernel::LaunchOp launch) {
  mlir::FailureOr<unsigned> index = getKernelIndex(launch);
  if (mlir::failed(index))
    return mlir::failure();
  kernel::FuncOp kernel = code.kernels[*index];
  if (!kernel.getTiles())
    return kernel.emitError("expects 'tiles'; run the outline phase first");
  for (auto [i, operand] : llvm::enumerate(launch.getOperands())) {
    mlir::FailureOr<Value *> address = getAddress(operand);
    if (mlir::failed(address))
      return mlir::failure();
    b.CreateStore(*address, b.CreateConstInBoundsGEP1_64(ptr, buffers, i));
  }
  Value *function =
      b.CreateLoad(ptr, b.CreateConstInBoundsGEP1_64(ptr, kernels, *index));
  auto *type = llvm::FunctionType::get(
      b.getInt32Ty(), {ptr, ptr, ptr, ptr, b.getInt64Ty(), b.getInt32Ty()},
      false);
  returnIfSet(
      b.CreateCall(type, parallelFor,
                   {user, function, buffers, dims, getSize(*kernel.getTiles()),
                    b.getInt32(code.launches.size())}));
  code.launches.push_back(*index);
  return mlir::success();
}

mlir::LogicalResult Emitter::emitCopy(kernel::CopyOp copy) {
  mlir::FailureOr<Value *> from = getAddress(copy.getSource());
  mlir::FailureOr<Value *> to = getAddress(copy.getTarget());
  if (mlir::failed(from) || mlir::failed(to))
    return mlir::failure();
  auto *type = llvm::FunctionType::get(b.getInt32Ty(),
                                       {ptr, ptr, ptr, b.getInt64Ty()}, false);
  Value *function = loadField(table, offsetof(sinter_abi_table, copy), ptr);
  returnIfSet(b.CreateCall(type, function,
                           {user, *to, *from, getSize(copy.getBytes())}));
  return mlir::success();
}

mlir::LogicalResult Emitter::emitRun(kernel::ScheduleOp schedule) {
  run = createFunction("sinter_run", {ptr, ptr, ptr}, b.getInt32Ty());
  table = run->getArg(0);
  frame = run->getArg(1);
  kernels = run->getArg(2);
  user = loadField(table, offsetof(sinter_abi_table, user), ptr);
  parallelFor = loadField(table, offsetof(sinter_abi_table, parallel_for), ptr);
  dims = loadField(frame, offsetof(sinter_abi_frame, dims), ptr);
  sizeTable = loadField(frame, offsetof(sinter_abi_frame, sizes), ptr);
  unsigned most = 1;
  schedule.walk([&](kernel::LaunchOp launch) {
    most = std::max(most, launch->getNumOperands());
  });
  buffers = b.CreateAlloca(ptr, b.getInt32(most));
  for (mlir::Operation &op : schedule.getBody().front()) {
    if (auto launch = mlir::dyn_cast<kernel::LaunchOp>(op)) {
      if (mlir::failed(emitLaunch(launch)))
        return mlir::failure();
    } else if (auto copy = mlir::dyn_cast<kernel::CopyOp>(op)) {
      if (mlir::failed(emitCopy(copy)))
        return mlir::failure();
    }
  }
  b.CreateRet(b.getInt32(0));
  return mlir::success();
}

void Emitter::emitPrepare() {
  prepare = createFunction("sinter_prepare", {ptr, ptr}, b.getInt32Ty());
  llvm::StringMap<Value *> symbols;
  if (auto free = source->getAttrOfType<mlir::ArrayAttr>("nn.free_dims"))
    for (auto [i, dim] :
         llvm::enumerate(free.getAsRange<mlir::DictionaryAttr>()))
      symbols[dim.getAs<mlir::StringAttr>("name").getValue()] = b.CreateLoad(
          b.getInt64Ty(),
          b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), prepare->getArg(0), i));
  if (auto list = source->getAttrOfType<mlir::ArrayAttr>("nn.assumptions"))
    for (auto [i, check] :
         llvm::enumerate(list.getAsRange<mlir::DictionaryAttr>())) {
      Value *lhs = emitSize(check.getAs<nn::SizeAttr>("lhs"), b, symbols);
      Value *rhs = emitSize(check.getAs<nn::SizeAttr>("rhs"), b, symbols);
      returnIfSet(b.CreateSelect(b.CreateICmpEQ(lhs, rhs), b.getInt32(0),
                                 b.getInt32(i + 1)));
    }
  for (auto [i, size] : llvm::enumerate(sizes.getSizes()))
    b.CreateStore(
        emitSize(size, b, symbols),
        b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), prepare->getArg(1), i));
  b.CreateRet(b.getInt32(0));
}

/// Defines the structures of abi.h: the tables of kernels, the variants, the
/// root.
mlir::LogicalResult Emitter::emitRoot() {
  llvm::Module &module = *code.module;
  auto *kernelType = llvm::FunctionType::get(
      b.getInt32Ty(), {ptr, ptr, b.getInt64Ty(), b.getInt64Ty(), ptr}, false);
  auto define = [&](llvm::Constant *value, const llvm::Twine &name) {
    auto *global = new llvm::GlobalVariable(
        module, value->getType(), /*isConstant=*/true,
        llvm::GlobalValue::ExternalLinkage, value, name);
    global->setVisibility(llvm::GlobalValue::HiddenVisibility);
    return global;
  };
  llvm::SmallVector<llvm::Constant *> variants;
  auto *tableType = llvm::ArrayType::get(ptr, code.kernels.size());
  for (const CpuTarget *target : getTargets(source)) {
    llvm::SmallVector<llvm::Constant *> entries;
    auto own = source.lookupSymbol<mlir::ModuleOp>(target->getModuleName());
    for (kernel::FuncOp kernel : code.kernels) {
      const CpuTarget *maker =
          own.lookupSymbol(kernel.getSymName()) ? target : target->getBase();
      if (!maker)
        return kernel.emitError("expects code for ")
               << target->name << "; run the lower phase first";
      auto *function = llvm::cast<llvm::Function>(
          module
              .getOrInsertFunction(getKernelSymbol(kernel.getSymName(), *maker),
                                   kernelType)
              .getCallee());
      function->setVisibility(llvm::GlobalValue::HiddenVisibility);
      entries.push_back(function);
    }
    variants.push_back(llvm::ConstantStruct::getAnon(
        {b.getInt64(target->needs),
         define(llvm::ConstantArray::get(tableType, entries),
                "sinter_kernels." + target->getModuleName())}));
  }
  if (variants.empty())
    return source.emitError("expects kernels lowered for at least one "
                            "instruction set; run the lower phase first");
  auto *variantTable = define(
      llvm::ConstantArray::get(
          llvm::ArrayType::get(variants.front()->getType(), variants.size()),
          variants),
      "sinter_variants");
  auto *root =
      define(llvm::ConstantStruct::getAnon({b.getInt32(SINTER_ABI_VERSION),
                                            b.getInt32(variants.size()),
                                            variantTable, prepare, run}),
             "sinter_root");
  root->setVisibility(llvm::GlobalValue::DefaultVisibility);
  return mlir::success();
}

mlir::FailureOr<ScheduleCode>
codegen::emitSchedule(mlir::ModuleOp module, SizeTable &sizes,
                      llvm::LLVMContext &context) {
  return Emitter(module, sizes, context).emit();
}
