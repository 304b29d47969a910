//===- Contraction.cpp - matrix products ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/IntegerOperand.h"
#include "compiler/Import/Ops/Term.h"

using namespace mlir;
using namespace sinter;

FailureOr<Value> sinter::multiplyMatrices(NodeContext &node, Value lhs,
                                          Value rhs) {
  SmallVector<nn::SizeAttr> left = nn::getSizes(lhs.getType()),
                            right = nn::getSizes(rhs.getType());
  auto depth = node.unify(left.back(), right[right.size() - 2],
                          "equal inner sizes of the product");
  if (failed(depth))
    return failure();
  ArrayRef leftBatch = ArrayRef(left).drop_back(2),
           rightBatch = ArrayRef(right).drop_back(2);
  auto batch = node.broadcast(leftBatch, rightBatch);
  if (failed(batch))
    return failure();
  // Where two names mean the same size, both operands get the one that stays.
  auto align = [&](Value value, nn::SizeAttr rows, nn::SizeAttr columns) {
    SmallVector<nn::SizeAttr> wanted = *batch;
    wanted.append({rows, columns});
    return node.fit(value, wanted);
  };
  lhs = align(lhs, left[left.size() - 2], *depth);
  rhs = align(rhs, *depth, right.back());
  return node.create<nn::MatmulOp>(lhs, rhs);
}

/// Sets output 0 to the product of `lhs` and `rhs`, inputs 0 and 1 in a form to
/// multiply; `finish` completes it.
static LogicalResult buildProduct(
    NodeContext &node, Value lhs, Value rhs,
    llvm::function_ref<Value(Value lhs, Value rhs, Value product)> finish) {
  SmallVector<nn::SizeAttr> left = node.getSizes(0), right = node.getSizes(1);
  if (left.empty() || right.empty())
    return node.invalid("operands of rank 1 or more", "a scalar");
  // Vectors count as a row and a column, whose dimension of size 1 goes again.
  bool isRow = left.size() == 1, isColumn = right.size() == 1;
  nn::SizeAttr one = node.getSize(1);
  if (isRow)
    lhs = node.reshape(lhs, {one, left[0]});
  if (isColumn)
    rhs = node.reshape(rhs, {right[0], one});
  auto product = multiplyMatrices(node, lhs, rhs);
  if (failed(product))
    return failure();
  Value result = finish(lhs, rhs, *product);
  SmallVector<nn::SizeAttr> sizes = nn::getSizes(result.getType());
  if (isColumn)
    sizes.pop_back();
  if (isRow)
    sizes.erase(sizes.end() - (isColumn ? 1 : 2));
  return node.setOutput(0, node.reshape(result, sizes));
}

static LogicalResult buildMatMul(NodeContext &node) {
  return buildProduct(node, node.getInput(0), node.getInput(1),
                      [](Value, Value, Value product) { return product; });
}

/// Integers minus their zero points, exactly: those of the left operand are for
/// the tensor or for each row, those of the right one for each column.
static LogicalResult buildMatMulInteger(NodeContext &node) {
  IntegerOperand left = makeIntegerOperand(node, 0, 2, /*isLeft=*/true);
  IntegerOperand right = makeIntegerOperand(node, 1, 3, /*isLeft=*/false);
  Type word = IntegerType::get(node.getContext(), 32);
  // A vector of zero points of rows stands as a column.
  Value zero = left.zeroPoint;
  if (zero && cast<RankedTensorType>(zero.getType()).getRank() == 1) {
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(zero.getType());
    sizes.push_back(node.getSize(1));
    zero = node.reshape(zero, sizes);
  }
  auto sum = [&](Value values, Value offset, bool isColumns) {
    int64_t rank = cast<RankedTensorType>(values.getType()).getRank();
    values = node.cast(values, word);
    if (offset)
      values = node.elementwise<nn::SubOp>({values, offset});
    return node.reduce(values, nn::ReduceKind::Sum,
                       {isColumns ? rank - 2 : rank - 1});
  };
  return buildProduct(
      node, left.values, right.values,
      [&](Value lhs, Value rhs, Value product) {
        if (zero)
          product = subtractProduct(node, product, zero,
                                    sum(rhs, nullptr, /*isColumns=*/true));
        if (right.zeroPoint)
          product = subtractProduct(node, product, right.zeroPoint,
                                    sum(lhs, zero, /*isColumns=*/false));
        return product;
      });
}

static LogicalResult buildGemm(NodeContext &node) {
  if (node.getRank(0) != 2 || node.getRank(1) != 2)
    return node.invalid("matrices", "ranks " + Twine(node.getRank(0)) +
                                        " and " + Twine(node.getRank(1)));
  Value lhs = node.getInput(0), rhs = node.getInput(1);
  if (node.getInt("transA", 0) != 0)
    lhs = node.transpose(lhs, {1, 0});
  if (node.getInt("transB", 0) != 0)
    rhs = node.transpose(rhs, {1, 0});
  auto product = multiplyMatrices(node, lhs, rhs);
  if (failed(product))
    return failure();
  Type element = node.getElementType(0);
  auto scale = [&](Value value, double factor) {
    return factor == 1 ? value
                       : node.elementwise<nn::MulOp>(
                             {value, node.scalar(factor, element)});
  };
  Value result = scale(*product, node.getFloat("alpha", 1));
  double beta = node.getFloat("beta", 1);
  if (node.hasInput(2) && beta != 0)
    result =
        node.elementwise<nn::AddOp>({result, scale(node.getInput(2), beta)});
  return node.setOutput(0, result);
}

ArrayRef<OpRow> sinter::getContractionRows() {
  static const OpRow rows[] = {
      {"Gemm", buildGemm},
      {"MatMul", buildMatMul},
      {"MatMulInteger", buildMatMulInteger},
  };
  return rows;
}
