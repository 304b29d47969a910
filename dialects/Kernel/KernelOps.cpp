//===- KernelOps.cpp - operations of the kernel dialect -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Kernel/KernelDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace sinter::kernel;

#define GET_OP_CLASSES
#include "dialects/Kernel/KernelOps.cpp.inc"

/// The block of `owner` ends in a `kernel.yield` of values of `types`.
static LogicalResult verifyYield(Operation *owner, Block &block,
                                 TypeRange types) {
  auto yield =
      dyn_cast_if_present<YieldOp>(block.empty() ? nullptr : &block.back());
  if (!yield)
    return owner->emitOpError() << "expects its body to end in 'kernel.yield'";
  if (yield.getOperandTypes() == types)
    return success();
  InFlightDiagnostic diagnostic =
      owner->emitOpError() << "expects to yield values of the result types ("
                           << types << "), but got (" << yield.getOperandTypes()
                           << ")";
  diagnostic.attachNote(yield.getLoc()) << "yielded here";
  return diagnostic;
}

//===----------------------------------------------------------------------===//
// GroupOp
//===----------------------------------------------------------------------===//

// Custom assembly: block arguments are bound to operands, `(%a = %x : type)`.
ParseResult GroupOp::parse(OpAsmParser &parser, OperationState &result) {
  StringRef keyword;
  SMLoc location = parser.getCurrentLocation();
  if (parser.parseKeyword(&keyword))
    return failure();
  std::optional<Kind> kind = symbolizeKind(keyword);
  if (!kind)
    return parser.emitError(location)
           << "expects the kind of a kernel, but got '" << keyword << "'";
  result.getOrAddProperties<Properties>().kind =
      KindAttr::get(parser.getContext(), *kind);

  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  auto parseBinding = [&]() -> ParseResult {
    OpAsmParser::Argument &argument = arguments.emplace_back();
    return failure(parser.parseArgument(argument) || parser.parseEqual() ||
                   parser.parseOperand(operands.emplace_back()) ||
                   parser.parseColonType(argument.type));
  };
  SMLoc operandLocation = parser.getCurrentLocation();
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren,
                                     parseBinding) ||
      parser.parseOptionalArrowTypeList(result.types) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  SmallVector<Type> types = llvm::map_to_vector(
      arguments, [](const OpAsmParser::Argument &a) { return a.type; });
  return failure(parser.resolveOperands(operands, types, operandLocation,
                                        result.operands) ||
                 parser.parseRegion(*result.addRegion(), arguments));
}

void GroupOp::print(OpAsmPrinter &printer) {
  printer << ' ' << stringifyKind(getKind()) << " (";
  llvm::interleaveComma(llvm::zip_equal(getBody().getArguments(), getInputs()),
                        printer, [&](auto binding) {
                          auto [argument, operand] = binding;
                          printer << argument << " = " << operand << " : "
                                  << operand.getType();
                        });
  printer << ')';
  printer.printOptionalArrowTypeList(getResultTypes());
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(),
                                           {getKindAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

LogicalResult GroupOp::verify() {
  if (getBody().getArgumentTypes() != getInputs().getTypes()) // (C1)
    return emitOpError() << "expects block arguments of the operands' types ("
                         << getInputs().getTypes() << "), but got ("
                         << getBody().getArgumentTypes() << ")";
  return verifyYield(*this, getBody().front(), getResultTypes()); // (C2)
}

//===----------------------------------------------------------------------===//
// UnpackSparseOp
//===----------------------------------------------------------------------===//

std::pair<int64_t, int64_t> UnpackSparseOp::getMatrixSize() {
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(getResult().getType()).getShape();
  // A filter is [n, k, 1..], a matrix [1.., k, n].
  bool isFilter = llvm::any_of(getResult().getUsers(), [](Operation *user) {
    return isa<nn::ConvOp, nn::ConvTransposeOp>(user);
  });
  if (isFilter)
    return {shape[1], shape[0]};
  return {shape[shape.size() - 2], shape.back()};
}

LogicalResult UnpackSparseOp::verify() {
  auto starts = cast<RankedTensorType>(getStarts().getType());
  auto indices = cast<RankedTensorType>(getIndices().getType());
  auto values = cast<RankedTensorType>(getValues().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  auto isVector = [](RankedTensorType type) {
    return type.getRank() == 1 && type.getElementType().isInteger(32);
  };
  bool hasForm = values.getRank() == 1 ||
                 (values.getRank() == 2 && values.getDimSize(1) == sparseBlock);
  if (!isVector(starts) || !isVector(indices) || !hasForm) // (C1)
    return emitOpError() << "expects vectors of i32 as starts and indices and "
                            "values of shape [count] or [count, "
                         << sparseBlock << "], but got " << starts << ", "
                         << indices << " and " << values;
  if (indices.getDimSize(0) != values.getDimSize(0)) // (C2)
    return emitOpError() << "expects an index for each of the "
                         << values.getDimSize(0) << " values, but got "
                         << indices.getDimSize(0);
  if (result.getRank() < 2 ||
      result.getElementType() != values.getElementType()) // (C3)
    return emitOpError() << "expects a matrix or filter of "
                         << values.getElementType() << " as result, but got "
                         << result;
  auto [depth, columns] = getMatrixSize();
  int64_t expected = hasBlocks()
                         ? llvm::divideCeil(columns, sparseBlock) + 1
                         : llvm::divideCeil(depth, sparseDepth) * columns + 1;
  if (starts.getDimSize(0) != expected) // (C4)
    return emitOpError() << "expects " << expected << " starts for " << result
                         << ", but got " << starts.getDimSize(0);
  return success();
}

//===----------------------------------------------------------------------===//
// FuncOp
//===----------------------------------------------------------------------===//

// Custom assembly: that of all functions of MLIR.
ParseResult FuncOp::parse(OpAsmParser &parser, OperationState &result) {
  auto makeType = [](Builder &builder, ArrayRef<Type> inputs,
                     ArrayRef<Type> results,
                     function_interface_impl::VariadicFlag, std::string &) {
    return builder.getFunctionType(inputs, results);
  };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      getFunctionTypeAttrName(result.name), makeType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void FuncOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

LogicalResult FuncOp::verify() {
  if (getBody().empty()) // (C2)
    return emitOpError() << "expects a body";
  return verifyYield(*this, getBody().front(), getResultTypes()); // (C1)
}

//===----------------------------------------------------------------------===//
// InputOp, OutputOp and ArenaOp
//===----------------------------------------------------------------------===//

/// (C1) `index` is that of one of `count` inputs or outputs.
static LogicalResult verifyIndex(Operation *op, int64_t index, int64_t count,
                                 StringRef what) {
  if (index >= 0 && index < count)
    return success();
  return op->emitOpError() << "expects an index less than " << count
                           << ", the number of " << what
                           << " of the schedule, but got " << index;
}

LogicalResult InputOp::verify() {
  auto schedule = (*this)->getParentOfType<ScheduleOp>();
  return verifyIndex(*this, getIndex(), schedule.getInputs().size(), "inputs");
}

LogicalResult OutputOp::verify() {
  auto schedule = (*this)->getParentOfType<ScheduleOp>();
  return verifyIndex(*this, getIndex(), schedule.getOutputs().size(),
                     "outputs");
}

LogicalResult ArenaOp::verify() {
  if (getFirst() > getLast()) // (C1)
    return emitOpError() << "expects a lifetime that starts before it ends, "
                            "but got ["
                         << getFirst() << ", " << getLast() << "]";
  return success();
}
