//===- DecodeMemory.cpp - loads, stores, atomics, copies ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../ptx/Parser.h"
#include "Encoder.h"

using namespace sinter::vgpu;

static Space takeSpace(Encoder &encoder) {
  if (encoder.take("global"))
    return Space::Global;
  if (encoder.take("const"))
    return Space::Const;
  if (encoder.take("local"))
    return Space::Local;
  if (!encoder.takeOne({"shared", "shared::cta"}).empty())
    return Space::Shared;
  if (!encoder.takeOne({"param", "param::entry", "param::func"}).empty())
    return Space::Param;
  return Space::Generic;
}

static void noteSpace(Encoder &encoder, Space space, uint32_t bytes) {
  if (space == Space::Shared || space == Space::Generic)
    encoder.function.kernel.noteSharedAccess(bytes);
}

/// ld, ldu and st: they differ in which operand is the address.
static void decodeAccess(Encoder &encoder, bool isLoad) {
  Inst &inst = encoder.inst;
  encoder.takeMemoryHints();
  inst.space = takeSpace(encoder);
  std::string_view lanes = encoder.takeOne({"v2", "v4", "v8"});
  uint32_t count = lanes.empty() ? 1 : static_cast<uint32_t>(lanes[1] - '0');
  std::string_view name = encoder.takeNext("a type");
  encoder.finishModifiers();
  std::optional<Type> type = parseType(name);
  bool isPacked = name == "f16x2" || name == "bf16x2";
  if (!type && !isPacked)
    encoder.fail("'" + std::string(name) + "' is no type of an access");
  uint32_t bits = isPacked ? 32 : widthOf(*type);
  // A cache policy may follow, which says nothing about the result.
  encoder.expectCount(2, 3);
  encoder.address(encoder.operand(isLoad ? 1 : 0), inst.a, inst.imm,
                  inst.space);
  std::vector<Slot> slots = encoder.vector(encoder.operand(isLoad ? 0 : 1),
                                           bits, isLoad, /*allowsWider=*/true);
  if (slots.size() != count)
    encoder.fail("expected " + std::to_string(count) + " registers, got " +
                 std::to_string(slots.size()));
  for (const Slot &slot : slots)
    if (slot && (slot.bits < bits || slot.bits == 1))
      encoder.fail("a register of " + std::to_string(slot.bits) +
                   " bits for elements of " + std::to_string(bits));
  inst.size = static_cast<uint8_t>(bits / 8);
  inst.count = static_cast<uint8_t>(count);
  if (inst.size * count > 32)
    encoder.fail("an access of more than 32 bytes");
  inst.flags =
      type && (*type == Type::S8 || *type == Type::S16 || *type == Type::S32);
  inst.extra = encoder.function.kernel.addSlots(slots);
  noteSpace(encoder, inst.space, inst.size * count);
  encoder.emit(isLoad ? executeLoad : executeStore);
}

static void decodeLoad(Encoder &encoder) { decodeAccess(encoder, true); }
static void decodeStore(Encoder &encoder) { decodeAccess(encoder, false); }

/// atom gives the old value, red does not.
static void decodeAtomic(Encoder &encoder) {
  bool hasResult = encoder.statement.modifiers[0] == "atom";
  Inst &inst = encoder.inst;
  encoder.takeMemoryHints();
  encoder.take("noftz");
  inst.space = takeSpace(encoder);
  std::string_view operation = encoder.takeNext("an operation");
  std::string_view type = encoder.takeNext("a type");
  encoder.finishModifiers();
  // Exchanges and swaps move bits, whatever type is written.
  bool isMove = operation == "exch" || operation == "cas";
  uint32_t bits = typeBits(type).value_or(0);
  std::string moved = "b" + std::to_string(bits);
  Execute execute = findAtomic(operation, isMove ? moved : type);
  if (!execute && type.front() == 'b')
    execute = findAtomic(operation, "u" + std::to_string(bits));
  if (!execute)
    encoder.fail("the virtual GPU does not know this operation");
  size_t first = hasResult ? 1 : 0;
  size_t sources = operation == "cas" ? 2 : 1;
  encoder.expectCount(first + 1 + sources, first + 2 + sources);
  if (hasResult)
    inst.dst = encoder.destination(encoder.operand(0), bits, true);
  encoder.address(encoder.operand(first), inst.a, inst.imm, inst.space);
  Literal literal = type == "f32"   ? Literal::Single
                    : type == "f64" ? Literal::Double
                                    : Literal::Integer;
  inst.b = encoder.source(encoder.operand(first + 1), bits, literal);
  if (sources == 2)
    inst.c = encoder.source(encoder.operand(first + 2), bits, literal);
  noteSpace(encoder, inst.space, bits / 8);
  encoder.emit(execute);
}

static void decodeCopy(Encoder &encoder) {
  Inst &inst = encoder.inst;
  if (!encoder.take("async"))
    encoder.fail("expected 'cp.async'");
  if (encoder.take("commit_group")) {
    encoder.finishModifiers();
    return encoder.emit(executeAsyncCommit);
  }
  if (encoder.take("wait_all")) {
    encoder.finishModifiers();
    inst.imm = -1;
    return encoder.emit(executeAsyncWait);
  }
  if (encoder.take("wait_group")) {
    encoder.finishModifiers();
    encoder.expectCount(1, 1);
    inst.imm = static_cast<int64_t>(encoder.immediate(encoder.operand(0)));
    return encoder.emit(executeAsyncWait);
  }
  bool hasPolicy = false;
  for (std::string_view modifier : encoder.left())
    hasPolicy |= modifier == "L2::cache_hint";
  encoder.takeMemoryHints();
  bool isShared = !encoder.takeOne({"shared", "shared::cta"}).empty();
  if (!isShared || !encoder.take("global"))
    encoder.fail("expected a copy from global to shared memory");
  encoder.finishModifiers();
  encoder.expectCount(hasPolicy ? 4 : 3, hasPolicy ? 5 : 4);
  Space target = Space::Shared, source = Space::Global;
  encoder.address(encoder.operand(0), inst.a, inst.imm, target);
  encoder.address(encoder.operand(1), inst.b, inst.offsetB, source);
  uint64_t bytes = encoder.immediate(encoder.operand(2));
  if (bytes != 4 && bytes != 8 && bytes != 16)
    encoder.fail("expected a copy of 4, 8 or 16 bytes");
  inst.size = static_cast<uint8_t>(bytes);
  if (encoder.count() == (hasPolicy ? 5u : 4u))
    inst.c = encoder.source(encoder.operand(3), 32);
  encoder.function.kernel.noteSharedAccess(inst.size);
  encoder.emit(executeAsyncCopy);
}

static void decodeLoadMatrix(Encoder &encoder) {
  Inst &inst = encoder.inst;
  encoder.take("sync");
  encoder.take("aligned");
  if (!encoder.take("m8n8"))
    encoder.fail("expected the shape m8n8");
  std::string_view count = encoder.takeOne({"x1", "x2", "x4"});
  inst.flags = encoder.take("trans");
  inst.space = takeSpace(encoder);
  if (count.empty() || !encoder.take("b16"))
    encoder.fail("expected x1, x2 or x4 matrices of b16");
  encoder.finishModifiers();
  encoder.expectCount(2, 2);
  std::vector<Slot> slots = encoder.vector(encoder.operand(0), 32, true);
  inst.count = static_cast<uint8_t>(count[1] - '0');
  if (slots.size() != inst.count)
    encoder.fail("expected " + std::to_string(inst.count) + " registers");
  for (const Slot &slot : slots)
    if (!slot)
      encoder.fail("'_' is no result here");
  inst.extra = encoder.function.kernel.addSlots(slots);
  encoder.address(encoder.operand(1), inst.a, inst.imm, inst.space);
  noteSpace(encoder, Space::Shared, 16);
  encoder.emit(executeLoadMatrix);
}

static void decodeNothing(Encoder &encoder) { encoder.emit(executeNothing); }

void sinter::vgpu::addMemoryDecoders(DecodeTable &table) {
  table["ld"] = decodeLoad;
  table["ldu"] = decodeLoad;
  table["st"] = decodeStore;
  table["atom"] = decodeAtomic;
  table["red"] = decodeAtomic;
  table["cp"] = decodeCopy;
  table["ldmatrix"] = decodeLoadMatrix;
  table["fence"] = decodeNothing;
  table["membar"] = decodeNothing;
  table["prefetch"] = decodeNothing;
  table["prefetchu"] = decodeNothing;
}
