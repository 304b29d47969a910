//===- SizeFunctions.cpp - division, minimum and ranges of sizes ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/NN/Size.h"
#include "dialects/NN/SizeCanonical.h"

#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;
using namespace sinter;
using namespace sinter::nn;
using namespace sinter::nn::canonical;

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

using Range = std::pair<int64_t, int64_t>;
static constexpr Range everything = {INT64_MIN, INT64_MAX};

static bool isInfinite(int64_t bound) {
  return bound == INT64_MIN || bound == INT64_MAX;
}

/// Product of two bounds; what does not fit is infinite, and 0 times that is 0.
static int64_t multiplyBounds(int64_t lhs, int64_t rhs) {
  if (lhs == 0 || rhs == 0)
    return 0;
  int64_t result;
  if (!isInfinite(lhs) && !isInfinite(rhs) &&
      !llvm::MulOverflow(lhs, rhs, result))
    return result;
  return (lhs < 0) == (rhs < 0) ? INT64_MAX : INT64_MIN;
}

/// Sum of two lower (or two upper) bounds, infinite where it does not fit.
static int64_t addBounds(int64_t lhs, int64_t rhs, int64_t infinity) {
  int64_t result;
  if (isInfinite(lhs) || isInfinite(rhs) || llvm::AddOverflow(lhs, rhs, result))
    return infinity;
  return result;
}

/// `lhs floordiv rhs` of bounds, rhs at least 1.
static int64_t divideBounds(int64_t lhs, int64_t rhs) {
  if (isInfinite(lhs))
    return lhs;
  if (rhs == INT64_MAX)
    return lhs < 0 ? -1 : 0;
  return llvm::divideFloorSigned(lhs, rhs);
}

bool nn::hasLate(SizeAttr size) {
  SmallVector<StringRef> names;
  collectSymbols(size, names);
  return llvm::any_of(names, isLate);
}

static Range getAtomRange(const SizeAtom &atom) {
  if (atom.kind == SizeAtomKind::Symbol &&
      !isLate(cast<StringAttr>(atom.lhs).getValue()))
    return {1, INT64_MAX};
  if (atom.kind == SizeAtomKind::Unknown || atom.kind == SizeAtomKind::Symbol)
    return everything;
  auto [lhsMin, lhsMax] = getRange(getLhs(atom));
  auto [rhsMin, rhsMax] = getRange(getRhs(atom));
  if (atom.kind == SizeAtomKind::Min)
    return {std::min(lhsMin, rhsMin), std::min(lhsMax, rhsMax)};
  if (atom.kind == SizeAtomKind::Max)
    return {std::max(lhsMin, rhsMin), std::max(lhsMax, rhsMax)};
  if (rhsMin < 1)
    return everything;
  if (atom.kind == SizeAtomKind::FloorDiv)
    return {
        std::min(divideBounds(lhsMin, rhsMin), divideBounds(lhsMin, rhsMax)),
        std::max(divideBounds(lhsMax, rhsMin), divideBounds(lhsMax, rhsMax))};
  int64_t largest = rhsMax == INT64_MAX ? INT64_MAX : rhsMax - 1;
  return {0, lhsMin >= 0 ? std::min(lhsMax, largest) : largest};
}

Range nn::getRange(SizeAttr size) {
  Range sum = {0, 0};
  for (const SizeTerm &term : size.getTerms()) {
    Range value = {term.coefficient, term.coefficient};
    for (const SizeAtom &atom : term.atoms) {
      Range factor = getAtomRange(atom);
      auto bounds = {multiplyBounds(value.first, factor.first),
                     multiplyBounds(value.first, factor.second),
                     multiplyBounds(value.second, factor.first),
                     multiplyBounds(value.second, factor.second)};
      value = std::minmax(bounds);
    }
    sum.first = addBounds(sum.first, value.first, INT64_MIN);
    sum.second = addBounds(sum.second, value.second, INT64_MAX);
  }
  return sum;
}

/// How many bounds `isLessEqual` tries before it gives up.
static constexpr unsigned maxRelaxations = 64;
/// Longer sizes are not relaxed: what data decides makes some of thousands of
/// terms.
static constexpr unsigned maxRelaxedTerms = 24;

/// Whether `size >= 0` follows from ranges, after replacing atoms by linear
/// bounds: `floor(a/c)` lies in `[(a-c+1)/c, a/c]`, a maximum is at least, and
/// a minimum at most, each of its operands.
static bool isNonNegative(SizeAttr size, unsigned &relaxations) {
  if (size.isUnknown())
    return false;
  if (getRange(size).first >= 0)
    return true;
  if (relaxations == 0 || size.getTerms().size() > maxRelaxedTerms)
    return false;
  --relaxations;
  for (const SizeTerm &term : size.getTerms()) {
    if (relaxations == 0)
      return false;
    if (term.atoms.size() != 1)
      continue;
    const SizeAtom &atom = term.atoms[0];
    SizeAttr rest = sub(
        size, makeSize(size.getContext(), {Term{term.coefficient, {atom}}}));
    bool positive = term.coefficient > 0;
    if (atom.kind == (positive ? SizeAtomKind::Max : SizeAtomKind::Min)) {
      for (SizeAttr bound : {getLhs(atom), getRhs(atom)})
        if (isNonNegative(add(rest, mul(bound, term.coefficient)), relaxations))
          return true;
      continue;
    }
    if (atom.kind != SizeAtomKind::FloorDiv)
      continue;
    std::optional<int64_t> divisor = getRhs(atom).getConstant();
    if (!divisor)
      continue;
    // All times the divisor c: size >= 0 iff c*size > -c, by integers.
    SizeAttr bound = positive ? add(getLhs(atom), 1 - *divisor) : getLhs(atom);
    SizeAttr relaxed = add(mul(rest, *divisor), mul(bound, term.coefficient));
    if (isNonNegative(add(relaxed, *divisor - 1), relaxations))
      return true;
  }
  return false;
}

bool nn::isLessEqual(SizeAttr lhs, SizeAttr rhs) {
  unsigned relaxations = maxRelaxations;
  return isNonNegative(sub(rhs, lhs), relaxations);
}

//===----------------------------------------------------------------------===//
// Division
//===----------------------------------------------------------------------===//

/// `size` = `quotient * divisor + remainder`, term by term, for a divisor of
/// one term; coefficients of the remainder's divisible terms lie in [0,
/// divisor's).
struct SplitSize {
  SizeAttr quotient, remainder;
};

static SplitSize splitByTerm(SizeAttr size, const SizeTerm &divisor) {
  Terms quotient, remainder;
  for (const Term &term : getTerms(size)) {
    auto atoms = divideAtoms(term.atoms, divisor.atoms);
    if (!atoms) {
      remainder.push_back(term);
      continue;
    }
    quotient.push_back(
        {llvm::divideFloorSigned(term.coefficient, divisor.coefficient),
         *atoms});
    remainder.push_back(
        {getRemainder(term.coefficient, divisor.coefficient), term.atoms});
  }
  MLIRContext *context = size.getContext();
  return {makeSize(context, std::move(quotient)),
          makeSize(context, std::move(remainder))};
}

/// The largest positive integer that divides `start` and each coefficient of
/// `size`, that of the constant term excepted if `skipConstant`.
static int64_t getCommonDivisor(SizeAttr size, int64_t start,
                                bool skipConstant) {
  int64_t divisor = start;
  for (const SizeTerm &term : size.getTerms())
    if (!skipConstant || !term.atoms.empty())
      divisor = std::gcd(divisor, term.coefficient);
  return divisor;
}

/// `size` with each coefficient divided by `divisor`, rounding down.
static SizeAttr divideCoefficients(SizeAttr size, int64_t divisor) {
  Terms terms = getTerms(size);
  for (Term &term : terms)
    term.coefficient = llvm::divideFloorSigned(term.coefficient, divisor);
  return makeSize(size.getContext(), std::move(terms));
}

/// The atoms that divide every term of both sizes.
static SmallVector<SizeAtom, 2> getCommonAtoms(SizeAttr lhs, SizeAttr rhs) {
  SmallVector<SizeAtom, 2> common;
  if (lhs.getTerms().empty())
    return common;
  for (const SizeAtom &atom : lhs.getTerms()[0].atoms) {
    common.push_back(atom);
    auto divides = [&](const SizeTerm &term) {
      return divideAtoms(term.atoms, common).has_value();
    };
    if (!llvm::all_of(lhs.getTerms(), divides) ||
        !llvm::all_of(rhs.getTerms(), divides))
      common.pop_back();
  }
  return common;
}

/// floor((floor(a/b) + rest) / c) = floor((a + b*rest) / (b*c)). Null if `size`
/// has not exactly one such term.
static SizeAttr mergeNestedDivision(SizeAttr size, int64_t divisor) {
  const SizeTerm *nested = nullptr;
  for (const SizeTerm &term : size.getTerms()) {
    const SizeAtom *atom = getAsAtom(term.atoms, SizeAtomKind::FloorDiv);
    if (!atom || !getRhs(*atom).getConstant())
      continue;
    if (nested || term.coefficient != 1)
      return {};
    nested = &term;
  }
  if (!nested)
    return {};
  const SizeAtom &atom = nested->atoms[0];
  int64_t inner = *getRhs(atom).getConstant(), product;
  if (llvm::MulOverflow(inner, divisor, product))
    return {};
  SizeAttr rest = sub(size, makeAtom(atom.kind, getLhs(atom), getRhs(atom)));
  SizeAttr numerator = add(getLhs(atom), mul(rest, inner));
  return numerator.isUnknown() ? SizeAttr() : floorDiv(numerator, product);
}

/// `lhs floordiv rhs` for 0 <= coefficients of lhs < rhs.
static SizeAttr floorDivByConstant(SizeAttr lhs, int64_t rhs) {
  int64_t common = getCommonDivisor(lhs, rhs, /*skipConstant=*/true);
  if (common > 1)
    return floorDiv(divideCoefficients(lhs, common), rhs / common);
  if (SizeAttr merged = mergeNestedDivision(lhs, rhs))
    return merged;
  auto [least, most] = getRange(lhs);
  if (!isInfinite(least) && !isInfinite(most) &&
      llvm::divideFloorSigned(least, rhs) == llvm::divideFloorSigned(most, rhs))
    return getSize(lhs.getContext(), llvm::divideFloorSigned(least, rhs));
  return makeAtom(SizeAtomKind::FloorDiv, lhs, getSize(lhs.getContext(), rhs));
}

/// Cancels what divides every term of both; false if there is nothing.
static bool cancelCommonFactors(SizeAttr &lhs, SizeAttr &rhs) {
  int64_t common = getCommonDivisor(lhs, 0, /*skipConstant=*/false);
  common = getCommonDivisor(rhs, common, /*skipConstant=*/false);
  SmallVector<SizeAtom, 2> atoms = getCommonAtoms(lhs, rhs);
  if (common == 1 && atoms.empty())
    return false;
  SizeAttr factor = makeSize(lhs.getContext(), {Term{common, atoms}});
  lhs = divideExactly(lhs, factor);
  rhs = divideExactly(rhs, factor);
  return true;
}

/// Whether `divisor` may be 0 when running, so that nothing can be cancelled:
/// late dimensions may have any value.
static bool mayBeZero(SizeAttr divisor) {
  if (!hasLate(divisor))
    return false;
  auto [least, most] = getRange(divisor);
  return least <= 0 && most >= 0;
}

SizeAttr nn::floorDiv(SizeAttr lhs, SizeAttr rhs) {
  MLIRContext *context = lhs.getContext();
  if (lhs.isUnknown() || rhs.isUnknown())
    return getUnknown(context);
  if (std::optional<int64_t> constant = rhs.getConstant();
      constant && *constant <= 0)
    return *constant == 0 ? getSize(context, 0)
                          : floorDiv(mul(lhs, -1), mul(rhs, -1));
  if (mayBeZero(rhs))
    return lhs.isConstant(0) ? lhs : makeAtom(SizeAtomKind::FloorDiv, lhs, rhs);
  if (SizeAttr exact = divideExactly(lhs, rhs))
    return exact;
  SplitSize split{getSize(context, 0), lhs};
  if (rhs.getTerms().size() == 1)
    split = splitByTerm(lhs, rhs.getTerms()[0]);
  SizeAttr rest = split.remainder, divisor = rhs;
  if (std::optional<int64_t> constant = rhs.getConstant())
    return add(split.quotient, floorDivByConstant(rest, *constant));
  if (cancelCommonFactors(rest, divisor))
    return add(split.quotient, floorDiv(rest, divisor));
  if (getRange(rest).first >= 0 && isLessEqual(add(rest, 1), divisor))
    return split.quotient;
  return add(split.quotient, makeAtom(SizeAtomKind::FloorDiv, rest, divisor));
}

SizeAttr nn::floorDiv(SizeAttr lhs, int64_t rhs) {
  return floorDiv(lhs, getSize(lhs.getContext(), rhs));
}

SizeAttr nn::ceilDiv(SizeAttr lhs, SizeAttr rhs) {
  // For positive integers ceil(a/b) = floor((a+b-1)/b); else -floor(-a/b).
  if (getRange(rhs).first >= 1)
    return floorDiv(add(add(lhs, rhs), -1), rhs);
  return mul(floorDiv(mul(lhs, -1), rhs), -1);
}

SizeAttr nn::ceilDiv(SizeAttr lhs, int64_t rhs) {
  return ceilDiv(lhs, getSize(lhs.getContext(), rhs));
}

//===----------------------------------------------------------------------===//
// Remainder
//===----------------------------------------------------------------------===//

/// Drops inner remainders: (a mod 6) mod 3 = a mod 3.
static SizeAttr dropInnerRemainders(SizeAttr size, int64_t divisor) {
  SizeAttr result = size;
  for (const SizeTerm &term : size.getTerms()) {
    const SizeAtom *atom = getAsAtom(term.atoms, SizeAtomKind::Mod);
    std::optional<int64_t> inner =
        atom ? getRhs(*atom).getConstant() : std::nullopt;
    if (!inner || *inner % divisor != 0)
      continue;
    SizeAttr whole = makeAtom(atom->kind, getLhs(*atom), getRhs(*atom));
    result = add(result, mul(sub(getLhs(*atom), whole), term.coefficient));
  }
  return result;
}

/// `lhs mod rhs` for 0 <= coefficients of lhs < rhs.
static SizeAttr modByConstant(SizeAttr lhs, int64_t rhs) {
  SizeAttr dropped = dropInnerRemainders(lhs, rhs);
  if (dropped != lhs && !dropped.isUnknown())
    return mod(dropped, getSize(lhs.getContext(), rhs));
  int64_t common = getCommonDivisor(lhs, rhs, /*skipConstant=*/true);
  if (common > 1) {
    // (g*p + k) mod (g*c) = g * ((p + floor(k/g)) mod c) + k mod g.
    SizeAttr reduced = divideCoefficients(lhs, common);
    int64_t rest = 0;
    if (!lhs.getTerms().empty() && lhs.getTerms().back().atoms.empty())
      rest = lhs.getTerms().back().coefficient % common;
    SizeAttr inner = mod(reduced, getSize(lhs.getContext(), rhs / common));
    return add(mul(inner, common), rest);
  }
  auto [least, most] = getRange(lhs);
  if (!isInfinite(least) && !isInfinite(most) &&
      llvm::divideFloorSigned(least, rhs) == llvm::divideFloorSigned(most, rhs))
    return sub(add(lhs, getRemainder(least, rhs)),
               getSize(lhs.getContext(), least));
  return makeAtom(SizeAtomKind::Mod, lhs, getSize(lhs.getContext(), rhs));
}

SizeAttr nn::mod(SizeAttr lhs, SizeAttr rhs) {
  MLIRContext *context = lhs.getContext();
  if (lhs.isUnknown() || rhs.isUnknown())
    return getUnknown(context);
  if (std::optional<int64_t> constant = rhs.getConstant();
      constant && *constant <= 0)
    return *constant == 0 ? getSize(context, 0)
                          : mul(mod(mul(lhs, -1), mul(rhs, -1)), -1);
  // From here on the result is 0 for a divisor of 0 on both sides.
  if (divideExactly(lhs, rhs))
    return getSize(context, 0);
  SizeAttr rest = lhs;
  if (rhs.getTerms().size() == 1)
    rest = splitByTerm(lhs, rhs.getTerms()[0]).remainder;
  if (rest.isConstant(0))
    return rest;
  if (std::optional<int64_t> constant = rhs.getConstant())
    return modByConstant(rest, *constant);
  if (getRange(rest).first >= 0 && isLessEqual(add(rest, 1), rhs))
    return rest;
  return makeAtom(SizeAtomKind::Mod, rest, rhs);
}

//===----------------------------------------------------------------------===//
// Minimum and maximum
//===----------------------------------------------------------------------===//

/// The operands of a chain of `kind`.
static void flatten(SizeAttr size, SizeAtomKind kind,
                    SmallVectorImpl<SizeAttr> &operands) {
  if (const SizeAtom *atom = getAsAtom(size, kind)) {
    flatten(getLhs(*atom), kind, operands);
    flatten(getRhs(*atom), kind, operands);
    return;
  }
  operands.push_back(size);
}

/// A chain of `kind` over the operands of both, in canonical order, without
/// those that another operand makes superfluous.
static SizeAttr makeExtremum(SizeAttr lhs, SizeAttr rhs, SizeAtomKind kind) {
  if (lhs.isUnknown() || rhs.isUnknown())
    return getUnknown(lhs.getContext());
  SmallVector<SizeAttr> operands;
  flatten(lhs, kind, operands);
  flatten(rhs, kind, operands);
  llvm::sort(operands,
             [](SizeAttr a, SizeAttr b) { return compare(a, b) < 0; });
  SmallVector<SizeAttr> kept;
  auto covers = [&](SizeAttr a, SizeAttr b) {
    return kind == SizeAtomKind::Min ? isLessEqual(a, b) : isLessEqual(b, a);
  };
  for (SizeAttr operand : operands) {
    if (llvm::any_of(kept, [&](SizeAttr k) { return covers(k, operand); }))
      continue;
    llvm::erase_if(kept, [&](SizeAttr k) { return covers(operand, k); });
    kept.push_back(operand);
  }
  SizeAttr result = kept.front();
  for (SizeAttr operand : ArrayRef(kept).drop_front())
    result = makeAtom(kind, result, operand);
  return result;
}

SizeAttr nn::min(SizeAttr lhs, SizeAttr rhs) {
  return makeExtremum(lhs, rhs, SizeAtomKind::Min);
}

SizeAttr nn::max(SizeAttr lhs, SizeAttr rhs) {
  return makeExtremum(lhs, rhs, SizeAtomKind::Max);
}
