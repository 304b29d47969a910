//===- WeightStore.h - from weight expressions to bytes ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_WEIGHTS_WEIGHTSTORE_H
#define SINTER_COMPILER_WEIGHTS_WEIGHTSTORE_H

#include "dialects/NN/NNDialect.h"
#include "mlir/IR/Location.h"
#include "mlir/Support/LLVM.h"

namespace sinter::onnx {
class ModelFile;
}

namespace sinter {

/// Whether the evaluator knows expressions of `kind`: `file`, `dense`, every
/// element-wise nn operation, `reshape`, `transpose`, `slice`, `concat`, `pad`,
/// `broadcast`, `gather`, `reduce`, `iota`, and `pack_matmul`, `pack_conv`,
/// `pack_conv_transpose`, `pack_depthwise`, `prune_blocks`, `prune_groups`,
/// `pack_sparse`.
bool isWeightKind(llvm::StringRef kind);

/// The bytes a weight takes in memory (i1 takes a byte an element).
uint64_t getWeightBytes(nn::WeightAttr weight);

/// The `dense` expression with the value of `weight`; null where a leaf is a
/// `file`, the kind is not known, or the result is larger than `maxBytes`.
nn::WeightAttr evaluateSmall(nn::WeightAttr weight, uint64_t maxBytes = 1024);

/// Evaluates weight expressions of one model. Initializers are read from the
/// file as they are needed and their pages given back after use, so memory
/// holds little more than the weight at hand. For one thread at a time.
class WeightStore {
public:
  /// Opens the model that `nn.model` names; reports at `location`. With an
  /// empty path the store knows no initializers.
  static mlir::FailureOr<std::unique_ptr<WeightStore>>
  open(llvm::StringRef modelPath, mlir::Location location);
  ~WeightStore();

  /// Writes the elements of `weight`, row-major and little-endian, to `out`,
  /// whose size is `getWeightBytes(weight)`. Reports at `location` an
  /// initializer that the model lacks, a kind that is not known, and operands
  /// that do not fit it.
  mlir::LogicalResult evaluate(nn::WeightAttr weight,
                               llvm::MutableArrayRef<char> out,
                               mlir::Location location);

private:
  explicit WeightStore(std::unique_ptr<onnx::ModelFile> file);

  std::unique_ptr<onnx::ModelFile> file; ///< null without a model
};

} // namespace sinter

#endif // SINTER_COMPILER_WEIGHTS_WEIGHTSTORE_H
