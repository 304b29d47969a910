//===- ContractQuads.h - 8-bit operands copied as quads ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How bytes become the quads (IntegerDot.h) of an input window or of a panel of
// the right operand. Sources are buffers of bytes, with offsets in bytes;
// targets are buffers of i32 quads. Nothing beyond the bytes named is read.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTQUADS_H
#define SINTER_PASSES_LOWER_CONTRACTQUADS_H

#include "passes/Lower/ContractForm.h"
#include "passes/Lower/KernelBuilder.h"

namespace sinter::contract {

/// A place in a buffer.
struct BufferPlace {
  mlir::Value buffer, offset;
};

/// Copies `count` quads of bytes that lie together.
void copyQuads(KernelBuilder &kb, BufferPlace source, BufferPlace target,
               mlir::Value count);

/// Copies `count` pixels of `channels` bytes each, `stride` apart, to pixels of
/// ceil(channels / 4) quads. What the last quad of a pixel has beyond the
/// channels is left open.
void copyPixels(KernelBuilder &kb, BufferPlace source, nn::SizeAttr stride,
                int64_t channels, BufferPlace target, mlir::Value count);

/// Writes `count` quads of one byte from each of four channels; `channels` are
/// their offsets from the source, `stride` is the distance of pixels.
void interleaveChannels(KernelBuilder &kb, BufferPlace source,
                        llvm::ArrayRef<mlir::Value> channels,
                        nn::SizeAttr stride, BufferPlace target,
                        mlir::Value count);

/// Copies columns [column, column + 32) of the right operand, as far as there
/// are any: the quad k of column j goes to k * 32 + j, zero beyond the depth.
/// `base` is the offset of element (0, 0).
void emitQuadPanelCopy(KernelBuilder &kb, const Contraction &c,
                       mlir::Value base, mlir::Value column,
                       mlir::Value target);

/// Transposes a square of vectors: result[i][j] = rows[j][i].
mlir::SmallVector<mlir::Value>
transposeSquare(KernelBuilder &kb, mlir::SmallVector<mlir::Value> rows);

} // namespace sinter::contract

#endif // SINTER_PASSES_LOWER_CONTRACTQUADS_H
