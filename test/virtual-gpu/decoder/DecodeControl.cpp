//===- DecodeControl.cpp - branches, calls, barriers ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Encoder.h"

using namespace sinter::vgpu;

static void decodeBranch(Encoder &encoder) {
  encoder.take("uni");
  encoder.finishModifiers();
  encoder.expectCount(1, 1);
  if (encoder.operand(0).kind != Operand::Kind::Name)
    encoder.fail("expected a label");
  encoder.function.branchTo(encoder.operand(0).name, encoder.statement.line);
  encoder.emit(executeBranch);
}

static void decodeIndexedBranch(Encoder &encoder) {
  encoder.take("idx");
  encoder.take("uni");
  encoder.finishModifiers();
  encoder.expectCount(2, 2);
  const Function &function = encoder.function.function;
  auto targets = function.branchTargets.find(encoder.operand(1).name);
  if (targets == function.branchTargets.end())
    encoder.fail("there is no list '" + std::string(encoder.operand(1).name) +
                 "' of targets");
  encoder.inst.a = encoder.source(encoder.operand(0), 32);
  encoder.inst.imm = static_cast<int64_t>(targets->second.size());
  encoder.inst.extra =
      encoder.function.addTargets(targets->second, encoder.statement.line);
  encoder.emit(executeIndexedBranch);
}

/// In a function, the paths meet at the end, where one instruction returns.
static void decodeReturn(Encoder &encoder) {
  encoder.take("uni");
  encoder.finishModifiers();
  encoder.expectCount(0, 0);
  bool isExit = encoder.function.function.isEntry ||
                encoder.statement.modifiers[0] == "exit";
  if (isExit)
    return encoder.emit(executeExit);
  encoder.function.branchTo({}, encoder.statement.line);
  encoder.emit(executeBranch);
}

static void decodeTrap(Encoder &encoder) { encoder.emit(executeTrap); }
static void decodeNothing(Encoder &encoder) { encoder.emit(executeNothing); }

/// Copies `from` to `to`, variables in local memory.
static void emitCopy(Encoder &encoder, const Variable &from,
                     const Variable &to) {
  if (from.bytes != to.bytes)
    encoder.fail("'" + std::string(from.name) + "' has " +
                 std::to_string(from.bytes) + " bytes, '" +
                 std::string(to.name) + "' has " + std::to_string(to.bytes));
  Inst &inst = encoder.inst;
  inst.target =
      static_cast<uint32_t>(encoder.function.kernel.localOffset(&from));
  inst.extra = static_cast<uint32_t>(encoder.function.kernel.localOffset(&to));
  inst.imm = static_cast<int64_t>(from.bytes);
  encoder.emit(executeCopyLocal);
}

static void decodeCall(Encoder &encoder) {
  encoder.take("uni");
  encoder.finishModifiers();
  const std::vector<Operand> &operands = encoder.statement.operands;
  static const Operand none;
  const Operand *results = &none, *arguments = &none;
  size_t at = 0;
  if (at < operands.size() && operands[at].kind == Operand::Kind::Arguments)
    results = &operands[at++];
  std::string_view name = encoder.operand(at++).name;
  if (at < operands.size() && operands[at].kind == Operand::Kind::Arguments)
    arguments = &operands[at++];
  const Function *callee = encoder.function.kernel.findFunction(name);
  if (at != operands.size() || !callee)
    encoder.fail("the virtual GPU knows calls by name only");
  if (results->parts.size() != callee->results.size() ||
      arguments->parts.size() != callee->parameters.size())
    encoder.fail("'" + std::string(name) + "' has other parameters");
  auto variable = [&](const Operand &operand) -> const Variable & {
    const Variable *found =
        encoder.function.findVariable(operand.name, encoder.statement.scope);
    if (!found)
      encoder.fail("'" + std::string(operand.name) + "' is no .param variable");
    return *found;
  };
  for (size_t i = 0; i < arguments->parts.size(); ++i)
    emitCopy(encoder, variable(arguments->parts[i]), callee->parameters[i]);
  Program &program = encoder.function.kernel.program;
  encoder.function.kernel.addCall(static_cast<uint32_t>(program.code.size()),
                                  callee);
  encoder.emit(executeCall);
  for (size_t i = 0; i < results->parts.size(); ++i)
    emitCopy(encoder, callee->results[i], variable(results->parts[i]));
}

static void decodeWarpBarrier(Encoder &encoder) {
  encoder.take("sync");
  encoder.finishModifiers();
  encoder.expectCount(1, 1);
  encoder.inst.a = encoder.source(encoder.operand(0), 32);
  encoder.emit(executeWarpSync);
}

/// bar, barrier and barrier.cta, in all forms.
static void decodeBarrier(Encoder &encoder) {
  Inst &inst = encoder.inst;
  if (encoder.take("warp"))
    return decodeWarpBarrier(encoder);
  encoder.take("cta");
  encoder.take("aligned");
  bool countsAll = encoder.take("all");
  std::string_view kind = encoder.takeOne({"sync", "arrive", "red"});
  if (kind.empty())
    encoder.fail("expected sync, arrive or red");
  bool reduces = kind == "red";
  inst.flags = kind == "arrive" ? 0 : kBarrierWaits;
  std::string_view reduction;
  if (reduces) {
    reduction = encoder.takeOne({"popc", "and", "or"});
    if (reduction.empty() ||
        encoder.takeOne({reduction == "popc" ? "u32" : "pred"}).empty())
      encoder.fail("expected popc.u32, and.pred or or.pred");
  }
  encoder.finishModifiers();
  size_t first = reduces ? 1 : 0;
  size_t most = first + (countsAll ? 1 : 2) + (reduces ? 1 : 0);
  encoder.expectCount(first + 1 + (reduces ? 1 : 0), most);
  inst.a = encoder.source(encoder.operand(first), 32);
  if (encoder.count() == most && !countsAll)
    inst.b = encoder.source(encoder.operand(first + 1), 32);
  if (!reduces)
    return encoder.emit(executeBarrier);
  const Operand &predicate = encoder.operand(encoder.count() - 1);
  inst.c = encoder.predicate(predicate);
  inst.flags |= kBarrierReduces | (predicate.negated ? kNegateC : 0);
  encoder.emit(executeBarrier);
  inst.flags = reduction == "popc"  ? kReducePopc
               : reduction == "and" ? kReduceAnd
                                    : kReduceOr;
  inst.dst =
      encoder.destination(encoder.operand(0), reduction == "popc" ? 32 : 1);
  inst.c = Slot();
  encoder.emit(executeBarrierResult);
}

void sinter::vgpu::addControlDecoders(DecodeTable &table) {
  table["bra"] = decodeBranch;
  table["brx"] = decodeIndexedBranch;
  table["ret"] = decodeReturn;
  table["exit"] = decodeReturn;
  table["trap"] = decodeTrap;
  table["brkpt"] = decodeTrap;
  table["call"] = decodeCall;
  table["bar"] = decodeBarrier;
  table["barrier"] = decodeBarrier;
  table["nanosleep"] = decodeNothing;
  table["griddepcontrol"] = decodeNothing;
}
