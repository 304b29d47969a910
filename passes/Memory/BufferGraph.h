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
#include "llvm/ADT/MapVector.h"

namespace sinter::memory {

/// Memory that holds one value after another.
struct Buffer {
  enum class Place { Input, Output, Weight, Arena };
  Place place = Place::Arena;
  /// Number of the input or output.
  int64_t index = 0;
  /// The weight.
  nn::WeightAttr weight;
  nn::SizeAttr bytes;
  Lifetime life = {0, 0};
};

/// An output whose value lies in another buffer.
struct OutputCopy {
  unsigned buffer;
  int64_t output;
};

class BufferGraph {
public:
  /// Looks at `function`, which holds calls, views, weights and a return.
  /// Without `inPlace` no call overwrites an operand.
  BufferGraph(mlir::func::FuncOp function, bool inPlace);

  /// All calls in order: a launch is known by its number here.
  llvm::ArrayRef<kernel::CallOp> getCalls() const { return calls; }
  llvm::ArrayRef<Buffer> getBuffers() const { return buffers; }
  llvm::ArrayRef<OutputCopy> getCopies() const { return copies; }
  /// The buffer of a value.
  unsigned getBuffer(mlir::Value value) const;
  /// Whether any value lies in the buffer: one that was merged into another is
  /// no longer used.
  bool isUsed(unsigned buffer) const { return mergedInto[buffer] == buffer; }

private:
  unsigned addBuffer(Buffer buffer);
  unsigned useBuffer(mlir::Value value);
  void collectValues(mlir::func::FuncOp function);
  void assignOutputs(mlir::func::ReturnOp op);
  void shareInPlace();
  std::optional<unsigned> findOverwritten(int64_t launch) const;

  llvm::SmallVector<kernel::CallOp> calls;
  llvm::SmallVector<Buffer> buffers;
  llvm::SmallVector<unsigned> mergedInto;
  llvm::SmallVector<OutputCopy> copies;
  llvm::DenseMap<mlir::Value, unsigned> bufferOf;
  llvm::DenseMap<nn::WeightAttr, unsigned> weightBuffers;
};

/// Bytes of a tensor in memory: row-major, `i1` in a byte.
nn::SizeAttr getBytes(mlir::Type tensorType);

/// Whether the only result of `kernel` may overwrite argument `index`: it is a
/// loop in which element i of the argument enters element i of the result only.
bool mayOverwrite(kernel::FuncOp kernel, unsigned index);

} // namespace sinter::memory

#endif // SINTER_PASSES_MEMORY_BUFFERGRAPH_H
