//===- Layer.h - a contraction whose weight may be sparse -------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_PRUNE_LAYER_H
#define SINTER_PASSES_PRUNE_LAYER_H

#include "compiler/Weights/Sparse.h"
#include "compiler/Weights/WeightStore.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/Prune/PruneSpec.h"

namespace sinter::prune {

/// A matrix product or pointwise convolution with a constant weight: a matrix
/// of `rows` input channels and `columns` output channels.
struct Layer {
  mlir::Operation *op;
  nn::WeightAttr weight;
  int64_t rowAxis, columnAxis;
  int64_t rows, columns;
};

/// Whether `op` contracts with a constant weight.
bool hasWeight(mlir::Operation *op);
/// `op`, which has a weight, as a layer; nothing, and why, if it has no sparse
/// form.
std::optional<Layer> getLayer(mlir::Operation *op, llvm::StringRef &reason);

/// Which kernel reads the weight.
enum class KernelForm { Dense, Blocks, Elements };
llvm::StringRef getFormName(KernelForm form); ///< "dense", "blocks", "elements"
std::optional<KernelForm> parseFormName(llvm::StringRef name);

/// Why `spec` does not fit the shape of the layer; empty if it does.
std::string getObstacle(const Layer &layer, const PruneSpec &spec);
/// The sparse kernel for weights pruned by `spec`.
KernelForm getKernelForm(const PruneSpec &spec);
/// `weight`, of the type of the layer's, pruned.
nn::WeightAttr prune(const Layer &layer, nn::WeightAttr weight,
                     const PruneSpec &spec);
/// The most blocks, or elements, that a pruned weight stores.
int64_t countStored(const Layer &layer, const PruneSpec &spec, KernelForm form);
/// The same of a weight as it is.
int64_t countStored(const weights::Sparsity &sparsity, KernelForm form);

/// The attribute `sparse` of a contraction.
mlir::DictionaryAttr makeSparseAttr(mlir::MLIRContext *context, KernelForm form,
                                    int64_t count);

/// Looks at what weights hold.
class WeightReader {
public:
  explicit WeightReader(mlir::ModuleOp module) : module(module) {}

  /// What `weight`, of the type of the layer's, holds. Fails after an error if
  /// the model cannot be read; gives nothing where the module names no model.
  mlir::FailureOr<std::optional<weights::Sparsity>> read(const Layer &layer,
                                                         nn::WeightAttr weight);

private:
  mlir::ModuleOp module;
  std::unique_ptr<WeightStore> store;
};

} // namespace sinter::prune

#endif // SINTER_PASSES_PRUNE_LAYER_H
