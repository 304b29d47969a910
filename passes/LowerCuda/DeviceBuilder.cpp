//===- DeviceBuilder.cpp - the function of a kernel on a GPU --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/LowerCuda/DeviceBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::cuda;

static SmallVector<Type> getTrailingTypes(MLIRContext *context,
                                          size_t freeDims) {
  Type i64 = IntegerType::get(context, 64), i32 = IntegerType::get(context, 32);
  SmallVector<Type> types(freeDims + 1, i64);
  types.push_back(MemRefType::get({ShapedType::kDynamic}, i32,
                                  MemRefLayoutAttrInterface(),
                                  IntegerAttr::get(i64, globalSpace)));
  return types;
}

static Attribute getSpace(MLIRContext *context, int64_t space) {
  return IntegerAttr::get(IntegerType::get(context, 64), space);
}

/// One thread of a device, as the emitters of processors see it.
static constexpr InstructionSet oneThread = {"cuda",
                                             "cuda",
                                             /*lanes=*/1,
                                             /*registers=*/32,
                                             InstructionSet::Dot::Widened,
                                             /*base=*/"",
                                             /*hasAmx=*/false,
                                             /*isDefault=*/false};

DeviceBuilder::DeviceBuilder(kernel::FuncOp kernel,
                             ArrayRef<StringRef> freeDims)
    : KernelBuilder(kernel, oneThread, freeDims,
                    getTrailingTypes(kernel.getContext(), freeDims.size()),
                    TypeRange(), getSpace(kernel.getContext(), globalSpace)),
      freeDimCount(freeDims.size()) {}

Value DeviceBuilder::readFreeDim(unsigned position) {
  return arith::IndexCastOp::create(b, loc, b.getIndexType(),
                                    getTrailing(position));
}

llvm::MaybeAlign DeviceBuilder::getVectorAlignment(Type type) const {
  auto vector = cast<VectorType>(type);
  if (vector.getNumElements() == 1)
    return {};
  return llvm::Align(vector.getNumElements() *
                     getStorageBytes(vector.getElementType()));
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

template <typename Register>
static Value readRegister(DeviceBuilder &kb) {
  OpBuilder::InsertionGuard guard(kb.b);
  kb.b.setInsertionPointToStart(&kb.getFunc().getBody().front());
  Value value = Register::create(kb.b, kb.loc, kb.b.getI32Type());
  return arith::IndexCastUIOp::create(kb.b, kb.loc, kb.b.getIndexType(), value);
}

Value DeviceBuilder::getBlock() {
  if (!block)
    block = ::readRegister<NVVM::BlockIdXOp>(*this);
  return block;
}

Value DeviceBuilder::getThread() {
  if (!thread)
    thread = ::readRegister<NVVM::ThreadIdXOp>(*this);
  return thread;
}

void DeviceBuilder::setLaunch(nn::SizeAttr blocks, int64_t threads) {
  launch = {blocks, threads};
}

Value DeviceBuilder::makeShared(StringRef name, Type type, int64_t elements) {
  auto memref = MemRefType::get({elements}, type, MemRefLayoutAttrInterface(),
                                getSpace(b.getContext(), sharedSpace));
  std::string symbol = (getFunc().getSymName() + "_" + name).str();
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(getFunc());
    memref::GlobalOp::create(b, loc, symbol, b.getStringAttr("private"), memref,
                             /*initial_value=*/b.getUnitAttr(),
                             /*constant=*/false,
                             /*alignment=*/b.getI64IntegerAttr(16));
  }
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&getFunc().getBody().front());
  return memref::GetGlobalOp::create(b, loc, memref, symbol);
}

Value DeviceBuilder::viewShared(Value memory, Value base, Type type,
                                int64_t elements) {
  auto view = MemRefType::get({elements}, type, MemRefLayoutAttrInterface(),
                              getSpace(b.getContext(), sharedSpace));
  return memref::ViewOp::create(b, loc, view, memory, base, ValueRange());
}

Value DeviceBuilder::getAddress(Value buffer, Value offset) {
  Attribute space = cast<MemRefType>(buffer.getType()).getMemorySpace();
  Value start = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer);
  Value address =
      arith::IndexCastOp::create(b, loc, b.getI64Type(), add(start, offset));
  return LLVM::IntToPtrOp::create(
      b, loc,
      LLVM::LLVMPointerType::get(b.getContext(),
                                 cast<IntegerAttr>(space).getInt()),
      address);
}

void DeviceBuilder::barrier() { NVVM::Barrier0Op::create(b, loc); }

Value DeviceBuilder::shuffle(Value scalar, int64_t distance) {
  Type type = scalar.getType(), i32 = b.getI32Type();
  unsigned width = type.getIntOrFloatBitWidth();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(
        b, loc, IntegerAttr::get(i32, llvm::APInt(32, value, true, true)));
  };
  auto exchange = [&](Value word) -> Value {
    return NVVM::ShflOp::create(b, loc, word.getType(), constant(-1), word,
                                constant(distance), constant(warpSize - 1),
                                NVVM::ShflKind::bfly, UnitAttr());
  };
  if (type.isF32() || type.isInteger(32))
    return exchange(scalar);
  Type bits = b.getIntegerType(width);
  Value value = scalar;
  if (type != bits)
    value = arith::BitcastOp::create(b, loc, bits, value);
  if (width < 32) {
    value = exchange(arith::ExtUIOp::create(b, loc, i32, value));
    value = arith::TruncIOp::create(b, loc, bits, value);
  } else {
    Value half = arith::ConstantOp::create(b, loc, IntegerAttr::get(bits, 32));
    Value upper = arith::ShRUIOp::create(b, loc, value, half);
    Value low = exchange(arith::TruncIOp::create(b, loc, i32, value));
    Value high = exchange(arith::TruncIOp::create(b, loc, i32, upper));
    high = arith::ExtUIOp::create(b, loc, bits, high);
    high = arith::ShLIOp::create(b, loc, high, half);
    low = arith::ExtUIOp::create(b, loc, bits, low);
    value = arith::OrIOp::create(b, loc, low, high);
  }
  return type == bits ? value : arith::BitcastOp::create(b, loc, type, value);
}

//===----------------------------------------------------------------------===//
// Values and control flow
//===----------------------------------------------------------------------===//

Value DeviceBuilder::less(Value lhs, Value rhs) {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, lhs,
                                       rhs);
}

Value DeviceBuilder::equal(Value lhs, Value rhs) {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, lhs, rhs);
}

Value DeviceBuilder::getFirst(Value vector) {
  if (!isa<VectorType>(vector.getType()))
    return vector;
  return vector::ExtractOp::create(b, loc, vector, ArrayRef<int64_t>{0});
}

SmallVector<Value>
DeviceBuilder::ifElse(Value condition, function_ref<SmallVector<Value>()> then,
                      function_ref<SmallVector<Value>()> otherwise) {
  auto branch = scf::IfOp::create(
      b, loc, condition,
      [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, then()); },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(b, loc, otherwise());
      });
  return SmallVector<Value>(branch.getResults());
}

void DeviceBuilder::reportCheck(Value failed, int64_t check) {
  reports = true;
  ifThen(failed, [&] {
    Value code = arith::ConstantOp::create(
        b, loc, b.getI32IntegerAttr(static_cast<int32_t>(check + 1)));
    memref::AtomicRMWOp::create(b, loc, arith::AtomicRMWKind::minu, code,
                                getTrailing(freeDimCount + 1), index(0));
  });
}

void DeviceBuilder::finish() {
  b.setInsertionPointToEnd(&getFunc().getBody().front());
  func::ReturnOp::create(b, loc);
  nn::SizeAttr one = nn::getSize(b.getContext(), 1);
  nn::SizeAttr zero = nn::getSize(b.getContext(), 0);
  getFunc()->setAttr(
      "kernel.launch",
      b.getDictionaryAttr(
          {b.getNamedAttr("grid", b.getArrayAttr({launch.blocks, one, one})),
           b.getNamedAttr("threads", b.getI64IntegerAttr(launch.threads)),
           b.getNamedAttr("reports", b.getBoolAttr(reports)),
           b.getNamedAttr("scratch", zero), b.getNamedAttr("shared", zero)}));
}
