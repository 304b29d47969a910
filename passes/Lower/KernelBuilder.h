//===- KernelBuilder.h - the func.func of a kernel being built --*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Owns the lowered function of one kernel for one instruction set: its
// arguments in the order of the ABI, sizes evaluated from the free dimensions,
// and access to flat buffers by vectors. All emitters build through it.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_KERNELBUILDER_H
#define SINTER_PASSES_LOWER_KERNELBUILDER_H

#include "dialects/Kernel/KernelDialect.h"
#include "dialects/NN/Size.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"
#include "passes/Lower/InstructionSet.h"
#include "llvm/ADT/DenseMap.h"

#include <unordered_map>

namespace sinter {

/// The type an element has in memory: i1 is i8, unsigned integers are signless,
/// what has 8 bits or less (small floats too) is i8.
mlir::Type getStorageType(mlir::Type elementType);
/// The type an element has in registers: f16 and bf16 are f32, i1 stays i1,
/// unsigned integers are signless, smaller integers and floats are as in
/// memory.
mlir::Type getComputeType(mlir::Type elementType);
/// Bytes of an element in memory.
int64_t getStorageBytes(mlir::Type elementType);
/// Bytes of an element as computed (i1: 1).
int64_t getComputeBytes(mlir::Type elementType);

/// Builds one lowered kernel. The insertion point of `b` is the place where
/// the methods insert, except where they say "entry". This class makes
/// functions for processors; another calling convention derives from it.
class KernelBuilder {
public:
  /// Makes `func.func @name(buffers.., %dims, %first, %last, %scratch) -> i32`
  /// right before `kernel` and sets the insertion point into its body.
  /// `freeDims` are the names of the free dimensions in the order of `%dims`.
  KernelBuilder(kernel::FuncOp kernel, const InstructionSet &set,
                llvm::ArrayRef<llvm::StringRef> freeDims);
  virtual ~KernelBuilder() = default;

  mlir::OpBuilder b;
  mlir::Location loc;

  kernel::FuncOp getKernel() const { return kernel; }
  mlir::func::FuncOp getFunc() const { return func; }
  mlir::Block &getBody() const { return kernel->getRegion(0).front(); }
  /// Elements of a vector, of every element type.
  unsigned getLanes() const { return lanes; }
  const InstructionSet &getInstructionSet() const { return set; }
  /// Vector registers of the instruction set (16 or 32).
  unsigned getRegisters() const { return set.registers; }

  /// The flat buffer of an argument of the kernel, of a result.
  mlir::Value getBuffer(mlir::BlockArgument argument);
  mlir::Value getResultBuffer(unsigned result);
  mlir::Value getFirstTile() const { return firstTile; }
  mlir::Value getLastTile() const { return lastTile; }
  /// `memref<?xi8>`, 64-byte aligned.
  mlir::Value getScratch() const { return scratch; }
  /// A flat view of `elements` elements of `type` (a compute type, not i1) on
  /// the scratch, from the byte offset `bytes`. Emitted in the entry block.
  mlir::Value getScratchView(mlir::Type type, nn::SizeAttr bytes,
                             nn::SizeAttr elements);
  /// The same of a buffer of bytes.
  mlir::Value getView(mlir::Value buffer, mlir::Type type, nn::SizeAttr bytes,
                      nn::SizeAttr elements);

  /// `size` as an index value, computed once in the entry block.
  mlir::Value size(nn::SizeAttr size);
  /// A constant of type index.
  mlir::Value index(int64_t value);
  /// Index arithmetic, folding constants.
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs);
  /// Unsigned quotient and remainder of non-negative values.
  mlir::Value div(mlir::Value lhs, mlir::Value rhs);
  mlir::Value rem(mlir::Value lhs, mlir::Value rhs);
  mlir::Value min(mlir::Value lhs, mlir::Value rhs);
  mlir::Value max(mlir::Value lhs, mlir::Value rhs);

  /// `vector<lanes x type>`.
  mlir::VectorType getVector(mlir::Type type) const;
  /// A vector or scalar constant: `value` converted to the element type of
  /// `type`.
  mlir::Value constant(mlir::Type type, double value);
  mlir::Value constant(mlir::Type type, mlir::Attribute scalar);
  mlir::Value broadcast(mlir::Value scalar);
  /// Lane numbers: vector<lanes x index> 0, 1, 2, ...
  mlir::Value laneNumbers();
  /// Mask of the first `count` lanes (index value, may exceed the lanes).
  mlir::Value tailMask(mlir::Value count);

  /// Reads `lanes` elements from `offset` on, in the compute type of
  /// `elementType` (the tensor's). A null mask reads all; masked-off lanes are
  /// `passThru` (zero when null) and are not touched in memory.
  mlir::Value loadVector(mlir::Value buffer, mlir::Type elementType,
                         mlir::Value offset, mlir::Value mask = {},
                         mlir::Value passThru = {});
  /// Reads the elements at `offset + offsets[lane]` (vector of index).
  mlir::Value gatherVector(mlir::Value buffer, mlir::Type elementType,
                           mlir::Value offset, mlir::Value offsets,
                           mlir::Value mask = {});
  /// Reads one element, as a scalar of the compute type.
  mlir::Value loadScalar(mlir::Value buffer, mlir::Type elementType,
                         mlir::Value offset);
  /// Reads one element into all lanes.
  mlir::Value loadBroadcast(mlir::Value buffer, mlir::Type elementType,
                            mlir::Value offset);
  /// Writes `lanes` elements (vector of the compute type) from `offset` on.
  void storeVector(mlir::Value value, mlir::Value buffer,
                   mlir::Type elementType, mlir::Value offset,
                   mlir::Value mask = {});
  void storeScalar(mlir::Value value, mlir::Value buffer,
                   mlir::Type elementType, mlir::Value offset);
  /// Converts between memory and register form; vectors or scalars.
  mlir::Value toCompute(mlir::Value value, mlir::Type elementType);
  mlir::Value toStorage(mlir::Value value, mlir::Type elementType);

  /// `for (i = lower; i < upper; i += step) body(i)`; the loop is returned.
  void forLoop(mlir::Value lower, mlir::Value upper, mlir::Value step,
               llvm::function_ref<void(mlir::Value)> body);
  /// The same with values carried from one round to the next.
  mlir::SmallVector<mlir::Value>
  forLoop(mlir::Value lower, mlir::Value upper, mlir::Value step,
          mlir::ValueRange initial,
          llvm::function_ref<mlir::SmallVector<mlir::Value>(mlir::Value,
                                                            mlir::ValueRange)>
              body);
  /// `if (condition) body()`.
  void ifThen(mlir::Value condition, llvm::function_ref<void()> body);
  /// The loop over the tiles of this call; the only outermost loop.
  void forTiles(llvm::function_ref<void(mlir::Value)> body);

  /// Makes the kernel return `1 + check` where `failed` (i1) holds.
  virtual void reportCheck(mlir::Value failed, int64_t check);
  /// Ends the function; nothing can be inserted afterwards.
  virtual void finish();

protected:
  /// Makes `func.func @name(buffers.., trailing..) -> results`, with the
  /// buffers in the memory space `space` (null: the default).
  KernelBuilder(kernel::FuncOp kernel, const InstructionSet &set,
                llvm::ArrayRef<llvm::StringRef> freeDims,
                llvm::ArrayRef<mlir::Type> trailing, mlir::TypeRange results,
                mlir::Attribute space);
  /// The argument `number` after the buffers.
  mlir::Value getTrailing(unsigned number);
  /// The value of a free dimension (index), read at the insertion point.
  virtual mlir::Value readFreeDim(unsigned position);
  /// What is known of the address of a whole vector of elements of `type`.
  virtual llvm::MaybeAlign getVectorAlignment(mlir::Type type) const {
    return {};
  }
  void setLanes(unsigned count) { lanes = count; }

private:
  mlir::Value buildSize(nn::SizeAttr size);

  kernel::FuncOp kernel;
  mlir::func::FuncOp func;
  const InstructionSet &set;
  unsigned lanes;
  mlir::SmallVector<llvm::StringRef> freeDims;
  mlir::Value dims, firstTile, lastTile, scratch, status;
  llvm::DenseMap<nn::SizeAttr, mlir::Value> sizes;
  /// By value, which may be any: DenseMap reserves two.
  std::unordered_map<int64_t, mlir::Value> constants;
  /// Entry-block code goes before this (a marker that `finish` erases).
  mlir::Operation *entryEnd = nullptr;
};

} // namespace sinter

#endif // SINTER_PASSES_LOWER_KERNELBUILDER_H
