//===- ScheduleEmitter.cpp - code of prepare and run ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For every launch, the addresses of its buffers go into an array on the stack
// and the function table runs the kernel over its tiles. Free dimensions are
// read from the frame; where there are late ones, all are copied to the stack
// and late sizes are computed from there when they are needed.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/ScheduleEmitter.h"

#include "compiler/Codegen/Cpu/CpuTarget.h"
#include "compiler/Codegen/Cpu/ObjectEmitter.h"
#include "dialects/NN/NNShapes.h"
#include "mlir/IR/SymbolTable.h"
#include "sinter/abi.h"
#include "sinter/status.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

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
    if (auto free = source->getAttrOfType<mlir::ArrayAttr>("nn.free_dims"))
      for (auto dim : free.getAsRange<mlir::DictionaryAttr>())
        dimIndices.insert({dim.getAs<mlir::StringAttr>("name").getValue(),
                           dimIndices.size()});
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
  mlir::LogicalResult emitBlock(mlir::Block &block);
  mlir::LogicalResult emitOp(mlir::Operation &op);
  mlir::LogicalResult emitLaunch(kernel::LaunchOp launch);
  mlir::LogicalResult emitCopy(kernel::CopyOp copy);
  mlir::LogicalResult emitGrow(kernel::GrowOp grow);
  mlir::LogicalResult emitReadSizes(kernel::ReadSizesOp read);
  mlir::LogicalResult emitLoop(kernel::LoopOp loop);
  mlir::LogicalResult emitIf(kernel::IfOp condition);
  mlir::LogicalResult emitBranch(mlir::Value condition,
                                 llvm::BasicBlock *isTrue,
                                 llvm::BasicBlock *isFalse);
  void emitSetSizes(kernel::SetSizesOp set);
  void emitCheckSizes(kernel::CheckSizesOp check);
  void findLateOutputs(kernel::ScheduleOp schedule);
  void placeOutputs(mlir::Operation &op);
  void copyDims();
  void define(llvm::ArrayRef<llvm::StringRef> names);
  void emitAssumption(size_t number, mlir::DictionaryAttr assumption,
                      const llvm::StringMap<Value *> &symbols);
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
  Value *getDim(unsigned index) {
    return b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), dims, index);
  }
  void setDim(llvm::StringRef name, Value *value) {
    b.CreateStore(value, getDim(dimIndices.lookup(name)));
  }
  /// The values that the free dimensions in the sizes have now.
  llvm::StringMap<Value *> getSymbols(llvm::ArrayRef<nn::SizeAttr> list) {
    llvm::SmallVector<llvm::StringRef> names;
    for (nn::SizeAttr size : list)
      nn::collectSymbols(size, names);
    llvm::StringMap<Value *> symbols;
    for (llvm::StringRef name : names)
      if (Value *&value = symbols[name]; !value)
        value = b.CreateLoad(b.getInt64Ty(), getDim(dimIndices.lookup(name)));
    return symbols;
  }
  /// A size while running: a constant, a load from the table, or computed.
  Value *getSize(nn::SizeAttr size) {
    if (std::optional<int64_t> value = size.getConstant())
      return b.getInt64(*value);
    if (nn::hasLate(size))
      return emitSize(size, b, getSymbols(size));
    return b.CreateLoad(b.getInt64Ty(),
                        b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), sizeTable,
                                                     sizes.getIndex(size)));
  }
  mlir::FailureOr<Value *> getAddress(mlir::Value buffer);
  mlir::FailureOr<unsigned> getKernelIndex(kernel::LaunchOp launch);
  llvm::BasicBlock *createBlock(const char *name) {
    return llvm::BasicBlock::Create(b.getContext(), name,
                                    b.GetInsertBlock()->getParent());
  }
  /// Calls an entry of the table (its offset there), the context first.
  Value *callTable(uint64_t entry, llvm::ArrayRef<Value *> arguments,
                   llvm::Type *result) {
    llvm::SmallVector<Value *> all{user};
    all.append(arguments.begin(), arguments.end());
    llvm::SmallVector<llvm::Type *> types;
    for (Value *argument : all)
      types.push_back(argument->getType());
    return b.CreateCall(llvm::FunctionType::get(result, types, false),
                        loadField(table, entry, ptr), all);
  }
  /// Leaves the function with `result` where it is not 0.
  void returnIfSet(Value *result) {
    auto *leave = createBlock("leave"), *next = createBlock("next");
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
  Value *sizeTable = nullptr, *buffers = nullptr, *readBuffer = nullptr;
  llvm::SmallVector<Value *> slots; ///< addresses of grown memory
  llvm::StringMap<unsigned> dimIndices;
  /// Late dimensions that have a value where code is emitted now.
  llvm::StringSet<> defined;
  /// Outputs to be placed after an operation of the schedule.
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<int32_t>> lateOutputs;
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
  } else if (auto grown = mlir::dyn_cast<kernel::GrownOp>(op)) {
    return b.CreateLoad(ptr, slots[grown.getSlot()]);
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
  if (nn::SizeAttr scratch = kernel.getScratchAttr();
      scratch && nn::hasLate(scratch))
    returnIfSet(callTable(offsetof(sinter_abi_table, reserve),
                          {getSize(scratch)}, b.getInt32Ty()));
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
  Value *target = *to;
  if (copy.getOffset())
    target = b.CreateGEP(b.getInt8Ty(), target, getSize(*copy.getOffset()));
  returnIfSet(callTable(offsetof(sinter_abi_table, copy),
                        {target, *from, getSize(copy.getBytes())},
                        b.getInt32Ty()));
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Sizes that data decides
//===----------------------------------------------------------------------===//

/// More bytes than any machine can address.
static constexpr uint64_t maxTensorBytes = 1ull << 46;

mlir::LogicalResult Emitter::emitGrow(kernel::GrowOp grow) {
  auto buffer = grow.getBuffer().getDefiningOp<kernel::GrownOp>();
  if (!buffer)
    return grow.emitError("expects a buffer that is grown");
  Value *memory = callTable(offsetof(sinter_abi_table, grow),
                            {b.getInt32(buffer.getSlot()),
                             getSize(grow.getBytes()), getSize(grow.getKeep())},
                            ptr);
  returnIfSet(b.CreateSelect(b.CreateIsNull(memory),
                             b.getInt32(-SINTER_STATUS_OUT_OF_MEMORY),
                             b.getInt32(0)));
  b.CreateStore(memory, slots[buffer.getSlot()]);
  return mlir::success();
}

mlir::LogicalResult Emitter::emitReadSizes(kernel::ReadSizesOp read) {
  mlir::FailureOr<Value *> source = getAddress(read.getSource());
  if (mlir::failed(source))
    return mlir::failure();
  llvm::Type *type = b.getIntNTy(read.getWidth());
  llvm::SmallVector<llvm::StringRef> names(
      read.getNames().getAsValueRange<mlir::StringAttr>());
  returnIfSet(callTable(
      offsetof(sinter_abi_table, read),
      {readBuffer, *source, b.getInt64(names.size() * read.getWidth() / 8)},
      b.getInt32Ty()));
  for (auto [i, name] : llvm::enumerate(names))
    setDim(name, b.CreateSExt(b.CreateLoad(type, b.CreateConstInBoundsGEP1_64(
                                                     type, readBuffer, i)),
                              b.getInt64Ty()));
  define(names);
  return mlir::success();
}

void Emitter::emitSetSizes(kernel::SetSizesOp set) {
  llvm::SmallVector<Value *> values;
  for (auto size : set.getSizes().getAsRange<nn::SizeAttr>())
    values.push_back(getSize(size));
  llvm::SmallVector<llvm::StringRef> names(
      set.getNames().getAsValueRange<mlir::StringAttr>());
  for (auto [name, value] : llvm::zip(names, values))
    setDim(name, value);
  define(names);
}

/// Fails the run where a size is negative, or their product leaves the memory
/// or is not the one that is expected.
void Emitter::emitCheckSizes(kernel::CheckSizesOp check) {
  llvm::Type *i64 = b.getInt64Ty();
  Value *bytes = b.getInt64(check.getElementBytes()), *fails = b.getFalse();
  for (nn::SizeAttr size : check.getSizes().getSizes()) {
    Value *value = getSize(size);
    fails = b.CreateOr(fails, b.CreateICmpSLT(value, b.getInt64(0)));
    Value *product = b.CreateBinaryIntrinsic(
        llvm::Intrinsic::umul_with_overflow, bytes, value);
    bytes = b.CreateExtractValue(product, 0);
    // A size of 0 after an overflow makes no memory, but is no use either.
    fails = b.CreateOr(fails, b.CreateExtractValue(product, 1));
  }
  fails = b.CreateOr(fails, b.CreateICmpUGT(bytes, llvm::ConstantInt::get(
                                                       i64, maxTensorBytes)));
  if (check.getElements())
    fails = b.CreateOr(
        fails, b.CreateICmpNE(
                   bytes, b.CreateMul(getSize(*check.getElements()),
                                      b.getInt64(check.getElementBytes()))));
  returnIfSet(
      b.CreateSelect(fails, b.getInt32(check.getCheck() + 1), b.getInt32(0)));
}

/// All free dimensions on the stack, late ones 0.
void Emitter::copyDims() {
  dims = loadField(frame, offsetof(sinter_abi_frame, dims), ptr);
  if (llvm::none_of(dimIndices.keys(), nn::isLate))
    return;
  Value *given = dims;
  llvm::Type *i64 = b.getInt64Ty();
  dims = b.CreateAlloca(i64, b.getInt32(dimIndices.size()));
  for (unsigned i = 0; i < dimIndices.size(); ++i)
    b.CreateStore(
        b.CreateLoad(i64, b.CreateConstInBoundsGEP1_64(i64, given, i)),
        getDim(i));
}

/// Emits what holds between late dimensions as soon as all in it have values:
/// `names` just got theirs.
void Emitter::define(llvm::ArrayRef<llvm::StringRef> names) {
  for (llvm::StringRef name : names)
    defined.insert(name);
  auto list = source->getAttrOfType<mlir::ArrayAttr>("nn.assumptions");
  if (!list)
    return;
  for (auto [i, assumption] :
       llvm::enumerate(list.getAsRange<mlir::DictionaryAttr>())) {
    llvm::SmallVector<llvm::StringRef> mentioned;
    nn::SizeAttr lhs = assumption.getAs<nn::SizeAttr>("lhs"),
                 rhs = assumption.getAs<nn::SizeAttr>("rhs");
    nn::collectSymbols(lhs, mentioned);
    nn::collectSymbols(rhs, mentioned);
    bool isNew = llvm::any_of(mentioned, [&](llvm::StringRef name) {
      return llvm::is_contained(names, name);
    });
    bool isKnown = llvm::all_of(mentioned, [&](llvm::StringRef name) {
      return !nn::isLate(name) || defined.contains(name);
    });
    if (isNew && isKnown)
      emitAssumption(i, assumption, getSymbols({lhs, rhs}));
  }
}

void Emitter::emitAssumption(size_t number, mlir::DictionaryAttr assumption,
                             const llvm::StringMap<Value *> &symbols) {
  Value *lhs = emitSize(assumption.getAs<nn::SizeAttr>("lhs"), b, symbols);
  Value *rhs = emitSize(assumption.getAs<nn::SizeAttr>("rhs"), b, symbols);
  returnIfSet(b.CreateSelect(b.CreateICmpEQ(lhs, rhs), b.getInt32(0),
                             b.getInt32(number + 1)));
}

/// An output with late sizes is placed after the operation of the schedule in
/// which the last of its dimensions gets its final value.
void Emitter::findLateOutputs(kernel::ScheduleOp schedule) {
  llvm::StringMap<mlir::Operation *> last;
  for (mlir::Operation &op : schedule.getBody().front())
    op.walk([&](mlir::Operation *inner) {
      if (auto read = mlir::dyn_cast<kernel::ReadSizesOp>(inner))
        for (llvm::StringRef name :
             read.getNames().getAsValueRange<mlir::StringAttr>())
          last[name] = &op;
      else if (auto set = mlir::dyn_cast<kernel::SetSizesOp>(inner))
        for (llvm::StringRef name :
             set.getNames().getAsValueRange<mlir::StringAttr>())
          last[name] = &op;
      else if (auto loop = mlir::dyn_cast<kernel::LoopOp>(inner))
        last[loop.getExecuted()] = &op;
    });
  for (auto [i, output] : llvm::enumerate(
           schedule.getOutputs().getAsRange<mlir::DictionaryAttr>())) {
    mlir::Operation *place = nullptr;
    llvm::SmallVector<llvm::StringRef> names;
    for (nn::SizeAttr size :
         nn::getSizes(output.getAs<mlir::TypeAttr>("type").getValue()))
      nn::collectSymbols(size, names);
    for (llvm::StringRef name : names)
      if (mlir::Operation *op = last.lookup(name))
        if (!place || place->isBeforeInBlock(op))
          place = op;
    if (place)
      lateOutputs[place].push_back(i);
  }
}

void Emitter::placeOutputs(mlir::Operation &op) {
  for (int32_t output : lateOutputs.lookup(&op))
    returnIfSet(callTable(offsetof(sinter_abi_table, place_output),
                          {b.getInt32(output), dims}, b.getInt32Ty()));
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

/// Ends the block with a branch on the byte in the buffer `condition`.
mlir::LogicalResult Emitter::emitBranch(mlir::Value condition,
                                        llvm::BasicBlock *isTrue,
                                        llvm::BasicBlock *isFalse) {
  mlir::FailureOr<Value *> source = getAddress(condition);
  if (mlir::failed(source))
    return mlir::failure();
  returnIfSet(callTable(offsetof(sinter_abi_table, read),
                        {readBuffer, *source, b.getInt64(1)}, b.getInt32Ty()));
  Value *byte = b.CreateLoad(b.getInt8Ty(), readBuffer);
  b.CreateCondBr(b.CreateICmpNE(byte, b.getInt8(0)), isTrue, isFalse);
  return mlir::success();
}

mlir::LogicalResult Emitter::emitLoop(kernel::LoopOp loop) {
  llvm::StringSet<> before = defined;
  llvm::Type *i64 = b.getInt64Ty();
  Value *count = getSize(loop.getCount());
  auto *entry = b.GetInsertBlock();
  auto *head = createBlock("loop"), *body = createBlock("body"),
       *exit = createBlock("exit");
  b.CreateBr(head);
  b.SetInsertPoint(head);
  llvm::PHINode *index = b.CreatePHI(i64, 2);
  index->addIncoming(b.getInt64(0), entry);
  Value *goesOn = b.CreateICmpSLT(index, count);
  if (loop.getCondition()) {
    auto *look = createBlock("look");
    b.CreateCondBr(goesOn, look, exit);
    b.SetInsertPoint(look);
    if (mlir::failed(emitBranch(loop.getCondition(), body, exit)))
      return mlir::failure();
  } else {
    b.CreateCondBr(goesOn, body, exit);
  }
  b.SetInsertPoint(body);
  setDim(loop.getIndex(), index);
  define(loop.getIndex());
  if (mlir::failed(emitBlock(loop.getBody().front())))
    return mlir::failure();
  index->addIncoming(b.CreateAdd(index, b.getInt64(1)), b.GetInsertBlock());
  b.CreateBr(head);
  b.SetInsertPoint(exit);
  setDim(loop.getExecuted(), index);
  defined = std::move(before);
  define(loop.getExecuted());
  return mlir::success();
}

mlir::LogicalResult Emitter::emitIf(kernel::IfOp condition) {
  llvm::StringSet<> before = defined;
  auto *isTrue = createBlock("then"), *isFalse = createBlock("else"),
       *after = createBlock("after");
  if (mlir::failed(emitBranch(condition.getCondition(), isTrue, isFalse)))
    return mlir::failure();
  for (auto [block, body] : {std::pair(isTrue, &condition.getThenBody()),
                             std::pair(isFalse, &condition.getElseBody())}) {
    b.SetInsertPoint(block);
    if (mlir::failed(emitBlock(body->front())))
      return mlir::failure();
    b.CreateBr(after);
    defined = before;
  }
  b.SetInsertPoint(after);
  // What both branches set last are the sizes of the results.
  if (!condition.getThenBody().front().empty())
    if (auto set = mlir::dyn_cast<kernel::SetSizesOp>(
            condition.getThenBody().front().back()))
      define(llvm::SmallVector<llvm::StringRef>(
          set.getNames().getAsValueRange<mlir::StringAttr>()));
  return mlir::success();
}

mlir::LogicalResult Emitter::emitOp(mlir::Operation &op) {
  return llvm::TypeSwitch<mlir::Operation *, mlir::LogicalResult>(&op)
      .Case([&](kernel::LaunchOp op) { return emitLaunch(op); })
      .Case([&](kernel::CopyOp op) { return emitCopy(op); })
      .Case([&](kernel::GrowOp op) { return emitGrow(op); })
      .Case([&](kernel::ReadSizesOp op) { return emitReadSizes(op); })
      .Case([&](kernel::LoopOp op) { return emitLoop(op); })
      .Case([&](kernel::IfOp op) { return emitIf(op); })
      .Case([&](kernel::SetSizesOp op) {
        emitSetSizes(op);
        return mlir::success();
      })
      .Case([&](kernel::CheckSizesOp op) {
        emitCheckSizes(op);
        return mlir::success();
      })
      // Buffers: their addresses are computed where they are used.
      .Default(mlir::success());
}

mlir::LogicalResult Emitter::emitBlock(mlir::Block &block) {
  for (mlir::Operation &op : block) {
    if (mlir::failed(emitOp(op)))
      return mlir::failure();
    placeOutputs(op);
  }
  return mlir::success();
}

mlir::LogicalResult Emitter::emitRun(kernel::ScheduleOp schedule) {
  run = createFunction("sinter_run", {ptr, ptr, ptr}, b.getInt32Ty());
  table = run->getArg(0);
  frame = run->getArg(1);
  kernels = run->getArg(2);
  user = loadField(table, offsetof(sinter_abi_table, user), ptr);
  parallelFor = loadField(table, offsetof(sinter_abi_table, parallel_for), ptr);
  copyDims();
  sizeTable = loadField(frame, offsetof(sinter_abi_frame, sizes), ptr);
  unsigned most = 1, mostRead = 1;
  int64_t slotCount = 0;
  schedule.walk([&](mlir::Operation *op) {
    if (auto launch = mlir::dyn_cast<kernel::LaunchOp>(op))
      most = std::max(most, launch->getNumOperands());
    else if (auto read = mlir::dyn_cast<kernel::ReadSizesOp>(op))
      mostRead = std::max<unsigned>(mostRead, read.getNames().size());
    else if (auto grown = mlir::dyn_cast<kernel::GrownOp>(op))
      slotCount = std::max<int64_t>(slotCount, grown.getSlot() + 1);
  });
  buffers = b.CreateAlloca(ptr, b.getInt32(most));
  readBuffer = b.CreateAlloca(b.getInt64Ty(), b.getInt32(mostRead));
  for (int64_t i = 0; i < slotCount; ++i) {
    slots.push_back(b.CreateAlloca(ptr));
    b.CreateStore(llvm::ConstantPointerNull::get(ptr), slots.back());
  }
  findLateOutputs(schedule);
  if (mlir::failed(emitBlock(schedule.getBody().front())))
    return mlir::failure();
  b.CreateRet(b.getInt32(0));
  return mlir::success();
}

void Emitter::emitPrepare() {
  prepare = createFunction("sinter_prepare", {ptr, ptr}, b.getInt32Ty());
  llvm::StringMap<Value *> symbols;
  for (const auto &[name, index] : dimIndices)
    symbols[name] = b.CreateLoad(
        b.getInt64Ty(), b.CreateConstInBoundsGEP1_64(
                            b.getInt64Ty(), prepare->getArg(0), index));
  if (auto list = source->getAttrOfType<mlir::ArrayAttr>("nn.assumptions"))
    for (auto [i, check] :
         llvm::enumerate(list.getAsRange<mlir::DictionaryAttr>()))
      if (!nn::hasLate(check.getAs<nn::SizeAttr>("lhs")) &&
          !nn::hasLate(check.getAs<nn::SizeAttr>("rhs")))
        emitAssumption(i, check, symbols);
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
