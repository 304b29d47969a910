//===- ParseBody.cpp - what stands inside a function ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Parser.h"

using namespace sinter::vgpu;

namespace {

class BodyParser {
public:
  BodyParser(TokenReader &reader, Function &function)
      : reader(reader), function(function) {}

  void run() {
    function.hasBody = true;
    function.scopes.emplace_back();
    reader.expect('{');
    while (scope >= 0)
      item();
  }

private:
  void item() {
    if (reader.accept('{')) {
      function.scopes.emplace_back();
      function.scopes.back().parent = scope;
      scope = static_cast<int32_t>(function.scopes.size()) - 1;
      return;
    }
    if (reader.accept('}')) {
      scope = function.scopes[static_cast<size_t>(scope)].parent;
      return;
    }
    if (reader.accept(';'))
      return;
    const Token &token = reader.peek();
    if (token.kind == Token::Kind::Word && reader.peek(1).is(':'))
      return label();
    if (token.kind == Token::Kind::Word && token.text.front() == '.')
      return directive();
    statement();
  }

  void label() {
    std::string_view name = reader.expectWord();
    reader.expect(':');
    if (reader.accept(".branchtargets")) {
      std::vector<std::string_view> &targets = function.branchTargets[name];
      do
        targets.push_back(reader.expectWord());
      while (reader.accept(','));
      return reader.expect(';');
    }
    if (reader.accept(".callprototype"))
      return reader.skipStatement();
    if (!function.labels
             .insert({name, static_cast<uint32_t>(function.statements.size())})
             .second)
      reader.fail("label '" + std::string(name) + "' stands twice");
  }

  void directive() {
    Scope &current = function.scopes[static_cast<size_t>(scope)];
    // `.reg.b16` may be written as one word.
    std::string_view word = reader.peek().text;
    if (word.substr(0, 5) == ".reg.") {
      reader.take();
      return registers(current, word.substr(4));
    }
    if (reader.accept(".reg"))
      return registers(current, reader.expectWord());
    if (reader.accept(".loc"))
      return location();
    if (reader.accept(".pragma"))
      return reader.skipStatement();
    Space space;
    if (reader.accept(".shared"))
      space = Space::Shared;
    else if (reader.accept(".local"))
      space = Space::Local;
    else if (reader.accept(".param"))
      space = Space::Param;
    else if (reader.accept(".global"))
      space = Space::Global;
    else
      reader.fail("expected a directive");
    Variable variable = parseVariable(reader);
    reader.expect(';');
    current.variables.push_back({space, std::move(variable)});
  }

  void registers(Scope &current, std::string_view type) {
    std::optional<uint32_t> bits = typeBits(type.substr(1));
    if (!bits)
      reader.fail("'" + std::string(type) + "' is no type of a register");
    do {
      Register declared;
      declared.bits = *bits;
      declared.name = reader.expectWord();
      if (reader.accept('<')) {
        uint64_t count = reader.expectInteger();
        if (count > 1000000)
          reader.fail("more registers than a function can have stand before");
        declared.count = static_cast<uint32_t>(count);
        reader.expect('>');
      }
      current.registers.push_back(declared);
    } while (reader.accept(','));
    reader.expect(';');
  }

  /// `.loc FILE LINE COLUMN [, function_name L, inlined_at FILE LINE COLUMN]`,
  /// which no semicolon ends.
  void location() {
    loc.file = static_cast<uint32_t>(reader.expectInteger());
    loc.line = static_cast<uint32_t>(reader.expectInteger());
    reader.expectInteger();
    while (reader.accept(',')) {
      std::string_view key = reader.expectWord();
      if (key == "function_name") {
        reader.expectWord();
        if (reader.accept('+'))
          reader.expectInteger();
      } else if (key == "inlined_at") {
        for (int i = 0; i < 3; ++i)
          reader.expectInteger();
      } else {
        reader.fail("'" + std::string(key) + "' does not belong to '.loc'");
      }
    }
  }

  void statement() {
    Statement result;
    result.line = reader.peek().line;
    result.loc = loc;
    result.scope = static_cast<uint32_t>(scope);
    if (reader.accept('@')) {
      result.guardNegated = reader.accept('!');
      result.guard = reader.expectWord();
    }
    result.text = reader.expectWord();
    split(result.text, result.modifiers);
    if (!reader.peek().is(';')) {
      do
        result.operands.push_back(operand());
      while (reader.accept(','));
    }
    if (!reader.accept(';'))
      reader.fail("expected ';' after '" + std::string(result.text) + "'");
    function.statements.push_back(std::move(result));
  }

  /// Cuts `ld.global.L2::128B.b32` at its dots.
  static void split(std::string_view text,
                    std::vector<std::string_view> &parts) {
    for (;;) {
      size_t dot = text.find('.');
      parts.push_back(text.substr(0, dot));
      if (dot == std::string_view::npos)
        return;
      text.remove_prefix(dot + 1);
    }
  }

  void list(std::vector<Operand> &parts, char close) {
    while (!reader.accept(close)) {
      parts.push_back(operand());
      if (!reader.peek().is(close))
        reader.expect(',');
    }
  }

  Operand operand() {
    Operand result;
    if (reader.accept('{')) {
      result.kind = Operand::Kind::Vector;
      list(result.parts, '}');
    } else if (reader.accept('(')) {
      result.kind = Operand::Kind::Arguments;
      list(result.parts, ')');
    } else if (reader.accept('[')) {
      result.kind = Operand::Kind::Address;
      list(result.parts, ']');
      if (result.parts.empty())
        reader.fail("expected an address");
      // The offset of the first part is that of the address.
      result.bits = result.parts[0].kind == Operand::Kind::Name
                        ? result.parts[0].bits
                        : 0;
    } else {
      result = simple();
      if (reader.accept('|')) {
        Operand pair;
        pair.kind = Operand::Kind::Pair;
        pair.parts = {result, simple()};
        return pair;
      }
    }
    return result;
  }

  /// A name with an optional offset, or a number.
  Operand simple() {
    Operand result;
    result.negated = reader.accept('!');
    bool isNegative = reader.accept('-');
    const Token &token = reader.peek();
    switch (token.kind) {
    case Token::Kind::Word:
      result.kind = Operand::Kind::Name;
      result.name = reader.take().text;
      if (reader.accept('+')) {
        bool minus = reader.accept('-');
        result.bits = reader.expectInteger();
        if (minus)
          result.bits = ~result.bits + 1;
      } else if (reader.accept('-')) {
        result.bits = ~reader.expectInteger() + 1;
      }
      return result;
    case Token::Kind::Integer:
      result.kind = Operand::Kind::Integer;
      break;
    case Token::Kind::Float32:
      result.kind = Operand::Kind::Float32;
      break;
    case Token::Kind::Float64:
      result.kind = Operand::Kind::Float64;
      break;
    default:
      reader.fail("expected an operand");
    }
    result.bits = reader.take().bits;
    if (isNegative && result.kind == Operand::Kind::Integer)
      result.bits = ~result.bits + 1;
    return result;
  }

  TokenReader &reader;
  Function &function;
  int32_t scope = 0;
  SourceLoc loc;
};

} // namespace

void sinter::vgpu::parseBody(TokenReader &reader, Function &function) {
  BodyParser(reader, function).run();
}
