//===- DecodeMove.cpp - arithmetic, moves, comparisons, conversions -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../machine/Block.h"
#include "Encoder.h"

using namespace sinter::vgpu;

/// The text of an instruction without what does not change its result here:
/// round-to-nearest is the only rounding the plain names have, and approximate
/// functions are computed exactly.
static std::string arithmeticKey(const Statement &statement) {
  std::string key;
  for (std::string_view part : statement.modifiers)
    if (part != "rn" && part != "approx" && part != "full")
      key += (key.empty() ? "" : ".") + std::string(part);
  return key;
}

static void decodePredicate(Encoder &encoder) {
  static const std::map<std::string_view, uint32_t> table = {
      {"mov", kPredicateMove},
      {"not", kPredicateNot},
      {"and", kPredicateAnd},
      {"or", kPredicateOr},
      {"xor", kPredicateXor}};
  auto it = table.find(encoder.statement.modifiers[0]);
  if (it == table.end())
    encoder.fail("the virtual GPU does not know this instruction");
  bool isUnary = it->second == kPredicateMove || it->second == kPredicateNot;
  encoder.expectCount(isUnary ? 2 : 3, isUnary ? 2 : 3);
  Inst &inst = encoder.inst;
  inst.flags = it->second;
  inst.dst = encoder.destination(encoder.operand(0), 1);
  inst.a = encoder.predicate(encoder.operand(1));
  inst.flags |= encoder.operand(1).negated ? kNegateA : 0;
  if (!isUnary) {
    inst.b = encoder.predicate(encoder.operand(2));
    inst.flags |= encoder.operand(2).negated ? kNegateB : 0;
  }
  encoder.emit(executePredicate);
}

void sinter::vgpu::decodeArithmetic(Encoder &encoder) {
  if (encoder.statement.modifiers.back() == "pred")
    return decodePredicate(encoder);
  const ArithmeticTable &table = arithmeticTable();
  auto it = table.find(arithmeticKey(encoder.statement));
  if (it == table.end())
    encoder.fail("the virtual GPU does not know this instruction");
  const Arithmetic &entry = it->second;
  encoder.expectCount(entry.sourceCount + 1u, entry.sourceCount + 1u);
  Inst &inst = encoder.inst;
  inst.dst = encoder.destination(encoder.operand(0), entry.resultBits);
  Slot *sources[] = {&inst.a, &inst.b, &inst.c};
  for (uint32_t i = 0; i < entry.sourceCount; ++i)
    *sources[i] = encoder.source(encoder.operand(i + 1), entry.sourceBits[i],
                                 entry.literals[i]);
  encoder.emit(entry.execute);
}

static void decodeMove(Encoder &encoder) {
  if (encoder.take("pred"))
    return decodePredicate(encoder);
  std::string_view name = encoder.takeNext("a type");
  encoder.finishModifiers();
  encoder.expectCount(2, 2);
  std::optional<Type> type = parseType(name);
  bool isPacked = name == "f16x2" || name == "bf16x2";
  if (!type && !isPacked)
    encoder.fail("'" + std::string(name) + "' is no type of a move");
  uint32_t bits = isPacked ? 32 : widthOf(*type);
  Literal literal = isPacked ? Literal::Integer : literalOf(*type);
  const Operand &to = encoder.operand(0), &from = encoder.operand(1);
  Inst &inst = encoder.inst;
  bool isUnpack = to.kind == Operand::Kind::Vector;
  bool isPack = from.kind == Operand::Kind::Vector;
  if (isUnpack || isPack) {
    const Operand &whole = isUnpack ? from : to;
    const Operand &parts = isUnpack ? to : from;
    auto count = static_cast<uint32_t>(parts.parts.size());
    if (isUnpack == isPack || (count != 2 && count != 4) || bits / count < 8)
      encoder.fail("expected one register and a vector of 2 or 4");
    std::vector<Slot> slots = encoder.vector(parts, bits / count, isUnpack);
    inst.count = static_cast<uint8_t>(count);
    inst.extra = encoder.function.kernel.addSlots(slots);
    if (isUnpack)
      inst.a = encoder.source(whole, bits, literal);
    else
      inst.dst = encoder.destination(whole, bits);
    return encoder.emit(isUnpack ? executeUnpack : executePack);
  }
  inst.dst = encoder.destination(to, bits);
  inst.a = encoder.source(from, bits, literal);
  encoder.emit(executeMove);
}

static void decodeSelect(Encoder &encoder) {
  std::optional<Type> type = parseType(encoder.takeNext("a type"));
  encoder.finishModifiers();
  if (!type)
    encoder.fail("expected a type of 16 to 64 bits");
  encoder.expectCount(4, 4);
  uint32_t bits = widthOf(*type);
  Inst &inst = encoder.inst;
  inst.dst = encoder.destination(encoder.operand(0), bits);
  inst.a = encoder.source(encoder.operand(1), bits, literalOf(*type));
  inst.b = encoder.source(encoder.operand(2), bits, literalOf(*type));
  inst.c = encoder.predicate(encoder.operand(3));
  inst.flags = encoder.operand(3).negated;
  encoder.emit(executeSelect);
}

/// Takes the second predicate of `p|q`.
static void decodeResultPair(Encoder &encoder, const Operand &operand) {
  Inst &inst = encoder.inst;
  if (operand.kind != Operand::Kind::Pair) {
    inst.dst = encoder.destination(operand, 1);
    return;
  }
  inst.dst = encoder.destination(operand.parts[0], 1, true);
  inst.extra = encoder.function.kernel.addSlots(
      {encoder.destination(operand.parts[1], 1, true)});
  inst.count = 2;
}

static void decodeCompare(Encoder &encoder) {
  Inst &inst = encoder.inst;
  bool isSet = encoder.statement.modifiers[0] == "set";
  if (isSet && arithmeticTable().count(arithmeticKey(encoder.statement)))
    return decodeArithmetic(encoder);
  std::string_view comparison = encoder.takeNext("a comparison");
  // Subnormals compare with zero as they are: devices flush them, which the
  // compilers use for no comparison that would tell.
  encoder.take("ftz");
  std::string_view combine = encoder.takeOne({"and", "or", "xor"});
  inst.flags = combine == "and"   ? kCombineAnd
               : combine == "or"  ? kCombineOr
               : combine == "xor" ? kCombineXor
                                  : 0;
  if (isSet) {
    std::string_view result = encoder.takeNext("the type of the result");
    if (result != "u32" && result != "s32" && result != "f32")
      encoder.fail("the virtual GPU does not know results of type '" +
                   std::string(result) + "' here");
    inst.flags |= result == "f32" ? kResultFloat : kResultOnes;
  }
  std::optional<Type> type = parseType(encoder.takeNext("a type"));
  encoder.finishModifiers();
  Execute execute = type ? findCompare(comparison, *type) : nullptr;
  if (!execute)
    encoder.fail("the virtual GPU does not know this comparison");
  encoder.expectCount(combine.empty() ? 3 : 4, combine.empty() ? 3 : 4);
  if (isSet)
    inst.dst = encoder.destination(encoder.operand(0), 32);
  else
    decodeResultPair(encoder, encoder.operand(0));
  inst.a = encoder.source(encoder.operand(1), widthOf(*type), literalOf(*type));
  inst.b = encoder.source(encoder.operand(2), widthOf(*type), literalOf(*type));
  if (!combine.empty()) {
    inst.c = encoder.predicate(encoder.operand(3));
    inst.flags |= encoder.operand(3).negated ? kNegateC : 0;
  }
  encoder.emit(execute);
}

static void decodeClassTest(Encoder &encoder) {
  std::string_view property = encoder.takeNext("a class of numbers");
  std::optional<Type> type = parseType(encoder.takeNext("a type"));
  encoder.finishModifiers();
  Execute execute = type ? findClassTest(property, *type) : nullptr;
  if (!execute)
    encoder.fail("the virtual GPU does not know this test");
  encoder.expectCount(2, 2);
  encoder.inst.dst = encoder.destination(encoder.operand(0), 1);
  encoder.inst.a =
      encoder.source(encoder.operand(1), widthOf(*type), literalOf(*type));
  encoder.emit(execute);
}

static void decodeConvert(Encoder &encoder) {
  static const std::map<std::string_view, uint32_t> roundings = {
      {"rn", kRoundNearest},
      {"rz", kRoundZero},
      {"rm", kRoundDown},
      {"rp", kRoundUp},
      {"rni", kRoundNearest | kToIntegral},
      {"rzi", kRoundZero | kToIntegral},
      {"rmi", kRoundDown | kToIntegral},
      {"rpi", kRoundUp | kToIntegral}};
  Inst &inst = encoder.inst;
  for (const auto &[name, flags] : roundings)
    if (encoder.take(name))
      inst.flags |= flags;
  bool isAway = encoder.take("rna");
  inst.flags |= encoder.take("ftz") ? kFlush : 0;
  inst.flags |= encoder.take("sat") ? kSaturate : 0;
  inst.flags |= encoder.take("relu") ? kRelu : 0;
  std::string_view toName = encoder.takeNext("the type of the result");
  std::string_view fromName = encoder.takeNext("the type of the source");
  encoder.finishModifiers();
  if (toName == "tf32" && fromName == "f32" && !(inst.flags & ~kRoundMask)) {
    encoder.expectCount(2, 2);
    inst.dst = encoder.destination(encoder.operand(0), 32);
    inst.a = encoder.source(encoder.operand(1), 32, Literal::Single);
    return encoder.emit(executeToTf32);
  }
  if (isAway)
    encoder.fail("the virtual GPU does not know '.rna' here");
  bool isPair = toName == "f16x2" || toName == "bf16x2";
  if (isPair) {
    if (fromName != "f32")
      encoder.fail("expected the source type f32");
    encoder.expectCount(3, 3);
    inst.dst = encoder.destination(encoder.operand(0), 32);
    inst.a = encoder.source(encoder.operand(1), 32, Literal::Single);
    inst.b = encoder.source(encoder.operand(2), 32, Literal::Single);
    return encoder.emit(
        findConvertPair(toName == "f16x2" ? Type::F16 : Type::BF16));
  }
  std::optional<Type> to = parseType(toName), from = parseType(fromName);
  if (!to || !from)
    encoder.fail("the virtual GPU does not know this conversion");
  auto isFloat = [](Type type) { return type >= Type::F16; };
  uint32_t rounding = inst.flags & kRoundMask;
  if (!isFloat(*from) && isFloat(*to) && rounding != kRoundNearest)
    encoder.fail("the virtual GPU rounds integers to nearest only");
  if (isFloat(*from) && isFloat(*to) && widthOf(*from) > widthOf(*to) &&
      rounding > kRoundZero && !(inst.flags & kToIntegral))
    encoder.fail("the virtual GPU rounds to nearest or to zero here");
  encoder.expectCount(2, 2);
  inst.dst = encoder.destination(encoder.operand(0), 0);
  if (inst.dst.bits < std::max(widthOf(*to), 16u))
    encoder.fail("the result has " + std::to_string(inst.dst.bits) + " bits");
  inst.a = encoder.source(encoder.operand(1), widthOf(*from), literalOf(*from),
                          /*allowsWider=*/true);
  encoder.emit(findConvert(*to, *from));
}

static void decodeLogic3(Encoder &encoder) {
  if (!encoder.take("b32"))
    encoder.fail("expected the type b32");
  encoder.finishModifiers();
  encoder.expectCount(5, 5);
  Inst &inst = encoder.inst;
  inst.dst = encoder.destination(encoder.operand(0), 32);
  inst.a = encoder.source(encoder.operand(1), 32);
  inst.b = encoder.source(encoder.operand(2), 32);
  inst.c = encoder.source(encoder.operand(3), 32);
  inst.imm = static_cast<int64_t>(encoder.immediate(encoder.operand(4)));
  encoder.emit(executeLogic3);
}

static void decodeInsertBits(Encoder &encoder) {
  bool isWide = encoder.take("b64");
  if (!isWide && !encoder.take("b32"))
    encoder.fail("expected the type b32 or b64");
  encoder.finishModifiers();
  encoder.expectCount(5, 5);
  uint32_t bits = isWide ? 64 : 32;
  encoder.inst.dst = encoder.destination(encoder.operand(0), bits);
  encoder.inst.extra = encoder.function.kernel.addSlots(
      {encoder.source(encoder.operand(1), bits),
       encoder.source(encoder.operand(2), bits),
       encoder.source(encoder.operand(3), 32),
       encoder.source(encoder.operand(4), 32)});
  encoder.emit(executeInsertBits);
}

/// To the generic address space and back: windows of it are other spaces.
static void decodeConvertAddress(Encoder &encoder) {
  bool isBack = encoder.take("to");
  std::string_view space =
      encoder.takeOne({"global", "const", "shared", "shared::cta", "local",
                       "param", "param::entry"});
  if (space.empty() || !encoder.take("u64"))
    encoder.fail("expected a state space and u64");
  encoder.finishModifiers();
  encoder.expectCount(2, 2);
  uint64_t window = space.substr(0, 6) == "shared"  ? kSharedWindow
                    : space == "local"              ? kLocalWindow
                    : space.substr(0, 5) == "param" ? kParamWindow
                                                    : 0;
  encoder.inst.dst = encoder.destination(encoder.operand(0), 64);
  encoder.inst.a = encoder.source(encoder.operand(1), 64);
  encoder.inst.imm = static_cast<int64_t>(isBack ? ~window + 1 : window);
  encoder.emit(executeAddOffset);
}

void sinter::vgpu::addMoveDecoders(DecodeTable &table) {
  table["mov"] = decodeMove;
  table["selp"] = decodeSelect;
  table["setp"] = decodeCompare;
  table["set"] = decodeCompare;
  table["testp"] = decodeClassTest;
  table["cvt"] = decodeConvert;
  table["lop3"] = decodeLogic3;
  table["bfi"] = decodeInsertBits;
  table["cvta"] = decodeConvertAddress;
}
