//===- ArenaPlan.h - places buffers in one arena ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The algorithms of memory planning, on lifetimes and sizes alone.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_MEMORY_ARENAPLAN_H
#define SINTER_PASSES_MEMORY_ARENAPLAN_H

#include "dialects/NN/NNDialect.h"

namespace sinter::memory {

/// Every buffer starts at a multiple of this, in bytes.
constexpr int64_t alignment = 64;

/// `size` rounded up to the alignment.
int64_t alignBytes(int64_t size);
nn::SizeAttr alignBytes(nn::SizeAttr size);

/// The launches from which and to which a buffer holds its value, both
/// included.
struct Lifetime {
  int64_t first, last;
  bool overlaps(const Lifetime &other) const {
    return first <= other.last && other.first <= last;
  }
};

/// A buffer of constant size.
struct FixedBuffer {
  int64_t bytes;
  Lifetime life;
};

/// Offsets of buffers, in the order they were given, and the bytes of the
/// arena.
struct FixedPlan {
  llvm::SmallVector<int64_t> offsets;
  int64_t bytes = 0;
};

/// Places buffers so that no two overlap in bytes and lifetime: best fit in
/// several orders, the smallest arena wins.
FixedPlan planFixed(llvm::ArrayRef<FixedBuffer> buffers);

/// The largest sum of (aligned) bytes that live at one launch.
int64_t getLowerBound(llvm::ArrayRef<FixedBuffer> buffers);

/// A buffer whose size is a formula of the free dimensions.
struct FreeBuffer {
  nn::SizeAttr bytes;
  Lifetime life;
};

/// For each buffer its slot; for each slot its offset. `bytes` is the end of
/// the last slot.
struct FreePlan {
  llvm::SmallVector<unsigned> slots;
  llvm::SmallVector<nn::SizeAttr> offsets;
  nn::SizeAttr bytes;
};

/// Puts buffers with disjoint lifetimes into slots. `estimate` gives the value
/// of a size at typical dimensions: it steers the choice, never correctness.
FreePlan planFree(mlir::MLIRContext *context,
                  llvm::ArrayRef<FreeBuffer> buffers,
                  llvm::function_ref<int64_t(nn::SizeAttr)> estimate);

} // namespace sinter::memory

#endif // SINTER_PASSES_MEMORY_ARENAPLAN_H
