//===- Parser.h - PTX text to its tree --------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_PTX_PARSER_H
#define SINTER_TEST_VIRTUALGPU_PTX_PARSER_H

#include "Lexer.h"
#include <optional>

namespace sinter::vgpu {

/// Bits of a fundamental type such as `.f32` (without its dot); none when the
/// word is no type.
std::optional<uint32_t> typeBits(std::string_view type);

/// Reads tokens one by one; throws `PtxError` on what does not fit.
class TokenReader {
public:
  explicit TokenReader(std::vector<Token> tokens) : tokens(std::move(tokens)) {}

  const Token &peek(size_t ahead = 0) const {
    return tokens[std::min(position + ahead, tokens.size() - 1)];
  }
  Token take();
  /// Takes the token if it is this one.
  bool accept(char c);
  bool accept(std::string_view word);
  void expect(char c);
  std::string_view expectWord();
  uint64_t expectInteger();
  /// Takes everything up to and with the next `;`.
  void skipStatement();
  [[noreturn]] void fail(const std::string &message) const;

private:
  std::vector<Token> tokens;
  size_t position = 0;
};

/// Reads `[.align N] [.ptr ...] .type name[dims] [= init]`, past its space.
Variable parseVariable(TokenReader &reader);

/// Reads the braces of a function with all that is in them.
void parseBody(TokenReader &reader, Function &function);

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_PTX_PARSER_H
