//===- GraphImporter.cpp - imports the nodes of a graph -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/GraphImporter.h"
#include "compiler/Import/NodeContext.h"
#include "compiler/Import/Onnx/Schemas.h"
#include "compiler/Import/OpTable.h"
#include "dialects/NN/NodeLocation.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace sinter;

/// How many nodes may be imported, those of functions and bodies at each use: a
/// small file of functions that call functions can ask for any number.
static constexpr size_t kMaxImportedNodes = 4'000'000;

GraphImporter::GraphImporter(MLIRContext *context,
                             std::unique_ptr<onnx::ModelFile> file,
                             const ImportOptions &options,
                             SmallVectorImpl<ImportIssue> &issues,
                             std::function<void(StringRef)> warning)
    : context(context), file(std::move(file)), options(options), issues(issues),
      warning(std::move(warning)), builder(context) {}

GraphImporter::~GraphImporter() = default;

//===- Errors -------------------------------------------------------------===//

void GraphImporter::report(ImportIssue issue) {
  ++reports;
  if (issue.message.empty()) {
    std::string who = issue.node.empty()
                          ? ""
                          : "node '" + issue.node + "' (" + issue.op + "): ";
    issue.message =
        who + "expected " + issue.expected + ", found " + issue.found;
  }
  // A folder and then the builder may find the same.
  bool isKnown = llvm::any_of(issues, [&](const ImportIssue &known) {
    return known.node == issue.node && known.message == issue.message;
  });
  if (!isKnown)
    issues.push_back(std::move(issue));
}

void GraphImporter::rollBack(const Checkpoint &checkpoint) {
  issues.truncate(checkpoint.issues);
  while (assumptions.size() > checkpoint.assumptions)
    assumptions.pop_back();
}

std::vector<ImportIssue>
GraphImporter::takeIssues(const Checkpoint &checkpoint) {
  std::vector<ImportIssue> taken(issues.begin() + checkpoint.issues,
                                 issues.end());
  rollBack(checkpoint);
  return taken;
}

LogicalResult GraphImporter::fail(StringRef code, const Twine &expected,
                                  const Twine &found, const Twine &remedy) {
  ImportIssue issue;
  issue.code = code.str();
  issue.expected = expected.str();
  issue.found = found.str();
  issue.remedy = remedy.str();
  report(std::move(issue));
  return failure();
}

void GraphImporter::assumeEqual(nn::SizeAttr lhs, nn::SizeAttr rhs,
                                const NodeContext &node, StringRef expected) {
  if (assumptions.contains({rhs, lhs}))
    return;
  NamedAttrList fields;
  fields.append("lhs", lhs);
  fields.append("rhs", rhs);
  fields.append("node", builder.getStringAttr(node.getName()));
  fields.append("op", builder.getStringAttr(node.getOp()));
  fields.append("expected", builder.getStringAttr(expected));
  assumptions.try_emplace({lhs, rhs}, fields.getDictionary(context));
}

//===- Nodes --------------------------------------------------------------===//

const onnx::Function *
GraphImporter::findFunction(const onnx::Node &node) const {
  for (const onnx::Function &function : file->getModel().functions)
    if (function.name == node.op && function.overload == node.overload &&
        onnx::canonicalDomain(function.domain) ==
            onnx::canonicalDomain(node.domain))
      return &function;
  return nullptr;
}

/// The ONNX type of `type`, which getElementType made.
static onnx::ElementType getOnnxType(Type type) {
  using onnx::ElementType;
  if (type.isF32())
    return ElementType::Float;
  if (type.isF64())
    return ElementType::Double;
  if (type.isF16())
    return ElementType::Float16;
  if (type.isBF16())
    return ElementType::BFloat16;
  if (isa<Float8E4M3FNType>(type))
    return ElementType::Float8E4M3FN;
  if (isa<Float8E4M3FNUZType>(type))
    return ElementType::Float8E4M3FNUZ;
  if (isa<Float8E5M2Type>(type))
    return ElementType::Float8E5M2;
  if (isa<Float8E5M2FNUZType>(type))
    return ElementType::Float8E5M2FNUZ;
  if (isa<Float8E8M0FNUType>(type))
    return ElementType::Float8E8M0;
  if (isa<Float4E2M1FNType>(type))
    return ElementType::Float4E2M1;
  bool isUnsigned = type.isUnsignedInteger();
  switch (type.getIntOrFloatBitWidth()) {
  case 1:
    return ElementType::Bool;
  case 2:
    return isUnsigned ? ElementType::UInt2 : ElementType::Int2;
  case 4:
    return isUnsigned ? ElementType::UInt4 : ElementType::Int4;
  case 8:
    return isUnsigned ? ElementType::UInt8 : ElementType::Int8;
  case 16:
    return isUnsigned ? ElementType::UInt16 : ElementType::Int16;
  case 32:
    return isUnsigned ? ElementType::UInt32 : ElementType::Int32;
  default:
    return isUnsigned ? ElementType::UInt64 : ElementType::Int64;
  }
}

Type GraphImporter::getElementType(onnx::ElementType type) {
  using onnx::ElementType;
  switch (type) {
  case ElementType::Float:
    return builder.getF32Type();
  case ElementType::Double:
    return builder.getF64Type();
  case ElementType::Float16:
    return builder.getF16Type();
  case ElementType::BFloat16:
    return builder.getBF16Type();
  case ElementType::Bool:
    return builder.getI1Type();
  case ElementType::Int8:
    return builder.getI8Type();
  case ElementType::Int16:
    return builder.getI16Type();
  case ElementType::Int32:
    return builder.getI32Type();
  case ElementType::Int64:
    return builder.getI64Type();
  case ElementType::UInt8:
    return builder.getIntegerType(8, false);
  case ElementType::UInt16:
    return builder.getIntegerType(16, false);
  case ElementType::UInt32:
    return builder.getIntegerType(32, false);
  case ElementType::UInt64:
    return builder.getIntegerType(64, false);
  case ElementType::Float8E4M3FN:
    return builder.getType<Float8E4M3FNType>();
  case ElementType::Float8E4M3FNUZ:
    return builder.getType<Float8E4M3FNUZType>();
  case ElementType::Float8E5M2:
    return builder.getType<Float8E5M2Type>();
  case ElementType::Float8E5M2FNUZ:
    return builder.getType<Float8E5M2FNUZType>();
  case ElementType::Float8E8M0:
    return builder.getType<Float8E8M0FNUType>();
  case ElementType::Float4E2M1:
    return builder.getType<Float4E2M1FNType>();
  case ElementType::UInt2:
    return builder.getIntegerType(2, false);
  case ElementType::Int2:
    return builder.getIntegerType(2);
  case ElementType::UInt4:
    return builder.getIntegerType(4, false);
  case ElementType::Int4:
    return builder.getIntegerType(4);
  case ElementType::Undefined:
  case ElementType::String:
    return nullptr;
  }
  return nullptr;
}

std::string GraphImporter::getTypeName(const ImportedValue &value) {
  if (!value.isTensor())
    return value.containerType;
  auto type = getOnnxType(value.type.getElementType());
  return ("tensor(" + onnx::getElementName(type) + ")").str();
}

LogicalResult GraphImporter::checkTypes(NodeContext &context) {
  const onnx::Node &node = context.getNode();
  SmallVector<std::string> types;
  for (unsigned i = 0; i < node.inputs.size(); ++i) {
    std::string &type = types.emplace_back();
    if (!context.hasInput(i))
      continue;
    type = getTypeName(context.getImported(i));
    std::string allowed =
        onnx::checkInputType(node, context.getOpset(), i, type);
    if (!allowed.empty())
      return context.invalid(
          "input '" + node.inputs[i] + "' to be one of " + allowed, type);
  }
  if (auto conflict = onnx::findTypeConflict(node, context.getOpset(), types))
    return context.invalid(
        "inputs '" + node.inputs[conflict->first] + "' and '" +
            node.inputs[conflict->second] + "' to have the same type",
        types[conflict->first] + " and " + types[conflict->second]);
  return success();
}

static LogicalResult markOutputs(NodeContext &node, bool isMissing) {
  for (unsigned i = 0; i < node.getNumOutputs(); ++i) {
    if (!node.hasOutput(i) ||
        node.getScope().findOwn(node.getNode().outputs[i]))
      continue;
    ImportedValue value;
    value.isMissing = isMissing;
    value.isNotMade = !isMissing;
    if (failed(node.setImported(i, std::move(value))))
      return failure();
  }
  return success();
}

/// Where every input of the node is: success if all can be used.
enum class InputState { Ready, Missing, Invalid };
static InputState checkInputs(NodeContext &node) {
  InputState state = InputState::Ready;
  for (unsigned i = 0; i < node.getNumInputs(); ++i) {
    if (!node.hasInput(i))
      continue;
    ImportedValue *value = node.getScope().find(node.getNode().inputs[i]);
    if (!value) {
      (void)node.invalid(
          "input '" + node.getNode().inputs[i] +
              "' to be made by a node, or to be an input or an initializer",
          "nothing of this name");
      return InputState::Invalid;
    }
    if (value->isNotMade) {
      (void)node.unsupported("inputs that are main results of their nodes",
                             "'" + value->name +
                                 "', an additional output that is not computed",
                             "rewrite the model without this output");
      state = InputState::Missing;
    }
    if (value->isMissing)
      state = InputState::Missing;
  }
  return state;
}

const onnx::Node &GraphImporter::resolveAttributes(const onnx::Node &node,
                                                   const Scope &scope) {
  bool isResolved = llvm::all_of(node.attributes, [](const onnx::Attribute &a) {
    return a.refName.empty();
  });
  if (isResolved)
    return node;
  onnx::Node &resolved =
      *resolvedNodes.emplace_back(std::make_unique<onnx::Node>(node));
  resolved.attributes.clear();
  for (const onnx::Attribute &attribute : node.attributes) {
    const onnx::Attribute *value = attribute.refName.empty()
                                       ? &attribute
                                       : scope.findAttribute(attribute.refName);
    if (!value)
      continue;
    resolved.attributes.push_back(*value);
    resolved.attributes.back().name = attribute.name;
  }
  return resolved;
}

LogicalResult GraphImporter::importNode(const onnx::Node &given, Scope &scope,
                                        Location location, unsigned depth) {
  const onnx::Node &node = resolveAttributes(given, scope);
  std::optional<int64_t> opset = scope.getOpset(node.domain);
  NodeContext context(*this, node, opset.value_or(0), scope, location, depth);
  if (++importedNodes > kMaxImportedNodes)
    return context.unsupported(
        "a model of at most " + Twine(kMaxImportedNodes) +
            " nodes, each body counted at every use",
        "more", "make the functions and loops of the model smaller");
  const onnx::Function *function = findFunction(node);
  if (!opset && !function)
    return context.invalid("an operator of a domain that the model imports",
                           "domain '" + node.domain + "'");

  InputState inputs = checkInputs(context);
  if (inputs == InputState::Invalid)
    return failure();
  if (!function) {
    auto info = onnx::findOperator(node.op, node.domain, *opset);
    const OpRow *row =
        findRow(node.op, onnx::canonicalDomain(node.domain), *opset);
    if (!info && !row) {
      (void)context.unsupported(
          "an operator of ONNX, or a function in the model",
          "the unknown operator '" + context.getOp() + "'",
          getRemedy(node.op, onnx::canonicalDomain(node.domain)));
      return markOutputs(context, /*isMissing=*/true);
    }
    std::string problem = info ? onnx::checkNode(node, *opset)
                               : checkSignature(row->signature, node);
    if (!problem.empty())
      return context.invalid("a node that fits the definition of " +
                                 context.getOp() + "-" +
                                 Twine(info ? info->since : row->since),
                             problem);
    if (!row && !info->hasFunction) {
      (void)context.unsupported(
          "a supported operator",
          context.getOp() + " (opset " + Twine(*opset) + ")",
          getRemedy(node.op, onnx::canonicalDomain(node.domain)));
      inputs = InputState::Missing;
    }
  }
  if (inputs == InputState::Missing)
    return markOutputs(context, /*isMissing=*/true);

  size_t known = issues.size(), reported = reports;
  std::string diagnostics;
  {
    ScopedDiagnosticHandler handler(this->context, [&](Diagnostic &diagnostic) {
      diagnostics += (diagnostics.empty() ? "" : "; ") + diagnostic.str();
      return success();
    });
    LogicalResult result =
        function ? importBody(*function, context) : importChecked(context);
    if (succeeded(result) && !context.hasFailed())
      return markOutputs(context, /*isMissing=*/false);
  }
  if (reports == reported && !context.isMissing())
    return context.invalid("shapes and attributes that fit together",
                           diagnostics.empty() ? "some that do not"
                                               : diagnostics);
  bool isBad =
      llvm::any_of(ArrayRef(issues).drop_front(known),
                   [](const ImportIssue &i) { return i.isBadInput(); });
  return isBad ? failure() : markOutputs(context, /*isMissing=*/true);
}

LogicalResult GraphImporter::importChecked(NodeContext &node) {
  if (failed(checkTypes(node)))
    return failure();
  const OpRow *row =
      findRow(node.getNode().op, onnx::canonicalDomain(node.getNode().domain),
              node.getOpset());
  if (!row)
    return importStandardBody(node);
  if (row->fold && row->fold(node))
    return success();
  for (unsigned i = 0; i < node.getNumInputs(); ++i)
    if (node.hasInput(i) && node.getImported(i).isTensor() &&
        !node.getContent(i) && !node.getInput(i))
      return node.unsupported("a value that can be computed when running",
                              "a mix of sizes and numbers",
                              "simplify the shape computation of the model");
  return row->build(node);
}

LogicalResult GraphImporter::importStandardBody(NodeContext &node) {
  SmallVector<onnx::TypedShape> inputs;
  for (unsigned i = 0; i < node.getNumInputs(); ++i) {
    onnx::TypedShape &input = inputs.emplace_back();
    if (!node.hasInput(i) || !node.getImported(i).isTensor())
      continue;
    input.type = getOnnxType(node.getElementType(i));
    for (int64_t dim : node.getType(i).getShape())
      input.dims.push_back(ShapedType::isDynamic(dim) ? -1 : dim);
  }
  auto body = onnx::buildFunctionBody(node.getNode(), node.getOpset(), inputs);
  ImportIssue issue;
  FailureOr<const onnx::Function *> function = failure();
  if (body)
    function = file->addFunction(std::move(*body), issue);
  if (failed(function))
    return node.unsupported(
        "a supported operator",
        node.getOp() + ", which has no definition for these inputs",
        getRemedy(node.getNode().op,
                  onnx::canonicalDomain(node.getNode().domain)));
  return importBody(**function, node);
}

LogicalResult GraphImporter::importBody(const onnx::Function &body,
                                        NodeContext &node) {
  if (node.getDepth() >= kMaxDepth)
    return node.invalid("functions that do not call themselves",
                        "calls nested deeper than " + Twine(kMaxDepth));
  if (node.getNumInputs() > body.inputs.size() ||
      node.getNumOutputs() > body.outputs.size())
    return node.invalid(
        "at most " + Twine(body.inputs.size()) + " inputs and " +
            Twine(body.outputs.size()) + " outputs, as the function has",
        Twine(node.getNumInputs()) + " and " + Twine(node.getNumOutputs()));
  std::vector<onnx::OpsetImport> opsets = body.opsets;
  // A body of the standard may leave out the import of the standard domain.
  if (llvm::none_of(opsets, [](const onnx::OpsetImport &import) {
        return onnx::canonicalDomain(import.domain).empty();
      }))
    opsets.push_back(
        {"", node.getScope().getOpset("").value_or(onnx::getNewestOpset(""))});
  Scope scope(opsets, &body, &node);
  for (auto [i, name] : llvm::enumerate(body.inputs)) {
    if (!node.hasInput(i)) {
      scope.markAbsent(name);
    } else {
      ImportedValue copy = node.getImported(i);
      if (copy.tensor && !copy.value && !getContent(node.getImported(i)))
        copy.value = node.getInput(i);
      if (!scope.define(name, std::move(copy)))
        return node.invalid("function inputs with names of their own",
                            "'" + name + "' twice");
    }
  }
  auto locate = [&](const onnx::Node &, unsigned) {
    return node.getLocation();
  };
  if (failed(importNodes(body.nodes, scope, node.getDepth() + 1, locate)))
    return failure();
  for (unsigned i = 0; i < node.getNumOutputs(); ++i) {
    if (!node.hasOutput(i))
      continue;
    ImportedValue *value = scope.find(body.outputs[i]);
    if (!value)
      return node.invalid("the function to make its output '" +
                              body.outputs[i] + "'",
                          "no node that makes it");
    if (value->isMissing)
      node.markMissing();
    if (failed(node.setImported(i, *value)))
      return failure();
  }
  return success();
}
