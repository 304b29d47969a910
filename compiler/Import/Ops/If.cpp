//===- If.cpp - one of two graphs ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/OpTable.h"
#include "compiler/Import/Ops/Body.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

namespace {

/// Joins the outputs of two bodies to the results of nn.if. What is the same in
/// both stays known; sizes that differ become late dimensions.
class Branches {
public:
  explicit Branches(NodeContext &node)
      : node(node), bodies{Body(node), Body(node)} {}

  LogicalResult import(const onnx::Graph &thenGraph,
                       const onnx::Graph &elseGraph);
  /// Creates nn.if and sets the outputs of the node.
  LogicalResult finish(Value condition);

private:
  FailureOr<ImportedValue> join(ImportedValue &first, ImportedValue &second);
  FailureOr<ImportedValue> joinTensors(ImportedValue &first,
                                       ImportedValue &second);
  SizeAttr joinSizes(SizeAttr first, SizeAttr second);
  /// Gives the results to the values that `join` has prepared.
  void fill(ImportedValue &value, ResultRange results, unsigned &next);

  NodeContext &node;
  Body bodies[2];
  std::vector<ImportedValue> outputs[2];
  SmallVector<Value> yielded[2];
  SmallVector<Type> types;
  SmallVector<Attribute> names;
  SmallVector<SizeAttr> sizes[2];
};

} // namespace

LogicalResult Branches::import(const onnx::Graph &thenGraph,
                               const onnx::Graph &elseGraph) {
  const onnx::Graph *graphs[] = {&thenGraph, &elseGraph};
  LogicalResult result = success();
  for (unsigned i : {0, 1}) {
    bodies[i].enter();
    auto made = node.getImporter().importGraph(*graphs[i], {}, node);
    // Both are read to tell all that is not supported.
    if (failed(made))
      result = failure();
    else
      outputs[i] = std::move(*made);
  }
  if (succeeded(result) && outputs[0].size() != outputs[1].size())
    return node.invalid("branches with the same number of outputs",
                        Twine(outputs[0].size()) + " and " +
                            Twine(outputs[1].size()));
  return result;
}

SizeAttr Branches::joinSizes(SizeAttr first, SizeAttr second) {
  if (first == second)
    return first;
  GraphImporter &importer = node.getImporter();
  std::string name =
      importer.makeLateDim(node.getName() + ".size." + Twine(names.size()));
  names.push_back(importer.getBuilder().getStringAttr(name));
  sizes[0].push_back(first);
  sizes[1].push_back(second);
  return nn::getSymbol(node.getContext(), name);
}

FailureOr<ImportedValue> Branches::joinTensors(ImportedValue &first,
                                               ImportedValue &second) {
  GraphImporter &importer = node.getImporter();
  if (first.type.getElementType() != second.type.getElementType())
    return node.invalid("branches with outputs of the same element types",
                        GraphImporter::getTypeName(first) + " and " +
                            GraphImporter::getTypeName(second));
  if (first.type.getRank() != second.type.getRank())
    return node.unsupported(
        "branches with outputs of the same rank, or a condition that is known",
        "shapes " + nn::toString(nn::getSizes(first.type)) + " and " +
            nn::toString(nn::getSizes(second.type)),
        "reshape the outputs of both branches to one rank");
  const Content *left = importer.getContent(first),
                *right = importer.getContent(second);
  ImportedValue result;
  if (left && right && left->shape == right->shape && left->getSizes() &&
      right->getSizes() && !left->isFloat()) {
    Content content = *left;
    for (auto [element, other] :
         llvm::zip_equal(content.elements, right->elements))
      element.size = joinSizes(element.size, other.size);
    result.type = first.type;
    result.content = std::move(content);
    return result;
  }
  SmallVector<SizeAttr> joined;
  for (auto [a, b] :
       llvm::zip_equal(nn::getSizes(first.type), nn::getSizes(second.type)))
    joined.push_back(joinSizes(a, b));
  result.type = nn::makeTensorType(joined, first.type.getElementType());
  types.push_back(result.type);
  ImportedValue *values[] = {&first, &second};
  for (unsigned i : {0, 1}) {
    bodies[i].enter();
    Value tensor = importer.materialize(*values[i], node.getLocation());
    if (!tensor)
      return node.unsupported("a value that can be computed when running",
                              "a mix of sizes and numbers",
                              "simplify the shape computation of the model");
    yielded[i].push_back(tensor);
  }
  return result;
}

FailureOr<ImportedValue> Branches::join(ImportedValue &first,
                                        ImportedValue &second) {
  if (first.isTensor() && second.isTensor())
    return joinTensors(first, second);
  if (first.kind != second.kind)
    return node.invalid("branches with outputs of the same kind",
                        GraphImporter::getTypeName(first) + " and " +
                            GraphImporter::getTypeName(second));
  if (first.elements.size() != second.elements.size())
    return node.unsupported(
        "branches with sequences of one length, or a condition that is known",
        Twine(first.elements.size()) + " and " + Twine(second.elements.size()) +
            " elements",
        "make the condition a constant or a computation on shapes");
  ImportedValue result;
  result.kind = first.kind;
  result.containerType = first.containerType;
  for (auto [a, b] : llvm::zip_equal(first.elements, second.elements)) {
    FailureOr<ImportedValue> element = join(a, b);
    if (failed(element))
      return failure();
    result.elements.push_back(std::move(*element));
  }
  return result;
}

void Branches::fill(ImportedValue &value, ResultRange results, unsigned &next) {
  for (ImportedValue &element : value.elements)
    fill(element, results, next);
  if (value.isTensor() && !value.content)
    value.value = results[next++];
}

LogicalResult Branches::finish(Value condition) {
  OpBuilder &builder = node.getImporter().getBuilder();
  OpBuilder::InsertPoint outer = builder.saveInsertionPoint();
  std::vector<ImportedValue> joined;
  for (auto [first, second] : llvm::zip_equal(outputs[0], outputs[1])) {
    FailureOr<ImportedValue> value = join(first, second);
    if (failed(value))
      return failure();
    joined.push_back(std::move(*value));
  }
  for (unsigned i : {0, 1})
    bodies[i].yield(/*condition=*/nullptr, yielded[i], /*stacked=*/{});
  builder.restoreInsertionPoint(outer);
  auto op = nn::IfOp::create(builder, node.getLocation(), types, condition,
                             builder.getArrayAttr(names),
                             nn::makeSizeArray(node.getContext(), sizes[0]),
                             nn::makeSizeArray(node.getContext(), sizes[1]));
  bodies[0].moveTo(op.getThenBody());
  bodies[1].moveTo(op.getElseBody());
  unsigned next = 0;
  for (ImportedValue &value : joined)
    fill(value, op.getResults(), next);
  return setOutputs(node, joined);
}

/// If opsets 1, 11, 13, 16, 19, 21, 23, 24, 25.
static LogicalResult buildIf(NodeContext &node) {
  const onnx::Graph *thenGraph = getGraph(node, "then_branch"),
                    *elseGraph = getGraph(node, "else_branch");
  if (!thenGraph || !elseGraph)
    return failure();
  if (!nn::getNumElements(node.getType(0)).isConstant(1))
    return node.invalid("a condition of one element",
                        nn::toString(node.getSizes(0)));
  const Content *known = node.getContent(0);
  if (auto truth = known ? known->elements[0].getInteger() : std::nullopt) {
    auto values = node.getImporter().importGraph(
        *truth ? *thenGraph : *elseGraph, {}, node);
    return failed(values) ? failure() : setOutputs(node, *values);
  }
  Value condition = node.getInput(0);
  if (!condition)
    return failure();
  OpBuilder::InsertPoint outer =
      node.getImporter().getBuilder().saveInsertionPoint();
  OpBuilder::InsertionGuard guard(node.getImporter().getBuilder());
  Branches branches(node);
  if (failed(branches.import(*thenGraph, *elseGraph)))
    return failure();
  node.getImporter().getBuilder().restoreInsertionPoint(outer);
  return branches.finish(condition);
}

ArrayRef<OpRow> sinter::getConditionRows() {
  static const OpRow rows[] = {
      {"If", buildIf},
  };
  return rows;
}
