//===- KernelFlops.cpp - floating point operations of a kernel ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Cpu/KernelFlops.h"

#include "dialects/NN/NNShapes.h"

using namespace sinter;

/// Multiplications for each element of the result of a (transposed)
/// convolution's dense side: filter elements over its first dimension.
static nn::SizeAttr getFilterElements(mlir::Value filter) {
  auto sizes = nn::getSizes(filter.getType());
  return nn::product(filter.getContext(), llvm::ArrayRef(sizes).drop_front());
}

/// Multiplications of a contraction whose weight is sparse: each row of the
/// result meets every stored element. Null for other weights.
static nn::SizeAttr countSparse(mlir::Value result, mlir::Value weight) {
  auto unpack = weight.getDefiningOp<kernel::UnpackSparseOp>();
  if (!unpack)
    return {};
  auto sizes = nn::getSizes(result.getType());
  auto rows =
      nn::product(result.getContext(), llvm::ArrayRef(sizes).drop_back());
  return nn::mul(rows, unpack.getValues().getType().getNumElements());
}

nn::SizeAttr codegen::countFlops(kernel::FuncOp kernel) {
  nn::SizeAttr total = nn::getSize(kernel.getContext(), 0);
  auto add = [&](nn::SizeAttr products) {
    total = nn::add(total, nn::mul(products, 2));
  };
  kernel.walk([&](mlir::Operation *op) {
    if (mlir::isa<nn::MatmulOp, nn::ConvOp>(op))
      if (auto products = countSparse(op->getResult(0), op->getOperand(1)))
        return add(products);
    if (auto matmul = mlir::dyn_cast<nn::MatmulOp>(op))
      add(nn::mul(nn::getNumElements(matmul.getType()),
                  nn::getSizes(matmul.getLhs().getType()).back()));
    else if (auto conv = mlir::dyn_cast<nn::ConvOp>(op))
      add(nn::mul(nn::getNumElements(conv.getType()),
                  getFilterElements(conv.getFilter())));
    else if (auto conv = mlir::dyn_cast<nn::ConvTransposeOp>(op))
      add(nn::mul(nn::getNumElements(conv.getInput().getType()),
                  getFilterElements(conv.getFilter())));
  });
  return total;
}
