//===- Parser.cpp - what stands outside the functions ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Parser.h"
#include <algorithm>
#include <cstdlib>

using namespace sinter::vgpu;

std::optional<uint32_t> sinter::vgpu::typeBits(std::string_view type) {
  static const std::map<std::string_view, uint32_t> table = {
      {"pred", 1},   {"b8", 8},      {"u8", 8},     {"s8", 8},
      {"b16", 16},   {"u16", 16},    {"s16", 16},   {"f16", 16},
      {"bf16", 16},  {"b32", 32},    {"u32", 32},   {"s32", 32},
      {"f32", 32},   {"tf32", 32},   {"f16x2", 32}, {"bf16x2", 32},
      {"b64", 64},   {"u64", 64},    {"s64", 64},   {"f64", 64},
      {"b128", 128}, {"e4m3x2", 16}, {"e5m2x2", 16}};
  auto it = table.find(type);
  if (it == table.end())
    return std::nullopt;
  return it->second;
}

Token TokenReader::take() {
  Token token = peek();
  if (position + 1 < tokens.size())
    ++position;
  return token;
}

bool TokenReader::accept(char c) {
  if (!peek().is(c))
    return false;
  take();
  return true;
}

bool TokenReader::accept(std::string_view word) {
  if (!peek().is(word))
    return false;
  take();
  return true;
}

void TokenReader::expect(char c) {
  if (!accept(c))
    fail(std::string("expected '") + c + "'");
}

std::string_view TokenReader::expectWord() {
  if (peek().kind != Token::Kind::Word)
    fail("expected a name");
  return take().text;
}

uint64_t TokenReader::expectInteger() {
  if (peek().kind != Token::Kind::Integer)
    fail("expected an integer");
  return take().bits;
}

void TokenReader::skipStatement() {
  while (!peek().is(';')) {
    if (peek().kind == Token::Kind::End)
      fail("expected ';'");
    take();
  }
  take();
}

void TokenReader::fail(const std::string &message) const {
  std::string found = peek().kind == Token::Kind::End
                          ? "the end of the text"
                          : "'" + std::string(peek().text) + "'";
  throw PtxError(peek().line, message + ", found " + found);
}

/// A variable with more elements cannot be meant.
static constexpr uint64_t kMostElements = uint64_t{1} << 31;

namespace {

/// Appends the values of `{...}` or one value, each of `elementBytes`.
void parseInitial(TokenReader &reader, Variable &variable,
                  uint64_t elementBytes) {
  if (reader.accept('{')) {
    while (!reader.accept('}')) {
      parseInitial(reader, variable, elementBytes);
      if (!reader.peek().is('}'))
        reader.expect(',');
    }
    return;
  }
  uint64_t bits = 0;
  bool isNegative = reader.accept('-');
  const Token &token = reader.peek();
  if (token.kind == Token::Kind::Word) {
    // `generic(name) + offset` or `name + offset`: addresses of ours are the
    // same in both.
    std::string_view name = reader.expectWord();
    if (name == "generic") {
      reader.expect('(');
      name = reader.expectWord();
      reader.expect(')');
    }
    variable.relocations.push_back({variable.initial.size(), name});
    if (reader.accept('+'))
      bits = reader.expectInteger();
  } else if (token.kind == Token::Kind::Integer ||
             token.kind == Token::Kind::Float32 ||
             token.kind == Token::Kind::Float64) {
    bits = reader.take().bits;
    if (isNegative)
      bits = ~bits + 1;
  } else {
    reader.fail("expected a value");
  }
  for (uint64_t i = 0; i < elementBytes; ++i)
    variable.initial.push_back(static_cast<uint8_t>(bits >> (8 * i)));
}

class ModuleParser {
public:
  ModuleParser(TokenReader &reader, Module &module)
      : reader(reader), module(module) {}

  void run() {
    if (!reader.peek().is(".version"))
      reader.fail("expected '.version' at the start");
    while (reader.peek().kind != Token::Kind::End)
      directive();
    if (module.target.empty())
      reader.fail("expected a '.target'");
  }

private:
  void directive() {
    if (reader.accept(".version"))
      return version();
    if (reader.accept(".target"))
      return target();
    if (reader.accept(".address_size")) {
      if (reader.expectInteger() != 64)
        reader.fail("expected '.address_size 64'");
      return;
    }
    if (reader.accept(".file"))
      return file();
    if (reader.accept(".section"))
      return section();
    if (reader.accept(".pragma") || reader.accept(".alias"))
      return reader.skipStatement();
    declaration();
  }

  void version() {
    Token token = reader.take();
    std::string text(token.text);
    size_t dot = text.find('.');
    if (token.kind != Token::Kind::Float64 || dot == std::string::npos)
      reader.fail("expected a version such as 8.0");
    module.versionMajor = static_cast<uint32_t>(std::atoi(text.c_str()));
    module.versionMinor =
        static_cast<uint32_t>(std::atoi(text.c_str() + dot + 1));
  }

  void target() {
    module.target = std::string(reader.expectWord());
    while (reader.accept(','))
      reader.expectWord(); // debug, texmode_independent, ...
  }

  void file() {
    auto index = static_cast<uint32_t>(reader.expectInteger());
    std::string name(reader.take().text);
    if (name.size() >= 2 && name.front() == '"')
      name = name.substr(1, name.size() - 2);
    module.files[index] = name;
    while (reader.accept(','))
      reader.expectInteger();
  }

  /// Debug information: not needed to run.
  void section() {
    reader.expectWord();
    reader.expect('{');
    while (!reader.accept('}')) {
      if (reader.peek().kind == Token::Kind::End)
        reader.fail("expected '}'");
      reader.take();
    }
  }

  /// A variable or function, with its linkage.
  void declaration() {
    bool isExtern = false;
    for (;;) {
      if (reader.accept(".extern"))
        isExtern = true;
      else if (!reader.accept(".visible") && !reader.accept(".weak") &&
               !reader.accept(".common"))
        break;
    }
    if (reader.accept(".entry"))
      return function(/*isEntry=*/true);
    if (reader.accept(".func"))
      return function(/*isEntry=*/false);
    Space space;
    if (reader.accept(".global"))
      space = Space::Global;
    else if (reader.accept(".const"))
      space = Space::Const;
    else if (reader.accept(".shared"))
      space = Space::Shared;
    else
      reader.fail("expected a directive");
    Variable variable = parseVariable(reader);
    variable.isExtern = isExtern;
    reader.expect(';');
    module.variables.push_back({space, std::move(variable)});
  }

  std::vector<Variable> parameters() {
    std::vector<Variable> list;
    reader.expect('(');
    while (!reader.accept(')')) {
      if (!reader.accept(".param"))
        reader.fail("expected '.param'");
      list.push_back(parseVariable(reader));
      if (!reader.peek().is(')'))
        reader.expect(',');
    }
    return list;
  }

  void triple(uint32_t (&values)[3]) {
    values[0] = values[1] = values[2] = 1;
    for (int i = 0; i < 3; ++i) {
      values[i] = static_cast<uint32_t>(reader.expectInteger());
      if (!reader.accept(','))
        return;
    }
  }

  void function(bool isEntry) {
    auto function = std::make_unique<Function>();
    function->isEntry = isEntry;
    function->line = reader.peek().line;
    if (!isEntry && reader.peek().is('('))
      function->results = parameters();
    function->name = reader.expectWord();
    if (reader.peek().is('('))
      function->parameters = parameters();
    for (;;) {
      if (reader.accept(".maxntid"))
        triple(function->maxThreads);
      else if (reader.accept(".reqntid"))
        triple(function->requiredThreads);
      else if (reader.accept(".minnctapersm") || reader.accept(".maxnreg") ||
               reader.accept(".maxclusterrank"))
        reader.expectInteger();
      else if (reader.accept(".pragma"))
        reader.skipStatement();
      else if (!reader.accept(".noreturn"))
        break;
    }
    if (!reader.accept(';'))
      parseBody(reader, *function);
    std::unique_ptr<Function> &slot = module.functions[function->name];
    if (slot && slot->hasBody && function->hasBody)
      throw PtxError(function->line,
                     "'" + std::string(function->name) + "' is defined twice");
    if (!slot || function->hasBody)
      slot = std::move(function);
  }

  TokenReader &reader;
  Module &module;
};

} // namespace

Variable sinter::vgpu::parseVariable(TokenReader &reader) {
  Variable variable;
  variable.line = reader.peek().line;
  uint32_t bits = 0;
  for (;;) {
    if (reader.accept(".align")) {
      uint64_t alignment = reader.expectInteger();
      if (alignment == 0 || alignment > 1024 || (alignment & (alignment - 1)))
        reader.fail("expected an alignment that is a power of two before");
      variable.alignment = static_cast<uint32_t>(alignment);
    } else if (reader.peek().kind == Token::Kind::Word &&
               reader.peek().text.front() == '.') {
      std::string_view word = reader.take().text;
      // `.ptr .global` and vectors qualify; only the type counts.
      uint32_t lanes = word == ".v2" ? 2 : word == ".v4" ? 4 : 0;
      if (lanes)
        bits = lanes;
      else if (auto width = typeBits(word.substr(1)))
        bits = (bits ? bits : 1) * *width;
    } else {
      break;
    }
  }
  if (bits < 8)
    reader.fail("expected the type of a variable");
  uint64_t elementBytes = bits / 8;
  variable.alignment = std::max<uint32_t>(variable.alignment,
                                          static_cast<uint32_t>(elementBytes));
  variable.name = reader.expectWord();
  variable.bytes = elementBytes;
  while (reader.accept('[')) {
    uint64_t count = reader.peek().is(']') ? 0 : reader.expectInteger();
    if (count > kMostElements || variable.bytes > kMostElements)
      reader.fail("an array that is too large stands before");
    variable.bytes *= count;
    reader.expect(']');
  }
  if (reader.accept('=')) {
    parseInitial(reader, variable, elementBytes);
    variable.bytes =
        std::max<uint64_t>(variable.bytes, variable.initial.size());
  }
  return variable;
}

std::shared_ptr<Module> sinter::vgpu::parseModule(std::string source) {
  auto module = std::make_shared<Module>();
  module->source = std::make_shared<const std::string>(std::move(source));
  TokenReader reader(lexPtx(*module->source));
  ModuleParser(reader, *module).run();
  return module;
}
