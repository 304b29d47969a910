//===- LayoutChoice.cpp - which operation gets which order ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each operation is a node on the side "as written" (first) or "channels last"
// (second); conv and pool are held to the second, what knows only one order to
// the first. A value costs one transpose if an operation on the other side than
// its producer uses it, however many do: two extra nodes a value express that.
//
//===----------------------------------------------------------------------===//

#include "passes/Layout/LayoutChoice.h"

#include "dialects/NN/Size.h"
#include "passes/Layout/ChannelOrder.h"
#include "passes/Layout/MinimumCut.h"
#include "passes/Simplify/Constants.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace sinter {

/// What a free dimension without optimum counts as.
static constexpr int64_t kTypicalSize = 64;
/// What a tensor whose size cannot be estimated counts as.
static constexpr int64_t kTypicalBytes = int64_t(1) << 20;

namespace {

/// Estimates bytes with free dimensions at their optimum.
class SizeEstimate {
public:
  explicit SizeEstimate(Operation &op) {
    auto module = op.getParentOfType<ModuleOp>();
    auto dims =
        module ? module->getAttrOfType<ArrayAttr>("nn.free_dims") : ArrayAttr();
    if (!dims)
      return;
    for (auto dim : dims.getAsRange<DictionaryAttr>()) {
      auto get = [&](StringRef key) { return dim.getAs<IntegerAttr>(key); };
      auto name = dim.getAs<StringAttr>("name");
      if (!name)
        continue;
      int64_t value = kTypicalSize;
      if (get("min"))
        value = std::max(value, get("min").getInt());
      if (get("max"))
        value = std::min(value, get("max").getInt());
      if (get("optimum"))
        value = get("optimum").getInt();
      values[name.getValue()] = value;
    }
  }

  int64_t getBytes(RankedTensorType type) const {
    auto lookup = [&](StringRef name) -> std::optional<int64_t> {
      auto it = values.find(name);
      return it == values.end() ? kTypicalSize : it->second;
    };
    std::optional<int64_t> count =
        nn::evaluate(nn::getNumElements(type), lookup);
    if (!count || *count < 0 || *count > kTypicalBytes * kTypicalBytes)
      return kTypicalBytes;
    return *count * std::max<int64_t>(1, type.getElementTypeBitWidth() / 8);
  }

private:
  llvm::StringMap<int64_t> values;
};

/// Builds the graph of one block. Operations in the bodies inside it, and in
/// blocks around it, want and give values as written.
class ChoiceGraph {
public:
  explicit ChoiceGraph(Block &block) : estimate(*block.getParentOp()) {
    for (Operation &op : block)
      addOperation(op);
    for (Value value : getGiven(block))
      addValue(value, MinimumCut::kFirst);
    for (Operation &op : block)
      for (OpResult result : op.getResults())
        addValue(result, getProducerNode(&op));
  }

  DenseSet<Operation *> solve() {
    llvm::BitVector isFirst = cut.solve();
    DenseSet<Operation *> chosen;
    for (auto [op, node] : nodes)
      if (!isFirst[node])
        chosen.insert(op);
    return chosen;
  }

private:
  /// Arguments of the block and values from around it.
  static llvm::SetVector<Value> getGiven(Block &block) {
    llvm::SetVector<Value> given(block.args_begin(), block.args_end());
    for (Operation &op : block)
      for (Value operand : op.getOperands())
        if (operand.getParentBlock() != &block)
          given.insert(operand);
    return given;
  }

  void addOperation(Operation &op) {
    switch (getOrderRule(&op)) {
    case OrderRule::ChannelsLast:
      nodes[&op] = MinimumCut::kSecond;
      break;
    case OrderRule::Either:
      nodes[&op] = cut.addNode();
      addAlignmentCost(op);
      break;
    case OrderRule::Free:
    case OrderRule::Fixed:
      break;
    }
  }

  /// In channels-last order an operand of lower rank has to be transposed by
  /// itself, unless it is constant or a view does it.
  void addAlignmentCost(Operation &op) {
    for (OpOperand &operand : op.getOpOperands()) {
      auto type = cast<RankedTensorType>(operand.get().getType());
      if (followsOrder(operand) || getWeight(operand.get()) ||
          isa<nn::PadOp>(op))
        continue;
      bool isView = llvm::count_if(type.getShape(),
                                   [](int64_t size) { return size != 1; }) <= 1;
      cut.addEdge(MinimumCut::kFirst, nodes[&op],
                  isView ? 1 : estimate.getBytes(type));
    }
  }

  unsigned getProducerNode(Operation *op) {
    if (auto transpose = dyn_cast<nn::TransposeOp>(op)) {
      // The operand of a transpose to channels first is this result with the
      // channels last, for nothing; any other transpose makes both orders
      // alike.
      int64_t rank = transpose.getPermutation().size();
      if (rank >= 3 &&
          transpose.getPermutation() == ArrayRef(getToChannelsFirst(rank)))
        return MinimumCut::kSecond;
      return rank >= 3 && transpose.getPermutation() ==
                              ArrayRef(getToChannelsLast(rank))
                 ? MinimumCut::kFirst
                 : cut.addNode();
    }
    auto it = nodes.find(op);
    return it == nodes.end() ? MinimumCut::kFirst : it->second;
  }

  /// The side that the user of an operand wants it on; nothing if either does.
  std::optional<unsigned> getUserNode(OpOperand &use) {
    if (auto transpose = dyn_cast<nn::TransposeOp>(use.getOwner())) {
      int64_t rank = transpose.getPermutation().size();
      if (transpose.getPermutation() == ArrayRef(getToChannelsLast(rank)))
        return MinimumCut::kSecond;
      return std::nullopt;
    }
    auto it = nodes.find(use.getOwner());
    if (it == nodes.end() || !followsOrder(use))
      return MinimumCut::kFirst;
    return it->second;
  }

  /// Costs the bytes of `value` once where some user is on the other side than
  /// `producer`.
  void addValue(Value value, unsigned producer) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || type.getRank() < 3 || value.use_empty() || getWeight(value))
      return;
    bool isView = isViewPermutation(type, getToChannelsLast(type.getRank()));
    int64_t cost = isView ? 1 : 1 + estimate.getBytes(type);
    unsigned anySecond = cut.addNode(), anyFirst = cut.addNode();
    cut.addEdge(producer, anySecond, cost);
    cut.addEdge(anyFirst, producer, cost);
    for (OpOperand &use : value.getUses()) {
      std::optional<unsigned> user = getUserNode(use);
      if (!user)
        continue;
      cut.addEdge(anySecond, *user, MinimumCut::kInfinite);
      cut.addEdge(*user, anyFirst, MinimumCut::kInfinite);
    }
  }

  SizeEstimate estimate;
  MinimumCut cut;
  llvm::MapVector<Operation *, unsigned> nodes;
};

} // namespace

LayoutChoice::LayoutChoice(Block &block) : chosen(ChoiceGraph(block).solve()) {}

} // namespace sinter
