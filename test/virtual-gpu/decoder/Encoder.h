//===- Encoder.h - one statement at a time ----------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_DECODER_ENCODER_H
#define SINTER_TEST_VIRTUALGPU_DECODER_ENCODER_H

#include "Decoder.h"

namespace sinter::vgpu {

/// What a decoding function needs: modifiers to take one by one, operands as
/// slots, and the instruction it fills. All that does not fit throws
/// `PtxError`.
class Encoder {
public:
  Encoder(FunctionDecoder &function, const Statement &statement);

  FunctionDecoder &function;
  const Statement &statement;
  Inst inst; ///< with guard, line and text

  //===- Modifiers --------------------------------------------------------===//

  /// Takes the modifier out if it is there.
  bool take(std::string_view modifier);
  /// Takes out the first of those that are there; empty if none is.
  std::string_view takeOne(std::initializer_list<std::string_view> modifiers);
  /// Takes the first modifier left; fails if there is none.
  std::string_view takeNext(const char *what);
  /// Takes all that only advise the cache or order memory.
  void takeMemoryHints();
  /// Fails when modifiers are left.
  void finishModifiers();
  const std::vector<std::string_view> &left() const { return modifiers; }

  //===- Operands ---------------------------------------------------------===//

  size_t count() const { return statement.operands.size(); }
  const Operand &operand(size_t i) const;
  void expectCount(size_t least, size_t most);
  /// A register that is written; `bits` 0 accepts any width.
  Slot destination(const Operand &operand, uint32_t bits,
                   bool allowsSink = false);
  /// A register, constant, special register or address of a variable.
  Slot source(const Operand &operand, uint32_t bits,
              Literal literal = Literal::Integer, bool allowsWider = false);
  Slot predicate(const Operand &operand);
  /// `[base + offset]` in `space`, which a parameter of a function changes to
  /// local memory.
  void address(const Operand &operand, Slot &base, int64_t &offset,
               Space &space);
  /// The registers of `{a, b}` or of one operand.
  std::vector<Slot> vector(const Operand &operand, uint32_t bits, bool isResult,
                           bool allowsWider = false);
  uint64_t immediate(const Operand &operand) const;

  //===- Output -----------------------------------------------------------===//

  /// Appends `inst`; `executor` is what it does.
  void emit(Execute executor);
  [[noreturn]] void fail(const std::string &message) const;

private:
  std::vector<std::string_view> modifiers;
};

/// "u32" to its type; none for what is no scalar type of an operation. Bits
/// count as unsigned.
std::optional<Type> parseType(std::string_view name);
uint32_t widthOf(Type type);
Literal literalOf(Type type);

/// The decoding functions, by opcode.
using DecodeFunction = void (*)(Encoder &encoder);
using DecodeTable = std::map<std::string_view, DecodeFunction>;
void addMoveDecoders(DecodeTable &table);
void addMemoryDecoders(DecodeTable &table);
void addControlDecoders(DecodeTable &table);
void addWarpDecoders(DecodeTable &table);
/// What no table holds is looked up among the arithmetic.
void decodeArithmetic(Encoder &encoder);

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_DECODER_ENCODER_H
