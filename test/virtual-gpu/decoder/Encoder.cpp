//===- Encoder.cpp - one statement at a time ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Encoder.h"
#include <algorithm>

using namespace sinter::vgpu;

Encoder::Encoder(FunctionDecoder &function, const Statement &statement)
    : function(function), statement(statement),
      modifiers(statement.modifiers.begin() + 1, statement.modifiers.end()) {
  inst.line = statement.line;
  inst.loc = statement.loc;
  inst.text = statement.text;
  if (!statement.guard.empty()) {
    inst.guard = function.findRegister(statement.guard, statement.scope);
    if (inst.guard.bits != 1)
      fail("'" + std::string(statement.guard) + "' is no predicate");
    inst.guardNegated = statement.guardNegated;
  }
}

void Encoder::fail(const std::string &message) const {
  throw PtxError(statement.line,
                 "'" + std::string(statement.text) + "': " + message);
}

bool Encoder::take(std::string_view modifier) {
  auto it = std::find(modifiers.begin(), modifiers.end(), modifier);
  if (it == modifiers.end())
    return false;
  modifiers.erase(it);
  return true;
}

std::string_view
Encoder::takeOne(std::initializer_list<std::string_view> list) {
  for (std::string_view modifier : list)
    if (take(modifier))
      return modifier;
  return {};
}

std::string_view Encoder::takeNext(const char *what) {
  if (modifiers.empty())
    fail(std::string("expected ") + what);
  std::string_view first = modifiers.front();
  modifiers.erase(modifiers.begin());
  return first;
}

void Encoder::takeMemoryHints() {
  static const std::string_view hints[] = {
      "volatile", "weak", "relaxed", "acquire", "release", "acq_rel", "mmio",
      "sys",      "gpu",  "cta",     "cluster", "nc",      "ca",      "cg",
      "cs",       "lu",   "cv",      "wb",      "wt"};
  auto isHint = [](std::string_view modifier) {
    return std::find(std::begin(hints), std::end(hints), modifier) !=
               std::end(hints) ||
           modifier.substr(0, 4) == "L1::" || modifier.substr(0, 4) == "L2::";
  };
  modifiers.erase(std::remove_if(modifiers.begin(), modifiers.end(), isHint),
                  modifiers.end());
}

void Encoder::finishModifiers() {
  if (!modifiers.empty())
    fail("the virtual GPU does not know '." + std::string(modifiers.front()) +
         "' here");
}

const Operand &Encoder::operand(size_t i) const {
  if (i >= count())
    fail("expected at least " + std::to_string(i + 1) + " operands, got " +
         std::to_string(count()));
  return statement.operands[i];
}

void Encoder::expectCount(size_t least, size_t most) {
  if (count() < least || count() > most)
    fail("expected " + std::to_string(least) +
         (least == most ? "" : " to " + std::to_string(most)) +
         " operands, got " + std::to_string(count()));
}

Slot Encoder::destination(const Operand &operand, uint32_t bits,
                          bool allowsSink) {
  if (operand.kind != Operand::Kind::Name)
    fail("expected a register as the result");
  if (operand.name == "_") {
    if (!allowsSink)
      fail("'_' is no result here");
    return Slot();
  }
  Slot slot = function.findRegister(operand.name, statement.scope);
  if (!slot)
    fail("'" + std::string(operand.name) + "' is no register");
  if (bits && slot.bits != bits)
    fail("'" + std::string(operand.name) + "' has " +
         std::to_string(slot.bits) + " bits, expected " + std::to_string(bits));
  return slot;
}

/// The place of a special register in its file, or none.
static std::optional<Special> findSpecial(std::string_view name) {
  static const std::map<std::string_view, Special> table = {
      {"%tid.x", Special::TidX},
      {"%tid.y", Special::TidY},
      {"%tid.z", Special::TidZ},
      {"%ntid.x", Special::NtidX},
      {"%ntid.y", Special::NtidY},
      {"%ntid.z", Special::NtidZ},
      {"%ctaid.x", Special::CtaidX},
      {"%ctaid.y", Special::CtaidY},
      {"%ctaid.z", Special::CtaidZ},
      {"%nctaid.x", Special::NctaidX},
      {"%nctaid.y", Special::NctaidY},
      {"%nctaid.z", Special::NctaidZ},
      {"%laneid", Special::LaneId},
      {"%warpid", Special::WarpId},
      {"%nwarpid", Special::NwarpId},
      {"%smid", Special::SmId},
      {"%nsmid", Special::NsmId},
      {"%gridid", Special::GridId},
      {"%lanemask_eq", Special::LaneMaskEq},
      {"%lanemask_le", Special::LaneMaskLe},
      {"%lanemask_lt", Special::LaneMaskLt},
      {"%lanemask_ge", Special::LaneMaskGe},
      {"%lanemask_gt", Special::LaneMaskGt},
      {"WARP_SZ", Special::WarpSize},
      {"%dynamic_smem_size", Special::DynamicSharedBytes},
      {"%total_smem_size", Special::TotalSharedBytes}};
  auto it = table.find(name);
  if (it == table.end())
    return std::nullopt;
  return it->second;
}

/// A number in the form that the operand's type has.
static uint64_t literalBits(const Operand &operand, Literal literal) {
  switch (operand.kind) {
  case Operand::Kind::Float32:
    if (literal == Literal::Double)
      return bitCast<uint64_t>(static_cast<double>(
          bitCast<float>(static_cast<uint32_t>(operand.bits))));
    return operand.bits;
  case Operand::Kind::Float64: {
    auto value = bitCast<double>(operand.bits);
    if (literal == Literal::Single)
      return bitCast<uint32_t>(static_cast<float>(value));
    if (literal == Literal::Half)
      return roundTo<Half>(value).bits;
    return operand.bits;
  }
  default:
    return operand.bits;
  }
}

Slot Encoder::source(const Operand &operand, uint32_t bits, Literal literal,
                     bool allowsWider) {
  switch (operand.kind) {
  case Operand::Kind::Integer:
  case Operand::Kind::Float32:
  case Operand::Kind::Float64:
    return function.kernel.constant(literalBits(operand, literal),
                                    bits < 16 && bits > 1 ? 16 : bits);
  case Operand::Kind::Name:
    break;
  default:
    fail("expected a register or constant");
  }
  Slot slot = function.findRegister(operand.name, statement.scope);
  if (slot) {
    bool fits = bits == 0 || slot.bits == bits ||
                (allowsWider && slot.bits > bits && bits > 1);
    if (!fits)
      fail("'" + std::string(operand.name) + "' has " +
           std::to_string(slot.bits) + " bits, expected " +
           std::to_string(bits));
    return slot;
  }
  if (std::optional<Special> special = findSpecial(operand.name)) {
    slot.base = Slot::Specials;
    slot.bits = 32;
    slot.offset = static_cast<uint32_t>(*special) * kLanes * 4;
    if (bits > 32)
      fail("'" + std::string(operand.name) + "' has 32 bits");
    return slot;
  }
  if (auto symbol = function.findSymbol(operand.name, statement.scope))
    return function.kernel.constant(symbol->address + operand.bits, bits);
  fail("there is no '" + std::string(operand.name) + "'");
}

Slot Encoder::predicate(const Operand &operand) {
  if (operand.kind == Operand::Kind::Integer)
    return function.kernel.constant(operand.bits & 1, 1);
  return source(operand, 1);
}

void Encoder::address(const Operand &operand, Slot &base, int64_t &offset,
                      Space &space) {
  if (operand.kind != Operand::Kind::Address)
    fail("expected an address");
  const Operand &part = operand.parts[0];
  if (part.kind == Operand::Kind::Integer) {
    base = Slot();
    offset = static_cast<int64_t>(part.bits);
    return;
  }
  if (part.kind != Operand::Kind::Name)
    fail("expected a register or variable as the address");
  offset = static_cast<int64_t>(part.bits);
  base = function.findRegister(part.name, statement.scope);
  if (base) {
    if (base.bits < 32)
      fail("'" + std::string(part.name) + "' is too narrow for an address");
    return;
  }
  auto symbol = function.findSymbol(part.name, statement.scope);
  if (!symbol)
    fail("there is no '" + std::string(part.name) + "'");
  offset += static_cast<int64_t>(symbol->address);
  bool isPassed = space == Space::Param && symbol->space == Space::Local;
  bool isSame = space == symbol->space ||
                (space == Space::Const && symbol->space == Space::Global);
  if (isPassed || space == Space::Generic)
    space = symbol->space;
  else if (!isSame)
    fail("'" + std::string(part.name) + "' lies in another state space");
}

std::vector<Slot> Encoder::vector(const Operand &operand, uint32_t bits,
                                  bool isResult, bool allowsWider) {
  std::vector<Slot> slots;
  auto add = [&](const Operand &part) {
    Slot slot = isResult ? destination(part, allowsWider ? 0 : bits, true)
                         : source(part, bits, Literal::Integer, allowsWider);
    if (slot && slot.bits < std::min(bits, 16u))
      fail("'" + std::string(part.name) + "' is too narrow");
    slots.push_back(slot);
  };
  if (operand.kind != Operand::Kind::Vector)
    add(operand);
  else
    for (const Operand &part : operand.parts)
      add(part);
  return slots;
}

uint64_t Encoder::immediate(const Operand &operand) const {
  if (operand.kind != Operand::Kind::Integer)
    fail("expected an integer constant");
  return operand.bits;
}

void Encoder::emit(Execute executor) {
  inst.execute = executor;
  function.kernel.program.code.push_back(inst);
}

std::optional<Type> sinter::vgpu::parseType(std::string_view name) {
  static const std::map<std::string_view, Type> table = {
      {"u8", Type::U8},   {"s8", Type::S8},     {"b8", Type::U8},
      {"u16", Type::U16}, {"s16", Type::S16},   {"b16", Type::U16},
      {"u32", Type::U32}, {"s32", Type::S32},   {"b32", Type::U32},
      {"u64", Type::U64}, {"s64", Type::S64},   {"b64", Type::U64},
      {"f16", Type::F16}, {"bf16", Type::BF16}, {"f32", Type::F32},
      {"f64", Type::F64}};
  auto it = table.find(name);
  if (it == table.end())
    return std::nullopt;
  return it->second;
}

uint32_t sinter::vgpu::widthOf(Type type) {
  switch (type) {
  case Type::U8:
  case Type::S8:
    return 8;
  case Type::U16:
  case Type::S16:
  case Type::F16:
  case Type::BF16:
    return 16;
  case Type::U64:
  case Type::S64:
  case Type::F64:
    return 64;
  default:
    return 32;
  }
}

Literal sinter::vgpu::literalOf(Type type) {
  return type == Type::F64   ? Literal::Double
         : type == Type::F32 ? Literal::Single
         : type == Type::F16 ? Literal::Half
                             : Literal::Integer;
}
