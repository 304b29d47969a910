//===- ArtifactBuilder.h - from a placed module to the artifact -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_ARTIFACTBUILDER_H
#define SINTER_COMPILER_DRIVER_ARTIFACTBUILDER_H

#include "compiler/Codegen/Cpu/GenerateCpu.h"
#include "compiler/Driver/Compiler.h"
#include "compiler/Driver/DeviceCode.h"

namespace sinter {

/// The table of sizes of the schedule of `module`, with what the manifest tells
/// of it: arena, scratch, operations, the dimensions of inputs and outputs.
codegen::SizeTable makeSizeTable(mlir::ModuleOp module);

/// Writes the artifact `output`: the objects of `code`, the weights of the
/// schedule (evaluated one by one), the modules of `deviceCode` and the
/// manifest, which keeps the text `lock`. Fills the sizes, instruction sets and
/// device code of `result`. On failure fills `failure` or emits an error.
llvm::LogicalResult
buildArtifact(mlir::ModuleOp module, codegen::GeneratedCode &code,
              codegen::CudaCode deviceCode, codegen::SizeTable &sizes,
              llvm::StringRef lock, llvm::StringRef output,
              const Events &events, CompileResult &result, Failure &failure);

} // namespace sinter

#endif // SINTER_COMPILER_DRIVER_ARTIFACTBUILDER_H
