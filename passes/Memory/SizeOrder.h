//===- SizeOrder.h - which of two sizes is larger ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_MEMORY_SIZEORDER_H
#define SINTER_PASSES_MEMORY_SIZEORDER_H

#include "dialects/NN/NNDialect.h"

namespace sinter::memory {

/// Whether `a >= b` for all values of the free dimensions, as far as can be
/// shown: by the range of the difference, or because two products compare
/// factor by factor (`4*h*w >= 4*ceil(h/2)*ceil(w/2)`).
bool isAtLeast(nn::SizeAttr a, nn::SizeAttr b);

/// The larger of two sizes: one of them where that can be shown, else `max`.
nn::SizeAttr getLarger(nn::SizeAttr a, nn::SizeAttr b);

} // namespace sinter::memory

#endif // SINTER_PASSES_MEMORY_SIZEORDER_H
