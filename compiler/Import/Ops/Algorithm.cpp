//===- Algorithm.cpp - operators that are algorithms ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Algorithm.h"
#include "dialects/NN/NNShapes.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

std::string sinter::getTypedName(StringRef name, Type elementType) {
  std::string text = name.str() + "_";
  llvm::raw_string_ostream out(text);
  if (elementType.isInteger(1))
    out << "ui8";
  else
    out << elementType;
  return text;
}

std::string sinter::getMovingName(StringRef name, Type elementType) {
  unsigned bytes = (elementType.getIntOrFloatBitWidth() + 7) / 8;
  return (name + "_b" + Twine(bytes * 8)).str();
}

ResultRange sinter::createAlgorithm(NodeContext &node,
                                    const AlgorithmCall &call,
                                    ValueRange inputs, TypeRange results) {
  OpBuilder &builder = node.getImporter().getBuilder();
  return nn::AlgorithmOp::create(builder, node.getLocation(), results,
                                 call.name, inputs, call.integers, call.numbers,
                                 call.units ? call.units : node.getSize(1),
                                 call.scratch ? call.scratch : node.getSize(0),
                                 call.check.empty()
                                     ? StringAttr()
                                     : builder.getStringAttr(call.check))
      .getResults();
}

SizeAttr sinter::bindCount(NodeContext &node, Value count, StringRef what,
                           SizeAttr bound) {
  OpBuilder &builder = node.getImporter().getBuilder();
  std::string name =
      node.getImporter().makeLateDim(node.getName() + "." + what);
  nn::BindSizesOp::create(builder, node.getLocation(), count,
                          builder.getStrArrayAttr({name}),
                          nn::makeSizeArray(node.getContext(), {bound}));
  return nn::getSymbol(node.getContext(), name);
}

Value sinter::takeFirst(NodeContext &node, Value value, unsigned axis,
                        SizeAttr count) {
  MLIRContext *context = node.getContext();
  SmallVector<SizeAttr> sizes =
      nn::getSizes(cast<RankedTensorType>(value.getType()));
  SmallVector<SizeAttr> starts(sizes.size(), node.getSize(0));
  sizes[axis] = count;
  SmallVector<int64_t> steps(sizes.size(), 1);
  return node.create<nn::SliceOp>(value, nn::makeSizeArray(context, starts),
                                  nn::makeSizeArray(context, sizes), steps);
}
