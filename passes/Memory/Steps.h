//===- Steps.h - the order of what a function does --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lifetimes are intervals of *steps*: a call is one, so is nn.bind_sizes; a
// loop and a condition have one where they begin and one where each body ends.
// Numbers grow through bodies in the order of the text.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_MEMORY_STEPS_H
#define SINTER_PASSES_MEMORY_STEPS_H

#include "dialects/NN/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace sinter::memory {

class Steps {
public:
  explicit Steps(mlir::func::FuncOp function);

  /// The step of a call or nn.bind_sizes, the first of a loop or condition.
  int64_t getStep(mlir::Operation *op) const { return stepOf.lookup(op); }
  /// The step at which a body ends.
  int64_t getEnd(mlir::Region &body) const { return endOf.lookup(&body); }
  /// The step after all others: outputs are copied.
  int64_t getLast() const { return next; }
  /// The step until which a value that is defined in `home` must live because
  /// of a use by `user` at `step`: loops in between run again.
  int64_t extend(mlir::Block *home, mlir::Operation *user, int64_t step) const;

  /// The step from which all late dimensions in `type` are known to the block
  /// of the function, or nothing if one never is.
  std::optional<int64_t> getKnown(mlir::Type type) const;
  /// At least the bytes of a tensor of `type` whose sizes are not negative, in
  /// dimensions that are not late; null if there is no bound.
  nn::SizeAttr getBoundOfBytes(mlir::Type type) const;

private:
  void number(mlir::Block &block, bool isOuter);
  void define(mlir::ArrayAttr names, int64_t step);
  nn::SizeAttr getBound(nn::SizeAttr size) const;

  int64_t next = 0;
  llvm::DenseMap<mlir::Operation *, int64_t> stepOf;
  llvm::DenseMap<mlir::Region *, int64_t> endOf;
  llvm::StringMap<int64_t> known;
  llvm::StringMap<nn::SizeAttr> bounds;
};

} // namespace sinter::memory

#endif // SINTER_PASSES_MEMORY_STEPS_H
