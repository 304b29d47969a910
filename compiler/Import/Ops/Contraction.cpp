//===- Contraction.cpp - matrix products ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/IntegerOperand.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace sinter;

/// The product of `lhs` and `rhs`, both of rank 2 or more.
static FailureOr<Value> multiply(NodeContext &node, Value lhs, Value rhs) {
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
  auto product = multiply(node, lhs, rhs);
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
  auto product = multiply(node, lhs, rhs);
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

namespace {

/// An einsum of two operands: the letters of each, and of the result.
struct Equation {
  std::string operands[2], result;
};

} // namespace

/// Reads "ab,bc->ac"; nothing for what is not of that form.
static std::optional<Equation> parseEquation(StringRef text) {
  std::string packed = text.str();
  llvm::erase(packed, ' ');
  auto [terms, result] = StringRef(packed).split("->");
  auto [left, right] = terms.split(',');
  Equation equation{{left.str(), right.str()}, result.str()};
  for (StringRef letters : {left, right, result})
    for (auto [index, letter] : llvm::enumerate(letters))
      if (!llvm::isAlpha(letter) ||
          letters.find(letter, index + 1) != StringRef::npos)
        return std::nullopt;
  bool hasArrow = StringRef(packed).contains("->");
  return hasArrow && !left.empty() && !right.empty() ? std::optional(equation)
                                                     : std::nullopt;
}

/// Einsum of two operands as one batched matrix product: letters in both
/// operands and the result are batch, in both operands only are summed, the
/// others are rows and columns.
static LogicalResult buildEinsum(NodeContext &node) {
  StringRef text = node.getString("equation", "");
  std::optional<Equation> equation =
      node.getNumInputs() == 2 ? parseEquation(text) : std::nullopt;
  auto refuse = [&] {
    return node.unsupported("an equation of two operands without repeated "
                            "letters, ellipsis or sums over one "
                            "operand's own letter",
                            text,
                            "rewrite with MatMul, Transpose and ReduceSum");
  };
  if (!equation)
    return refuse();
  StringRef left = equation->operands[0], right = equation->operands[1],
            result = equation->result;
  if (int64_t(left.size()) != node.getRank(0) ||
      int64_t(right.size()) != node.getRank(1))
    return node.invalid("as many letters as dimensions", text);
  std::string batch, rows, columns, depth;
  for (char letter : left)
    (right.contains(letter) ? (result.contains(letter) ? batch : depth)
                            : rows) += letter;
  for (char letter : right)
    if (!left.contains(letter))
      columns += letter;
  for (char letter : rows + columns)
    if (!result.contains(letter))
      return refuse();
  if (result.size() != batch.size() + rows.size() + columns.size())
    return refuse();

  llvm::DenseMap<char, nn::SizeAttr> sizes;
  auto collect = [&](StringRef letters, unsigned operand) -> LogicalResult {
    for (auto [letter, size] :
         llvm::zip_equal(letters, node.getSizes(operand))) {
      nn::SizeAttr &known = sizes[letter];
      auto both = known ? node.unify(known, size, "one size for each letter")
                        : FailureOr<nn::SizeAttr>(size);
      if (failed(both))
        return failure();
      known = *both;
    }
    return success();
  };
  if (failed(collect(left, 0)) || failed(collect(right, 1)))
    return failure();
  auto getSizes = [&](const std::string &letters) {
    return llvm::map_to_vector(letters,
                               [&](char letter) { return sizes[letter]; });
  };
  auto getProduct = [&](const std::string &letters) {
    return nn::product(node.getContext(), getSizes(letters));
  };
  // Brings the dimensions of an operand into the order of `letters`.
  auto arrange = [&](Value value, StringRef from, const std::string &to) {
    return node.transpose(value, llvm::map_to_vector(to, [&](char letter) {
                            return int64_t(from.find(letter));
                          }));
  };
  SmallVector<nn::SizeAttr> lead = getSizes(batch);
  auto fold = [&](Value value, const std::string &first,
                  const std::string &second) {
    SmallVector<nn::SizeAttr> folded = lead;
    folded.append({getProduct(first), getProduct(second)});
    return node.reshape(value, folded);
  };
  Value lhs =
      fold(arrange(node.getInput(0), left, batch + rows + depth), rows, depth);
  Value rhs = fold(arrange(node.getInput(1), right, batch + depth + columns),
                   depth, columns);
  auto product = multiply(node, lhs, rhs);
  if (failed(product))
    return failure();
  std::string order = batch + rows + columns;
  return node.setOutput(0, arrange(node.reshape(*product, getSizes(order)),
                                   order, equation->result));
}

ArrayRef<OpRow> sinter::getContractionRows() {
  static const OpRow rows[] = {
      {"Einsum", buildEinsum},
      {"Gemm", buildGemm},
      {"MatMul", buildMatMul},
      {"MatMulInteger", buildMatMulInteger},
  };
  return rows;
}
