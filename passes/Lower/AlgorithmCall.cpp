//===- AlgorithmCall.cpp - calls of runtime/support -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Builds a `sinter_algorithm` (runtime/support/algorithm.h) on the stack.
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/AlgorithmCall.h"

#include "dialects/NN/NNShapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/Lower/Emitters.h"
#include "passes/Lower/PointProgram.h"
#include "passes/Lower/SerialPlan.h"

using namespace mlir;
using namespace sinter;

namespace {

class CallEmitter {
public:
  CallEmitter(KernelBuilder &kb, nn::AlgorithmOp op)
      : kb(kb), b(kb.b), loc(kb.loc), op(op),
        ptr(LLVM::LLVMPointerType::get(b.getContext())) {}

  LogicalResult run();

private:
  Value toI64(Value index) {
    return arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
  }
  Value constant(TypedAttr value) {
    return LLVM::ConstantOp::create(b, loc, value.getType(), value);
  }
  /// The address of the first element of a flat buffer.
  Value getAddress(Value buffer) {
    Value index =
        memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer);
    return LLVM::IntToPtrOp::create(b, loc, ptr, toI64(index));
  }
  /// An array on the stack.
  Value makeArray(Type element, ArrayRef<Value> values);
  FailureOr<Value> getInputAddress(Value input);
  /// The address of what the kernel yields for `result`, null if nobody reads
  /// it.
  Value getResultAddress(Value result);
  SmallVector<Value> getSizes(Value tensor);
  LLVM::LLVMFuncOp declareFunction();

  KernelBuilder &kb;
  OpBuilder &b;
  Location loc;
  nn::AlgorithmOp op;
  Type ptr;
};

} // namespace

Value CallEmitter::makeArray(Type element, ArrayRef<Value> values) {
  Value count =
      constant(b.getI64IntegerAttr(std::max<int64_t>(1, values.size())));
  Value array = LLVM::AllocaOp::create(b, loc, ptr, element, count);
  for (auto [i, value] : llvm::enumerate(values)) {
    Value place =
        LLVM::GEPOp::create(b, loc, ptr, element, array,
                            ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
    LLVM::StoreOp::create(b, loc, value, place);
  }
  return array;
}

FailureOr<Value> CallEmitter::getInputAddress(Value input) {
  if (auto argument = dyn_cast<BlockArgument>(input))
    return getAddress(kb.getBuffer(argument));
  auto tensor = cast<RankedTensorType>(input.getType());
  Type element = tensor.getElementType();
  Value array = memref::AllocaOp::create(
      b, loc, MemRefType::get({1}, getStorageType(element)));
  if (tensor.getNumElements() == 0)
    return getAddress(array);
  TypedAttr scalar = getScalarConstant(input);
  if (!scalar) {
    emitUnsupported(op, "a weight inside of a kernel must be a dense scalar; "
                        "larger ones are arguments of the kernel");
    return failure();
  }
  kb.storeScalar(kb.constant(getComputeType(element), scalar), array, element,
                 kb.index(0));
  return getAddress(array);
}

Value CallEmitter::getResultAddress(Value result) {
  Operation *yield = kb.getBody().getTerminator();
  for (OpOperand &operand : yield->getOpOperands())
    if (operand.get() == result)
      return getAddress(kb.getResultBuffer(operand.getOperandNumber()));
  return LLVM::ZeroOp::create(b, loc, ptr);
}

SmallVector<Value> CallEmitter::getSizes(Value tensor) {
  return llvm::map_to_vector(
      nn::getSizes(cast<RankedTensorType>(tensor.getType())),
      [&](nn::SizeAttr size) { return toI64(kb.size(size)); });
}

LLVM::LLVMFuncOp CallEmitter::declareFunction() {
  std::string name = ("sinter_" + op.getName()).str();
  auto module = kb.getFunc()->getParentOfType<ModuleOp>();
  if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return known;
  Type i64 = b.getI64Type();
  auto type = LLVM::LLVMFunctionType::get(b.getI32Type(), {ptr, i64, i64, ptr});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(module.getBody());
  return LLVM::LLVMFuncOp::create(b, loc, name, type);
}

LogicalResult CallEmitter::run() {
  SmallVector<Value> inputs, outputs, sizes, ranks, integers, numbers;
  auto addShape = [&](Value tensor) {
    SmallVector<Value> own = getSizes(tensor);
    ranks.push_back(constant(b.getI32IntegerAttr(own.size())));
    sizes.push_back(makeArray(b.getI64Type(), own));
  };
  for (Value input : op.getInputs()) {
    FailureOr<Value> address = getInputAddress(input);
    if (failed(address))
      return failure();
    inputs.push_back(*address);
    addShape(input);
  }
  for (Value result : op.getResults()) {
    outputs.push_back(getResultAddress(result));
    addShape(result);
  }
  for (int64_t integer : op.getIntegers())
    integers.push_back(constant(b.getI64IntegerAttr(integer)));
  for (double number : op.getNumbers())
    numbers.push_back(constant(b.getF64FloatAttr(number)));
  // In the order of the fields.
  Value call =
      makeArray(ptr, {makeArray(ptr, inputs), makeArray(ptr, outputs),
                      makeArray(ptr, sizes), makeArray(b.getI32Type(), ranks),
                      makeArray(b.getI64Type(), integers),
                      makeArray(b.getF64Type(), numbers)});

  AlgorithmPlan plan = makeAlgorithmPlan(op);
  Value step = kb.size(plan.unitsPerTile);
  Value first = kb.mul(kb.getFirstTile(), step);
  Value last = kb.min(kb.mul(kb.getLastTile(), step), kb.size(plan.units));
  Value status =
      LLVM::CallOp::create(b, loc, declareFunction(),
                           ValueRange{call, toI64(first), toI64(last),
                                      getAddress(kb.getScratch())})
          .getResult();
  if (auto check = op->getAttrOfType<IntegerAttr>("check_number")) {
    Value zero = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
    kb.reportCheck(
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, status, zero),
        check.getInt());
  }
  return success();
}

LogicalResult sinter::emitAlgorithm(KernelBuilder &kb, nn::AlgorithmOp op) {
  return CallEmitter(kb, op).run();
}
