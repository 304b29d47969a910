//===- Lexer.h - tokens of PTX ----------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_PTX_LEXER_H
#define SINTER_TEST_VIRTUALGPU_PTX_LEXER_H

#include "Syntax.h"

namespace sinter::vgpu {

/// One token. A word keeps its dots and double colons together:
/// `ld.global.L2::128B.b32`, `%tid.x`, `.reg`.
struct Token {
  enum class Kind { Word, Integer, Float32, Float64, String, Punctuation, End };
  Kind kind = Kind::End;
  std::string_view text;
  uint64_t bits = 0; ///< of a number
  uint32_t line = 1;

  bool is(char c) const {
    return kind == Kind::Punctuation && text.front() == c;
  }
  bool is(std::string_view word) const {
    return kind == Kind::Word && text == word;
  }
};

/// Splits a PTX text into tokens, without comments; throws `PtxError`.
std::vector<Token> lexPtx(std::string_view source);

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_PTX_LEXER_H
