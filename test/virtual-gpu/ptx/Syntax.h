//===- Syntax.h - a PTX module as it is written -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tree that the parser makes and the decoder reads. Text is kept as views
// into the module's source, which `Module` owns.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_VIRTUALGPU_PTX_SYNTAX_H
#define SINTER_TEST_VIRTUALGPU_PTX_SYNTAX_H

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sinter::vgpu {

/// What is wrong with a PTX text, and in which line.
struct PtxError : std::runtime_error {
  PtxError(uint32_t line, const std::string &message)
      : std::runtime_error("line " + std::to_string(line) + ": " + message),
        line(line) {}
  uint32_t line;
};

/// Where a statement came from: `.loc FILE LINE`.
struct SourceLoc {
  uint32_t file = 0;
  uint32_t line = 0;
};

/// One operand of an instruction.
struct Operand {
  enum class Kind {
    Name,     ///< a register, special register, variable or label
    Integer,  ///< `bits`
    Float32,  ///< `0fXXXXXXXX`, in the low half of `bits`
    Float64,  ///< `0dXXXXXXXXXXXXXXXX`, or a decimal fraction
    Vector,   ///< `{a, b, ...}`, in `parts`
    Address,  ///< `[parts[0] + bits]`; further parts after commas
    Pair,     ///< `a|b`, in `parts`
    Arguments ///< `(a, b)` of a call, in `parts`
  };
  Kind kind = Kind::Integer;
  std::string_view name;
  uint64_t bits = 0;
  bool negated = false; ///< `!p`
  std::vector<Operand> parts;
};

/// `@guard opcode operands;`
struct Statement {
  uint32_t line = 0;
  SourceLoc loc;
  std::string_view guard; ///< empty when there is none
  bool guardNegated = false;
  std::string_view text;                   ///< the opcode with its modifiers
  std::vector<std::string_view> modifiers; ///< [0] is the opcode
  std::vector<Operand> operands;
  uint32_t scope = 0; ///< index in `Function::scopes`
};

/// A variable in some state space, or a parameter.
struct Variable {
  std::string_view name;
  uint64_t bytes = 0; ///< 0 for `.extern .shared x[]`
  uint32_t alignment = 1;
  bool isExtern = false;
  uint32_t line = 0;
  std::vector<uint8_t> initial; ///< empty when all zero
  /// Addresses of other variables inside the initial value, by byte offset.
  std::vector<std::pair<uint64_t, std::string_view>> relocations;
};

/// State spaces of variables.
enum class Space { Generic, Global, Const, Shared, Local, Param };

/// The width of a register: 1 is a predicate.
struct Register {
  std::string_view name; ///< with `count` > 0, the prefix of `name<count>`
  uint32_t bits = 32;
  uint32_t count = 0;
};

/// A pair of braces: what is declared in it is seen inside only.
struct Scope {
  int32_t parent = -1;
  std::vector<Register> registers;
  std::vector<std::pair<Space, Variable>> variables;
};

/// `.entry` or `.func`.
struct Function {
  std::string_view name;
  bool isEntry = false;
  bool hasBody = false;
  uint32_t line = 0;
  std::vector<Variable> results, parameters;
  uint32_t maxThreads[3] = {0, 0, 0};      ///< `.maxntid`; all 0 when absent
  uint32_t requiredThreads[3] = {0, 0, 0}; ///< `.reqntid`
  std::vector<Scope> scopes;               ///< [0] is the body itself
  std::vector<Statement> statements;
  std::map<std::string_view, uint32_t> labels; ///< index of a statement
  /// `.branchtargets` lists, by label.
  std::map<std::string_view, std::vector<std::string_view>> branchTargets;
};

/// A whole module.
struct Module {
  std::shared_ptr<const std::string> source;
  uint32_t versionMajor = 0, versionMinor = 0;
  std::string target; ///< "sm_80"
  std::map<std::string_view, std::unique_ptr<Function>> functions;
  std::vector<std::pair<Space, Variable>> variables;
  std::map<uint32_t, std::string> files;
};

/// Parses `source`; throws `PtxError`.
std::shared_ptr<Module> parseModule(std::string source);

} // namespace sinter::vgpu

#endif // SINTER_TEST_VIRTUALGPU_PTX_SYNTAX_H
