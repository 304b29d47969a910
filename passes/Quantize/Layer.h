//===- Layer.h - contractions as quantization sees them ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_QUANTIZE_LAYER_H
#define SINTER_PASSES_QUANTIZE_LAYER_H

#include "dialects/NN/NNDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>
#include <vector>

namespace sinter::quantize {

/// An `nn.matmul` or `nn.conv` of floats, with what will end in its kernel.
struct Layer {
  mlir::Operation *op = nullptr;
  /// The first operand, and the value that it is a rearrangement of (reshape,
  /// transpose, maximum of windows): that one is quantized.
  mlir::Value lhs, root;
  /// Element-wise operations on the result, in order, and what leaves them.
  llvm::SmallVector<mlir::Operation *> tail;
  mlir::Value result;
  /// Why it cannot compute on integers; empty if it can.
  std::string obstacle;

  /// The axis of `lhs` that is contracted channel by channel.
  int64_t getChannelAxis() const;
};

/// Every matmul and convolution of floats of the function, in order.
std::vector<Layer> findLayers(mlir::func::FuncOp function);

/// Names of the ONNX nodes of `op`, as one text.
std::string getNodeNames(mlir::Operation *op);

/// "conv 1x56x56x64 * 64x64x3x3": operation and shapes, for readers.
std::string describe(const Layer &layer);

/// The dictionary `plan` of `op` with `entries` added, or put in place of those
/// of the same name.
void addToPlan(mlir::Operation *op,
               llvm::ArrayRef<mlir::NamedAttribute> entries);
/// Takes the entries `names` out of `plan`.
void removeFromPlan(mlir::Operation *op, llvm::ArrayRef<llvm::StringRef> names);
/// The entry `name` of `plan`, or null.
template <typename T>
T getPlanned(mlir::Operation *op, llvm::StringRef name) {
  auto plan = op->getAttrOfType<mlir::DictionaryAttr>("plan");
  return plan ? plan.getAs<T>(name) : T();
}

} // namespace sinter::quantize

#endif // SINTER_PASSES_QUANTIZE_LAYER_H
