//===- DeviceBuilder.h - the function of a kernel on a GPU ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel is written as what one thread does. Values are vectors of the
// elements that a thread computes at a time (mostly one), so everything that
// computes points for processors (PointEmitter, Elementwise) serves here too.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWERCUDA_DEVICEBUILDER_H
#define SINTER_PASSES_LOWERCUDA_DEVICEBUILDER_H

#include "passes/Lower/KernelBuilder.h"

namespace sinter::cuda {

/// Threads that run in step and can exchange registers.
constexpr int64_t warpSize = 32;
/// Threads of a block where nothing speaks for another number.
constexpr int64_t blockSize = 256;

/// Memory spaces of NVVM.
constexpr int64_t globalSpace = 1, sharedSpace = 3;

/// How a kernel is started: `kernel.launch` of its function.
struct Launch {
  nn::SizeAttr blocks;
  int64_t threads = blockSize;
};

/// Builds the function of one kernel for a GPU.
class DeviceBuilder : public KernelBuilder {
public:
  /// Makes `func.func @name(buffers.., dims.., %scratch, %status)`: buffers in
  /// global memory, the free dimensions as i64, the address of scratch memory
  /// (none is used), and the word that failed checks are reported in.
  DeviceBuilder(kernel::FuncOp kernel,
                llvm::ArrayRef<llvm::StringRef> freeDims);

  /// Elements that a thread computes at a time from here on. Where it is more
  /// than one, offsets of whole vectors must be multiples of it: loads and
  /// stores are aligned.
  using KernelBuilder::setLanes;

  /// Number of the block, of the thread in its block.
  mlir::Value getBlock();
  mlir::Value getThread();
  /// Sets how the kernel is started.
  void setLaunch(nn::SizeAttr blocks, int64_t threads = blockSize);

  /// An array in the memory that a block shares: `memref<elements x type, 3>`,
  /// aligned to 16 bytes. `elements` is constant; the sum of all arrays is
  /// limited to 48 KiB.
  mlir::Value makeShared(llvm::StringRef name, mlir::Type type,
                         int64_t elements);
  /// `memref<elements x type, 3>` from the byte `base` of shared memory (i8)
  /// on.
  mlir::Value viewShared(mlir::Value memory, mlir::Value base, mlir::Type type,
                         int64_t elements);
  /// The address (llvm.ptr) of byte `offset` of a buffer or array.
  mlir::Value getAddress(mlir::Value buffer, mlir::Value offset);
  /// Waits for all threads of the block; what they wrote before is seen after.
  void barrier();
  /// `scalar` of the thread whose number in the warp differs by the bits
  /// `distance`. All threads of the warp must come here.
  mlir::Value shuffle(mlir::Value scalar, int64_t distance);

  /// i1 comparisons of index values.
  mlir::Value less(mlir::Value lhs, mlir::Value rhs);
  mlir::Value equal(mlir::Value lhs, mlir::Value rhs);
  /// The only element, or element 0, of a vector.
  mlir::Value getFirst(mlir::Value vector);
  /// `condition ? then() : otherwise()`, which give values of the same types.
  llvm::SmallVector<mlir::Value>
  ifElse(mlir::Value condition,
         llvm::function_ref<llvm::SmallVector<mlir::Value>()> then,
         llvm::function_ref<llvm::SmallVector<mlir::Value>()> otherwise);

  void reportCheck(mlir::Value failed, int64_t check) override;
  void finish() override;

protected:
  mlir::Value readFreeDim(unsigned position) override;
  llvm::MaybeAlign getVectorAlignment(mlir::Type type) const override;

private:
  unsigned freeDimCount;
  mlir::Value block, thread;
  Launch launch;
  bool reports = false;
};

} // namespace sinter::cuda

#endif // SINTER_PASSES_LOWERCUDA_DEVICEBUILDER_H
