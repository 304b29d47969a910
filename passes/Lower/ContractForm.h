//===- ContractForm.h - a contraction as loops over buffers -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What matmul, conv and conv_transpose have in common once only offsets count:
//
//   for rows r.., column c:
//     result[r, c] = epilogue(sum over the reduction loops k.. of
//                             lhs[r, k..] * rhs[r, k.., c], leaves[r, c]..)
//
// where every operand is a flat buffer and its offset a linear form. A row is
// an output pixel or a row of a matrix; the column is the output channel.
//
// 8-bit integers are multiplied four at a time: a step of the innermost loop of
// the sum takes a *quad* of neighbours in k from each row, and from rhs quads
// of 32 columns, [ceil(k / 4)][32][4] in a panel, zero beyond k. So what lhs
// has in a quad beyond k does not matter.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTFORM_H
#define SINTER_PASSES_LOWER_CONTRACTFORM_H

#include "dialects/Kernel/KernelDialect.h"
#include "passes/Lower/OperandView.h"

#include <vector>

namespace sinter::contract {

/// Columns that lie together in a packed weight.
constexpr int64_t panelColumns = 32;

/// Products of 8-bit integers that are added at once.
constexpr int64_t quadSize = 4;

/// One loop of the sum, and how far a round moves in the two operands.
struct ReductionLoop {
  nn::SizeAttr count;
  nn::SizeAttr lhsStride;
  nn::SizeAttr rhsStride;
};

/// Positions of the filter along one spatial dimension: the filter elements
/// rhsStart + j * rhsStep meet the input coordinates lhsStart + j * lhsStep,
/// 0 <= j < count, relative to the output coordinate times its scale.
struct FilterTaps {
  int64_t count = 1;
  int64_t lhsStart = 0, lhsStep = 1;
  int64_t rhsStart = 0, rhsStep = 1;

  int64_t getLowest() const {
    return std::min(lhsStart, lhsStart + (count - 1) * lhsStep);
  }
  int64_t getHighest() const {
    return std::max(lhsStart, lhsStart + (count - 1) * lhsStep);
  }
};

/// The part of the input that a unit of work copies to scratch before it
/// computes, because elements beyond the edges are read as zero.
struct InputWindow {
  /// One spatial dimension; dimension `row` of the rows runs along it.
  struct Dimension {
    unsigned row;
    nn::SizeAttr size;   ///< of the input
    int64_t scale;       ///< input coordinates an output coordinate moves
    int64_t lowest;      ///< input coordinate of the first tap at output 0
    int64_t highest;     ///< and of the last
    nn::SizeAttr stride; ///< in the input buffer
  };
  llvm::SmallVector<Dimension> dimensions;
  nn::SizeAttr channels;      ///< that one row reads (of one group)
  nn::SizeAttr channelStride; ///< in the input buffer
  /// Elements of the window for all channels: quads for 8-bit integers.
  nn::SizeAttr steps;
  int64_t padValue = 0; ///< what lies beyond the edges
  /// Offset of coordinate 0, channel 0, over the rows; 0 in the spatial ones.
  LinearForm base;
  /// Whether channels lie together in the window, else the last spatial
  /// dimension does.
  bool channelsLast() const { return channelStride.isConstant(1); }
};

/// The rows of one residue class of a transposed convolution, or all rows.
struct ContractPart {
  llvm::SmallVector<nn::SizeAttr> rows;
  LinearForm lhs; ///< over the rows; of no use if there is a window
  LinearForm rhs; ///< over the rows and the column (column stride 0 if packed)
  LinearForm result;                          ///< over the rows and the column
  llvm::SmallVector<ReductionLoop> reduction; ///< outermost first
  llvm::SmallVector<FilterTaps> taps;         ///< one a spatial dimension
  llvm::SmallVector<LinearForm> leaves;       ///< over the rows and the column
};

/// A right operand of which only blocks of 1 x 16 elements, or single elements,
/// are stored (kernel.unpack_sparse); `Contraction::rhs` are their values.
struct SparseRhs {
  mlir::BlockArgument starts, indices;
  bool hasBlocks;
};

/// The contraction of a kernel of kind `contract`.
struct Contraction {
  mlir::Operation *op = nullptr;
  mlir::Type elementType; ///< of the result of `op`
  /// Elements of k in a step: 1, or 4 for 8-bit integers, whose sums are i32.
  int64_t step = 1;
  /// If a step has several elements: k of the innermost loop, and its stride in
  /// lhs; of no use if there is a window.
  nn::SizeAttr innerDepth, innerStride;
  mlir::BlockArgument lhs, rhs;
  /// Whether rhs is packed in panels; `panelStride` is the distance of panels.
  bool packed = false;
  nn::SizeAttr panelStride;
  /// If rhs is sparse, the only loop of the sum goes over what is stored;
  /// rhs counts as packed.
  std::optional<SparseRhs> sparse;
  /// Sizes of the rows (of the largest part) and number of columns. The last
  /// two rows, line and pixel, are those that register tiles span.
  llvm::SmallVector<nn::SizeAttr> rows;
  nn::SizeAttr columns;
  std::optional<InputWindow> window;
  std::vector<ContractPart> parts;

  /// What is stored is `stored`, computed by `epilogue` (in order) from the
  /// result of `op`, constants and the leaves.
  mlir::Value stored;
  llvm::SmallVector<mlir::Operation *> epilogue;
  struct Leaf {
    mlir::Value value; ///< as operands of the epilogue name it
    mlir::BlockArgument argument;
  };
  llvm::SmallVector<Leaf> leaves;

  unsigned getLine() const { return rows.size() - 2; }
  unsigned getPixel() const { return rows.size() - 1; }
  /// Whether rhs must be copied to panels in scratch: neither packed nor with
  /// columns that lie together, one step at a time.
  bool needsPackedRhs() const;
  /// Steps of the sum: product of the counts of its loops (of the largest
  /// part).
  nn::SizeAttr getDepth() const;
};

/// Why a kernel is not a contraction that can be emitted.
struct ContractObstacle {
  mlir::Operation *op = nullptr;
  std::string reason;
};

/// Reads the body of `kernel`. On failure `obstacle` says why.
std::optional<Contraction> getContraction(kernel::FuncOp kernel,
                                          ContractObstacle &obstacle);

} // namespace sinter::contract

#endif // SINTER_PASSES_LOWER_CONTRACTFORM_H
