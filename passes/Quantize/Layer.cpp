//===- Layer.cpp - contractions as quantization sees them -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Quantize/Layer.h"

#include "dialects/NN/NNShapes.h"
#include "dialects/NN/NodeLocation.h"
#include "passes/Simplify/Constants.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::quantize;

/// More products of 255 * 128 than this leave 32 bits.
static constexpr int64_t kMaxDepth = 65536;
/// Longer tails are cut.
static constexpr size_t kMaxTail = 64;

int64_t Layer::getChannelAxis() const {
  int64_t rank = cast<RankedTensorType>(lhs.getType()).getRank();
  auto conv = dyn_cast<nn::ConvOp>(op);
  return conv && !conv.getChannelsLast() ? 1 : rank - 1;
}

/// The value whose elements `value` rearranges or chooses from.
static Value getRoot(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    auto pool = dyn_cast<nn::PoolOp>(op);
    bool isMaxPool = pool && pool.getKind() == nn::ReduceKind::Max;
    if (!isMaxPool && !isa<nn::ReshapeOp, nn::TransposeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

static bool isElementwise(Operation *op) {
  return op->hasTrait<nn::OpTrait::Elementwise>() && op->getNumResults() == 1;
}

/// The longest sequence of element-wise operations on the result's shape, in
/// block order, such that one value leaves it: what the phase `fuse` puts into
/// the kernel of the contraction.
static void findTail(Layer &layer) {
  Type type = layer.op->getResult(0).getType();
  ArrayRef<int64_t> shape = cast<ShapedType>(type).getShape();
  llvm::SetVector<Operation *> members;
  members.insert(layer.op);
  layer.result = layer.op->getResult(0);
  size_t kept = 1;
  auto getNext = [&]() -> Operation * {
    Operation *next = nullptr;
    for (Operation *member : members)
      for (Operation *user : member->getUsers())
        if (!members.contains(user) && isElementwise(user) &&
            cast<ShapedType>(user->getResult(0).getType()).getShape() ==
                shape &&
            (!next || user->isBeforeInBlock(next)))
          next = user;
    return next;
  };
  // What waits for the result outside of the kernel cannot feed it.
  DenseSet<Operation *> dependents = {layer.op};
  for (Operation *op = layer.op->getNextNode(); op; op = op->getNextNode())
    if (llvm::any_of(op->getOperands(), [&](Value operand) {
          return dependents.contains(operand.getDefiningOp());
        }))
      dependents.insert(op);
  while (Operation *next = getNext()) {
    bool isSafe = llvm::all_of(next->getOperands(), [&](Value operand) {
      Operation *producer = operand.getDefiningOp();
      return members.contains(producer) || !dependents.contains(producer);
    });
    if (!isSafe || members.size() == kMaxTail)
      break;
    members.insert(next);
    SmallVector<Value> escaping;
    for (Operation *member : members)
      if (llvm::any_of(member->getUsers(), [&](Operation *user) {
            return !members.contains(user);
          }))
        escaping.push_back(member->getResult(0));
    if (escaping.size() == 1) {
      kept = members.size();
      layer.result = escaping.front();
    }
  }
  layer.tail.assign(members.begin() + 1, members.begin() + kept);
}

/// Why the contraction cannot compute on integers.
static std::string findObstacle(Operation *op) {
  nn::WeightAttr weight = getWeight(op->getOperand(1));
  if (!weight)
    return "both operands are computed by the model";
  RankedTensorType type = weight.getType();
  int64_t depth;
  if (isa<nn::MatmulOp>(op)) {
    if (type.getRank() != 2)
      return "its weight is a batch of matrices";
    depth = type.getDimSize(0);
  } else {
    depth = type.getNumElements() / type.getDimSize(0);
  }
  if (depth > kMaxDepth)
    return "sums of " + std::to_string(depth) +
           " products overflow 32 bits (limit " + std::to_string(kMaxDepth) +
           ")";
  if (getPlanned<StringAttr>(op, "sparse") &&
      getPlanned<StringAttr>(op, "sparse").getValue() != "dense")
    return "it has a sparse kernel";
  return "";
}

std::vector<Layer> quantize::findLayers(func::FuncOp function) {
  std::vector<Layer> layers;
  for (Operation &op : function.getBody().front()) {
    if (!isa<nn::MatmulOp, nn::ConvOp>(op) ||
        !cast<ShapedType>(op.getOperand(0).getType()).getElementType().isF32())
      continue;
    Layer layer;
    layer.op = &op;
    layer.lhs = op.getOperand(0);
    layer.root = getRoot(layer.lhs);
    layer.obstacle = findObstacle(&op);
    findTail(layer);
    layers.push_back(std::move(layer));
  }
  return layers;
}

std::string quantize::getNodeNames(Operation *op) {
  llvm::SetVector<StringRef> nodes;
  nn::collectNodes(op->getLoc(), nodes);
  return llvm::join(nodes, ", ");
}

std::string quantize::describe(const Layer &layer) {
  std::string text = layer.op->getName().stripDialect().str();
  for (Value operand : layer.op->getOperands().take_front(2)) {
    text += text.find(' ') == std::string::npos ? " " : " * ";
    llvm::ListSeparator separator("x");
    for (nn::SizeAttr size : nn::getSizes(operand.getType())) {
      text += StringRef(separator);
      text += nn::toString(size);
    }
  }
  return text;
}

void quantize::addToPlan(Operation *op, ArrayRef<NamedAttribute> entries) {
  NamedAttrList plan(op->getAttrOfType<DictionaryAttr>("plan"));
  for (NamedAttribute entry : entries)
    plan.set(entry.getName(), entry.getValue());
  op->setAttr("plan", plan.getDictionary(op->getContext()));
}

void quantize::removeFromPlan(Operation *op, ArrayRef<StringRef> names) {
  auto old = op->getAttrOfType<DictionaryAttr>("plan");
  if (!old)
    return;
  NamedAttrList plan(old);
  for (StringRef name : names)
    plan.erase(name);
  if (plan.empty())
    op->removeAttr("plan");
  else
    op->setAttr("plan", plan.getDictionary(op->getContext()));
}
