//===- Body.cpp - the bodies of loops and conditions ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Body.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

const onnx::Graph *sinter::getGraph(NodeContext &node, StringRef name) {
  const onnx::Attribute *attribute = node.findAttribute(name);
  if (attribute && attribute->graphs.size() == 1)
    return attribute->graphs.front().get();
  (void)node.invalid("a graph as attribute '" + name + "'", "none");
  return nullptr;
}

LogicalResult sinter::setOutputs(NodeContext &node,
                                 ArrayRef<ImportedValue> values) {
  if (node.getNumOutputs() > values.size())
    return node.invalid("a body with an output for each of " +
                            Twine(node.getNumOutputs()) + " outputs",
                        Twine(values.size()));
  for (unsigned i = 0; i < node.getNumOutputs(); ++i) {
    ImportedValue value = values[i];
    if (failed(node.setImported(i, std::move(value))))
      return failure();
  }
  return success();
}

ImportedValue sinter::makeTensor(Value value) {
  ImportedValue result;
  result.value = value;
  result.type = cast<RankedTensorType>(value.getType());
  return result;
}

ImportedValue sinter::makeKnown(SizeAttr size, Type elementType,
                                bool isVector) {
  Content content;
  content.elementType = elementType;
  content.elements.push_back(Element::ofSize(size));
  if (isVector)
    content.shape.push_back(1);
  ImportedValue value;
  value.type = RankedTensorType::get(content.shape, elementType);
  value.content = std::move(content);
  return value;
}

Body::Body(NodeContext &node)
    : node(node), region(node.getImporter().addRegion()),
      block(&region.emplaceBlock()) {}

void Body::enter() {
  node.getImporter().getBuilder().setInsertionPointToEnd(block);
}

void Body::yield(Value condition, ValueRange carried, ValueRange stacked) {
  enter();
  nn::YieldOp::create(node.getImporter().getBuilder(), node.getLocation(),
                      condition, carried, stacked);
}

/// Whether a name of `names` is in `size`.
static bool isMadeOf(nn::SizeAttr size, ArrayRef<nn::SizeAttr> names) {
  SmallVector<StringRef> symbols;
  nn::collectSymbols(size, symbols);
  return llvm::any_of(names, [&](nn::SizeAttr name) {
    SmallVector<StringRef> own;
    nn::collectSymbols(name, own);
    return llvm::is_contained(symbols, own.front());
  });
}

bool Body::definesPartOf(nn::SizeAttr size) {
  if (!nn::hasLate(size))
    return false;
  SmallVector<StringRef> symbols;
  nn::collectSymbols(size, symbols);
  bool isOwn = false;
  block->walk([&](Operation *op) {
    forEachLateDim(op, [&](StringRef name) {
      isOwn |= llvm::is_contained(symbols, name);
    });
  });
  return isOwn;
}

FailureOr<Type> Body::stackType(Type type, nn::SizeAttr count,
                                ArrayRef<nn::SizeAttr> own) {
  SmallVector<nn::SizeAttr> sizes = nn::getSizes(type);
  for (nn::SizeAttr size : sizes)
    if (definesPartOf(size) || isMadeOf(size, own))
      return node.unsupported(
          "results of all iterations whose sizes are known before the loop",
          "sizes " + nn::toString(sizes),
          "make their sizes independent of what an iteration computes");
  sizes.insert(sizes.begin(), count);
  return Type(
      nn::makeTensorType(sizes, cast<RankedTensorType>(type).getElementType()));
}

SmallVector<Value> sinter::buildCountedLoop(
    NodeContext &node, nn::SizeAttr count, ValueRange states,
    llvm::function_ref<FailureOr<SmallVector<Value>>(nn::SizeAttr, ValueRange)>
        makeStep) {
  OpBuilder &builder = node.getImporter().getBuilder();
  std::string index = node.getImporter().makeLateDim(node.getName() + ".step"),
              executed =
                  node.getImporter().makeLateDim(node.getName() + ".executed");
  OpBuilder::InsertPoint outer = builder.saveInsertionPoint();
  OpBuilder::InsertionGuard guard(builder);
  Body body(node);
  body.enter();
  for (Value state : states)
    body.addArgument(state.getType());
  auto made = makeStep(nn::getSymbol(node.getContext(), index),
                       body.getBlock().getArguments());
  if (failed(made))
    return {};
  ArrayRef results(*made);
  ArrayRef<Value> stacked = results.drop_front(states.size());
  body.yield(/*condition=*/nullptr, results.take_front(states.size()), stacked);
  builder.restoreInsertionPoint(outer);

  SmallVector<Type> types(states.getTypes());
  for (Value value : stacked) {
    FailureOr<Type> type = body.stackType(
        value.getType(), count, nn::getSymbol(node.getContext(), index));
    if (failed(type))
      return {};
    types.push_back(*type);
  }
  ArrayAttr none = builder.getArrayAttr({});
  auto loop = nn::LoopOp::create(builder, node.getLocation(), types, count,
                                 builder.getStringAttr(index),
                                 builder.getStringAttr(executed), none, none,
                                 none, /*condition=*/nullptr, states);
  body.moveTo(loop.getBody());
  return loop.getResults();
}
