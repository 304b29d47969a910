//===- FunctionDecoder.cpp - names, labels and statements -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Encoder.h"
#include <algorithm>
#include <cctype>
#include <charconv>

using namespace sinter::vgpu;

FunctionDecoder::FunctionDecoder(KernelDecoder &kernel,
                                 const Function &function)
    : kernel(kernel), function(function) {
  names.resize(function.scopes.size());
  ranges.resize(function.scopes.size());
  for (size_t i = 0; i < function.scopes.size(); ++i)
    for (const Register &declared : function.scopes[i].registers) {
      std::string name(declared.name);
      if (declared.count == 0) {
        names[i][declared.name] = kernel.newRegister(declared.bits, name);
        continue;
      }
      Range range{{}, declared.count};
      for (uint32_t j = 0; j < declared.count; ++j) {
        Slot slot = kernel.newRegister(declared.bits, name + std::to_string(j));
        if (j == 0)
          range.first = slot;
      }
      ranges[i][declared.name] = range;
    }
}

Slot FunctionDecoder::findRegister(std::string_view name,
                                   uint32_t scope) const {
  size_t digits = name.size();
  while (digits > 0 &&
         std::isdigit(static_cast<unsigned char>(name[digits - 1])))
    --digits;
  uint32_t number = ~0u;
  std::from_chars(name.data() + digits, name.data() + name.size(), number);
  for (auto at = static_cast<int32_t>(scope); at >= 0;
       at = function.scopes[static_cast<size_t>(at)].parent) {
    auto index = static_cast<size_t>(at);
    auto single = names[index].find(name);
    if (single != names[index].end())
      return single->second;
    auto range = ranges[index].find(name.substr(0, digits));
    if (range != ranges[index].end() && number < range->second.count) {
      Slot slot = range->second.first;
      slot.id += number;
      slot.offset += number * (slot.bits == 1    ? 8
                               : slot.bits == 64 ? 256
                                                 : 128);
      return slot;
    }
  }
  return Slot();
}

const Variable *FunctionDecoder::findVariable(std::string_view name,
                                              uint32_t scope) const {
  for (auto at = static_cast<int32_t>(scope); at >= 0;
       at = function.scopes[static_cast<size_t>(at)].parent)
    for (const auto &entry : function.scopes[static_cast<size_t>(at)].variables)
      if (entry.second.name == name)
        return &entry.second;
  if (function.isEntry)
    return nullptr;
  for (const Variable &parameter : function.parameters)
    if (parameter.name == name)
      return &parameter;
  for (const Variable &result : function.results)
    if (result.name == name)
      return &result;
  return nullptr;
}

std::optional<Symbol> FunctionDecoder::findSymbol(std::string_view name,
                                                  uint32_t scope) const {
  if (const Variable *variable = findVariable(name, scope)) {
    for (const Scope &each : function.scopes)
      for (const auto &[space, declared] : each.variables)
        if (&declared == variable && space == Space::Shared)
          return Symbol{Space::Shared,
                        kSharedStart + kernel.sharedOffset(variable)};
    return Symbol{Space::Local, kernel.localOffset(variable)};
  }
  if (function.isEntry)
    for (size_t i = 0; i < function.parameters.size(); ++i)
      if (function.parameters[i].name == name)
        return Symbol{Space::Param, kernel.program.arguments[i].offset};
  return kernel.moduleSymbol(name);
}

void FunctionDecoder::branchTo(std::string_view label, uint32_t line) {
  fixups.push_back(
      {static_cast<uint32_t>(kernel.program.code.size()), false, label, line});
}

uint32_t
FunctionDecoder::addTargets(const std::vector<std::string_view> &labels,
                            uint32_t line) {
  std::vector<uint32_t> &targets = kernel.program.targets;
  auto first = static_cast<uint32_t>(targets.size());
  for (std::string_view label : labels) {
    fixups.push_back(
        {static_cast<uint32_t>(targets.size()), true, label, line});
    targets.push_back(0);
  }
  return first;
}

/// Decodes all statements, then the end that they reach.
void FunctionDecoder::run() {
  static const DecodeTable table = [] {
    DecodeTable made;
    addMoveDecoders(made);
    addMemoryDecoders(made);
    addControlDecoders(made);
    addWarpDecoders(made);
    return made;
  }();
  Program &program = kernel.program;
  auto begin = static_cast<uint32_t>(program.code.size());
  std::vector<uint32_t> starts;
  for (const Statement &statement : function.statements) {
    starts.push_back(static_cast<uint32_t>(program.code.size()));
    Encoder encoder(*this, statement);
    auto known = table.find(statement.modifiers[0]);
    if (known != table.end())
      known->second(encoder);
    else
      decodeArithmetic(encoder);
  }
  starts.push_back(static_cast<uint32_t>(program.code.size()));
  Inst last;
  last.execute = function.isEntry ? executeExit : executeReturn;
  last.line = function.statements.empty() ? function.line
                                          : function.statements.back().line;
  last.text = function.isEntry ? "exit" : "ret";
  program.code.push_back(last);

  for (const Fixup &fixup : fixups) {
    uint32_t target = starts.back(); // `ret` of a function: its end
    if (!fixup.label.empty()) {
      auto label = function.labels.find(fixup.label);
      if (label == function.labels.end())
        throw PtxError(fixup.line,
                       "there is no label '" + std::string(fixup.label) + "'");
      target = starts[label->second];
    }
    if (fixup.isIndexed)
      program.targets[fixup.at] = target;
    else
      program.code[fixup.at].target = target;
  }
  findReconvergence(program, begin, static_cast<uint32_t>(program.code.size()));
}
