//===- SizeOrder.cpp - which of two sizes is larger -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Memory/SizeOrder.h"

#include "dialects/NN/Size.h"

using namespace mlir;

namespace sinter::memory {

namespace {
/// A factor as `(base + offset) floordiv divisor` with base at least 1, never
/// negative: a free dimension that is not late, or what strides make of it.
struct Quotient {
  nn::SizeAttr base;
  int64_t offset, divisor;
};
} // namespace

/// `atom` as a quotient, if it is one.
static std::optional<Quotient> getQuotient(const nn::SizeAtom &atom) {
  if (atom.kind == nn::SizeAtomKind::Symbol) {
    StringRef name = cast<StringAttr>(atom.lhs).getValue();
    if (nn::isLate(name))
      return std::nullopt;
    return Quotient{nn::getSymbol(atom.lhs.getContext(), name), 0, 1};
  }
  if (atom.kind != nn::SizeAtomKind::FloorDiv)
    return std::nullopt;
  auto dividend = cast<nn::SizeAttr>(atom.lhs);
  std::optional<int64_t> divisor = cast<nn::SizeAttr>(atom.rhs).getConstant();
  int64_t offset = 0;
  for (const nn::SizeTerm &term : dividend.getTerms())
    if (term.atoms.empty())
      offset = term.coefficient;
  nn::SizeAttr base = nn::add(dividend, -offset);
  // Beyond 32 bits the products below could leave 64.
  if (!divisor || *divisor < 1 || nn::getRange(base).first < 1 || offset < -1 ||
      !llvm::isInt<32>(*divisor) || !llvm::isInt<32>(offset))
    return std::nullopt;
  return Quotient{base, offset, *divisor};
}

/// Whether `a >= b`: `(x + p) / q` is linear in x, so it is enough that it
/// holds at x = 1 and that a grows at least as fast.
static bool isAtLeast(const Quotient &a, const Quotient &b) {
  return a.base == b.base && a.divisor <= b.divisor &&
         b.divisor * (1 + a.offset) >= a.divisor * (1 + b.offset);
}

/// The factors of a product, if all are quotients.
static std::optional<SmallVector<Quotient>>
getQuotients(const nn::SizeTerm &term) {
  SmallVector<Quotient> factors;
  for (const nn::SizeAtom &atom : term.atoms) {
    std::optional<Quotient> factor = getQuotient(atom);
    if (!factor)
      return std::nullopt;
    factors.push_back(*factor);
  }
  return factors;
}

/// Whether the product `a` is at least the product `b`: each factor of b has
/// one of a's for itself that is no smaller, and what a has beyond them is not
/// 0.
static bool isProductAtLeast(const nn::SizeTerm &a, const nn::SizeTerm &b) {
  auto lhs = getQuotients(a), rhs = getQuotients(b);
  if (!lhs || !rhs || b.coefficient < 0 || a.coefficient < b.coefficient)
    return false;
  for (const Quotient &factor : *rhs) {
    // The smallest that will do, so that larger ones are left for others.
    Quotient *match = nullptr;
    for (Quotient &candidate : *lhs)
      if (isAtLeast(candidate, factor) &&
          (!match || isAtLeast(*match, candidate)))
        match = &candidate;
    if (!match)
      return false;
    lhs->erase(match);
  }
  return llvm::all_of(*lhs, [](const Quotient &factor) {
    return 1 + factor.offset >= factor.divisor;
  });
}

/// `size` as `max(.., ..)`, if it is that.
static const nn::SizeAtom *getMaximum(nn::SizeAttr size) {
  if (size.getTerms().size() != 1)
    return nullptr;
  const nn::SizeTerm &term = size.getTerms().front();
  bool isMaximum = term.coefficient == 1 && term.atoms.size() == 1 &&
                   term.atoms.front().kind == nn::SizeAtomKind::Max;
  return isMaximum ? &term.atoms.front() : nullptr;
}

bool isAtLeast(nn::SizeAttr a, nn::SizeAttr b) {
  if (a == b || nn::getRange(nn::sub(a, b)).first >= 0)
    return true;
  if (const nn::SizeAtom *maximum = getMaximum(a))
    return isAtLeast(cast<nn::SizeAttr>(maximum->lhs), b) ||
           isAtLeast(cast<nn::SizeAttr>(maximum->rhs), b);
  return a.getTerms().size() == 1 && b.getTerms().size() == 1 &&
         isProductAtLeast(a.getTerms().front(), b.getTerms().front());
}

nn::SizeAttr getLarger(nn::SizeAttr a, nn::SizeAttr b) {
  if (isAtLeast(a, b))
    return a;
  return isAtLeast(b, a) ? b : nn::max(a, b);
}

} // namespace sinter::memory
