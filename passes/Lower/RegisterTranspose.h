//===- RegisterTranspose.h - transposes vectors in registers ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_REGISTERTRANSPOSE_H
#define SINTER_PASSES_LOWER_REGISTERTRANSPOSE_H

#include "mlir/IR/Builders.h"

namespace sinter {

/// Transposes a square of elements: `rows` are as many vectors of one type as
/// each has elements (a power of two, at least 4). Element j of vector i of the
/// result is element i of `rows[j]`. Takes log2(n) shuffles a vector, in forms
/// that are one instruction each on AVX2 and AVX-512: pairs are interleaved in
/// quarters of 4 elements first, then quarters change places.
llvm::SmallVector<mlir::Value>
emitRegisterTranspose(mlir::OpBuilder &b, mlir::Location loc,
                      llvm::ArrayRef<mlir::Value> rows);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_REGISTERTRANSPOSE_H
