//===- Body.cpp - the bodies of loops and conditions ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Body.h"

using namespace mlir;
using namespace sinter;

Body::Body(NodeContext &node)
    : node(node), region(node.getImporter().addRegion()),
      block(&region.emplaceBlock()), guard(node.getImporter().getBuilder()) {
  node.getImporter().getBuilder().setInsertionPointToEnd(block);
}

void Body::yield(Value condition, ValueRange carried, ValueRange stacked) {
  nn::YieldOp::create(node.getImporter().getBuilder(), node.getLocation(),
                      condition, carried, stacked);
  guard.reset();
}

void Body::moveTo(Region &target) { target.takeBody(region); }

SmallVector<Value> sinter::buildCountedLoop(
    NodeContext &node, nn::SizeAttr count, ValueRange states,
    llvm::function_ref<FailureOr<SmallVector<Value>>(nn::SizeAttr, ValueRange)>
        makeStep) {
  OpBuilder &builder = node.getImporter().getBuilder();
  std::string index = node.getImporter().makeLateDim(node.getName() + ".step"),
              executed =
                  node.getImporter().makeLateDim(node.getName() + ".executed");
  Body body(node);
  for (Value state : states)
    body.addArgument(state.getType());
  auto made = makeStep(nn::getSymbol(node.getContext(), index),
                       body.getBlock().getArguments());
  if (failed(made))
    return {};
  ArrayRef results(*made);
  ArrayRef<Value> stacked = results.drop_front(states.size());
  body.yield(/*condition=*/nullptr, results.take_front(states.size()), stacked);

  SmallVector<Type> types(states.getTypes());
  for (Value value : stacked) {
    SmallVector<nn::SizeAttr> sizes = nn::getSizes(value.getType());
    sizes.insert(sizes.begin(), count);
    types.push_back(nn::makeTensorType(
        sizes, cast<RankedTensorType>(value.getType()).getElementType()));
  }
  ArrayAttr none = builder.getArrayAttr({});
  auto loop = nn::LoopOp::create(builder, node.getLocation(), types, count,
                                 builder.getStringAttr(index),
                                 builder.getStringAttr(executed), none, none,
                                 none, /*condition=*/nullptr, states);
  body.moveTo(loop.getBody());
  return loop.getResults();
}
