//===- Vectorize.h - whether a thread may compute vectors -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWERCUDA_VECTORIZE_H
#define SINTER_PASSES_LOWERCUDA_VECTORIZE_H

#include "passes/Lower/PointProgram.h"

namespace sinter::cuda {

/// Elements of the widest access of a thread, 16 bytes of f32.
constexpr int64_t vectorLanes = 4;

/// Whether `size` is a multiple of `factor` for all free dimensions.
bool isMultiple(nn::SizeAttr size, int64_t factor);

/// Whether `program` can be evaluated for `vectorLanes` points along `dim` at
/// once: where the first index is a multiple of them, so are the offsets of all
/// loads that advance with it, and no load gathers.
bool canVectorize(const PointProgram &program, unsigned dim);

/// The same for elements at `form`: stored, or read, along its dimension `dim`.
bool isAligned(const LinearForm &form, unsigned dim);

} // namespace sinter::cuda

#endif // SINTER_PASSES_LOWERCUDA_VECTORIZE_H
