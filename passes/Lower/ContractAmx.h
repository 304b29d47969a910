//===- ContractAmx.h - register tiles of matrix instructions ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// AMX multiplies in tile registers of 16 rows of 64 bytes: up to two tiles of
// rows of the left operand with two tiles of 16 columns of a panel, whose quads
// lie as tdpbusd reads them. The sums leave the tile registers through memory.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_CONTRACTAMX_H
#define SINTER_PASSES_LOWER_CONTRACTAMX_H

#include "passes/Lower/ContractForm.h"
#include "passes/Lower/KernelBuilder.h"

namespace sinter::contract {

/// Rows of the largest tile, and of a tile register.
constexpr int64_t amxRows = 32;
constexpr int64_t amxRegisterRows = 16;

/// Whether a contraction is computed in tile registers: 8-bit integers whose
/// steps follow each other in both operands, as many as is known when the
/// kernel is compiled.
bool canUseAmx(const KernelBuilder &kb, const Contraction &c);

/// One operand, in bytes.
struct AmxOperand {
  mlir::Value buffer;
  mlir::Value offset;
  int64_t elementBytes; ///< of offset and of the strides of its loops
};

/// Computes `rows` rows, `rowStride` elements apart, of `vectors` vectors of
/// columns, and writes them row by row to `sums`, a buffer of i32.
void emitAmxTile(KernelBuilder &kb, int64_t rows, unsigned vectors,
                 llvm::ArrayRef<ReductionLoop> reduction, const AmxOperand &lhs,
                 nn::SizeAttr rowStride, const AmxOperand &rhs,
                 mlir::Value sums);

} // namespace sinter::contract

#endif // SINTER_PASSES_LOWER_CONTRACTAMX_H
