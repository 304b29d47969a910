//===- Evaluator.h - evaluation of weight expressions -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_WEIGHTS_EVALUATOR_H
#define SINTER_COMPILER_WEIGHTS_EVALUATOR_H

#include "compiler/Weights/Element.h"
#include "dialects/NN/NNDialect.h"
#include "mlir/Support/LLVM.h"

namespace sinter::weights {

/// The value of an expression: row-major elements that it owns, or borrows from
/// a mapped file.
class Data {
public:
  static Data borrow(llvm::StringRef bytes) { return Data(bytes, nullptr); }
  static Data allocate(size_t size) {
    std::unique_ptr<char[]> memory(new char[size]);
    llvm::StringRef bytes(memory.get(), size);
    return Data(bytes, std::move(memory));
  }
  const char *get() const { return bytes.data(); }
  llvm::StringRef getBytes() const { return bytes; }
  /// Only of owned data.
  llvm::MutableArrayRef<char> getMutable() {
    return {memory.get(), bytes.size()};
  }

private:
  Data(llvm::StringRef bytes, std::unique_ptr<char[]> memory)
      : bytes(bytes), memory(std::move(memory)) {}

  llvm::StringRef bytes;
  std::unique_ptr<char[]> memory;
};

/// Reads the initializer of a `file` expression.
using LeafReader = llvm::function_ref<mlir::FailureOr<Data>(nn::WeightAttr)>;

/// An expression whose operands have been evaluated.
struct Expression {
  nn::WeightAttr weight;
  llvm::ArrayRef<Data> operands;
  /// Why the evaluation failed.
  std::string *error;

  llvm::ArrayRef<int64_t> getShape() const {
    return weight.getType().getShape();
  }
  llvm::ArrayRef<int64_t> getShape(unsigned operand) const {
    return weight.getOperands()[operand].getType().getShape();
  }
  ElementKind getKind() const {
    return *getElementKind(weight.getType().getElementType());
  }
  ElementKind getKind(unsigned operand) const {
    return *getElementKind(
        weight.getOperands()[operand].getType().getElementType());
  }
  mlir::LogicalResult fail(llvm::StringRef reason) const;

  /// Parameters, as the operations' attributes. False and an error if the
  /// parameter is missing or of another form.
  bool getInt(llvm::StringRef name, int64_t &value) const;
  bool getInts(llvm::StringRef name,
               llvm::SmallVectorImpl<int64_t> &values) const;
  /// A list of sizes, which must be constant.
  bool getSizes(llvm::StringRef name,
                llvm::SmallVectorImpl<int64_t> &values) const;
};

/// Writes the value of an expression to `out`, which has its size.
using EvaluateFunction = mlir::LogicalResult (*)(const Expression &, char *out);

/// The functions of one family; null if it does not know the kind.
EvaluateFunction findElementwise(llvm::StringRef kind);
EvaluateFunction findMovement(llvm::StringRef kind);
EvaluateFunction findReduction(llvm::StringRef kind);
EvaluateFunction findPacking(llvm::StringRef kind);
EvaluateFunction findPruning(llvm::StringRef kind);

/// Row-major strides, in elements.
llvm::SmallVector<int64_t> getStrides(llvm::ArrayRef<int64_t> shape);

/// Copies elements of `elementBytes` bytes: out[i * outStrides] = in[i *
/// inStrides] for every index i of `shape`. Strides are in elements and may be
/// negative or 0.
void copyStrided(llvm::ArrayRef<int64_t> shape, unsigned elementBytes,
                 const char *in, llvm::ArrayRef<int64_t> inStrides, char *out,
                 llvm::ArrayRef<int64_t> outStrides);

/// The value of `weight`; on failure `error` says why.
mlir::FailureOr<Data> evaluate(nn::WeightAttr weight, LeafReader readLeaf,
                               std::string &error);
/// Evaluates into `out`, whose size must be that of the weight.
mlir::LogicalResult evaluateInto(nn::WeightAttr weight,
                                 llvm::MutableArrayRef<char> out,
                                 LeafReader readLeaf, std::string &error);

} // namespace sinter::weights

#endif // SINTER_COMPILER_WEIGHTS_EVALUATOR_H
