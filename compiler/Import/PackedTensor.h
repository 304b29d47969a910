//===- PackedTensor.h - elements that share bytes ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Elements of 2 and 4 bits are packed in inputs and outputs of a model, as ONNX
// stores them: row-major, without gaps between rows, the first element of a
// byte in its lowest bits. Inside a model each takes a byte. The function of a
// model has tensors of bytes at its interface, and the attribute `nn.packed`
// says what they are.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_PACKEDTENSOR_H
#define SINTER_COMPILER_IMPORT_PACKEDTENSOR_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace sinter {

/// The bytes of a tensor of `type` at the interface; null where its elements do
/// not share bytes.
mlir::RankedTensorType getPackedType(mlir::RankedTensorType type);
/// The tensor of `type` that `bytes` hold.
mlir::Value unpackTensor(mlir::OpBuilder &builder, mlir::Location location,
                         mlir::Value bytes, mlir::RankedTensorType type);
/// The way back.
mlir::Value packTensor(mlir::OpBuilder &builder, mlir::Location location,
                       mlir::Value tensor);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_PACKEDTENSOR_H
