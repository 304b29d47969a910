//===- SizeText.cpp - sizes as text ---------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/Size.h"
#include "dialects/NN/SizeCanonical.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;
using namespace sinter::nn::canonical;

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

/// Words that mean something in the infix form.
static bool isReserved(StringRef name) {
  return llvm::StringSwitch<bool>(name)
      .Cases({"floordiv", "ceildiv", "mod", "min", "max", "unknown"}, true)
      .Default(false);
}

static bool isPlainName(StringRef name) {
  return !name.empty() && !llvm::isDigit(name[0]) && !isReserved(name) &&
         llvm::all_of(name,
                      [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

static void printSymbol(StringRef name, raw_ostream &os) {
  if (isPlainName(name)) {
    os << name;
    return;
  }
  os << '"';
  llvm::printEscapedString(name, os);
  os << '"';
}

/// Whether `size` can be an operand of an infix operator without parentheses.
static bool isPrimary(SizeAttr size) {
  if (std::optional<int64_t> constant = size.getConstant())
    return *constant >= 0;
  return getAsAtom(size, SizeAtomKind::Symbol) ||
         getAsAtom(size, SizeAtomKind::Min) ||
         getAsAtom(size, SizeAtomKind::Max);
}

static void printOperand(SizeAttr size, raw_ostream &os) {
  if (!isPrimary(size))
    os << '(';
  printSize(size, os);
  if (!isPrimary(size))
    os << ')';
}

/// Prints an atom; `isFactor` says that it is one of several factors.
static void printAtom(const SizeAtom &atom, bool isFactor, raw_ostream &os) {
  switch (atom.kind) {
  case SizeAtomKind::Symbol:
    printSymbol(cast<StringAttr>(atom.lhs).getValue(), os);
    return;
  case SizeAtomKind::Unknown:
    os << "unknown";
    return;
  case SizeAtomKind::Min:
  case SizeAtomKind::Max:
    os << (atom.kind == SizeAtomKind::Min ? "min(" : "max(");
    printSize(getLhs(atom), os);
    os << ", ";
    printSize(getRhs(atom), os);
    os << ')';
    return;
  case SizeAtomKind::FloorDiv:
  case SizeAtomKind::Mod:
    if (isFactor)
      os << '(';
    printOperand(getLhs(atom), os);
    os << (atom.kind == SizeAtomKind::FloorDiv ? " floordiv " : " mod ");
    printOperand(getRhs(atom), os);
    if (isFactor)
      os << ')';
    return;
  }
}

void nn::printSize(SizeAttr size, raw_ostream &os) {
  if (size.getTerms().empty())
    os << 0;
  for (const auto &[index, term] : llvm::enumerate(size.getTerms())) {
    int64_t coefficient = term.coefficient;
    if (index > 0) {
      os << (coefficient < 0 ? " - " : " + ");
      coefficient = std::abs(coefficient);
    }
    if (term.atoms.empty()) {
      os << coefficient;
      continue;
    }
    if (coefficient == -1)
      os << '-';
    bool isFactor = term.atoms.size() > 1 || coefficient != 1;
    llvm::interleave(
        term.atoms, os,
        [&](const SizeAtom &atom) { printAtom(atom, isFactor, os); }, " * ");
    if (coefficient != 1 && coefficient != -1)
      os << " * " << coefficient;
  }
}

void SizeAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printSize(*this, printer.getStream());
  printer << '>';
}

void DimsAttr::print(AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(getSizes(), printer, [&](SizeAttr size) {
    printSize(size, printer.getStream());
  });
  printer << "]>";
}

//===----------------------------------------------------------------------===//
// The form for users
//===----------------------------------------------------------------------===//

static std::string describeAtom(const SizeAtom &atom) {
  if (atom.kind == SizeAtomKind::Symbol)
    return cast<StringAttr>(atom.lhs).getValue().str();
  if (atom.kind == SizeAtomKind::Unknown)
    return "unknown";
  std::string lhs = toString(getLhs(atom)), rhs = toString(getRhs(atom));
  auto wrap = [](SizeAttr size, const std::string &text) {
    return isPrimary(size) ? text : "(" + text + ")";
  };
  switch (atom.kind) {
  case SizeAtomKind::FloorDiv:
    return "floor(" + wrap(getLhs(atom), lhs) + "/" + wrap(getRhs(atom), rhs) +
           ")";
  case SizeAtomKind::Mod:
    return "mod(" + lhs + ", " + rhs + ")";
  case SizeAtomKind::Min:
    return "min(" + lhs + ", " + rhs + ")";
  default:
    return "max(" + lhs + ", " + rhs + ")";
  }
}

std::string nn::toString(SizeAttr size) {
  if (size.getTerms().empty())
    return "0";
  std::string text;
  for (const auto &[index, term] : llvm::enumerate(size.getTerms())) {
    int64_t coefficient = term.coefficient;
    if (index > 0) {
      text += coefficient < 0 ? " - " : " + ";
      coefficient = std::abs(coefficient);
    }
    SmallVector<std::string> factors;
    if (coefficient == -1 && !term.atoms.empty())
      text += "-";
    else if (coefficient != 1 || term.atoms.empty())
      factors.push_back(std::to_string(coefficient));
    for (const SizeAtom &atom : term.atoms)
      factors.push_back(describeAtom(atom));
    text += llvm::join(factors, "*");
  }
  return text;
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

namespace {
/// Recursive descent over
///   sum     ::= product (('+' | '-') product)*
///   product ::= factor (('*' | 'floordiv' | 'ceildiv' | 'mod') factor)*
///   factor  ::= '-' factor | integer | name | '"' name '"' | '(' sum ')'
///             | ('min' | 'max') '(' sum ',' sum ')' | 'unknown'
struct SizeParser {
  AsmParser &parser;

  FailureOr<SizeAttr> parseSum();
  FailureOr<SizeAttr> parseProduct();
  FailureOr<SizeAttr> parseFactor();
  FailureOr<SizeAttr> parseExtremum(bool isMin);
  FailureOr<SizeAttr> parseDivision(SizeAttr lhs, StringRef word);
};
} // namespace

FailureOr<SizeAttr> SizeParser::parseSum() {
  FailureOr<SizeAttr> sum = parseProduct();
  while (succeeded(sum)) {
    bool isPlus = succeeded(parser.parseOptionalPlus());
    if (!isPlus && failed(parser.parseOptionalMinus()))
      return sum;
    FailureOr<SizeAttr> rhs = parseProduct();
    if (failed(rhs))
      return failure();
    sum = isPlus ? add(*sum, *rhs) : sub(*sum, *rhs);
  }
  return failure();
}

FailureOr<SizeAttr> SizeParser::parseDivision(SizeAttr lhs, StringRef word) {
  SMLoc location = parser.getCurrentLocation();
  FailureOr<SizeAttr> rhs = parseFactor();
  if (failed(rhs))
    return failure();
  if (std::optional<int64_t> divisor = rhs->getConstant())
    if (*divisor <= 0)
      return parser.emitError(location)
             << "expects a positive divisor, but got " << *divisor;
  if (word == "mod")
    return mod(lhs, *rhs);
  return word == "floordiv" ? floorDiv(lhs, *rhs) : ceilDiv(lhs, *rhs);
}

FailureOr<SizeAttr> SizeParser::parseProduct() {
  FailureOr<SizeAttr> product = parseFactor();
  while (succeeded(product)) {
    StringRef word;
    if (succeeded(parser.parseOptionalStar())) {
      FailureOr<SizeAttr> rhs = parseFactor();
      if (failed(rhs))
        return failure();
      product = mul(*product, *rhs);
    } else if (succeeded(parser.parseOptionalKeyword(
                   &word, {"floordiv", "ceildiv", "mod"}))) {
      product = parseDivision(*product, word);
    } else {
      return product;
    }
  }
  return failure();
}

FailureOr<SizeAttr> SizeParser::parseExtremum(bool isMin) {
  if (parser.parseLParen())
    return failure();
  FailureOr<SizeAttr> lhs = parseSum();
  if (failed(lhs) || parser.parseComma())
    return failure();
  FailureOr<SizeAttr> rhs = parseSum();
  if (failed(rhs) || parser.parseRParen())
    return failure();
  return isMin ? nn::min(*lhs, *rhs) : nn::max(*lhs, *rhs);
}

FailureOr<SizeAttr> SizeParser::parseFactor() {
  MLIRContext *context = parser.getContext();
  if (succeeded(parser.parseOptionalMinus())) {
    FailureOr<SizeAttr> size = parseFactor();
    if (failed(size))
      return failure();
    return mul(*size, -1);
  }
  if (succeeded(parser.parseOptionalLParen())) {
    FailureOr<SizeAttr> size = parseSum();
    if (failed(size) || parser.parseRParen())
      return failure();
    return size;
  }
  int64_t value;
  OptionalParseResult integer = parser.parseOptionalInteger(value);
  if (integer.has_value()) {
    if (failed(*integer))
      return failure();
    return getSize(context, value);
  }
  std::string quoted;
  if (succeeded(parser.parseOptionalString(&quoted)))
    return getSymbol(context, quoted);
  StringRef word;
  if (failed(parser.parseOptionalKeyword(&word)))
    return parser.emitError(parser.getCurrentLocation())
           << "expects a size: an integer, the name of a free dimension, or a "
              "formula";
  if (word == "min" || word == "max")
    return parseExtremum(word == "min");
  if (word == "unknown")
    return getUnknown(context);
  if (isReserved(word))
    return parser.emitError(parser.getCurrentLocation())
           << "expects an operand before '" << word << "'";
  return getSymbol(context, word);
}

FailureOr<SizeAttr> nn::parseSize(AsmParser &parser) {
  return SizeParser{parser}.parseSum();
}

Attribute SizeAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<SizeAttr> size = parseSize(parser);
  if (failed(size) || parser.parseGreater())
    return {};
  return *size;
}

Attribute DimsAttr::parse(AsmParser &parser, Type) {
  SmallVector<SizeAttr> sizes;
  auto parseElement = [&]() -> ParseResult {
    FailureOr<SizeAttr> size = parseSize(parser);
    if (succeeded(size))
      sizes.push_back(*size);
    return LogicalResult(size);
  };
  if (parser.parseLess() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                     parseElement) ||
      parser.parseGreater())
    return {};
  return DimsAttr::get(parser.getContext(), sizes);
}
