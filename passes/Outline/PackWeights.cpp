//===- PackWeights.cpp - packs weights for the contraction emitter --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layouts are defined in README.md of this folder; compiler/Weights
// evaluates them.
//
//===----------------------------------------------------------------------===//

#include "passes/Outline/Passes.h"

#include "dialects/NN/NNDialect.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/STLExtras.h"

namespace sinter {
#define GEN_PASS_DEF_PACKWEIGHTSPASS
#include "passes/Outline/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

/// Columns of a panel: two vectors of 16, or four of 8, lanes.
static constexpr int64_t panelWidth = 32;

/// Elements of 8-bit integers that one instruction multiplies and adds up.
static constexpr int64_t stepOfBytes = 4;

namespace {
/// A packed form: the kind of the weight expression, its parameters, its shape.
struct PackedForm {
  StringRef kind;
  SmallVector<NamedAttribute> params;
  SmallVector<int64_t> shape;
};
} // namespace

static int64_t countPanels(int64_t columns) {
  return llvm::divideCeil(columns, panelWidth);
}

/// The step in which the elements of `type` are packed along k.
static int64_t getStep(RankedTensorType type) {
  return type.getElementType().isInteger(8) ? stepOfBytes : 1;
}

/// Adds the sizes [.., k, columns], or [.., ceil(k / step), columns, step].
static void appendSteps(PackedForm &form, int64_t k, int64_t columns,
                        int64_t step, Builder &builder) {
  form.shape.append({static_cast<int64_t>(llvm::divideCeil(k, step)), columns});
  if (step == 1)
    return;
  form.shape.push_back(step);
  form.params.push_back(
      builder.getNamedAttr("step", builder.getI64IntegerAttr(step)));
}

/// [1.., k, n] -> [1, panels, k, 32]; nothing where the weight has several
/// matrices.
static std::optional<PackedForm> packMatmul(RankedTensorType type,
                                            Builder &builder) {
  ArrayRef<int64_t> shape = type.getShape();
  if (llvm::any_of(shape.drop_back(2), [](int64_t size) { return size != 1; }))
    return std::nullopt;
  int64_t k = shape[shape.size() - 2], n = shape.back();
  PackedForm form{
      "pack_matmul",
      {builder.getNamedAttr("panel", builder.getI64IntegerAttr(panelWidth))},
      {1, countPanels(n)}};
  appendSteps(form, k, panelWidth, getStep(type), builder);
  return form;
}

/// Filters with `inputs` and `outputs` channels a group ->
/// [group, panels, spatial.., inputs, 32].
static PackedForm packFilter(StringRef kind, int64_t group, int64_t inputs,
                             int64_t outputs, RankedTensorType type,
                             Builder &builder) {
  ArrayRef<int64_t> spatial = type.getShape().drop_front(2);
  PackedForm form{
      kind,
      {builder.getNamedAttr("group", builder.getI64IntegerAttr(group)),
       builder.getNamedAttr("panel", builder.getI64IntegerAttr(panelWidth))},
      {group, countPanels(outputs)}};
  form.shape.append(spatial.begin(), spatial.end());
  appendSteps(form, inputs, panelWidth, getStep(type), builder);
  return form;
}

/// [c, 1, spatial..] -> [spatial.., c], or [rows / 4, last of spatial, c, 4].
static PackedForm packDepthwise(RankedTensorType type, Builder &builder) {
  ArrayRef<int64_t> shape = type.getShape(), spatial = shape.drop_front(2);
  PackedForm form{"pack_depthwise", {}, {}};
  int64_t step = getStep(type);
  if (step == 1) {
    form.shape.append(spatial.begin(), spatial.end());
    form.shape.push_back(shape.front());
    return form;
  }
  int64_t rows = ShapedType::getNumElements(spatial.drop_back());
  form.shape = {static_cast<int64_t>(llvm::divideCeil(rows, step)),
                spatial.back(), shape.front(), step};
  form.params.push_back(
      builder.getNamedAttr("step", builder.getI64IntegerAttr(step)));
  return form;
}

/// The form in which the emitter of `kind` reads the weight `operand` of its
/// root.
static std::optional<PackedForm> getPackedForm(kernel::Kind kind,
                                               OpOperand &operand) {
  Operation *root = operand.getOwner();
  Builder builder(root->getContext());
  auto type = cast<RankedTensorType>(operand.get().getType());
  ArrayRef<int64_t> shape = type.getShape();
  if (isa<nn::MatmulOp>(root))
    return packMatmul(type, builder);
  if (auto conv = dyn_cast<nn::ConvOp>(root)) {
    if (kind == kernel::Kind::Window)
      return packDepthwise(type, builder);
    int64_t group = conv.getGroup();
    return packFilter("pack_conv", group, shape[1], shape[0] / group, type,
                      builder);
  }
  int64_t group = cast<nn::ConvTransposeOp>(root).getGroup();
  return packFilter("pack_conv_transpose", group, shape[0] / group, shape[1],
                    type, builder);
}

/// The operand of the group's contraction that may be a packed weight.
static OpOperand *findWeightOperand(kernel::GroupOp group) {
  for (Operation &op : group.getBody().front())
    if (isa<nn::MatmulOp, nn::ConvOp, nn::ConvTransposeOp>(op))
      return &op.getOpOperand(1);
  return nullptr;
}

/// The three parts of a sparse weight for kernel.unpack_sparse. `sparse` is
/// what `sinter-prune-apply` set on the contraction: {form = "blocks" or
/// "elements", count = the most of them that are stored}.
static SmallVector<nn::WeightAttr>
packSparse(Operation *root, nn::WeightAttr weight, DictionaryAttr sparse) {
  Builder builder(root->getContext());
  ArrayRef<int64_t> shape = weight.getType().getShape();
  int64_t rank = shape.size();
  bool isFilter = isa<nn::ConvOp>(root);
  int64_t rowAxis = isFilter ? 1 : rank - 2;
  int64_t columnAxis = isFilter ? 0 : rank - 1;
  bool hasBlocks = sparse.getAs<StringAttr>("form") == "blocks";
  int64_t count = sparse.getAs<IntegerAttr>("count").getInt();
  int64_t width = hasBlocks ? kernel::sparseBlock : 1;
  int64_t panels = llvm::divideCeil(shape[columnAxis], width);
  int64_t depths =
      hasBlocks ? 1 : llvm::divideCeil(shape[rowAxis], kernel::sparseDepth);
  auto pack = [&](StringRef part, ArrayRef<int64_t> shape, Type type) {
    auto integer = [&](StringRef name, int64_t value) {
      return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
    };
    auto params = builder.getDictionaryAttr(
        {integer("column_axis", columnAxis),
         builder.getNamedAttr("part", builder.getStringAttr(part)),
         integer("row_axis", rowAxis), integer("width", width)});
    return nn::WeightAttr::get(root->getContext(),
                               builder.getStringAttr("pack_sparse"), weight,
                               params, RankedTensorType::get(shape, type));
  };
  SmallVector<int64_t> values = {count};
  if (hasBlocks)
    values.push_back(width);
  return {pack("starts", depths * panels + 1, builder.getI32Type()),
          pack("indices", count, builder.getI32Type()),
          pack("values", values, weight.getType().getElementType())};
}

/// Replaces the weight behind `operand`, an argument of the group, by the parts
/// that a sparse kernel reads.
static void packSparseOperand(kernel::GroupOp group, OpOperand &operand,
                              nn::WeightOp weight, DictionaryAttr sparse) {
  auto argument = cast<BlockArgument>(operand.get());
  Operation *root = operand.getOwner();
  Block &body = group.getBody().front();
  OpBuilder builder(group);
  SmallVector<Value> parts;
  for (nn::WeightAttr part : packSparse(root, weight.getValue(), sparse)) {
    auto packed = nn::WeightOp::create(builder, weight.getLoc(), part);
    group.getInputsMutable().append(packed.getResult());
    parts.push_back(body.addArgument(part.getType(), weight.getLoc()));
  }
  builder.setInsertionPointToStart(&body);
  auto unpack = kernel::UnpackSparseOp::create(builder, root->getLoc(),
                                               argument.getType(), parts[0],
                                               parts[1], parts[2]);
  operand.set(unpack.getResult());
  // Equal kernels are found by their attributes.
  root->removeAttr("sparse");
  if (argument.use_empty()) {
    group.getInputsMutable().erase(argument.getArgNumber());
    body.eraseArgument(argument.getArgNumber());
  }
}

/// Packs the weight behind `operand`, an argument of the group.
static void packOperand(kernel::GroupOp group, OpOperand &operand,
                        nn::WeightOp weight, const PackedForm &form) {
  MLIRContext *context = group.getContext();
  auto argument = cast<BlockArgument>(operand.get());
  auto logicalType = cast<RankedTensorType>(argument.getType());
  auto packedType =
      RankedTensorType::get(form.shape, logicalType.getElementType());
  auto value = nn::WeightAttr::get(
      context, StringAttr::get(context, form.kind), weight.getValue(),
      DictionaryAttr::get(context, form.params), packedType);

  OpBuilder builder(group);
  auto packed = nn::WeightOp::create(builder, weight.getLoc(), value);
  Block &body = group.getBody().front();
  // Another use of the argument keeps the weight as it is.
  if (argument.hasOneUse()) {
    group->setOperand(argument.getArgNumber(), packed.getResult());
    argument.setType(packedType);
  } else {
    group.getInputsMutable().append(packed.getResult());
    argument = body.addArgument(packedType, weight.getLoc());
  }
  builder.setInsertionPointToStart(&body);
  auto unpack = kernel::UnpackOp::create(builder, operand.getOwner()->getLoc(),
                                         logicalType, argument);
  operand.set(unpack.getResult());
}

static remark::RemarkOpts getRemarkOptions() {
  return remark::RemarkOpts::name("PackWeights").category("sinter-outline");
}

namespace {

struct PackWeightsPass : sinter::impl::PackWeightsPassBase<PackWeightsPass> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<kernel::GroupOp> groups;
    getOperation().walk(
        [&](kernel::GroupOp group) { groups.push_back(group); });
    for (kernel::GroupOp group : groups) {
      if (group.getKind() != kernel::Kind::Contract &&
          group.getKind() != kernel::Kind::Window)
        continue;
      OpOperand *operand = findWeightOperand(group);
      auto argument =
          operand ? dyn_cast<BlockArgument>(operand->get()) : nullptr;
      if (!argument)
        continue;
      auto weight = group.getInputs()[argument.getArgNumber()]
                        .getDefiningOp<nn::WeightOp>();
      if (!weight)
        continue;
      Location loc = operand->getOwner()->getLoc();
      if (auto sparse =
              operand->getOwner()->getAttrOfType<DictionaryAttr>("sparse")) {
        packSparseOperand(group, *operand, weight, sparse);
        if (weight->use_empty())
          weight.erase();
        continue;
      }
      std::optional<PackedForm> form = getPackedForm(group.getKind(), *operand);
      if (!form) {
        remark::missed(loc, getRemarkOptions())
            << "the weight is read as it is"
            << remark::reason("it holds several matrices");
        continue;
      }
      remark::passed(loc, getRemarkOptions())
          << "the weight is stored in the order in which the kernel reads it"
          << remark::metric("form", form->kind);
      packOperand(group, *operand, weight, *form);
      if (weight->use_empty())
        weight.erase();
    }
  }
};

} // namespace
