//===- Dialects.h - the dialects that the phases use ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_PIPELINES_DIALECTS_H
#define SINTER_COMPILER_PIPELINES_DIALECTS_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace sinter {

/// Adds every dialect that occurs in the IR of a phase.
void registerDialects(mlir::DialectRegistry &registry);

} // namespace sinter

#endif // SINTER_COMPILER_PIPELINES_DIALECTS_H
