//===- KernelBuilder.cpp - the func.func of a kernel being built ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lower/KernelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace sinter;

Type sinter::getStorageType(Type elementType) {
  if (elementType.getIntOrFloatBitWidth() <= 8)
    return IntegerType::get(elementType.getContext(), 8);
  if (auto integer = dyn_cast<IntegerType>(elementType))
    return IntegerType::get(elementType.getContext(), integer.getWidth());
  return elementType;
}

Type sinter::getComputeType(Type elementType) {
  if (elementType.isF16() || elementType.isBF16())
    return Float32Type::get(elementType.getContext());
  if (elementType.isInteger(1))
    return elementType;
  return getStorageType(elementType);
}

static int64_t getBytes(Type type) {
  return (type.getIntOrFloatBitWidth() + 7) / 8;
}

int64_t sinter::getStorageBytes(Type elementType) {
  return getBytes(elementType);
}

int64_t sinter::getComputeBytes(Type elementType) {
  return getBytes(getComputeType(elementType));
}

/// A flat buffer of elements of `element`.
static Type getFlat(Type element, Attribute space = {}) {
  return MemRefType::get({ShapedType::kDynamic}, element,
                         MemRefLayoutAttrInterface(), space);
}

KernelBuilder::KernelBuilder(kernel::FuncOp kernel, const InstructionSet &set,
                             ArrayRef<StringRef> freeDims)
    : KernelBuilder(kernel, set, freeDims,
                    {getFlat(IntegerType::get(kernel.getContext(), 64)),
                     IndexType::get(kernel.getContext()),
                     IndexType::get(kernel.getContext()),
                     getFlat(IntegerType::get(kernel.getContext(), 8))},
                    Type(IntegerType::get(kernel.getContext(), 32)),
                    /*space=*/{}) {
  dims = getTrailing(0);
  firstTile = getTrailing(1);
  lastTile = getTrailing(2);
  scratch = getTrailing(3);
}

KernelBuilder::KernelBuilder(kernel::FuncOp kernel, const InstructionSet &set,
                             ArrayRef<StringRef> freeDims,
                             ArrayRef<Type> trailing, TypeRange results,
                             Attribute space)
    : b(kernel), loc(kernel.getLoc()), kernel(kernel), set(set),
      lanes(set.lanes), freeDims(freeDims.begin(), freeDims.end()) {
  SmallVector<Type> arguments;
  FunctionType type = kernel.getFunctionType();
  for (Type operand :
       llvm::concat<const Type>(type.getInputs(), type.getResults()))
    arguments.push_back(
        getFlat(getStorageType(getElementTypeOrSelf(operand)), space));
  arguments.append(trailing.begin(), trailing.end());
  func = func::FuncOp::create(b, loc, kernel.getSymName(),
                              b.getFunctionType(arguments, results));
  b.setInsertionPointToEnd(func.addEntryBlock());
  entryEnd = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
}

Value KernelBuilder::getTrailing(unsigned number) {
  FunctionType type = kernel.getFunctionType();
  return func.getArgument(type.getNumInputs() + type.getNumResults() + number);
}

Value KernelBuilder::getBuffer(BlockArgument argument) {
  return func.getArgument(argument.getArgNumber());
}

Value KernelBuilder::getResultBuffer(unsigned result) {
  return func.getArgument(kernel.getFunctionType().getNumInputs() + result);
}

Value KernelBuilder::getScratchView(Type type, nn::SizeAttr bytes,
                                    nn::SizeAttr elements) {
  return getView(scratch, type, bytes, elements);
}

Value KernelBuilder::getView(Value buffer, Type type, nn::SizeAttr bytes,
                             nn::SizeAttr elements) {
  Value offset = size(bytes), count = size(elements);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(entryEnd);
  return memref::ViewOp::create(b, loc,
                                MemRefType::get({ShapedType::kDynamic}, type),
                                buffer, offset, ValueRange{count});
}

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

namespace {

/// Emits the formula of a size as index arithmetic, for nn::build.
struct SizeEmitter {
  KernelBuilder &kb;
  function_ref<Value(StringRef)> lookup;

  Value constant(int64_t value) { return kb.index(value); }
  Value symbol(StringRef name) { return lookup(name); }
  Value add(Value lhs, Value rhs) { return kb.add(lhs, rhs); }
  Value mul(Value lhs, Value rhs) { return kb.mul(lhs, rhs); }
  Value min(Value lhs, Value rhs) { return kb.min(lhs, rhs); }
  Value max(Value lhs, Value rhs) { return kb.max(lhs, rhs); }

  Value compare(arith::CmpIPredicate predicate, Value lhs, Value rhs) {
    return kb.b.createOrFold<arith::CmpIOp>(kb.loc, predicate, lhs, rhs);
  }
  Value select(Value condition, Value yes, Value no) {
    return kb.b.createOrFold<arith::SelectOp>(kb.loc, condition, yes, no);
  }
  /// Whether `value` is 0 or -1: division by these is multiplication, and what
  /// machines do there may trap.
  Value isTrivial(Value value) {
    return compare(arith::CmpIPredicate::ult, kb.add(value, kb.index(1)),
                   kb.index(2));
  }
  Value floorDiv(Value lhs, Value rhs) {
    Value trivial = isTrivial(rhs);
    Value divisor = select(trivial, kb.index(1), rhs);
    Value quotient = kb.b.createOrFold<arith::DivSIOp>(kb.loc, lhs, divisor);
    Value rest = kb.sub(lhs, kb.mul(quotient, divisor));
    // Rounded up where the remainder has not the sign of the divisor.
    Value isUp;
    if (std::optional<int64_t> known = getConstantIntValue(rhs);
        known && *known > 0) {
      isUp = compare(arith::CmpIPredicate::slt, rest, kb.index(0));
    } else {
      Value differs = compare(
          arith::CmpIPredicate::slt,
          kb.b.createOrFold<arith::XOrIOp>(kb.loc, rest, divisor), kb.index(0));
      Value isRest = compare(arith::CmpIPredicate::ne, rest, kb.index(0));
      isUp = kb.b.createOrFold<arith::AndIOp>(kb.loc, differs, isRest);
    }
    Value floor = select(isUp, kb.sub(quotient, kb.index(1)), quotient);
    return select(trivial, kb.mul(lhs, rhs), floor);
  }
  Value mod(Value lhs, Value rhs) {
    Value rest = kb.sub(lhs, kb.mul(floorDiv(lhs, rhs), rhs));
    return select(isTrivial(rhs), kb.index(0), rest);
  }
};

} // namespace

Value KernelBuilder::size(nn::SizeAttr size) {
  if (std::optional<int64_t> value = size.getConstant())
    return index(*value);
  Value &known = sizes[size];
  if (known)
    return known;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(entryEnd);
  Value built = buildSize(size);
  return sizes[size] = built;
}

Value KernelBuilder::buildSize(nn::SizeAttr size) {
  auto lookup = [&](StringRef name) -> Value {
    auto *place = llvm::find(freeDims, name);
    return readFreeDim(place - freeDims.begin());
  };
  SizeEmitter emitter{*this, lookup};
  return nn::build<Value>(size, emitter);
}

Value KernelBuilder::readFreeDim(unsigned position) {
  Value value = memref::LoadOp::create(b, loc, dims, index(position));
  return b.createOrFold<arith::IndexCastOp>(loc, b.getIndexType(), value);
}

Value KernelBuilder::index(int64_t value) {
  Value &known = constants[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&func.getBody().front());
    known = arith::ConstantIndexOp::create(b, loc, value);
  }
  return known;
}

static std::optional<int64_t> getConstantIndex(Value value) {
  if (auto constant = value.getDefiningOp<arith::ConstantIndexOp>())
    return constant.value();
  return std::nullopt;
}

Value KernelBuilder::add(Value lhs, Value rhs) {
  auto left = getConstantIndex(lhs), right = getConstantIndex(rhs);
  if (left && right)
    return index(*left + *right);
  if (left == 0)
    return rhs;
  if (right == 0)
    return lhs;
  return arith::AddIOp::create(b, loc, lhs, rhs);
}

Value KernelBuilder::sub(Value lhs, Value rhs) {
  auto left = getConstantIndex(lhs), right = getConstantIndex(rhs);
  if (left && right)
    return index(*left - *right);
  if (right == 0)
    return lhs;
  return arith::SubIOp::create(b, loc, lhs, rhs);
}

Value KernelBuilder::mul(Value lhs, Value rhs) {
  auto left = getConstantIndex(lhs), right = getConstantIndex(rhs);
  if (left && right)
    return index(*left * *right);
  if (left == 0 || right == 0)
    return index(0);
  if (left == 1)
    return rhs;
  if (right == 1)
    return lhs;
  return arith::MulIOp::create(b, loc, lhs, rhs);
}

Value KernelBuilder::div(Value lhs, Value rhs) {
  auto left = getConstantIndex(lhs), right = getConstantIndex(rhs);
  if (right == 1)
    return lhs;
  if (left && right && *right > 0)
    return index(*left / *right);
  return arith::DivUIOp::create(b, loc, lhs, rhs);
}

Value KernelBuilder::rem(Value lhs, Value rhs) {
  auto left = getConstantIndex(lhs), right = getConstantIndex(rhs);
  if (right == 1)
    return index(0);
  if (left && right && *right > 0)
    return index(*left % *right);
  return arith::RemUIOp::create(b, loc, lhs, rhs);
}

Value KernelBuilder::min(Value lhs, Value rhs) {
  auto left = getConstantIndex(lhs), right = getConstantIndex(rhs);
  if (left && right)
    return index(std::min(*left, *right));
  return lhs == rhs ? lhs : arith::MinSIOp::create(b, loc, lhs, rhs);
}

Value KernelBuilder::max(Value lhs, Value rhs) {
  auto left = getConstantIndex(lhs), right = getConstantIndex(rhs);
  if (left && right)
    return index(std::max(*left, *right));
  return lhs == rhs ? lhs : arith::MaxSIOp::create(b, loc, lhs, rhs);
}

//===----------------------------------------------------------------------===//
// Vectors and buffers
//===----------------------------------------------------------------------===//

VectorType KernelBuilder::getVector(Type type) const {
  return VectorType::get({lanes}, type);
}

/// `scalar` as an attribute of `type` (a scalar type).
static TypedAttr convertScalar(Type type, TypedAttr scalar) {
  if (auto floatType = dyn_cast<FloatType>(type)) {
    APFloat value(0.0);
    if (auto attribute = dyn_cast<FloatAttr>(scalar))
      value = attribute.getValue();
    else
      value = APFloat(static_cast<double>(
          cast<IntegerAttr>(scalar).getValue().getSExtValue()));
    bool lossy;
    value.convert(floatType.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &lossy);
    return FloatAttr::get(type, value);
  }
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  if (auto attribute = dyn_cast<IntegerAttr>(scalar)) {
    bool isUnsigned = attribute.getType().isUnsignedInteger();
    const APInt &value = attribute.getValue();
    return IntegerAttr::get(type, isUnsigned ? value.zextOrTrunc(width)
                                             : value.sextOrTrunc(width));
  }
  if (scalar.getType().getIntOrFloatBitWidth() <= 8) // Computed as its bits.
    return IntegerAttr::get(
        type,
        cast<FloatAttr>(scalar).getValue().bitcastToAPInt().zextOrTrunc(width));
  llvm::APSInt value(width, /*isUnsigned=*/false);
  bool exact;
  cast<FloatAttr>(scalar).getValue().convertToInteger(
      value, APFloat::rmTowardZero, &exact);
  return IntegerAttr::get(type, value);
}

Value KernelBuilder::constant(Type type, Attribute scalar) {
  TypedAttr value =
      convertScalar(getElementTypeOrSelf(type), cast<TypedAttr>(scalar));
  if (auto vector = dyn_cast<VectorType>(type))
    value = DenseElementsAttr::get(vector, static_cast<Attribute>(value));
  return arith::ConstantOp::create(b, loc, value);
}

Value KernelBuilder::constant(Type type, double value) {
  return constant(type, b.getF64FloatAttr(value));
}

Value KernelBuilder::broadcast(Value scalar) {
  if (isa<VectorType>(scalar.getType()))
    return scalar;
  return vector::BroadcastOp::create(b, loc, getVector(scalar.getType()),
                                     scalar);
}

Value KernelBuilder::laneNumbers() {
  return vector::StepOp::create(b, loc, getVector(b.getIndexType()));
}

Value KernelBuilder::tailMask(Value count) {
  return vector::CreateMaskOp::create(b, loc, getVector(b.getI1Type()), count);
}

/// `type` with the shape of `like`.
static Type withShapeOf(Value like, Type type) {
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    return VectorType::get(vector.getShape(), type);
  return type;
}

Value KernelBuilder::toCompute(Value value, Type elementType) {
  if (elementType.isInteger(1)) {
    Value zero = constant(value.getType(), 0.0);
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, value, zero);
  }
  Type compute = getComputeType(elementType);
  if (getStorageType(elementType) == compute)
    return value;
  return arith::ExtFOp::create(b, loc, withShapeOf(value, compute), value);
}

Value KernelBuilder::toStorage(Value value, Type elementType) {
  Type storage = getStorageType(elementType);
  if (elementType.isInteger(1))
    return arith::ExtUIOp::create(b, loc, withShapeOf(value, storage), value);
  if (getComputeType(elementType) == storage)
    return value;
  return arith::TruncFOp::create(b, loc, withShapeOf(value, storage), value);
}

Value KernelBuilder::loadVector(Value buffer, Type elementType, Value offset,
                                Value mask, Value passThru) {
  VectorType type = getVector(getStorageType(elementType));
  Value value;
  if (mask) {
    Value other =
        passThru ? toStorage(passThru, elementType) : constant(type, 0.0);
    value = vector::MaskedLoadOp::create(b, loc, type, buffer,
                                         ValueRange{offset}, mask, other);
  } else {
    value =
        vector::LoadOp::create(b, loc, type, buffer, ValueRange{offset},
                               /*nontemporal=*/false, getVectorAlignment(type));
  }
  return toCompute(value, elementType);
}

Value KernelBuilder::gatherVector(Value buffer, Type elementType, Value offset,
                                  Value offsets, Value mask) {
  VectorType type = getVector(getStorageType(elementType));
  if (!mask)
    mask = constant(getVector(b.getI1Type()), b.getBoolAttr(true));
  Value value =
      vector::GatherOp::create(b, loc, type, buffer, ValueRange{offset},
                               offsets, mask, constant(type, 0.0));
  return toCompute(value, elementType);
}

Value KernelBuilder::loadScalar(Value buffer, Type elementType, Value offset) {
  Value value = memref::LoadOp::create(b, loc, buffer, offset);
  return toCompute(value, elementType);
}

Value KernelBuilder::loadBroadcast(Value buffer, Type elementType,
                                   Value offset) {
  Value value = memref::LoadOp::create(b, loc, buffer, offset);
  return toCompute(broadcast(value), elementType);
}

void KernelBuilder::storeVector(Value value, Value buffer, Type elementType,
                                Value offset, Value mask) {
  value = toStorage(value, elementType);
  if (mask)
    vector::MaskedStoreOp::create(b, loc, buffer, ValueRange{offset}, mask,
                                  value);
  else
    vector::StoreOp::create(b, loc, value, buffer, ValueRange{offset},
                            /*nontemporal=*/false,
                            getVectorAlignment(value.getType()));
}

void KernelBuilder::storeScalar(Value value, Value buffer, Type elementType,
                                Value offset) {
  memref::StoreOp::create(b, loc, toStorage(value, elementType), buffer,
                          offset);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void KernelBuilder::forLoop(Value lower, Value upper, Value step,
                            function_ref<void(Value)> body) {
  OpBuilder::InsertionGuard guard(b);
  auto loop = scf::ForOp::create(b, loc, lower, upper, step);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

SmallVector<Value> KernelBuilder::forLoop(
    Value lower, Value upper, Value step, ValueRange initial,
    function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  if (initial.empty()) {
    forLoop(lower, upper, step, [&](Value i) { body(i, {}); });
    return {};
  }
  OpBuilder::InsertionGuard guard(b);
  auto loop = scf::ForOp::create(b, loc, lower, upper, step, initial);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next =
      body(loop.getInductionVar(), loop.getRegionIterArgs());
  scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(loop.getResults());
}

void KernelBuilder::ifThen(Value condition, function_ref<void()> body) {
  OpBuilder::InsertionGuard guard(b);
  auto branch = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
}

void KernelBuilder::forTiles(function_ref<void(Value)> body) {
  forLoop(firstTile, lastTile, index(1), body);
}

void KernelBuilder::reportCheck(Value failed, int64_t check) {
  if (!status) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(entryEnd);
    status =
        memref::AllocaOp::create(b, loc, MemRefType::get({1}, b.getI32Type()));
    Value zero = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
    memref::StoreOp::create(b, loc, zero, status, index(0));
  }
  ifThen(failed, [&] {
    Value code = arith::ConstantOp::create(
        b, loc, b.getI32IntegerAttr(static_cast<int32_t>(check + 1)));
    memref::StoreOp::create(b, loc, code, status, index(0));
  });
}

void KernelBuilder::finish() {
  b.setInsertionPointToEnd(&func.getBody().front());
  Value result = entryEnd->getResult(0);
  if (status)
    result = memref::LoadOp::create(b, loc, status, index(0));
  func::ReturnOp::create(b, loc, result);
}
