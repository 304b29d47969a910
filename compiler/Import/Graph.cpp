//===- Graph.cpp - imports a graph: inputs, nodes, outputs ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/NodeContext.h"
#include "compiler/Import/Onnx/Schemas.h"
#include "compiler/Import/PackedTensor.h"
#include "dialects/NN/NodeLocation.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include <queue>

using namespace mlir;
using namespace sinter;

FailureOr<OwningOpRef<ModuleOp>>
sinter::importOnnx(MLIRContext *context, StringRef path,
                   const ImportOptions &options,
                   SmallVectorImpl<ImportIssue> &issues,
                   std::function<void(StringRef)> warning) {
  context->loadDialect<nn::NNDialect, func::FuncDialect>();
  ImportIssue issue;
  FailureOr<std::unique_ptr<onnx::ModelFile>> file =
      onnx::ModelFile::open(path, issue);
  if (failed(file)) {
    issues.push_back(std::move(issue));
    return failure();
  }
  return GraphImporter(context, std::move(*file), options, issues,
                       std::move(warning))
      .run();
}

FailureOr<OwningOpRef<ModuleOp>> GraphImporter::run() {
  const onnx::Model &model = file->getModel();
  Location location = FileLineColLoc::get(context, file->getPath(), 0, 0);
  module = ModuleOp::create(location);
  builder.setInsertionPointToStart(module->getBody());
  main = func::FuncOp::create(builder, location, "main",
                              builder.getFunctionType({}, {}));
  builder.setInsertionPointToStart(main.addEntryBlock());

  Scope scope(model.opsets);
  if (failed(checkOpsets()) || failed(defineConstants(scope)) ||
      failed(defineInputs(scope)) || failed(importNodes(scope)) ||
      !issues.empty())
    return failure();
  if (failed(finishOutputs(scope)))
    return failure();
  setModuleAttributes();
  return std::move(module);
}

LogicalResult GraphImporter::checkOpsets() {
  for (const onnx::OpsetImport &import : file->getModel().opsets) {
    int64_t newest = onnx::getNewestOpset(import.domain);
    StringRef domain = onnx::canonicalDomain(import.domain);
    if (newest > 0 && (import.version < 1 || import.version > newest))
      return fail("opset_version",
                  "an opset of domain '" +
                      (domain.empty() ? "ai.onnx" : domain) + "' from 1 to " +
                      Twine(newest),
                  "opset " + Twine(import.version),
                  "export the model with an older opset");
  }
  return success();
}

LogicalResult GraphImporter::defineConstants(Scope &scope) {
  const onnx::Graph &graph = file->getModel().graph;
  for (const onnx::Tensor &tensor : graph.initializers) {
    Type elementType = getElementType(tensor.type);
    ImportedValue value;
    value.name = tensor.name;
    value.tensor = &tensor;
    if (elementType)
      value.type = RankedTensorType::get(tensor.dims, elementType);
    else
      value.isNotMade = true;
    if (!scope.define(tensor.name, std::move(value)))
      return fail("duplicate_name", "every value to have its own name",
                  "two initializers '" + tensor.name + "'",
                  "export the model again");
  }
  for (StringRef name : graph.sparseInitializers) {
    ImportedValue value;
    value.name = name;
    value.isNotMade = true;
    if (!scope.define(name, std::move(value)))
      return fail("duplicate_name", "every value to have its own name",
                  "two initializers '" + name + "'", "export the model again");
  }
  return success();
}

LogicalResult GraphImporter::defineInputs(Scope &scope) {
  SmallVector<const onnx::ValueInfo *> inputs;
  llvm::StringSet<> seen;
  for (const onnx::ValueInfo &input : file->getModel().graph.inputs) {
    if (!seen.insert(input.name).second)
      return fail("duplicate_name", "every value to have its own name",
                  "two inputs '" + input.name + "'", "export the model again");
    // An input with an initializer is a constant with a default value.
    if (scope.find(input.name))
      continue;
    Type elementType = input.kind == onnx::ValueInfo::Kind::Tensor
                           ? getElementType(input.type)
                           : nullptr;
    if (!elementType) {
      ImportIssue issue;
      issue.kind = ImportIssue::Kind::Unsupported;
      issue.code = "unsupported_input";
      issue.expected =
          "input '" + input.name.str() + "' to be a tensor of numbers";
      issue.found =
          input.kind == onnx::ValueInfo::Kind::Tensor
              ? "elements of type " + onnx::getElementName(input.type).str()
              : "a sequence, map, optional or sparse tensor";
      issue.remedy = "export the model with tensors of numbers as inputs";
      report(std::move(issue));
      return failure();
    }
    inputs.push_back(&input);
  }

  ImportIssue issue;
  FailureOr<std::unique_ptr<FreeDims>> dims =
      FreeDims::create(context, inputs, options, issue);
  if (failed(dims)) {
    report(std::move(issue));
    return failure();
  }
  freeDims = std::move(*dims);
  for (auto [i, input] : llvm::enumerate(inputs)) {
    ImportedValue value;
    value.name = input->name;
    value.type =
        nn::makeTensorType(freeDims->getShape(i), getElementType(input->type));
    Location location = NameLoc::get(builder.getStringAttr(input->name));
    RankedTensorType packed = getPackedType(value.type);
    SmallVector<NamedAttribute> attributes = {
        builder.getNamedAttr("nn.name", builder.getStringAttr(input->name))};
    if (packed)
      attributes.push_back(
          builder.getNamedAttr("nn.packed", TypeAttr::get(value.type)));
    if (failed(main.insertArgument(i, packed ? packed : value.type,
                                   builder.getDictionaryAttr(attributes),
                                   location)))
      return failure();
    value.value = main.getArgument(i);
    if (packed)
      value.value = unpackTensor(builder, location, value.value, value.type);
    scope.define(input->name, std::move(value));
  }
  return success();
}

//===- Order of nodes -----------------------------------------------------===//

LogicalResult
GraphImporter::reportCycle(const llvm::StringMap<unsigned> &producers,
                           ArrayRef<unsigned> open) {
  // Every open node waits for another one: following these comes round.
  const std::vector<onnx::Node> &nodes = file->getModel().graph.nodes;
  llvm::DenseSet<unsigned> isOpen(open.begin(), open.end());
  SmallVector<unsigned> path;
  unsigned current = open.front();
  while (!llvm::is_contained(path, current)) {
    path.push_back(current);
    for (StringRef input : nodes[current].inputs) {
      auto producer = producers.find(input);
      if (producer != producers.end() && isOpen.contains(producer->second)) {
        current = producer->second;
        break;
      }
    }
  }
  path.erase(path.begin(), llvm::find(path, current));
  std::string names;
  for (unsigned i : ArrayRef(path).take_front(5)) {
    StringRef name =
        nodes[i].name.empty() ? nodes[i].outputs.front() : nodes[i].name;
    names += (names.empty() ? "'" : ", '") + name.str() + "'";
  }
  return fail("cyclic_graph", "a graph without cycles",
              "a cycle of " + Twine(path.size()) + " nodes: " + names +
                  (path.size() > 5 ? ", .." : ""),
              "export the model again");
}

FailureOr<SmallVector<unsigned>> GraphImporter::sortNodes(Scope &scope) {
  const std::vector<onnx::Node> &nodes = file->getModel().graph.nodes;
  llvm::StringMap<unsigned> producers;
  for (auto [i, node] : llvm::enumerate(nodes))
    for (StringRef output : node.outputs)
      if (!output.empty() &&
          (scope.find(output) || !producers.try_emplace(output, i).second))
        return fail("duplicate_name", "every value to have its own name",
                    "a second '" + output + "', made by a node " + node.op,
                    "export the model again");

  std::vector<unsigned> waiting(nodes.size(), 0);
  std::vector<SmallVector<unsigned, 2>> users(nodes.size());
  for (auto [i, node] : llvm::enumerate(nodes))
    for (StringRef input : node.inputs) {
      auto producer = producers.find(input);
      if (producer == producers.end())
        continue;
      ++waiting[i];
      users[producer->second].push_back(i);
    }
  std::priority_queue<unsigned, std::vector<unsigned>, std::greater<unsigned>>
      ready;
  for (unsigned i = 0; i < nodes.size(); ++i)
    if (waiting[i] == 0)
      ready.push(i);
  SmallVector<unsigned> order;
  while (!ready.empty()) {
    unsigned next = ready.top();
    ready.pop();
    order.push_back(next);
    for (unsigned user : users[next])
      if (--waiting[user] == 0)
        ready.push(user);
  }
  if (order.size() == nodes.size())
    return order;
  SmallVector<unsigned> open;
  for (unsigned i = 0; i < nodes.size(); ++i)
    if (waiting[i] != 0)
      open.push_back(i);
  return reportCycle(producers, open);
}

static Operation *firstOp(Block &block) {
  return block.empty() ? nullptr : &block.front();
}

/// Says what the node at `location` became: the operations from `first` to the
/// end of the block.
static void remarkNode(Location location, Operation *first) {
  auto options =
      remark::RemarkOpts::name("ImportNode").category("sinter-import");
  std::string operations;
  for (Operation *op = first; op; op = op->getNextNode())
    if (!isa<nn::WeightOp>(op))
      operations +=
          (operations.empty() ? "" : ", ") + op->getName().stripDialect().str();
  if (operations.empty())
    remark::passed(location, options)
        << "no operation"
        << remark::reason("its result is known while importing");
  else
    remark::passed(location, options) << "read as " + operations;
}

LogicalResult GraphImporter::importNodes(Scope &scope) {
  FailureOr<SmallVector<unsigned>> order = sortNodes(scope);
  if (failed(order))
    return failure();
  const std::vector<onnx::Node> &nodes = file->getModel().graph.nodes;
  Block *block = builder.getInsertionBlock();
  for (unsigned i : *order) {
    Location location =
        nn::getNodeLocation(context, nodes[i].name, nodes[i].op, i);
    Operation *last = block->empty() ? nullptr : &block->back();
    if (failed(importNode(nodes[i], scope, location, /*depth=*/0)))
      return failure();
    remarkNode(location, last ? last->getNextNode() : firstOp(*block));
  }
  return success();
}

//===- Outputs ------------------------------------------------------------===//

LogicalResult
GraphImporter::addExtraOutputs(Scope &scope,
                               SmallVectorImpl<StringRef> &names) {
  SmallVector<StringRef> inner;
  for (const onnx::Node &node : file->getModel().graph.nodes)
    for (StringRef output : node.outputs) {
      ImportedValue *value = scope.find(output);
      if (value && !llvm::is_contained(names, output) && value->value &&
          !value->value.getDefiningOp<nn::WeightOp>())
        inner.push_back(output);
    }
  if (options.allOutputs)
    names.append(inner);
  for (const std::string &name : options.outputs) {
    if (llvm::is_contained(names, name))
      continue;
    ImportedValue *value = scope.find(name);
    if (value && value->type) {
      names.push_back(value->name);
      continue;
    }
    constexpr size_t kListed = 30;
    std::string list =
        llvm::join(ArrayRef<StringRef>(inner).take_front(kListed), "', '");
    ImportIssue issue;
    issue.kind = ImportIssue::Kind::Usage;
    issue.code = "unknown_tensor";
    issue.expected = "the name of a tensor of the model";
    issue.found = "'" + name + "'";
    issue.remedy =
        "tensors of this model: '" + list + "'" +
        (inner.size() > kListed
             ? " and " + std::to_string(inner.size() - kListed) + " more"
             : "");
    report(std::move(issue));
    return failure();
  }
  return success();
}

LogicalResult GraphImporter::finishOutputs(Scope &scope) {
  SmallVector<StringRef> names;
  for (const onnx::ValueInfo &output : file->getModel().graph.outputs) {
    ImportedValue *value = scope.find(output.name);
    if (value && value->isNotMade) {
      (void)fail(
          "unsupported_output", "outputs that are main results of their nodes",
          "'" + output.name + "', an additional output that is not computed",
          "leave this output out of the model");
      issues.back().kind = ImportIssue::Kind::Unsupported;
      return failure();
    }
    if (!value || value->isMissing)
      return fail("missing_output",
                  "output '" + output.name + "' to be made by a node",
                  "no node that makes it", "correct the outputs of the graph");
    if (output.kind == onnx::ValueInfo::Kind::Tensor &&
        output.type != onnx::ElementType::Undefined &&
        getElementType(output.type) != value->type.getElementType())
      return fail("wrong_output_type",
                  "output '" + output.name + "' to hold elements of type " +
                      onnx::getElementName(output.type),
                  "a node that makes elements of another type",
                  "correct the type of the output");
    names.push_back(output.name);
  }
  if (names.empty())
    return fail("no_outputs", "a graph with at least one output", "none",
                "export the model again");
  if (failed(addExtraOutputs(scope, names)))
    return failure();

  SmallVector<Value> results;
  SmallVector<Type> types;
  for (StringRef name : names) {
    Value result = materialize(*scope.find(name), builder.getUnknownLoc());
    if (!result)
      return fail("unsupported_output", "outputs that are tensors",
                  "'" + name + "', which mixes sizes and numbers",
                  "leave this output out of the model");
    types.push_back(result.getType());
    if (getPackedType(cast<RankedTensorType>(result.getType())))
      result = packTensor(builder, builder.getUnknownLoc(), result);
    results.push_back(result);
  }
  func::ReturnOp::create(builder, builder.getUnknownLoc(), results);
  main.setFunctionType(builder.getFunctionType(main.getArgumentTypes(),
                                               ValueRange(results).getTypes()));
  for (auto [i, name] : llvm::enumerate(names)) {
    main.setResultAttr(i, "nn.name", builder.getStringAttr(name));
    if (types[i] != results[i].getType())
      main.setResultAttr(i, "nn.packed", TypeAttr::get(types[i]));
  }
  return success();
}

void GraphImporter::setModuleAttributes() {
  SmallVector<Attribute> equalities;
  for (auto &[sizes, attribute] : assumptions)
    equalities.push_back(attribute);
  ModuleOp op = *module;
  op->setAttr("nn.model", builder.getStringAttr(file->getPath()));
  op->setAttr("nn.free_dims", freeDims->getAttribute());
  op->setAttr("nn.assumptions", builder.getArrayAttr(equalities));
  op->setAttr("nn.node_count",
              builder.getI64IntegerAttr(file->getModel().graph.nodes.size()));
}
