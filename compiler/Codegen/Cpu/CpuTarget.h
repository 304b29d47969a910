//===- CpuTarget.h - the instruction sets that code is made for -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_CODEGEN_CPU_CPUTARGET_H
#define SINTER_COMPILER_CODEGEN_CPU_CPUTARGET_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>

namespace sinter::codegen {

/// A set of kernels: code for one instruction set.
struct CpuTarget {
  llvm::StringRef name;       ///< as users write it: "x86-64-v4"
  llvm::StringRef moduleName; ///< of the nested module after lowering
  llvm::StringRef cpu;        ///< LLVM's name of the processor
  llvm::StringRef tune;       ///< LLVM's name of the processor to schedule for
  llvm::StringRef features;   ///< beyond those of `cpu`, as LLVM writes them
  unsigned vectorBits;        ///< width of a vector register
  /// Whose kernels serve where this set has none of its own; null: it has all.
  const CpuTarget *base;
};

/// What the loader chooses from: a processor that has `features` may run the
/// kernels of `target`.
struct CpuVariant {
  llvm::StringRef name;
  uint64_t features; ///< SINTER_ABI_FEATURE_* bits, all needed
  const CpuTarget *target;
};

/// The sets of kernels of the default artifact.
llvm::ArrayRef<CpuTarget> getDefaultTargets();

/// The target of that name, of the default artifact or not; null if there is
/// none.
const CpuTarget *findTarget(llvm::StringRef name);

/// The variants of the default artifact, best first.
llvm::ArrayRef<CpuVariant> getDefaultVariants();

/// A target machine for `target`. It depends on nothing of the host. Null if
/// LLVM was built without x86.
std::unique_ptr<llvm::TargetMachine>
createTargetMachine(const CpuTarget &target);

} // namespace sinter::codegen

#endif // SINTER_COMPILER_CODEGEN_CPU_CPUTARGET_H
