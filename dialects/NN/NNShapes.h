//===- NNShapes.h - shapes of tensors as sizes ------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_NNSHAPES_H
#define SINTER_DIALECTS_NN_NNSHAPES_H

#include "dialects/NN/NNDialect.h"
#include "dialects/NN/Size.h"

#include "mlir/IR/Builders.h"

namespace sinter::nn {

/// Whether `type` is a ranked tensor whose free dimensions, if any, have known
/// sizes in a `#nn.dims` encoding.
bool hasSizes(mlir::Type type);

/// The size of each dimension of a ranked tensor type; unknown for a free
/// dimension without encoding. Empty for other types.
llvm::SmallVector<SizeAttr> getSizes(mlir::Type type);
/// The sizes in an array attribute; what is not a size is unknown.
llvm::SmallVector<SizeAttr> getSizes(mlir::ArrayAttr sizes);
/// The same for a list of integers.
llvm::SmallVector<SizeAttr> getSizes(mlir::MLIRContext *context,
                                     llvm::ArrayRef<int64_t> values);
/// An array attribute of `sizes`.
mlir::ArrayAttr makeSizeArray(mlir::MLIRContext *context,
                              llvm::ArrayRef<SizeAttr> sizes);

/// The canonical tensor type: constant sizes are static dimensions, and there
/// is an encoding only if a size is not constant. No size may be negative.
mlir::RankedTensorType makeTensorType(llvm::ArrayRef<SizeAttr> sizes,
                                      mlir::Type elementType);

/// The product of the sizes of a ranked tensor type.
SizeAttr getNumElements(mlir::Type type);

/// Whether a late dimension is in a size of a ranked tensor type.
bool hasLate(mlir::Type type);

/// The shape to which both broadcast as NumPy does, aligned at the right. A
/// size 1 gives way to the other one, a free size to a constant (the importer
/// has made their equality an assumption); nothing for two sizes that differ.
std::optional<llvm::SmallVector<SizeAttr>>
broadcastSizes(llvm::ArrayRef<SizeAttr> lhs, llvm::ArrayRef<SizeAttr> rhs);

/// `sizes` as users read them: `[batch, 3, 2*h + 1]`.
std::string toString(llvm::ArrayRef<SizeAttr> sizes);

/// Creates an operation with inferred result types like `OpTy::create`, but
/// gives failure after a diagnostic at `location` where these cannot be
/// inferred
/// (`OpTy::create` ends the program then). `args` are those of `OpTy::create`.
template <typename OpTy, typename... Args>
mlir::FailureOr<OpTy> createInferred(mlir::OpBuilder &builder,
                                     mlir::Location location, Args &&...args);

//===----------------------------------------------------------------------===//
// Templates
//===----------------------------------------------------------------------===//

template <typename OpTy, typename... Args>
mlir::FailureOr<OpTy> createInferred(mlir::OpBuilder &builder,
                                     mlir::Location location, Args &&...args) {
  mlir::OperationState state(location, OpTy::getOperationName());
  mlir::Type placeholder = builder.getNoneType();
  OpTy::build(builder, state, mlir::TypeRange(placeholder),
              std::forward<Args>(args)...);
  llvm::SmallVector<mlir::Type> types;
  if (failed(OpTy::inferReturnTypes(
          builder.getContext(), location, state.operands,
          state.attributes.getDictionary(builder.getContext()),
          state.getRawProperties(), state.regions, types)))
    return mlir::failure();
  state.types.assign(types.begin(), types.end());
  return llvm::cast<OpTy>(builder.create(state));
}

} // namespace sinter::nn

#endif // SINTER_DIALECTS_NN_NNSHAPES_H
