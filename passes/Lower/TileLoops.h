//===- TileLoops.h - loops that emitters share ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_TILELOOPS_H
#define SINTER_PASSES_LOWER_TILELOOPS_H

#include "passes/Lower/KernelBuilder.h"

namespace sinter {

/// Splits `linear` into indices of a row-major space of these sizes.
llvm::SmallVector<mlir::Value> delinearize(KernelBuilder &kb,
                                           mlir::Value linear,
                                           llvm::ArrayRef<nn::SizeAttr> sizes);

/// Runs over the points [first, last) of a row-major space of these sizes. The
/// body gets the linear number and the indices, which are carried from one
/// point to the next, without divisions.
void forEachPoint(
    KernelBuilder &kb, mlir::Value first, mlir::Value last,
    llvm::ArrayRef<nn::SizeAttr> sizes,
    llvm::function_ref<void(mlir::Value, llvm::ArrayRef<mlir::Value>)> body);

/// Runs over [low, high) by whole vectors, then once more with a mask for what
/// is left: `body(index, mask)`, where the mask is null for whole vectors.
void forEachVector(KernelBuilder &kb, mlir::Value low, mlir::Value high,
                   llvm::function_ref<void(mlir::Value, mlir::Value)> body);

/// The same with carried values. `unroll` vectors, at consecutive indices, are
/// given to the body at once as long as there are that many.
llvm::SmallVector<mlir::Value>
forEachVector(KernelBuilder &kb, mlir::Value low, mlir::Value high,
              unsigned unroll, mlir::ValueRange initial,
              llvm::function_ref<llvm::SmallVector<mlir::Value>(
                  llvm::ArrayRef<mlir::Value> indices, mlir::Value mask,
                  mlir::ValueRange carried)>
                  body);

/// Values of every round combined with those of the rounds before.
using CombineFunction = llvm::function_ref<llvm::SmallVector<mlir::Value>(
    mlir::ValueRange, mlir::ValueRange)>;

/// Runs `body(from, to, start)` over the parts of [0, size), each from `start`,
/// and combines what they give: a sum in two levels keeps its precision. One
/// part of all where the size is known to be at most `part`.
llvm::SmallVector<mlir::Value> forEachPart(
    KernelBuilder &kb, nn::SizeAttr size, int64_t part,
    llvm::ArrayRef<mlir::Value> start,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::Value)>
        body,
    CombineFunction combine);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_TILELOOPS_H
