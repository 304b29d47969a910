//===- Expansion.cpp - a node as a composition of others ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/Ops/Expansion.h"

using namespace sinter;
using llvm::StringRef;

/// The opset of the operators in bodies: the first that quantizes and
/// dequantizes all types that the nn dialect has.
static constexpr int64_t kBodyOpset = 21;

Expansion::Expansion(NodeContext &node) : node(node), names(allocator) {
  body.name = node.getNode().op;
  body.opsets.push_back({"", kBodyOpset});
  for (unsigned index = 0; index < node.getNumInputs(); ++index)
    body.inputs.push_back(names.save("input" + llvm::Twine(index)));
}

Expansion::Name Expansion::getInput(unsigned index) const {
  return node.hasInput(index) ? body.inputs[index] : Name();
}

Expansion::Name Expansion::add(StringRef op, llvm::ArrayRef<Name> inputs,
                               llvm::ArrayRef<onnx::Attribute> attributes) {
  return addAll(op, inputs, 1, attributes).front();
}

llvm::SmallVector<Expansion::Name>
Expansion::addAll(StringRef op, llvm::ArrayRef<Name> inputs, unsigned count,
                  llvm::ArrayRef<onnx::Attribute> attributes) {
  onnx::Node &inner = body.nodes.emplace_back();
  inner.op = op;
  inner.inputs.assign(inputs.begin(), inputs.end());
  while (!inner.inputs.empty() && inner.inputs.back().empty())
    inner.inputs.pop_back();
  inner.attributes.assign(attributes.begin(), attributes.end());
  for (unsigned index = 0; index < count; ++index)
    inner.outputs.push_back(names.save("value" +
                                       llvm::Twine(body.nodes.size() - 1) +
                                       "_" + llvm::Twine(index)));
  return {inner.outputs.begin(), inner.outputs.end()};
}

llvm::SmallVector<onnx::Attribute>
Expansion::pass(llvm::ArrayRef<StringRef> attributeNames) const {
  llvm::SmallVector<onnx::Attribute> attributes;
  for (StringRef name : attributeNames)
    if (const onnx::Attribute *attribute = node.findAttribute(name))
      attributes.push_back(*attribute);
  return attributes;
}

onnx::Attribute Expansion::makeInt(StringRef name, int64_t value) {
  onnx::Attribute attribute;
  attribute.name = name;
  attribute.kind = onnx::Attribute::Kind::Int;
  attribute.i = value;
  return attribute;
}

onnx::Attribute Expansion::makeFloat(StringRef name, double value) {
  onnx::Attribute attribute;
  attribute.name = name;
  attribute.kind = onnx::Attribute::Kind::Float;
  attribute.f = static_cast<float>(value);
  return attribute;
}

onnx::Attribute Expansion::makeInts(StringRef name,
                                    llvm::ArrayRef<int64_t> values) {
  onnx::Attribute attribute;
  attribute.name = name;
  attribute.kind = onnx::Attribute::Kind::Ints;
  attribute.ints.assign(values.begin(), values.end());
  return attribute;
}

Expansion::Name Expansion::addConstant(float value) {
  onnx::Attribute attribute;
  attribute.name = "value_float";
  attribute.kind = onnx::Attribute::Kind::Float;
  attribute.f = value;
  return add("Constant", {}, attribute);
}

llvm::LogicalResult Expansion::finish(llvm::ArrayRef<Name> results) {
  body.outputs.assign(results.begin(), results.end());
  return node.getImporter().importBody(body, node);
}
