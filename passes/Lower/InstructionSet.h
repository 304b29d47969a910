//===- InstructionSet.h - what kernels are emitted for ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The instruction sets as the emitters see them. Those that only differ in what
// contractions of 8-bit integers use have kernels of their own just for these.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_LOWER_INSTRUCTIONSET_H
#define SINTER_PASSES_LOWER_INSTRUCTIONSET_H

#include "dialects/Kernel/KernelDialect.h"

namespace sinter {

struct InstructionSet {
  llvm::StringLiteral name;       ///< as users write it: "x86-64-v4"
  llvm::StringLiteral moduleName; ///< of the nested module of its kernels
  unsigned lanes;                 ///< 32-bit elements of a vector register
  unsigned registers;             ///< vector registers
  /// How four products of 8-bit integers are added to a 32-bit sum.
  enum class Dot {
    Widened, ///< through 16 bits: vpmaddwd
    Vnni,    ///< vpdpbusd
  } dot;
  /// The set whose kernels serve where there are no such products; empty: none.
  llvm::StringLiteral base;
  /// Whether there are tile registers, multiplied by tdpbusd.
  bool hasAmx;
  /// Whether an artifact has kernels of the set without being asked to.
  bool isDefault;
};

/// All sets, from the smallest on.
llvm::ArrayRef<InstructionSet> getInstructionSets();

/// The set of that name; null if there is none.
const InstructionSet *findInstructionSet(llvm::StringRef name);

/// Whether `kernel` contracts 8-bit integers.
bool hasIntegerDot(kernel::FuncOp kernel);

} // namespace sinter

#endif // SINTER_PASSES_LOWER_INSTRUCTIONSET_H
