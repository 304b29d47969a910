//===- SizeTable.h - the sizes that generated code works with ---*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CPU_SIZETABLE_H
#define SINTER_COMPILER_CODEGEN_CPU_SIZETABLE_H

#include "dialects/NN/Size.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/IR/IRBuilder.h"

namespace sinter::codegen {

/// The table that `prepare` fills and a run reads: entries 0, 1, 2 as abi.h
/// says, then every size of the schedule that is not a constant, once.
class SizeTable {
public:
  SizeTable(nn::SizeAttr arena, nn::SizeAttr scratch, nn::SizeAttr flops)
      : fixed{arena, scratch, flops} {}

  /// The entry of `size`, made if it is new.
  unsigned getIndex(nn::SizeAttr size);
  /// Number of entries.
  unsigned size() const { return 3 + entries.size(); }
  /// All sizes in the order of their entries.
  llvm::SmallVector<nn::SizeAttr> getSizes() const;

private:
  nn::SizeAttr fixed[3];
  llvm::MapVector<nn::SizeAttr, unsigned> entries;
};

/// Emits code that computes `size`; `symbols` has the value of each free
/// dimension by name.
llvm::Value *emitSize(nn::SizeAttr size, llvm::IRBuilder<> &builder,
                      const llvm::StringMap<llvm::Value *> &symbols);

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_CPU_SIZETABLE_H
