//===- Measuring.h - measurements of a compilation --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_MEASURING_H
#define SINTER_COMPILER_DRIVER_MEASURING_H

#include "compiler/Driver/Compiler.h"
#include "compiler/Measure/Measurer.h"
#include "llvm/ADT/StringMap.h"

namespace sinter {

/// A measurer that compiles with `threads` threads for the best instruction set
/// of this machine; or, if `lockPath` is not empty, one that takes every answer
/// from that file. Null with `failure` filled where the file is no lock.
std::unique_ptr<measure::Measurer> createMeasurer(llvm::StringRef lockPath,
                                                  unsigned threads,
                                                  const Events &events,
                                                  Failure &failure);

/// What of `measurer` a compilation reports.
LockUse describeUse(const measure::Measurer &measurer);

/// The sizes of the free dimensions of `module` to measure at: the optimum
/// where there is one; else 1 for what is outermost in an input, which is a
/// batch as a rule, and 128 for all others, within their limits.
llvm::StringMap<int64_t> getTypicalDims(mlir::ModuleOp module);

/// The free dimensions that have an optimum, with it.
llvm::StringMap<int64_t> getOptima(mlir::ModuleOp module);

/// The best instruction set of the default artifact that this processor has;
/// empty if it has none of them.
std::string getHostTarget();

/// Compiles `module`, in the form after `after`, to an artifact at `path`,
/// for this processor.
llvm::Error compileModule(mlir::ModuleOp module, Phase after,
                          llvm::StringRef path, unsigned threads);

} // namespace sinter

#endif // SINTER_COMPILER_DRIVER_MEASURING_H
