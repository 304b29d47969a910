//===- Lexer.cpp - tokens of PTX ------------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lexer.h"
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <cstring>

using namespace sinter::vgpu;

namespace {

bool isWordStart(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '$' ||
         c == '%' || c == '.';
}
bool isWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' ||
         c == '.';
}

class Lexer {
public:
  explicit Lexer(std::string_view source) : source(source) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    do {
      skipBlanks();
      tokens.push_back(next());
    } while (tokens.back().kind != Token::Kind::End);
    return tokens;
  }

private:
  char at(size_t ahead = 0) const {
    return position + ahead < source.size() ? source[position + ahead] : '\0';
  }

  void skipBlanks() {
    for (;;) {
      if (at() == '\n') {
        ++line;
        ++position;
      } else if (at() && std::isspace(static_cast<unsigned char>(at()))) {
        ++position;
      } else if (at() == '/' && at(1) == '/') {
        while (at() && at() != '\n')
          ++position;
      } else if (at() == '/' && at(1) == '*') {
        size_t end = source.find("*/", position + 2);
        if (end == std::string_view::npos)
          throw PtxError(line, "a comment that does not end");
        for (; position < end + 2; ++position)
          line += at() == '\n';
      } else {
        return;
      }
    }
  }

  Token make(Token::Kind kind, size_t length) {
    Token token;
    token.kind = kind;
    token.text = source.substr(position, length);
    token.line = line;
    position += length;
    return token;
  }

  Token next() {
    if (position >= source.size() || at() == '\0')
      return make(Token::Kind::End, 0);
    if (isWordStart(at()) &&
        !(at() == '.' && std::isdigit(static_cast<unsigned char>(at(1)))))
      return word();
    if (std::isdigit(static_cast<unsigned char>(at())))
      return number();
    if (at() == '"') {
      size_t end = source.find('"', position + 1);
      if (end == std::string_view::npos)
        throw PtxError(line, "a string that does not end");
      return make(Token::Kind::String, end + 1 - position);
    }
    if (std::strchr("{}[]()<>,;:@!|+-=*", at()))
      return make(Token::Kind::Punctuation, 1);
    throw PtxError(line, std::string("unexpected character '") + at() + "'");
  }

  Token word() {
    size_t length = 1;
    for (;; ++length) {
      if (isWord(at(length)))
        continue;
      // `L2::128B` belongs to the word, the colon of a label does not.
      if (at(length) == ':' && at(length + 1) == ':') {
        ++length;
        continue;
      }
      break;
    }
    return make(Token::Kind::Word, length);
  }

  Token number() {
    if (at() == '0' && std::strchr("fFdD", at(1)) && at(1)) {
      bool isDouble = at(1) == 'd' || at(1) == 'D';
      size_t digits = isDouble ? 16 : 8;
      uint64_t bits = 0;
      std::string_view text = source.substr(position + 2, digits);
      auto end = std::from_chars(text.data(), text.data() + text.size(), bits,
                                 /*base=*/16);
      if (text.size() < digits || end.ptr != text.data() + digits)
        throw PtxError(line, "a floating-point constant has " +
                                 std::to_string(digits) + " hex digits");
      Token token = make(isDouble ? Token::Kind::Float64 : Token::Kind::Float32,
                         2 + digits);
      token.bits = bits;
      return token;
    }
    std::string text;
    while (std::isalnum(static_cast<unsigned char>(at(text.size()))) ||
           at(text.size()) == '.')
      text += at(text.size());
    Token token;
    if (text.find('.') != std::string::npos) {
      double value = std::strtod(text.c_str(), nullptr);
      token = make(Token::Kind::Float64, text.size());
      std::memcpy(&token.bits, &value, sizeof value);
      return token;
    }
    char *end = nullptr;
    bool isBinary = text.size() > 2 && (text[1] == 'b' || text[1] == 'B');
    uint64_t bits = isBinary ? std::strtoull(text.c_str() + 2, &end, 2)
                             : std::strtoull(text.c_str(), &end, 0);
    if (*end == 'U')
      ++end;
    if (*end)
      throw PtxError(line, "'" + text + "' is no number");
    token = make(Token::Kind::Integer, text.size());
    token.bits = bits;
    return token;
  }

  std::string_view source;
  size_t position = 0;
  uint32_t line = 1;
};

} // namespace

std::vector<Token> sinter::vgpu::lexPtx(std::string_view source) {
  return Lexer(source).run();
}
