//===- NNDialect.cpp - the nn dialect -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/NNDialect.h"

#include "dialects/NN/NNInference.h"
#include "dialects/NN/NNShapes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace sinter::nn;

#include "dialects/NN/NNDialect.cpp.inc"
#include "dialects/NN/NNEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/NN/NNAttrs.cpp.inc"

/// `nn.weight` prints its expression; the type of the result is part of it.
static ParseResult parseWeightValue(OpAsmParser &parser, WeightAttr &value,
                                    Type &type) {
  if (parser.parseCustomAttributeWithFallback(value))
    return failure();
  type = value.getType();
  return success();
}

static void printWeightValue(OpAsmPrinter &printer, Operation *,
                             WeightAttr value, Type) {
  printer.printAttribute(value);
}

#define GET_OP_CLASSES
#include "dialects/NN/NNOps.cpp.inc"

void NNDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/NN/NNAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/NN/NNOps.cpp.inc"
      >();
}

Operation *NNDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                          Type type, Location location) {
  auto weight = dyn_cast<WeightAttr>(value);
  if (!weight || weight.getType() != type)
    return nullptr;
  return WeightOp::create(builder, location, weight);
}

//===----------------------------------------------------------------------===//
// DimsAttr
//===----------------------------------------------------------------------===//

LogicalResult
DimsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                         function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != getSizes().size()) // (C1)
    return emitError() << "expects a size for each of " << shape.size()
                       << " dimensions, but got " << getSizes().size();
  for (auto [index, dim, size] : llvm::enumerate(shape, getSizes())) {
    if (dim == size.getConstant().value_or(ShapedType::kDynamic))
      continue;
    // (C2)
    std::string text = ShapedType::isDynamic(dim) ? "?" : std::to_string(dim);
    return emitError() << "expects dimension " << index
                       << " to be static where its size is constant, and '?' "
                          "where it is not, but got "
                       << text << " with size " << toString(size);
  }
  if (!llvm::is_contained(shape, ShapedType::kDynamic)) // (C3)
    return emitError() << "expects a free dimension in a tensor with sizes";
  return success();
}

//===----------------------------------------------------------------------===//
// WeightAttr
//===----------------------------------------------------------------------===//

void WeightAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printer.printKeywordOrString(getKind().getValue());
  if (!getOperands().empty()) {
    printer << '(';
    llvm::interleaveComma(getOperands(), printer);
    printer << ')';
  }
  if (!getParams().empty())
    printer << ' ' << getParams();
  printer << " : " << getType() << '>';
}

Attribute WeightAttr::parse(AsmParser &parser, Type) {
  std::string kind;
  SmallVector<WeightAttr> operands;
  NamedAttrList params;
  RankedTensorType type;
  auto parseOperand = [&]() -> ParseResult {
    return parser.parseAttribute(operands.emplace_back());
  };
  if (parser.parseLess() || parser.parseKeywordOrString(&kind) ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::OptionalParen,
                                     parseOperand) ||
      parser.parseOptionalAttrDict(params) || parser.parseColonType(type) ||
      parser.parseGreater())
    return {};
  MLIRContext *context = parser.getContext();
  return WeightAttr::get(context, StringAttr::get(context, kind), operands,
                         params.getDictionary(context), type);
}
