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

ImportedValue *Scope::find(StringRef name) {
  auto it = values.find(name);
  return it == values.end() ? nullptr : it->second.get();
}

bool Scope::define(StringRef name, ImportedValue value) {
  return values
      .try_emplace(name, std::make_unique<ImportedValue>(std::move(value)))
      .second;
}

std::optional<int64_t> Scope::getOpset(StringRef domain) const {
  auto it = opsets.find(onnx::canonicalDomain(domain));
  return it == opsets.end() ? std::nullopt : std::optional<int64_t>(it->second);
}

const onnx::Attribute *Scope::findAttribute(StringRef name) const {
  if (!function)
    return nullptr;
  if (const onnx::Attribute *attribute = call->findAttribute(name))
    return attribute;
  for (const onnx::Attribute &attribute : function->defaults)
    if (attribute.name == name)
      return &attribute;
  return nullptr;
}
