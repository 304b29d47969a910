//===- IntegerOperand.cpp - operands of products of integers --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/IntegerOperand.h"

using namespace mlir;
using namespace sinter;

IntegerOperand sinter::makeIntegerOperand(NodeContext &node, unsigned index,
                                          unsigned zeroIndex, bool isLeft) {
  MLIRContext *context = node.getContext();
  Type word = IntegerType::get(context, 32);
  Type wanted = isLeft ? IntegerType::get(context, 8, IntegerType::Unsigned)
                       : IntegerType::get(context, 8);
  int64_t shift = node.getElementType(index) == wanted ? 0
                  : isLeft                             ? 128
                                                       : -128;

  IntegerOperand operand;
  operand.values = node.getInput(index);
  if (shift != 0) // Both wrap.
    operand.values = node.elementwise<nn::AddOp>(
        {node.cast(operand.values, wanted), node.scalar(shift, wanted)});
  if (!node.hasInput(zeroIndex)) {
    operand.knownZeroPoint = shift;
  } else if (auto known = node.getIntegerList(zeroIndex)) {
    if (!known->empty() && llvm::all_equal(*known))
      operand.knownZeroPoint = known->front() + shift;
  }
  if (operand.knownZeroPoint) {
    if (*operand.knownZeroPoint != 0)
      operand.zeroPoint =
          node.scalar(static_cast<double>(*operand.knownZeroPoint), word);
    return operand;
  }
  operand.zeroPoint = node.cast(node.getInput(zeroIndex), word);
  if (shift != 0)
    operand.zeroPoint = node.elementwise<nn::AddOp>(
        {operand.zeroPoint, node.scalar(static_cast<double>(shift), word)});
  return operand;
}

Value sinter::subtractProduct(NodeContext &node, Value value, Value lhs,
                              Value rhs) {
  if (!lhs)
    return value;
  return node.elementwise<nn::SubOp>(
      {value, node.elementwise<nn::MulOp>({lhs, rhs})});
}
