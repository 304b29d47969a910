//===- Import.h - from an ONNX file to the nn dialect -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_IMPORT_H
#define SINTER_COMPILER_IMPORT_IMPORT_H

#include "compiler/Import/Issue.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <functional>
#include <utility>
#include <vector>

namespace sinter {

/// What the user says about the model beyond the file.
struct ImportOptions {
  /// Free dimensions by name: `N` fixes one, `LO..HI[@OPT]` bounds it.
  std::vector<std::pair<std::string, std::string>> dims;
  /// Shapes by input: comma-separated dimensions, each `N` or `LO..HI[@OPT]`.
  std::vector<std::pair<std::string, std::string>> shapes;
  /// Inner tensors that become outputs too, after those of the model.
  std::vector<std::string> outputs;
  /// Every inner tensor becomes an output.
  bool allOutputs = false;
};

/// Reads the model `path` and builds `func.func @main` of `nn` operations for
/// it, with the module attributes `nn.model`, `nn.free_dims`, `nn.assumptions`
/// and `nn.node_count`. Weights stay in the file. On failure `issues` holds
/// every reason that was found: all unsupported nodes, or the first error.
/// `warning` is told, in a sentence each, of what was decided in doubt.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
importOnnx(mlir::MLIRContext *context, llvm::StringRef path,
           const ImportOptions &options,
           llvm::SmallVectorImpl<ImportIssue> &issues,
           std::function<void(llvm::StringRef)> warning);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_IMPORT_H
