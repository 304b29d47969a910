//===- DeviceCode.h - code for devices in the artifact ----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_DEVICECODE_H
#define SINTER_COMPILER_DRIVER_DEVICECODE_H

#include "compiler/Codegen/Cpu/SizeTable.h"
#include "compiler/Codegen/Cuda/GenerateCuda.h"
#include "compiler/Driver/Compiler.h"
#include "compiler/Emit/ArtifactWriter.h"

namespace sinter {

/// Notes in the module for which targets it is compiled: `sinter.targets`, and
/// `sinter.sms` with what cubins are for. Passes read these; modules for the
/// CPU alone have neither.
void setTargets(mlir::ModuleOp module, const CompileRequest &request);

/// Whether the module is compiled for CUDA, too.
bool hasCuda(mlir::ModuleOp module);

/// Compiles the kernels for CUDA and enters the sizes of their launches into
/// `sizes`. Without such a target the result is empty. Emits errors.
mlir::FailureOr<codegen::CudaCode> generateDeviceCode(mlir::ModuleOp module,
                                                      codegen::SizeTable &sizes,
                                                      const Events &events);

/// The code as the writer takes it, with the kernels in the order of `names`.
emit::DeviceSpec describeDeviceCode(codegen::CudaCode code,
                                    llvm::ArrayRef<emit::KernelSpec> names,
                                    codegen::SizeTable &sizes);

} // namespace sinter

#endif // SINTER_COMPILER_DRIVER_DEVICECODE_H
