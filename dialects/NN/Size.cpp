//===- Size.cpp - polynomials of the free dimensions ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/Size.h"
#include "dialects/NN/SizeCanonical.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;
using namespace sinter::nn::canonical;

//===----------------------------------------------------------------------===//
// Canonical order
//===----------------------------------------------------------------------===//

static int compareAtoms(const SizeAtom &lhs, const SizeAtom &rhs) {
  if (lhs.kind != rhs.kind)
    return lhs.kind < rhs.kind ? -1 : 1;
  if (lhs.kind == SizeAtomKind::Symbol)
    return cast<StringAttr>(lhs.lhs).getValue().compare(
        cast<StringAttr>(rhs.lhs).getValue());
  if (lhs.kind == SizeAtomKind::Unknown)
    return 0;
  if (int order = compare(getLhs(lhs), getLhs(rhs)))
    return order;
  return compare(getRhs(lhs), getRhs(rhs));
}

/// Products of more factors come first, then those whose first factors do.
static int compareProducts(ArrayRef<SizeAtom> lhs, ArrayRef<SizeAtom> rhs) {
  if (lhs.size() != rhs.size())
    return lhs.size() > rhs.size() ? -1 : 1;
  for (auto [left, right] : llvm::zip_equal(lhs, rhs))
    if (int order = compareAtoms(left, right))
      return order;
  return 0;
}

int canonical::compare(SizeAttr lhs, SizeAttr rhs) {
  if (lhs == rhs)
    return 0;
  for (auto [left, right] : llvm::zip(lhs.getTerms(), rhs.getTerms())) {
    if (int order = compareProducts(left.atoms, right.atoms))
      return order;
    if (left.coefficient != right.coefficient)
      return left.coefficient < right.coefficient ? -1 : 1;
  }
  return lhs.getTerms().size() < rhs.getTerms().size() ? -1 : 1;
}

//===----------------------------------------------------------------------===//
// Making sizes
//===----------------------------------------------------------------------===//

Terms canonical::getTerms(SizeAttr size) {
  Terms terms;
  for (const SizeTerm &term : size.getTerms())
    terms.push_back({term.coefficient, llvm::to_vector<2>(term.atoms)});
  return terms;
}

SizeAttr canonical::getUnknown(MLIRContext *context) {
  SizeAtom atom{SizeAtomKind::Unknown, {}, {}};
  return SizeAttr::get(context, SizeTerm{1, atom});
}

SizeAttr canonical::makeSize(MLIRContext *context, Terms terms) {
  for (Term &term : terms) {
    for (const SizeAtom &atom : term.atoms)
      if (atom.kind == SizeAtomKind::Unknown)
        return getUnknown(context);
    llvm::sort(term.atoms, [](const SizeAtom &lhs, const SizeAtom &rhs) {
      return compareAtoms(lhs, rhs) < 0;
    });
  }
  llvm::sort(terms, [](const Term &lhs, const Term &rhs) {
    return compareProducts(lhs.atoms, rhs.atoms) < 0;
  });
  Terms merged;
  for (Term &term : terms) {
    if (merged.empty() || merged.back().atoms != term.atoms)
      merged.push_back(std::move(term));
    else if (llvm::AddOverflow(merged.back().coefficient, term.coefficient,
                               merged.back().coefficient))
      return getUnknown(context);
    if (merged.back().coefficient == 0)
      merged.pop_back();
  }
  SmallVector<SizeTerm> views;
  for (const Term &term : merged) {
    // Every coefficient can be negated without a check.
    if (term.coefficient == INT64_MIN)
      return getUnknown(context);
    views.push_back({term.coefficient, term.atoms});
  }
  return SizeAttr::get(context, views);
}

SizeAttr canonical::makeAtom(SizeAtomKind kind, SizeAttr lhs, SizeAttr rhs) {
  SizeAtom atom{kind, lhs, rhs};
  return SizeAttr::get(lhs.getContext(), SizeTerm{1, atom});
}

const SizeAtom *canonical::getAsAtom(ArrayRef<SizeAtom> atoms,
                                     SizeAtomKind kind) {
  return atoms.size() == 1 && atoms[0].kind == kind ? &atoms[0] : nullptr;
}

const SizeAtom *canonical::getAsAtom(SizeAttr size, SizeAtomKind kind) {
  if (size.getTerms().size() != 1 || size.getTerms()[0].coefficient != 1)
    return nullptr;
  return getAsAtom(size.getTerms()[0].atoms, kind);
}

SizeAttr nn::getSize(MLIRContext *context, int64_t value) {
  return makeSize(context, {Term{value, {}}});
}

SizeAttr nn::getSymbol(MLIRContext *context, StringRef name) {
  SizeAtom atom{SizeAtomKind::Symbol, StringAttr::get(context, name), {}};
  return SizeAttr::get(context, SizeTerm{1, atom});
}

std::optional<int64_t> SizeAttr::getConstant() const {
  if (getTerms().empty())
    return 0;
  if (getTerms().size() > 1 || !getTerms()[0].atoms.empty())
    return std::nullopt;
  return getTerms()[0].coefficient;
}

bool SizeAttr::isUnknown() const {
  return getAsAtom(*this, SizeAtomKind::Unknown) != nullptr;
}

//===----------------------------------------------------------------------===//
// Ring operations
//===----------------------------------------------------------------------===//

SizeAttr nn::add(SizeAttr lhs, SizeAttr rhs) {
  Terms terms = getTerms(lhs);
  llvm::append_range(terms, getTerms(rhs));
  return makeSize(lhs.getContext(), std::move(terms));
}

SizeAttr nn::add(SizeAttr lhs, int64_t rhs) {
  return add(lhs, getSize(lhs.getContext(), rhs));
}

SizeAttr nn::sub(SizeAttr lhs, SizeAttr rhs) { return add(lhs, mul(rhs, -1)); }

SizeAttr nn::mul(SizeAttr lhs, SizeAttr rhs) {
  Terms terms;
  for (const SizeTerm &left : lhs.getTerms()) {
    for (const SizeTerm &right : rhs.getTerms()) {
      Term &term = terms.emplace_back();
      if (llvm::MulOverflow(left.coefficient, right.coefficient,
                            term.coefficient))
        return getUnknown(lhs.getContext());
      llvm::append_range(term.atoms, left.atoms);
      llvm::append_range(term.atoms, right.atoms);
    }
  }
  // What is unknown stays so even when multiplied by zero.
  if (lhs.isUnknown() || rhs.isUnknown())
    return getUnknown(lhs.getContext());
  return makeSize(lhs.getContext(), std::move(terms));
}

SizeAttr nn::mul(SizeAttr lhs, int64_t rhs) {
  return mul(lhs, getSize(lhs.getContext(), rhs));
}

SizeAttr nn::product(MLIRContext *context, ArrayRef<SizeAttr> sizes) {
  SizeAttr result = getSize(context, 1);
  for (SizeAttr size : sizes)
    result = mul(result, size);
  return result;
}

//===----------------------------------------------------------------------===//
// Exact division
//===----------------------------------------------------------------------===//

std::optional<SmallVector<SizeAtom, 2>>
canonical::divideAtoms(ArrayRef<SizeAtom> atoms, ArrayRef<SizeAtom> divisor) {
  SmallVector<SizeAtom, 2> rest(atoms);
  for (const SizeAtom &factor : divisor) {
    auto *found = llvm::find(rest, factor);
    if (found == rest.end())
      return std::nullopt;
    rest.erase(found);
  }
  return rest;
}

SizeAttr nn::divideExactly(SizeAttr lhs, SizeAttr rhs) {
  MLIRContext *context = lhs.getContext();
  if (rhs.getTerms().empty() || lhs.isUnknown() || rhs.isUnknown())
    return {};
  // Division of polynomials: the leading term of what is left is divided by the
  // leading term of the divisor until nothing is left.
  const SizeTerm &divisor = rhs.getTerms().front();
  SizeAttr rest = lhs, quotient = getSize(context, 0);
  while (!rest.getTerms().empty()) {
    const SizeTerm &leading = rest.getTerms().front();
    auto atoms = divideAtoms(leading.atoms, divisor.atoms);
    if (!atoms || leading.coefficient % divisor.coefficient != 0)
      return {};
    SizeAttr part = makeSize(
        context, {Term{leading.coefficient / divisor.coefficient, *atoms}});
    quotient = add(quotient, part);
    rest = sub(rest, mul(part, rhs));
    if (rest.isUnknown() || quotient.isUnknown())
      return {};
  }
  return quotient;
}

//===----------------------------------------------------------------------===//
// Values and names
//===----------------------------------------------------------------------===//

int64_t canonical::getRemainder(int64_t lhs, int64_t rhs) {
  int64_t remainder = lhs % rhs;
  return remainder != 0 && (remainder < 0) != (rhs < 0) ? remainder + rhs
                                                        : remainder;
}

using SymbolValue = llvm::function_ref<std::optional<int64_t>(StringRef)>;

static std::optional<int64_t> evaluateAtom(const SizeAtom &atom,
                                           SymbolValue lookup) {
  if (atom.kind == SizeAtomKind::Symbol)
    return lookup(cast<StringAttr>(atom.lhs).getValue());
  if (atom.kind == SizeAtomKind::Unknown)
    return std::nullopt;
  std::optional<int64_t> lhs = evaluate(getLhs(atom), lookup);
  std::optional<int64_t> rhs = evaluate(getRhs(atom), lookup);
  if (!lhs || !rhs)
    return std::nullopt;
  if (atom.kind == SizeAtomKind::Min)
    return std::min(*lhs, *rhs);
  if (atom.kind == SizeAtomKind::Max)
    return std::max(*lhs, *rhs);
  if (*rhs == 0)
    return 0;
  if (*lhs == INT64_MIN && *rhs == -1)
    return std::nullopt;
  return atom.kind == SizeAtomKind::FloorDiv
             ? llvm::divideFloorSigned(*lhs, *rhs)
             : getRemainder(*lhs, *rhs);
}

std::optional<int64_t> nn::evaluate(SizeAttr size, SymbolValue lookup) {
  int64_t sum = 0;
  for (const SizeTerm &term : size.getTerms()) {
    int64_t value = term.coefficient;
    for (const SizeAtom &atom : term.atoms) {
      std::optional<int64_t> factor = evaluateAtom(atom, lookup);
      if (!factor || llvm::MulOverflow(value, *factor, value))
        return std::nullopt;
    }
    if (llvm::AddOverflow(sum, value, sum))
      return std::nullopt;
  }
  return sum;
}

static SizeAttr substituteAtom(MLIRContext *context, const SizeAtom &atom,
                               llvm::function_ref<SizeAttr(StringRef)> lookup) {
  if (atom.kind == SizeAtomKind::Unknown)
    return getUnknown(context);
  if (atom.kind == SizeAtomKind::Symbol) {
    StringRef name = cast<StringAttr>(atom.lhs).getValue();
    SizeAttr replacement = lookup(name);
    return replacement ? replacement : getSymbol(context, name);
  }
  SizeAttr lhs = substitute(getLhs(atom), lookup);
  SizeAttr rhs = substitute(getRhs(atom), lookup);
  switch (atom.kind) {
  case SizeAtomKind::FloorDiv:
    return floorDiv(lhs, rhs);
  case SizeAtomKind::Mod:
    return mod(lhs, rhs);
  case SizeAtomKind::Min:
    return min(lhs, rhs);
  default:
    return max(lhs, rhs);
  }
}

SizeAttr nn::substitute(SizeAttr size,
                        llvm::function_ref<SizeAttr(StringRef)> lookup) {
  MLIRContext *context = size.getContext();
  SizeAttr sum = getSize(context, 0);
  for (const SizeTerm &term : size.getTerms()) {
    SizeAttr value = getSize(context, term.coefficient);
    for (const SizeAtom &atom : term.atoms)
      value = mul(value, substituteAtom(context, atom, lookup));
    sum = add(sum, value);
  }
  return sum;
}

void nn::collectSymbols(SizeAttr size, SmallVectorImpl<StringRef> &names) {
  for (const SizeTerm &term : size.getTerms()) {
    for (const SizeAtom &atom : term.atoms) {
      if (atom.kind == SizeAtomKind::Unknown)
        continue;
      if (atom.kind != SizeAtomKind::Symbol) {
        collectSymbols(getLhs(atom), names);
        collectSymbols(getRhs(atom), names);
        continue;
      }
      StringRef name = cast<StringAttr>(atom.lhs).getValue();
      if (!llvm::is_contained(names, name))
        names.push_back(name);
    }
  }
}
