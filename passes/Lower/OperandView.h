//===- OperandView.h - indices as linear forms ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An index, or the offset of an element in a flat buffer, as a linear form over
// the dimensions of an iteration space. Transposes, slices and broadcasts only
// change the coefficients, so an operand seen through them is one form.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_OPERANDVIEW_H
#define SINTER_PASSES_LOWER_OPERANDVIEW_H

#include "dialects/NN/NNDialect.h"
#include "dialects/NN/Size.h"

namespace sinter {

/// `base + sum(strides[d] * i[d])` over the dimensions d of a space.
struct LinearForm {
  nn::SizeAttr base;
  llvm::SmallVector<nn::SizeAttr, 4> strides;

  static LinearForm constant(nn::SizeAttr value, unsigned rank);
  /// The index of dimension `dim`.
  static LinearForm dimension(mlir::MLIRContext *context, unsigned dim,
                              unsigned rank);
  LinearForm operator+(const LinearForm &other) const;
  LinearForm operator*(nn::SizeAttr factor) const;
  LinearForm operator+(nn::SizeAttr summand) const;
  bool operator==(const LinearForm &other) const {
    return base == other.base && strides == other.strides;
  }
  bool dependsOn(unsigned dim) const { return !strides[dim].isConstant(0); }
};

/// Row-major strides of a tensor of these sizes.
llvm::SmallVector<nn::SizeAttr>
getRowMajorStrides(mlir::MLIRContext *context,
                   llvm::ArrayRef<nn::SizeAttr> sizes);

/// The index of each dimension of a value, given those of its user's result.
using Indices = llvm::SmallVector<LinearForm, 4>;

/// The indices of all dimensions of the space itself.
Indices getIdentity(mlir::MLIRContext *context, unsigned rank);
/// Aligns at the right and pins dimensions of size 1 to 0, as NumPy broadcasts.
Indices broadcastTo(llvm::ArrayRef<LinearForm> indices,
                    llvm::ArrayRef<nn::SizeAttr> operandSizes,
                    llvm::ArrayRef<nn::SizeAttr> resultSizes);

/// An operand of a kernel through transposes, slices and broadcasts.
struct OperandView {
  mlir::BlockArgument argument;
  /// Offset of the element in the flat buffer of `argument`.
  LinearForm offset;
};

/// Walks up from `value`, whose dimensions have `indices`. Nothing if another
/// operation than transpose, slice and broadcast is met.
std::optional<OperandView> getOperandView(mlir::Value value, Indices indices);

/// Partitions the dimensions of a space into runs that can be one loop: d and
/// d+1 merge where every form has stride[d] = stride[d+1] * sizes[d+1];
/// dimensions of size 1 disappear. Each run is [begin, end).
llvm::SmallVector<std::pair<unsigned, unsigned>>
collapseDimensions(llvm::ArrayRef<nn::SizeAttr> sizes,
                   llvm::ArrayRef<LinearForm> forms);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_OPERANDVIEW_H
