//===- ChannelOrder.h - channels first and channels last --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LAYOUT_CHANNELORDER_H
#define SINTER_PASSES_LAYOUT_CHANNELORDER_H

#include "dialects/NN/NNShapes.h"
#include "mlir/IR/PatternMatch.h"

namespace sinter {

/// The permutation [0, 2, .., rank-1, 1] that puts the channels last, and its
/// inverse [0, rank-1, 1, ..].
llvm::SmallVector<int64_t> getToChannelsLast(int64_t rank);
llvm::SmallVector<int64_t> getToChannelsFirst(int64_t rank);

/// `type` with dimensions permuted as nn.transpose does.
mlir::RankedTensorType permuteType(mlir::RankedTensorType type,
                                   llvm::ArrayRef<int64_t> permutation);

/// Whether a transpose by `permutation` only moves dimensions of size 1.
bool isViewPermutation(mlir::RankedTensorType type,
                       llvm::ArrayRef<int64_t> permutation);

/// How an operation stands to the order of dimensions.
enum class OrderRule {
  ChannelsLast, ///< wants its input with the channels last: conv, pool
  Either,       ///< can work in both orders
  Free, ///< a transpose: takes any order and gives any, at the same cost
  Fixed ///< knows only the order it was written in
};

OrderRule getOrderRule(mlir::Operation *op);

/// Whether `operand` has the dimensions of the result and is permuted with it
/// (a filter, a padding value and an operand of lower rank are not).
bool followsOrder(mlir::OpOperand &operand);

/// Makes `op`, whose rule is ChannelsLast or Either, in the channels-last
/// order. `operands` are those of `op`, the following ones already permuted,
/// those of lower rank of element-wise operations already aligned.
mlir::Operation *createChannelsLast(mlir::RewriterBase &rewriter,
                                    mlir::Operation *op,
                                    mlir::ValueRange operands);

} // namespace sinter

#endif // SINTER_PASSES_LAYOUT_CHANNELORDER_H
