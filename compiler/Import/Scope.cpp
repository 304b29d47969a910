//===- Scope.cpp - the names that nodes see -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/NodeContext.h"

using namespace sinter;
using llvm::StringRef;

Scope::Scope(llvm::ArrayRef<onnx::OpsetImport> imports,
             const onnx::Function *function, const NodeContext *call)
    : function(function), call(call) {
  for (const onnx::OpsetImport &import : imports)
    opsets[onnx::canonicalDomain(import.domain)] = import.version;
}

ImportedValue *Scope::findOwn(StringRef name) {
  auto it = values.find(name);
  return it == values.end() ? nullptr : it->second.get();
}

ImportedValue *Scope::find(StringRef name) {
  ImportedValue *value = findOwn(name);
  return value || !parent ? value : parent->find(name);
}

bool Scope::define(StringRef name, ImportedValue value) {
  return values
      .try_emplace(name, std::make_unique<ImportedValue>(std::move(value)))
      .second;
}

bool Scope::isAbsent(StringRef name) const {
  return name.empty() || absent.contains(name) ||
         (parent && !values.contains(name) && parent->isAbsent(name));
}

std::optional<int64_t> Scope::getOpset(StringRef domain) const {
  if (parent)
    return parent->getOpset(domain);
  auto it = opsets.find(onnx::canonicalDomain(domain));
  return it == opsets.end() ? std::nullopt : std::optional<int64_t>(it->second);
}

const onnx::Attribute *Scope::findAttribute(StringRef name) const {
  if (parent)
    return parent->findAttribute(name);
  if (!function)
    return nullptr;
  if (const onnx::Attribute *attribute = call->findAttribute(name))
    return attribute;
  for (const onnx::Attribute &attribute : function->defaults)
    if (attribute.name == name)
      return &attribute;
  return nullptr;
}
