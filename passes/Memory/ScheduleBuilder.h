//===- ScheduleBuilder.h - a schedule on placed buffers ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_MEMORY_SCHEDULEBUILDER_H
#define SINTER_PASSES_MEMORY_SCHEDULEBUILDER_H

#include "passes/Memory/BufferGraph.h"
#include "llvm/ADT/DenseSet.h"

namespace sinter::memory {

/// Where the buffers lie, by number of the buffer: offsets in the arena, slots
/// of memory that grows.
struct Placement {
  llvm::DenseMap<unsigned, nn::SizeAttr> offsets;
  llvm::DenseMap<unsigned, int64_t> slots;
};

/// Writes what a function does as operations on buffers, at the place of the
/// builder in a kernel.schedule.
class ScheduleBuilder {
public:
  ScheduleBuilder(const BufferGraph &graph, const Placement &placement,
                  mlir::OpBuilder &builder);

  void build(mlir::func::FuncOp function);

private:
  using Check = std::pair<mlir::Attribute, mlir::Attribute>;

  mlir::Value declare(unsigned number, mlir::Location loc);
  void buildBlock(mlir::Block &block);
  void buildBody(mlir::Region &from, mlir::Region &to);
  void buildCall(kernel::CallOp call);
  void buildBind(nn::BindSizesOp bind);
  void buildLoop(nn::LoopOp loop);
  void buildStacking(nn::LoopOp loop);
  void buildYield(nn::YieldOp yield, mlir::IntegerAttr check,
                  mlir::ArrayAttr names, mlir::ArrayAttr sizes);
  void buildIf(nn::IfOp condition);
  void buildOutputs(mlir::Location loc);

  mlir::Value getBuffer(mlir::Value tensor) const {
    return values[graph.getBuffer(tensor)];
  }
  bool isGrown(unsigned number) const {
    return graph.getBuffers()[number].place == Buffer::Place::Grown;
  }
  void grow(unsigned number, nn::SizeAttr bytes, nn::SizeAttr keep,
            mlir::Location loc);
  void copy(unsigned from, unsigned to, nn::SizeAttr bytes, mlir::Location loc);
  void check(mlir::Type type, nn::SizeAttr elements, mlir::IntegerAttr number,
             mlir::Location loc);
  void setSizes(mlir::ArrayAttr names, mlir::ArrayAttr sizes,
                mlir::Location loc);

  const BufferGraph &graph;
  const Placement &placement;
  mlir::OpBuilder &b;
  llvm::SmallVector<mlir::Value> values;
  /// Sizes that were found to be possible, in this block or around it.
  llvm::DenseSet<Check> checked;
};

} // namespace sinter::memory

#endif // SINTER_PASSES_MEMORY_SCHEDULEBUILDER_H
