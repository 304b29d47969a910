//===- MakeChannelsLast.cpp - channels innermost where it pays ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Layout/ChannelOrder.h"
#include "passes/Layout/LayoutChoice.h"
#include "passes/Layout/Passes.h"

#include "dialects/NN/Size.h"
#include "mlir/IR/Remarks.h"

namespace sinter {
#define GEN_PASS_DEF_MAKECHANNELSLASTPASS
#include "passes/Layout/Passes.h.inc"
} // namespace sinter

using namespace mlir;
using namespace sinter;

namespace {

/// Rewrites the chosen operations of one block, in order. Each value then
/// exists in the order of its producer, and as a transpose of that where a user
/// wants the other one.
class Rewriting {
public:
  Rewriting(Block &block, const LayoutChoice &choice)
      : rewriter(block.getParentOp()->getContext()), block(block),
        choice(choice) {}

  void run() {
    SmallVector<Operation *> replaced;
    for (Operation &op : llvm::make_early_inc_range(block)) {
      rewriter.setInsertionPoint(&op);
      if (choice.isChannelsLast(&op)) {
        rewrite(op);
        replaced.push_back(&op);
        continue;
      }
      // Bodies inside read what the model has.
      op.walk([&](Operation *inner) {
        for (OpOperand &operand : inner->getOpOperands())
          operand.set(getAsWritten(operand.get()));
      });
    }
    for (Operation *op : llvm::reverse(replaced))
      rewriter.eraseOp(op);
  }

private:
  void rewrite(Operation &op) {
    SmallVector<Value> operands;
    for (OpOperand &operand : op.getOpOperands()) {
      if (followsOrder(operand))
        operands.push_back(getChannelsLast(operand.get()));
      else if (op.hasTrait<nn::OpTrait::Elementwise>() ||
               isa<nn::BroadcastOp>(op))
        operands.push_back(align(getAsWritten(operand.get()), op));
      else
        operands.push_back(getAsWritten(operand.get()));
    }
    Operation *copy = createChannelsLast(rewriter, &op, operands);
    channelsLast[op.getResult(0)] = copy->getResult(0);
    remark::passed(
        op.getLoc(),
        remark::RemarkOpts::name("MakeChannelsLast").category("sinter-layout"))
        << remark::add("'{0}' computes with the channels last",
                       op.getName().stripDialect())
        << remark::reason(getOrderRule(&op) == OrderRule::ChannelsLast
                              ? "its kernels read channels innermost"
                              : "that moves the fewest bytes by transposes");
  }

  /// Transposes for the sake of the operation at hand, or of the producer.
  Value transpose(Value value, ArrayRef<int64_t> permutation) {
    Location loc = isa<BlockArgument>(value)
                       ? rewriter.getInsertionPoint()->getLoc()
                       : value.getLoc();
    return nn::TransposeOp::create(rewriter, loc, value,
                                   rewriter.getDenseI64ArrayAttr(permutation));
  }

  /// `value` with the channels last.
  Value getChannelsLast(Value value) {
    Value &result = channelsLast[value];
    if (!result) {
      int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
      result = transpose(value, getToChannelsLast(rank));
    }
    return result;
  }

  /// `value` in the order in which the model has it.
  Value getAsWritten(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || !choice.isChannelsLast(op))
      return value;
    Value &result = asWritten[value];
    if (!result) {
      int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
      result = transpose(channelsLast[value], getToChannelsFirst(rank));
    }
    return result;
  }

  /// `value`, of lower rank than the result of `op`, as it broadcasts to that
  /// with the channels last.
  Value align(Value value, Operation &op) {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.hasStaticShape() && type.getNumElements() == 1)
      return value;
    int64_t rank = cast<RankedTensorType>(op.getResult(0).getType()).getRank();
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(type);
    sizes.insert(sizes.begin(), rank - sizes.size(),
                 nn::getSize(op.getContext(), 1));
    auto aligned = nn::makeTensorType(sizes, type.getElementType());
    Value reshaped =
        nn::ReshapeOp::create(rewriter, op.getLoc(), aligned, value);
    return transpose(reshaped, getToChannelsLast(rank));
  }

  IRRewriter rewriter;
  Block &block;
  const LayoutChoice &choice;
  /// From values of the model to the same with the channels last, and to the
  /// same as written where their producer was rewritten.
  DenseMap<Value, Value> channelsLast, asWritten;
};

struct MakeChannelsLastPass
    : sinter::impl::MakeChannelsLastPassBase<MakeChannelsLastPass> {
  using Base::Base;

  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    rewrite(getOperation().getBody().front());
  }

private:
  /// Decides and rewrites the bodies inside `block`, then the block: a value
  /// that goes in or out has the order of the model.
  static void rewrite(Block &block) {
    for (Operation &op : block)
      for (Region &body : op.getRegions())
        rewrite(body.front());
    LayoutChoice choice(block);
    Rewriting(block, choice).run();
  }
};

} // namespace
