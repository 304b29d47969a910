//===- IntegerDot.h - sums of products of 8-bit integers --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each 32-bit lane of a vector holds a *quad*, four 8-bit integers. A step adds
// the four products of an unsigned and a signed quad to the lane's 32-bit sum:
//
//   sum[l] += a[4l] * b[4l] + .. + a[4l+3] * b[4l+3]
//
// exactly on every instruction set: by vpdpbusd where there is VNNI, else by
// vpmaddwd on both halves of the quad widened to 16 bits. (vpmaddubsw, which
// multiplies bytes, saturates.)
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_INTEGERDOT_H
#define SINTER_PASSES_LOWER_INTEGERDOT_H

#include "passes/Lower/KernelBuilder.h"

namespace sinter {

/// A vector of quads as the instructions of the set read it.
struct DotOperand {
  /// The quads as vector<4 * lanes x i8>; or their elements 0 and 2, and 1 and
  /// 3, as vector<2 * lanes x i16>.
  mlir::Value first, second;
};

/// `quads`: vector<lanes x i32>.
DotOperand makeUnsignedQuads(KernelBuilder &kb, mlir::Value quads);
/// `bytes`: vector<4 * lanes x i8>.
DotOperand makeSignedQuads(KernelBuilder &kb, mlir::Value bytes);

/// `sum`, vector<lanes x i32>, and the products.
mlir::Value emitDot(KernelBuilder &kb, const DotOperand &unsignedQuads,
                    const DotOperand &signedQuads, mlir::Value sum);

/// Reads `lanes` signed quads from a buffer of bytes, or of i32 quads.
DotOperand loadSignedQuads(KernelBuilder &kb, mlir::Value buffer,
                           mlir::Value offset);

/// Reads the four bytes at `offset` as a scalar i32.
mlir::Value loadQuad(KernelBuilder &kb, mlir::Value buffer, mlir::Value offset);
/// A scalar i32 of the bytes at four offsets.
mlir::Value loadQuadOf(KernelBuilder &kb, mlir::Value buffer,
                       llvm::ArrayRef<mlir::Value> offsets);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_INTEGERDOT_H
