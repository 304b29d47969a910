//===- Layer.cpp - a contraction whose weight may be sparse ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Prune/Layer.h"

#include "compiler/Weights/Evaluator.h"
#include "dialects/Kernel/KernelDialect.h"
#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace mlir;
using namespace sinter;
using namespace sinter::prune;

static nn::WeightOp getWeightOp(Operation *op) {
  if (!isa<nn::MatmulOp, nn::ConvOp, nn::ConvTransposeOp>(op))
    return {};
  return op->getOperand(1).getDefiningOp<nn::WeightOp>();
}

bool sinter::prune::hasWeight(Operation *op) {
  return static_cast<bool>(getWeightOp(op));
}

std::optional<Layer> sinter::prune::getLayer(Operation *op, StringRef &reason) {
  Layer layer{op, getWeightOp(op).getValue(), 0, 0, 0, 0};
  RankedTensorType type = layer.weight.getType();
  ArrayRef<int64_t> shape = type.getShape();
  if (auto conv = dyn_cast<nn::ConvOp>(op)) {
    layer.rowAxis = 1;
    if (conv.getGroup() != 1) {
      reason = "its channels are in groups";
      return std::nullopt;
    }
  } else if (isa<nn::MatmulOp>(op)) {
    layer.rowAxis = shape.size() - 2;
    layer.columnAxis = shape.size() - 1;
  } else {
    reason = "a transposed convolution has no sparse kernel";
    return std::nullopt;
  }
  if (!isa<FloatType>(type.getElementType()) || type.getElementType().isF64()) {
    reason = "its weight is not of 32 or 16 bit floats";
    return std::nullopt;
  }
  if (!weights::MatrixView::get(shape, layer.rowAxis, layer.columnAxis)) {
    reason = isa<nn::ConvOp>(op)
                 ? "a convolution with a filter larger than 1x1 has no sparse "
                   "kernel"
                 : "its weight is more than one matrix";
    return std::nullopt;
  }
  auto conv = dyn_cast<nn::ConvOp>(op);
  if (conv &&
      llvm::any_of(conv.getPads(), [](int64_t pad) { return pad != 0; })) {
    reason = "its input is padded";
    return std::nullopt;
  }
  layer.rows = shape[layer.rowAxis];
  layer.columns = shape[layer.columnAxis];
  if (layer.rows == 0 || layer.columns == 0) {
    reason = "its weight is empty";
    return std::nullopt;
  }
  return layer;
}

StringRef sinter::prune::getFormName(KernelForm form) {
  switch (form) {
  case KernelForm::Dense:
    return "dense";
  case KernelForm::Blocks:
    return "blocks";
  case KernelForm::Elements:
    return "elements";
  }
  return "";
}

std::optional<KernelForm> sinter::prune::parseFormName(StringRef name) {
  return llvm::StringSwitch<std::optional<KernelForm>>(name)
      .Case("dense", KernelForm::Dense)
      .Case("blocks", KernelForm::Blocks)
      .Case("elements", KernelForm::Elements)
      .Default(std::nullopt);
}

//===----------------------------------------------------------------------===//
// Pruning
//===----------------------------------------------------------------------===//

std::string sinter::prune::getObstacle(const Layer &layer,
                                       const PruneSpec &spec) {
  if (spec.kind == PruneSpec::Kind::Groups && layer.rows % spec.group != 0)
    return "its " + std::to_string(layer.rows) +
           " input channels are not a multiple of " +
           std::to_string(spec.group);
  if (spec.kind == PruneSpec::Kind::Blocks && spec.width > layer.columns)
    return "its " + std::to_string(layer.columns) +
           " output channels are less than a block of " +
           std::to_string(spec.width);
  return "";
}

KernelForm sinter::prune::getKernelForm(const PruneSpec &spec) {
  if (spec.kind == PruneSpec::Kind::Dense)
    return KernelForm::Dense;
  return spec.width % kernel::sparseBlock == 0 ? KernelForm::Blocks
                                               : KernelForm::Elements;
}

/// Blocks that stay: the share that goes is rounded down.
static int64_t countKept(const Layer &layer, const PruneSpec &spec) {
  int64_t blocks = layer.rows * llvm::divideCeil(layer.columns, spec.width);
  // A share such as 0.9 is slightly more or less than it says.
  return blocks - int64_t(std::floor(spec.sparsity * blocks + 1e-6));
}

/// A tensor without elements would have no place in the artifact.
static int64_t makeCount(int64_t stored) {
  return std::max<int64_t>(1, stored);
}

int64_t sinter::prune::countStored(const Layer &layer, const PruneSpec &spec,
                                   KernelForm form) {
  if (spec.kind == PruneSpec::Kind::Groups)
    return makeCount(layer.rows / spec.group * spec.keep * layer.columns);
  int64_t width = form == KernelForm::Blocks ? kernel::sparseBlock : 1;
  return makeCount(countKept(layer, spec) *
                   llvm::divideCeil(spec.width, width));
}

int64_t sinter::prune::countStored(const weights::Sparsity &sparsity,
                                   KernelForm form) {
  return makeCount(form == KernelForm::Blocks ? sparsity.nonZeroBlocks
                                              : sparsity.nonZeros);
}

nn::WeightAttr sinter::prune::prune(const Layer &layer, nn::WeightAttr weight,
                                    const PruneSpec &spec) {
  Builder builder(weight.getContext());
  SmallVector<NamedAttribute> params;
  auto add = [&](StringRef name, int64_t value) {
    params.push_back(
        builder.getNamedAttr(name, builder.getI64IntegerAttr(value)));
  };
  bool hasGroups = spec.kind == PruneSpec::Kind::Groups;
  add("row_axis", layer.rowAxis);
  add("column_axis", layer.columnAxis);
  add("keep", hasGroups ? spec.keep : countKept(layer, spec));
  if (hasGroups)
    add("group", spec.group);
  else
    add("width", spec.width);
  return nn::WeightAttr::get(
      weight.getContext(),
      builder.getStringAttr(hasGroups ? "prune_groups" : "prune_blocks"),
      weight, builder.getDictionaryAttr(params), weight.getType());
}

DictionaryAttr sinter::prune::makeSparseAttr(MLIRContext *context,
                                             KernelForm form, int64_t count) {
  Builder builder(context);
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("count", builder.getI64IntegerAttr(count)),
       builder.getNamedAttr("form", builder.getStringAttr(getFormName(form)))});
}

//===----------------------------------------------------------------------===//
// Reading weights
//===----------------------------------------------------------------------===//

static bool needsFile(nn::WeightAttr weight) {
  return weight.getKind() == "file" ||
         llvm::any_of(weight.getOperands(), needsFile);
}

FailureOr<std::optional<weights::Sparsity>>
WeightReader::read(const Layer &layer, nn::WeightAttr weight) {
  Location loc = layer.op->getLoc();
  auto model = module->getAttrOfType<StringAttr>("nn.model");
  bool isFile = needsFile(weight);
  if (isFile && !model)
    return std::optional<weights::Sparsity>();
  if (isFile && !store) {
    FailureOr<std::unique_ptr<WeightStore>> opened =
        WeightStore::open(model.getValue(), module.getLoc());
    if (failed(opened))
      return failure();
    store = std::move(*opened);
  }
  weights::Data data = weights::Data::allocate(getWeightBytes(weight));
  std::string error;
  auto noFiles = [](nn::WeightAttr) -> FailureOr<weights::Data> {
    return failure();
  };
  if (isFile) {
    if (failed(store->evaluate(weight, data.getMutable(), loc)))
      return failure();
  } else if (failed(weights::evaluateInto(weight, data.getMutable(), noFiles,
                                          error))) {
    return emitError(loc) << "cannot evaluate a weight: " << error;
  }
  RankedTensorType type = weight.getType();
  auto view = weights::MatrixView::get(type.getShape(), layer.rowAxis,
                                       layer.columnAxis);
  return std::optional(weights::getSparsity(
      *view, *weights::getElementKind(type.getElementType()), data.get()));
}
