//===- Einsum.cpp - sums of products by an equation -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Einsum as matrix products of two operands after another. Each dimension of an
// operand has a *label*: a letter, or, for the dimensions of an ellipsis, a
// number from the right. Labels of both operands that go on are the batch of a
// product, those that do not are summed over, others are rows and columns.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Term.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

/// A letter, or kEllipsis plus the place from the right.
using Label = int;
using Labels = SmallVector<Label>;
static constexpr Label kEllipsis = 256;

namespace {

/// A tensor whose dimensions have labels.
struct Operand {
  Term value;
  Labels labels;

  int64_t find(Label label) const {
    return llvm::find(labels, label) - labels.begin();
  }
  bool has(Label label) const { return llvm::is_contained(labels, label); }
};

class Einsum {
public:
  explicit Einsum(NodeContext &node) : node(node) {}
  LogicalResult build();

private:
  LogicalResult parse();
  FailureOr<Labels> parseTerm(StringRef text, int64_t ellipsisRank);
  void makeImplicitResult();
  LogicalResult collectSizes();
  /// One dimension for each label: diagonals where one repeats.
  void takeDiagonals(Operand &operand);
  /// Sums over labels that `isKept` does not hold of.
  void sumOut(Operand &operand, llvm::function_ref<bool(Label)> isKept);
  Operand multiply(Operand lhs, Operand rhs,
                   llvm::function_ref<bool(Label)> isKept);
  Operand arrange(const Operand &operand, ArrayRef<Label> order);
  SmallVector<SizeAttr> getSizes(ArrayRef<Label> labels) {
    return llvm::map_to_vector(labels, [&](Label l) { return sizes[l]; });
  }

  NodeContext &node;
  SmallVector<Operand> operands;
  Labels result;
  int64_t ellipsisRank = 0;
  llvm::DenseMap<Label, SizeAttr> sizes;
};

} // namespace

FailureOr<Labels> Einsum::parseTerm(StringRef text, int64_t ellipsisRank) {
  Labels labels;
  bool hasEllipsis = false;
  while (!text.empty()) {
    if (text.consume_front("...")) {
      if (hasEllipsis)
        return failure();
      hasEllipsis = true;
      for (int64_t place = ellipsisRank; place-- > 0;)
        labels.push_back(kEllipsis + static_cast<Label>(place));
      continue;
    }
    if (!llvm::isAlpha(text.front()))
      return failure();
    labels.push_back(text.front());
    text = text.drop_front();
  }
  return labels;
}

LogicalResult Einsum::parse() {
  std::string packed = node.getString("equation", "").str();
  llvm::erase(packed, ' ');
  auto [left, right] = StringRef(packed).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  auto refuse = [&](const Twine &expected) {
    return node.invalid(expected, "'" + packed + "'");
  };
  if (terms.size() != node.getNumInputs())
    return refuse("an equation with a term for each of " +
                  Twine(node.getNumInputs()) + " operands");
  for (auto [index, text] : llvm::enumerate(terms)) {
    int64_t rank = node.getRank(index);
    int64_t letters = llvm::count_if(text, llvm::isAlpha);
    bool hasEllipsis = text.contains("...");
    if (hasEllipsis ? letters > rank : letters != rank)
      return refuse("as many letters as dimensions (operand " + Twine(index) +
                    " has rank " + Twine(rank) + ")");
    int64_t rest = hasEllipsis ? rank - letters : 0;
    ellipsisRank = std::max(ellipsisRank, rest);
    FailureOr<Labels> labels = parseTerm(text, rest);
    if (failed(labels))
      return refuse("an equation of letters, '...', ',' and '->'");
    operands.push_back({Term::input(node, index), *labels});
  }
  if (!StringRef(packed).contains("->")) {
    makeImplicitResult();
    return success();
  }
  FailureOr<Labels> labels = parseTerm(right, ellipsisRank);
  if (failed(labels))
    return refuse("an equation of letters, '...', ',' and '->'");
  result = *labels;
  for (size_t place = 0; place < result.size(); ++place) {
    Label label = result[place];
    bool isKnown = llvm::any_of(
        operands, [&](const Operand &operand) { return operand.has(label); });
    if (!isKnown ||
        llvm::is_contained(ArrayRef(result).drop_front(place + 1), label))
      return refuse("result letters that occur once, and in an operand");
  }
  return success();
}

/// The ellipsis, then the letters that occur once, in their order.
void Einsum::makeImplicitResult() {
  for (int64_t place = ellipsisRank; place-- > 0;)
    result.push_back(kEllipsis + static_cast<Label>(place));
  for (Label letter = 0; letter < kEllipsis; ++letter) {
    int64_t uses = 0;
    for (const Operand &operand : operands)
      uses += llvm::count(operand.labels, letter);
    if (uses == 1)
      result.push_back(letter);
  }
}

LogicalResult Einsum::collectSizes() {
  for (const Operand &operand : operands)
    for (auto [label, size] :
         llvm::zip_equal(operand.labels, operand.value.getSizes())) {
      SizeAttr &known = sizes[label];
      if (!known || known.isConstant(1)) {
        known = size;
        continue;
      }
      if (size.isConstant(1))
        continue;
      auto both = node.unify(known, size, "one size for each letter");
      if (failed(both))
        return failure();
      known = *both;
    }
  // Where two names mean the same size, all get the one that stays.
  for (Operand &operand : operands) {
    SmallVector<SizeAttr> wanted = operand.value.getSizes();
    for (auto [label, size] : llvm::zip_equal(operand.labels, wanted))
      if (!size.isConstant(1))
        size = sizes[label];
    operand.value = operand.value.reshape(wanted);
  }
  return success();
}

void Einsum::takeDiagonals(Operand &operand) {
  for (size_t first = 0; first < operand.labels.size(); ++first)
    for (size_t second = operand.labels.size() - 1; second > first; --second) {
      if (operand.labels[first] != operand.labels[second])
        continue;
      Type i64 = IntegerType::get(node.getContext(), 64);
      int64_t rank = operand.value.getRank();
      Term row =
          Term::iota(node, operand.value.getSize(first), i64, first, rank);
      Term column =
          Term::iota(node, operand.value.getSize(second), i64, second, rank);
      Term masked =
          row.equals(column).select(operand.value, operand.value.like(0));
      operand.value = masked.sum(second).squeeze(second);
      operand.labels.erase(operand.labels.begin() + second);
    }
}

void Einsum::sumOut(Operand &operand, llvm::function_ref<bool(Label)> isKept) {
  for (size_t dim = operand.labels.size(); dim-- > 0;)
    if (!isKept(operand.labels[dim])) {
      operand.value = operand.value.sum(dim).squeeze(dim);
      operand.labels.erase(operand.labels.begin() + dim);
    }
}

Operand Einsum::arrange(const Operand &operand, ArrayRef<Label> order) {
  return {operand.value.transpose(llvm::map_to_vector(
              order, [&](Label label) { return operand.find(label); })),
          Labels(order)};
}

/// Both operands keep a dimension for each label of the batch, of which one may
/// be 1; rows, columns and what is summed over are one dimension each.
Operand Einsum::multiply(Operand lhs, Operand rhs,
                         llvm::function_ref<bool(Label)> isKept) {
  sumOut(lhs, [&](Label l) { return isKept(l) || rhs.has(l); });
  sumOut(rhs, [&](Label l) { return isKept(l) || lhs.has(l); });
  Labels batch, depth, rows, columns;
  for (Label label : lhs.labels)
    (!rhs.has(label) ? rows : isKept(label) ? batch : depth).push_back(label);
  for (Label label : rhs.labels)
    if (!lhs.has(label))
      columns.push_back(label);
  auto fold = [&](const Operand &operand, const Labels &first,
                  const Labels &second) {
    Labels order = batch;
    order.append(first);
    order.append(second);
    Term value = arrange(operand, order).value;
    SmallVector<SizeAttr> spread = value.getSizes();
    // What is summed over has its full size on both sides.
    for (auto [dim, label] : llvm::enumerate(order))
      if (dim >= batch.size())
        spread[dim] = sizes[label];
    value = value.broadcastTo(spread);
    spread.resize(batch.size());
    spread.push_back(nn::product(node.getContext(), getSizes(first)));
    spread.push_back(nn::product(node.getContext(), getSizes(second)));
    return value.reshape(spread);
  };
  Term left = fold(lhs, rows, depth), right = fold(rhs, depth, columns);
  Term product = depth.empty() ? left * right : left.matmul(right);
  Operand outcome{product, batch};
  SmallVector<SizeAttr> spread = product.getSizes();
  spread.resize(batch.size());
  outcome.labels.append(rows);
  outcome.labels.append(columns);
  spread.append(getSizes(rows));
  spread.append(getSizes(columns));
  outcome.value = product.reshape(spread);
  return outcome;
}

LogicalResult Einsum::build() {
  if (failed(parse()) || failed(collectSizes()))
    return failure();
  Type element = node.getElementType(0);
  // Products of bytes are words.
  bool isByte = element.isInteger(8);
  for (Operand &operand : operands) {
    if (isByte)
      operand.value =
          operand.value.cast(IntegerType::get(node.getContext(), 32));
    takeDiagonals(operand);
  }
  Operand product = operands.front();
  for (size_t next = 1; next < operands.size(); ++next) {
    product = multiply(product, operands[next], [&](Label label) {
      return llvm::is_contained(result, label) ||
             llvm::any_of(ArrayRef(operands).drop_front(next + 1),
                          [&](const Operand &o) { return o.has(label); });
    });
  }
  sumOut(product, [&](Label l) { return llvm::is_contained(result, l); });
  Term value = arrange(product, result).value.broadcastTo(getSizes(result));
  return node.setOutput(0, value.cast(element));
}

static LogicalResult buildEinsum(NodeContext &node) {
  return Einsum(node).build();
}

ArrayRef<OpRow> sinter::getEinsumRows() {
  static const OpRow rows[] = {{"Einsum", buildEinsum}};
  return rows;
}
