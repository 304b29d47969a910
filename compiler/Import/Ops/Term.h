//===- Term.h - compositions written as formulas ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A value of the node that is being imported, with the operators of C++: what
// is a formula in the specification is one here. Operands broadcast; numbers
// become constants of the element type of the other operand.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_TERM_H
#define SINTER_COMPILER_IMPORT_OPS_TERM_H

#include "compiler/Import/NodeContext.h"

namespace sinter {

class Term {
public:
  /// An optional input that is absent.
  Term() = default;
  Term(NodeContext &node, mlir::Value value) : node(&node), value(value) {}
  /// Input `index`; absent where the node does not have it.
  static Term input(NodeContext &node, unsigned index) {
    return node.hasInput(index) ? Term(node, node.getInput(index)) : Term();
  }
  /// A scalar, and a scalar that is a size.
  static Term constant(NodeContext &node, double number, mlir::Type type) {
    return {node, node.scalar(number, type)};
  }
  static Term size(NodeContext &node, nn::SizeAttr size, mlir::Type type);
  /// A constant of rank 1.
  static Term vector(NodeContext &node, llvm::ArrayRef<double> numbers,
                     mlir::Type type);
  /// A constant of any shape and size.
  static Term dense(NodeContext &node, mlir::DenseElementsAttr elements);
  /// 0, 1, .. along dimension `axis` of a tensor of rank `rank`, whose other
  /// dimensions are 1.
  static Term iota(NodeContext &node, nn::SizeAttr count, mlir::Type type,
                   int64_t axis = 0, int64_t rank = 1);

  explicit operator bool() const { return value != nullptr; }
  operator mlir::Value() const { return value; }
  NodeContext &getNode() const { return *node; }
  mlir::RankedTensorType getType() const {
    return llvm::cast<mlir::RankedTensorType>(value.getType());
  }
  mlir::Type getElementType() const { return getType().getElementType(); }
  int64_t getRank() const { return getType().getRank(); }
  llvm::SmallVector<nn::SizeAttr> getSizes() const {
    return nn::getSizes(getType());
  }
  /// The size of dimension `dim`; negative ones count from the end.
  nn::SizeAttr getSize(int64_t dim) const {
    return getSizes()[dim < 0 ? dim + getRank() : dim];
  }

  Term cast(mlir::Type type) const { return wrap(node->cast(value, type)); }
  Term reshape(llvm::ArrayRef<nn::SizeAttr> sizes) const {
    return wrap(node->reshape(value, sizes));
  }
  Term broadcastTo(llvm::ArrayRef<nn::SizeAttr> sizes) const {
    return wrap(node->broadcastTo(value, sizes));
  }
  Term transpose(llvm::ArrayRef<int64_t> permutation) const {
    return wrap(node->transpose(value, permutation));
  }
  /// Exchanges the last two dimensions.
  Term transposeMatrix() const;
  /// Inserts a dimension of size 1 before dimension `axis` of the result.
  Term unsqueeze(int64_t axis) const;
  /// Removes a dimension of size 1.
  Term squeeze(int64_t axis) const;
  /// `count` elements of dimension `axis` from `start`, by `step`.
  Term slice(int64_t axis, nn::SizeAttr start, nn::SizeAttr count,
             int64_t step = 1) const;
  Term slice(int64_t axis, int64_t start, int64_t count) const {
    return slice(axis, node->getSize(start), node->getSize(count));
  }
  /// The parts of dimension `axis`, whose sizes are `counts`.
  llvm::SmallVector<Term, 4> split(int64_t axis,
                                   llvm::ArrayRef<nn::SizeAttr> counts) const;
  /// `before` and `after` elements of value `fill` along dimension `axis`.
  Term pad(int64_t axis, nn::SizeAttr before, nn::SizeAttr after,
           double fill = 0) const;
  Term concat(llvm::ArrayRef<Term> others, int64_t axis) const;
  Term gather(Term indices, int64_t axis) const;
  Term reduce(nn::ReduceKind kind, llvm::ArrayRef<int64_t> axes) const {
    return wrap(node->reduce(value, kind, axes));
  }
  Term sum(int64_t axis) const { return reduce(nn::ReduceKind::Sum, axis); }
  Term mean(int64_t axis) const { return reduce(nn::ReduceKind::Mean, axis); }
  Term maximum(int64_t axis) const { return reduce(nn::ReduceKind::Max, axis); }
  /// Index (i64) of the largest element along dimension `axis`, the first.
  Term argMax(int64_t axis) const;
  /// The product of matrices; leading dimensions broadcast.
  Term matmul(Term other) const;
  /// Over dimension `axis`.
  Term softmax(int64_t axis) const;
  Term clamp(double least, double most) const;

  Term abs() const { return unary<nn::AbsOp>(); }
  Term ceil() const { return unary<nn::CeilOp>(); }
  Term cos() const { return unary<nn::CosOp>(); }
  Term erf() const { return unary<nn::ErfOp>(); }
  Term exp() const { return unary<nn::ExpOp>(); }
  Term floor() const { return unary<nn::FloorOp>(); }
  Term isNan() const { return unary<nn::IsNanOp>(); }
  Term log() const { return unary<nn::LogOp>(); }
  Term relu() const { return unary<nn::ReluOp>(); }
  Term sigmoid() const { return unary<nn::SigmoidOp>(); }
  Term sign() const { return unary<nn::SignOp>(); }
  Term sin() const { return unary<nn::SinOp>(); }
  Term sqrt() const { return unary<nn::SqrtOp>(); }
  Term tanh() const { return unary<nn::TanhOp>(); }
  Term operator-() const { return unary<nn::NegOp>(); }
  Term pow(Term exponent) const { return binary<nn::PowOp>(exponent); }
  Term pow(double exponent) const { return pow(like(exponent)); }
  Term max(Term other) const { return binary<nn::MaxOp>(other); }
  Term max(double other) const { return max(like(other)); }
  Term min(Term other) const { return binary<nn::MinOp>(other); }
  Term min(double other) const { return min(like(other)); }
  Term equals(Term other) const { return binary<nn::EqualOp>(other); }
  Term equals(double other) const { return equals(like(other)); }
  /// Of truth values: `onTrue` where they hold, else `onFalse`.
  Term select(Term onTrue, Term onFalse) const {
    return wrap(node->elementwise<nn::WhereOp>({value, onTrue, onFalse}));
  }
  /// A constant of this element type.
  Term like(double number) const {
    return constant(*node, number, getElementType());
  }

#define SINTER_TERM_OPERATOR(SYMBOL, OP)                                       \
  friend Term operator SYMBOL(Term lhs, Term rhs) {                            \
    return lhs.binary<nn::OP>(rhs);                                            \
  }                                                                            \
  friend Term operator SYMBOL(Term lhs, double rhs) {                          \
    return lhs.binary<nn::OP>(lhs.like(rhs));                                  \
  }                                                                            \
  friend Term operator SYMBOL(double lhs, Term rhs) {                          \
    return rhs.like(lhs).binary<nn::OP>(rhs);                                  \
  }
  SINTER_TERM_OPERATOR(+, AddOp)
  SINTER_TERM_OPERATOR(-, SubOp)
  SINTER_TERM_OPERATOR(*, MulOp)
  SINTER_TERM_OPERATOR(/, DivOp)
  SINTER_TERM_OPERATOR(<, LessOp)
  SINTER_TERM_OPERATOR(<=, LessEqualOp)
#undef SINTER_TERM_OPERATOR
  friend Term operator&(Term lhs, Term rhs) {
    return lhs.binary<nn::AndOp>(rhs);
  }
  friend Term operator|(Term lhs, Term rhs) {
    return lhs.binary<nn::OrOp>(rhs);
  }

private:
  Term wrap(mlir::Value result) const { return {*node, result}; }
  template <typename OpTy>
  Term unary() const {
    return wrap(node->elementwise<OpTy>(value));
  }
  template <typename OpTy>
  Term binary(Term other) const {
    return wrap(node->elementwise<OpTy>({value, other.value}));
  }

  NodeContext *node = nullptr;
  mlir::Value value;
};

/// The product of matrices, both of rank 2 or more, whose leading dimensions
/// broadcast. Failure, reported, where the inner sizes differ.
mlir::FailureOr<mlir::Value> multiplyMatrices(NodeContext &node,
                                              mlir::Value lhs, mlir::Value rhs);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_TERM_H
