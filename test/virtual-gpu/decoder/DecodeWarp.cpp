//===- DecodeWarp.cpp - instructions of a whole warp ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Encoder.h"

using namespace sinter::vgpu;

/// A name of a mode to the number its executor knows.
static uint32_t takeMode(Encoder &encoder,
                         const std::map<std::string_view, uint32_t> &modes) {
  for (const auto &[name, mode] : modes)
    if (encoder.take(name))
      return mode;
  encoder.fail("expected a mode");
}

static void requireSync(Encoder &encoder) {
  if (!encoder.take("sync"))
    encoder.fail("only the form with '.sync' exists on these devices");
}

static void decodeShuffle(Encoder &encoder) {
  Inst &inst = encoder.inst;
  requireSync(encoder);
  inst.flags = takeMode(encoder, {{"up", kShuffleUp},
                                  {"down", kShuffleDown},
                                  {"bfly", kShuffleXor},
                                  {"idx", kShuffleIndex}});
  if (!encoder.take("b32"))
    encoder.fail("expected the type b32");
  encoder.finishModifiers();
  encoder.expectCount(5, 5);
  const Operand &result = encoder.operand(0);
  bool isPair = result.kind == Operand::Kind::Pair;
  inst.dst = encoder.destination(isPair ? result.parts[0] : result, 32, isPair);
  inst.a = encoder.source(encoder.operand(1), 32);
  inst.b = encoder.source(encoder.operand(2), 32);
  inst.c = encoder.source(encoder.operand(3), 32);
  Slot found = isPair ? encoder.destination(result.parts[1], 1, true) : Slot();
  inst.extra = encoder.function.kernel.addSlots(
      {found, encoder.source(encoder.operand(4), 32)});
  encoder.emit(executeShuffle);
}

static void decodeVote(Encoder &encoder) {
  Inst &inst = encoder.inst;
  requireSync(encoder);
  uint32_t mode = takeMode(encoder, {{"all", kVoteAll},
                                     {"any", kVoteAny},
                                     {"uni", kVoteUni},
                                     {"ballot", kVoteBallot}});
  bool isBallot = mode == kVoteBallot;
  if (!encoder.take(isBallot ? "b32" : "pred"))
    encoder.fail("expected the type of the result");
  encoder.finishModifiers();
  encoder.expectCount(3, 3);
  inst.dst = encoder.destination(encoder.operand(0), isBallot ? 32 : 1);
  inst.a = encoder.predicate(encoder.operand(1));
  inst.flags = mode | (encoder.operand(1).negated ? kNegateA : 0);
  inst.c = encoder.source(encoder.operand(2), 32);
  encoder.emit(executeVote);
}

static void decodeRedux(Encoder &encoder) {
  Inst &inst = encoder.inst;
  requireSync(encoder);
  std::string key(encoder.takeNext("an operation"));
  key += "." + std::string(encoder.takeNext("a type"));
  encoder.finishModifiers();
  static const std::map<std::string, uint32_t> modes = {
      {"add.u32", kReduxAdd},  {"add.s32", kReduxAdd},  {"min.u32", kReduxMinU},
      {"max.u32", kReduxMaxU}, {"min.s32", kReduxMinS}, {"max.s32", kReduxMaxS},
      {"and.b32", kReduxAnd},  {"or.b32", kReduxOr},    {"xor.b32", kReduxXor}};
  auto mode = modes.find(key);
  if (mode == modes.end())
    encoder.fail("the virtual GPU does not know this reduction");
  inst.flags = mode->second;
  encoder.expectCount(3, 3);
  inst.dst = encoder.destination(encoder.operand(0), 32);
  inst.a = encoder.source(encoder.operand(1), 32);
  inst.c = encoder.source(encoder.operand(2), 32);
  encoder.emit(executeRedux);
}

static void decodeMatch(Encoder &encoder) {
  Inst &inst = encoder.inst;
  if (!encoder.take("any"))
    encoder.fail("the virtual GPU knows match.any only");
  requireSync(encoder);
  bool isWide = encoder.take("b64");
  if (!isWide && !encoder.take("b32"))
    encoder.fail("expected the type b32 or b64");
  encoder.finishModifiers();
  encoder.expectCount(3, 3);
  inst.dst = encoder.destination(encoder.operand(0), 32);
  inst.a = encoder.source(encoder.operand(1), isWide ? 64 : 32);
  inst.c = encoder.source(encoder.operand(2), 32);
  encoder.emit(executeMatchAny);
}

static void decodeActiveMask(Encoder &encoder) {
  encoder.take("b32");
  encoder.finishModifiers();
  encoder.expectCount(1, 1);
  encoder.inst.dst = encoder.destination(encoder.operand(0), 32);
  encoder.emit(executeActiveMask);
}

static void decodeMatrix(Encoder &encoder) {
  Inst &inst = encoder.inst;
  requireSync(encoder);
  encoder.take("aligned");
  // The only layouts these shapes have.
  if (!encoder.take("row") || !encoder.take("col"))
    encoder.fail("expected the layouts row.col");
  inst.flags = encoder.take("satfinite") ? kMatrixSaturates : 0;
  std::string key;
  for (std::string_view part : encoder.left())
    key += (key.empty() ? "" : ".") + std::string(part);
  const MatrixForm *form = findMatrix(key);
  if (!form)
    encoder.fail("the virtual GPU does not know this shape and these types");
  encoder.expectCount(4, 4);
  std::vector<Slot> slots;
  uint32_t counts[] = {form->d, form->a, form->b, form->c};
  for (uint32_t i = 0; i < 4; ++i) {
    std::vector<Slot> part = encoder.vector(encoder.operand(i), 32, i == 0);
    if (part.size() != counts[i])
      encoder.fail("operand " + std::to_string(i) + " has " +
                   std::to_string(part.size()) + " registers, expected " +
                   std::to_string(counts[i]));
    for (const Slot &slot : part)
      if (!slot)
        encoder.fail("'_' is no result here");
    slots.insert(slots.end(), part.begin(), part.end());
  }
  inst.extra = encoder.function.kernel.addSlots(slots);
  encoder.emit(form->execute);
}

void sinter::vgpu::addWarpDecoders(DecodeTable &table) {
  table["shfl"] = decodeShuffle;
  table["vote"] = decodeVote;
  table["redux"] = decodeRedux;
  table["match"] = decodeMatch;
  table["activemask"] = decodeActiveMask;
  table["mma"] = decodeMatrix;
}
