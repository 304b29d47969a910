//===- Blocks.h - weights that are quantized in blocks ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_CONTRIB_BLOCKS_H
#define SINTER_COMPILER_IMPORT_OPS_CONTRIB_BLOCKS_H

#include "compiler/Import/Ops/Term.h"

namespace sinter {

/// The unsigned integers of 2, 4 or 8 bits that bytes hold along the last
/// dimension, those in low bits first: `count` of them, as numbers of `type`.
Term unpackBytes(Term bytes, int64_t bits, nn::SizeAttr count, mlir::Type type);

/// A parameter for each element: each along dimension `axis` repeated `block`
/// times, `count` of them in all.
Term repeatBlocks(Term parameters, int64_t axis, int64_t block,
                  nn::SizeAttr count);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_CONTRIB_BLOCKS_H
