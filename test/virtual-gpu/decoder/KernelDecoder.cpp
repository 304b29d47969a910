//===- KernelDecoder.cpp - layout of a kernel -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decoder.h"
#include <algorithm>

using namespace sinter::vgpu;

/// Local memory of a thread (CUDA C++ Programming Guide, technical
/// specifications).
static constexpr uint64_t kMostLocal = 512 * 1024;

static uint64_t roundUp(uint64_t value, uint64_t to) {
  return (value + to - 1) / to * to;
}

static void collectNames(const Operand &operand,
                         std::map<std::string_view, bool> &names) {
  if (operand.kind == Operand::Kind::Name)
    names[operand.name] = true;
  for (const Operand &part : operand.parts)
    collectNames(part, names);
}

/// The name a call statement calls; empty when it is none.
static std::string_view calleeOf(const Statement &statement) {
  if (statement.modifiers[0] != "call")
    return {};
  for (const Operand &operand : statement.operands)
    if (operand.kind == Operand::Kind::Name)
      return operand.name;
  return {};
}

const Function *KernelDecoder::findFunction(std::string_view name) const {
  auto it = module.functions.find(name);
  return it == module.functions.end() ? nullptr : it->second.get();
}

/// Finds what the kernel reaches, depth first.
void KernelDecoder::collect(const Function &function,
                            std::vector<const Function *> &callers) {
  if (std::find(callers.begin(), callers.end(), &function) != callers.end())
    throw PtxError(function.line, "'" + std::string(function.name) +
                                      "' calls itself, which the virtual GPU "
                                      "does not support");
  if (std::find(reachable.begin(), reachable.end(), &function) !=
      reachable.end())
    return;
  reachable.push_back(&function);
  callers.push_back(&function);
  for (const Statement &statement : function.statements) {
    for (const Operand &operand : statement.operands)
      collectNames(operand, usedNames);
    std::string_view callee = calleeOf(statement);
    if (callee.empty())
      continue;
    const Function *target = findFunction(callee);
    if (!target || !target->hasBody)
      throw PtxError(statement.line,
                     "'" + std::string(callee) + "' is called but has no body");
    collect(*target, callers);
  }
  callers.pop_back();
}

void KernelDecoder::placeShared(const Variable &variable) {
  uint64_t offset = roundUp(program.sharedSpan, variable.alignment);
  sharedOffsets[&variable] = offset;
  if (variable.bytes == 0)
    return; // the dynamic part starts here, behind all others
  program.shared.push_back({offset, variable.bytes});
  program.staticSharedBytes =
      roundUp(program.staticSharedBytes, variable.alignment) + variable.bytes;
  program.sharedSpan = roundUp(offset + variable.bytes + kRedZone, 128);
}

void KernelDecoder::placeLocal(const Variable &variable) {
  uint64_t offset = roundUp(program.localSpan, variable.alignment);
  localOffsets[&variable] = offset;
  program.local.push_back({offset, variable.bytes});
  program.localSpan = roundUp(offset + variable.bytes + kRedZone, 16);
  if (program.localSpan > kMostLocal)
    throw PtxError(variable.line, "a thread has more than " +
                                      std::to_string(kMostLocal) +
                                      " bytes of local memory");
}

void KernelDecoder::layOutArguments(const Function &entry) {
  uint64_t offset = 0;
  for (const Variable &parameter : entry.parameters) {
    offset = roundUp(offset, parameter.alignment);
    program.arguments.push_back({static_cast<uint32_t>(offset),
                                 static_cast<uint32_t>(parameter.bytes)});
    offset += parameter.bytes;
  }
  program.argumentBytes = static_cast<uint32_t>(offset);
}

void KernelDecoder::layOut(const Function &entry) {
  layOutArguments(entry);
  for (const auto &[space, variable] : module.variables)
    if (space == Space::Shared && variable.bytes &&
        usedNames.count(variable.name))
      placeShared(variable);
  for (const Function *function : reachable) {
    for (const Scope &scope : function->scopes)
      for (const auto &[space, variable] : scope.variables) {
        if (space == Space::Shared)
          placeShared(variable);
        else if (space == Space::Local || space == Space::Param)
          placeLocal(variable);
      }
    if (function->isEntry)
      continue;
    for (const Variable &parameter : function->parameters)
      placeLocal(parameter);
    for (const Variable &result : function->results)
      placeLocal(result);
  }
  program.sharedSpan = roundUp(program.sharedSpan, 1024);
  for (const auto &[space, variable] : module.variables) {
    if (space != Space::Shared || !usedNames.count(variable.name))
      continue;
    if (variable.bytes == 0)
      placeShared(variable);
    moduleShared[variable.name] = sharedOffsets.at(&variable);
  }
}

std::optional<Symbol> KernelDecoder::moduleSymbol(std::string_view name) const {
  auto shared = moduleShared.find(name);
  if (shared != moduleShared.end())
    return Symbol{Space::Shared, kSharedStart + shared->second};
  auto global = globals.find(name);
  if (global != globals.end())
    return Symbol{Space::Global, global->second};
  return std::nullopt;
}

Slot KernelDecoder::newRegister(uint32_t bits, std::string name) {
  Slot slot;
  slot.base = Slot::Registers;
  slot.bits = static_cast<uint8_t>(bits);
  slot.offset = program.registerBytes;
  slot.id = program.registerCount++;
  program.registerBytes += bits == 1 ? 8 : bits == 64 ? 256 : 128;
  program.registerNames.resize(program.registerCount);
  program.registerNames[slot.id] = std::move(name);
  return slot;
}

Slot KernelDecoder::constant(uint64_t bits, uint32_t width) {
  auto [it, isNew] = constants.insert({{bits, width}, Slot()});
  if (!isNew)
    return it->second;
  Slot slot;
  slot.base = Slot::Constants;
  slot.bits = static_cast<uint8_t>(width);
  slot.offset = static_cast<uint32_t>(program.constants.size() * 8);
  if (width == 64) {
    program.constants.insert(program.constants.end(), kLanes, bits);
  } else {
    uint64_t word = width == 1    ? (bits ? kAllLanes : 0)
                    : width == 16 ? bits & 0xffff
                                  : bits & 0xffffffff;
    program.constants.insert(program.constants.end(), kLanes / 2,
                             word | word << 32);
  }
  return it->second = slot;
}

uint32_t KernelDecoder::addSlots(const std::vector<Slot> &slots) {
  auto first = static_cast<uint32_t>(program.slots.size());
  program.slots.insert(program.slots.end(), slots.begin(), slots.end());
  return first;
}

void KernelDecoder::noteSharedAccess(uint32_t bytes) {
  program.sharedGranule = std::min(program.sharedGranule, bytes);
}

void KernelDecoder::addCall(uint32_t at, const Function *callee) {
  calls.push_back({at, callee});
}

void KernelDecoder::run(const Function &entry) {
  std::vector<const Function *> callers;
  collect(entry, callers);
  layOut(entry);
  program.registerNames.push_back("");
  std::map<const Function *, uint32_t> starts;
  for (const Function *function : reachable) {
    starts[function] = static_cast<uint32_t>(program.code.size());
    FunctionDecoder(*this, *function).run();
  }
  for (auto [at, callee] : calls)
    program.code[at].target = starts.at(callee);
  for (int i = 0; i < 3; ++i) {
    program.maxThreads[i] = entry.maxThreads[i];
    program.requiredThreads[i] = entry.requiredThreads[i];
  }
}

std::shared_ptr<const Program>
sinter::vgpu::decodeKernel(const std::shared_ptr<const Module> &module,
                           const Function &entry,
                           const GlobalAddresses &globals) {
  auto program = std::make_shared<Program>();
  program->module = module;
  program->name = std::string(entry.name);
  KernelDecoder(*module, globals, *program).run(entry);
  return program;
}
