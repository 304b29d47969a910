//===- BufferGraph.h - which values share a buffer --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Finds the buffers that a function of kernel calls needs, what each of them
// holds and when.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_MEMORY_BUFFERGRAPH_H
#define SINTER_PASSES_MEMORY_BUFFERGRAPH_H

#include "dialects/Kernel/KernelDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Memory/ArenaPlan.h"
#include "passes/Memory/Steps.h"
#include "llvm/ADT/MapVector.h"

namespace sinter::memory {

/// Memory that holds one value after another.
struct Buffer {
  enum class Place { Input, Output, Weight, Arena, Grown };
  Place place = Place::Arena;
  /// Number of the input or output; of the slot, once there are slots.
  int64_t index = 0;
  /// The weight.
  nn::WeightAttr weight;
  /// Of the value that is put there first.
  nn::SizeAttr bytes;
  /// In the arena: at least `bytes`, in dimensions that are not late.
  nn::SizeAttr bound;
  Lifetime life = {0, 0};
  /// Where the first value in it is defined: in a loop inside this block, the
  /// buffer holds its value until the loop ends.
  mlir::Block *home = nullptr;
};

/// An output whose value lies in another buffer.
struct OutputCopy {
  unsigned buffer;
  int64_t output;
  nn::SizeAttr bytes;
};

/// A value that a body yields, and the buffer that it must be in then.
struct YieldCopy {
  mlir::Value value;
  unsigned target;
  /// Where the value waits because its own buffer is overwritten by another
  /// yielded value.
  std::optional<unsigned> temporary;
};

class BufferGraph {
public:
  /// Looks at `function`, which holds calls, views, weights, loops, conditions,
  /// nn.bind_sizes and a return. Without `inPlace` no call overwrites an
  /// operand.
  BufferGraph(mlir::func::FuncOp function, bool inPlace);

  /// All calls in order.
  llvm::ArrayRef<kernel::CallOp> getCalls() const { return calls; }
  llvm::ArrayRef<Buffer> getBuffers() const { return buffers; }
  llvm::ArrayRef<OutputCopy> getCopies() const { return copies; }
  /// The buffer of a value.
  unsigned getBuffer(mlir::Value value) const;
  /// The buffer that holds the condition of a loop.
  unsigned getCondition(nn::LoopOp loop) const {
    return findRoot(conditionOf.lookup(loop));
  }
  /// What has to be copied where the body with the terminator `yield` ends, in
  /// this order: the condition and carried values. All values with a
  /// temporary go there first.
  llvm::ArrayRef<YieldCopy> getYieldCopies(nn::YieldOp yield) const;
  /// The buffer into which `buffer` was merged, or itself.
  unsigned findRoot(unsigned buffer) const;
  /// Whether any value lies in the buffer: one that was merged into another is
  /// no longer used.
  bool isUsed(unsigned buffer) const { return mergedInto[buffer] == buffer; }

private:
  unsigned addBuffer(Buffer buffer);
  unsigned useBuffer(mlir::Value value);
  void useAt(mlir::Value value, mlir::Operation *user, int64_t step);
  unsigned defineAt(mlir::Type type, mlir::Block *home, Lifetime life);
  void collectValues(mlir::Block &block);
  void collectLoop(nn::LoopOp loop);
  void collectIf(nn::IfOp condition);
  void shareCarried(nn::LoopOp loop);
  void shareYielded(nn::IfOp condition, mlir::Region &body);
  bool isWrittenLast(mlir::Value yielded, mlir::Value argument,
                     mlir::Block &body) const;
  bool haveSameBytes(unsigned source, unsigned target) const;
  void merge(unsigned source, unsigned target);
  void addYieldCopies(nn::YieldOp yield);
  void assignOutputs(mlir::func::ReturnOp op);
  void shareInPlace();
  bool isOverwritable(kernel::CallOp call, unsigned operand) const;
  std::optional<unsigned> findOverwritten(kernel::CallOp call) const;
  void growUnbounded();

  Steps steps;
  bool inPlace;
  llvm::SmallVector<kernel::CallOp> calls;
  llvm::SmallVector<Buffer> buffers;
  llvm::SmallVector<unsigned> mergedInto;
  llvm::SmallVector<OutputCopy> copies;
  llvm::DenseMap<mlir::Value, unsigned> bufferOf;
  llvm::DenseMap<mlir::Operation *, unsigned> conditionOf;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<YieldCopy>> yieldCopies;
  llvm::DenseMap<nn::WeightAttr, unsigned> weightBuffers;
};

/// Bytes of a tensor in memory: row-major, `i1` in a byte.
nn::SizeAttr getBytes(mlir::Type tensorType);
int64_t getElementBytes(mlir::Type tensorType);

/// Whether the only result of `kernel` may overwrite argument `index`: it is a
/// loop in which element i of the argument enters element i of the result only.
bool mayOverwrite(kernel::FuncOp kernel, unsigned index);

} // namespace sinter::memory

#endif // SINTER_PASSES_MEMORY_BUFFERGRAPH_H
