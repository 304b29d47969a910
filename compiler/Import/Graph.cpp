//===- Graph.cpp - imports a graph: inputs, nodes, outputs ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/NodeContext.h"
#include "compiler/Import/NodeOrder.h"
#include "compiler/Import/Onnx/Schemas.h"
#include "compiler/Import/PackedTensor.h"
#include "dialects/NN/NodeLocation.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"

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
  auto locate = [&](const onnx::Node &node, unsigned i) {
    return nn::getNodeLocation(context, node.name, node.op, i);
  };
  if (failed(checkOpsets()) || failed(defineConstants(model.graph, scope)) ||
      failed(defineInputs(scope)) ||
      failed(importNodes(model.graph.nodes, scope, /*depth=*/0, locate)) ||
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

LogicalResult GraphImporter::defineConstants(const onnx::Graph &graph,
                                             Scope &scope) {
  // An input of a body has the value that the node gives it.
  auto isInput = [&](StringRef name) {
    return &graph != &file->getModel().graph && scope.findOwn(name) &&
           llvm::any_of(graph.inputs, [&](const onnx::ValueInfo &input) {
             return input.name == name;
           });
  };
  for (const onnx::Tensor &tensor : graph.initializers) {
    if (isInput(tensor.name))
      continue;
    Type elementType = getElementType(tensor.type);
    ImportedValue value;
    value.name = tensor.name;
    value.tensor = &tensor;
    value.home = &main.front();
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

//===- Nodes --------------------------------------------------------------===//

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

LogicalResult GraphImporter::importNodes(ArrayRef<onnx::Node> nodes,
                                         Scope &scope, unsigned depth,
                                         LocateNode locate) {
  NodeOrder order(nodes, scope);
  if (!order.getProblem().empty())
    return fail(order.getCode(), order.getRule(), order.getProblem(),
                "export the model again");
  for (unsigned i : order.getNodes()) {
    Location location = locate(nodes[i], i);
    Block *block = builder.getInsertionBlock();
    Operation *last = block->empty() ? nullptr : &block->back();
    if (failed(importNode(nodes[i], scope, location, depth)))
      return failure();
    if (depth == 0)
      remarkNode(location, last ? last->getNextNode() : firstOp(*block));
  }
  return success();
}

FailureOr<std::vector<ImportedValue>>
GraphImporter::importGraph(const onnx::Graph &graph,
                           ArrayRef<ImportedValue> graphInputs,
                           NodeContext &node) {
  if (node.getDepth() >= kMaxDepth)
    return node.invalid("graphs and functions nested at most " +
                            Twine(kMaxDepth) + " deep",
                        "deeper ones");
  if (graph.inputs.size() != graphInputs.size())
    return node.invalid("a body with " + Twine(graphInputs.size()) + " inputs",
                        Twine(graph.inputs.size()));
  Scope scope(node.getScope());
  for (auto [info, given] : llvm::zip_equal(graph.inputs, graphInputs)) {
    ImportedValue value = given;
    value.name = info.name;
    if (!scope.define(info.name, std::move(value)))
      return node.invalid("inputs of a body with names of their own",
                          "'" + info.name + "' twice");
  }
  auto locate = [&](const onnx::Node &inner, unsigned i) {
    return node.locateInner(inner, i);
  };
  if (failed(defineConstants(graph, scope)) ||
      failed(importNodes(graph.nodes, scope, node.getDepth() + 1, locate)))
    return failure();
  std::vector<ImportedValue> results;
  for (const onnx::ValueInfo &output : graph.outputs) {
    ImportedValue *value = scope.find(output.name);
    if (!value)
      return node.invalid("a body that makes its output '" + output.name + "'",
                          "no node that makes it");
    if (value->isNotMade)
      return node.unsupported(
          "outputs of a body that are main results of their nodes",
          "'" + output.name + "', an additional output that is not computed",
          "rewrite the model without this output");
    if (value->isMissing) {
      node.markMissing();
      return failure();
    }
    results.push_back(*value);
  }
  return results;
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
    if (value && value->isTensor() && value->type) {
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
    if (value && !value->isTensor()) {
      (void)fail("unsupported_output", "outputs that are tensors",
                 "'" + output.name + "', a sequence or an optional",
                 "make each of its tensors an output");
      issues.back().kind = ImportIssue::Kind::Unsupported;
      return failure();
    }
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
  llvm::StringSet<> lateDims;
  op->walk([&](Operation *inner) {
    forEachLateDim(inner, [&](StringRef name) { lateDims.insert(name); });
  });
  op->setAttr("nn.free_dims", freeDims->getAttribute(lateDims));
  op->setAttr("nn.assumptions", builder.getArrayAttr(equalities));
  op->setAttr("nn.node_count",
              builder.getI64IntegerAttr(file->getModel().graph.nodes.size()));
}
