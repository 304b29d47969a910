//===- ContractCopy.h - operands copied to scratch --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a unit of work copies before it computes: the input of a convolution
// with its padding, and panels of a right operand that is not packed.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTCOPY_H
#define SINTER_PASSES_LOWER_CONTRACTCOPY_H

#include "passes/Lower/ContractPlan.h"
#include "passes/Lower/ContractTile.h"

namespace sinter::contract {

/// Strides of the dimensions and of the channels in the window of a plan.
struct WindowStrides {
  llvm::SmallVector<nn::SizeAttr> dimensions;
  nn::SizeAttr channel;
};
WindowStrides getWindowStrides(const InputWindow &window,
                               const ContractPlan &plan);

/// Copies the input that the outputs [begin, end) of each window dimension
/// read to `target`, the pad value beyond the edges. `base` is the offset of
/// coordinate 0 and channel 0 in the input.
void emitWindowCopy(KernelBuilder &kb, const Contraction &c,
                    const ContractPlan &plan, mlir::Value base,
                    llvm::ArrayRef<std::pair<mlir::Value, mlir::Value>> ranges,
                    mlir::Value target);

/// Copies columns [column, column + 32) of the right operand, as far as there
/// are any, to `target`: element (or quad) (k, j) at k * 32 + j. `base` is the
/// offset of element (0, 0).
void emitPanelCopy(KernelBuilder &kb, const Contraction &c, mlir::Value base,
                   mlir::Value column, mlir::Value target);

} // namespace sinter::contract

#endif // SINTER_PASSES_LOWER_CONTRACTCOPY_H
