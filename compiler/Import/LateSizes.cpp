//===- LateSizes.cpp - formulas of sizes that come from data --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/LateSizes.h"

using namespace mlir;
using namespace sinter;
using nn::SizeAttr;

//===- Conditions ---------------------------------------------------------===//

SizeAttr sinter::isEqual(SizeAttr size, int64_t value) {
  MLIRContext *context = size.getContext();
  // 1 - |clip(size, value - 1, value + 1) - value|, which cannot overflow.
  SizeAttr near = nn::max(nn::min(size, nn::getSize(context, value + 1)),
                          nn::getSize(context, value - 1));
  SizeAttr distance =
      nn::max(nn::add(near, -value), nn::add(nn::mul(near, -1), value));
  return nn::add(nn::mul(distance, -1), 1);
}

SizeAttr sinter::isNegative(SizeAttr size) {
  MLIRContext *context = size.getContext();
  return nn::mul(
      nn::max(nn::min(size, nn::getSize(context, 0)), nn::getSize(context, -1)),
      -1);
}

SizeAttr sinter::select(SizeAttr condition, SizeAttr onTrue, SizeAttr onFalse) {
  return nn::add(onFalse, nn::mul(condition, nn::sub(onTrue, onFalse)));
}

unsigned sinter::countAtoms(SizeAttr size) {
  unsigned count = 0;
  for (const nn::SizeTerm &term : size.getTerms())
    for (const nn::SizeAtom &atom : term.atoms) {
      ++count;
      if (atom.kind != nn::SizeAtomKind::Symbol &&
          atom.kind != nn::SizeAtomKind::Unknown)
        count += countAtoms(llvm::cast<SizeAttr>(atom.lhs)) +
                 countAtoms(llvm::cast<SizeAttr>(atom.rhs));
    }
  return count;
}

//===- Axes ---------------------------------------------------------------===//

SizeAttr AxisSet::contains(MLIRContext *context, int64_t dim) const {
  SizeAttr sum = nn::getSize(context, 0);
  for (ArrayRef<SizeAttr> hit : hits)
    sum = nn::add(sum, hit[dim]);
  return sum;
}

std::optional<SmallVector<int64_t>> AxisSet::getKnown() const {
  SmallVector<int64_t> axes;
  for (int64_t dim = 0; dim < rank; ++dim)
    for (ArrayRef<SizeAttr> hit : hits) {
      if (!hit[dim].getConstant())
        return std::nullopt;
      if (hit[dim].isConstant(1))
        axes.push_back(dim);
    }
  return axes;
}

SizeAttr AxisSet::pick(ArrayRef<SizeAttr> values, int64_t dim,
                       SizeAttr other) const {
  SizeAttr picked = other;
  for (auto [hit, value] : llvm::zip_equal(hits, values))
    picked = nn::add(picked, nn::mul(hit[dim], nn::sub(value, other)));
  return picked;
}

SmallVector<SizeAttr> AxisSet::drop(MLIRContext *context,
                                    ArrayRef<SizeAttr> sizes) const {
  SmallVector<SizeAttr> kept(rank - static_cast<int64_t>(hits.size()),
                             nn::getSize(context, 0));
  SizeAttr place = nn::getSize(context, 0);
  for (int64_t dim = 0; dim < rank; ++dim) {
    SizeAttr stays = nn::sub(nn::getSize(context, 1), contains(context, dim));
    for (auto [i, size] : llvm::enumerate(kept))
      size =
          nn::add(size, nn::mul(nn::mul(stays, isEqual(place, i)), sizes[dim]));
    place = nn::add(place, stays);
  }
  return kept;
}

SmallVector<SizeAttr> AxisSet::insertOnes(MLIRContext *context,
                                          ArrayRef<SizeAttr> sizes) const {
  SmallVector<SizeAttr> result;
  SizeAttr place = nn::getSize(context, 0);
  for (int64_t dim = 0; dim < rank; ++dim) {
    SizeAttr size = contains(context, dim);
    SizeAttr stays = nn::sub(nn::getSize(context, 1), size);
    for (auto [i, own] : llvm::enumerate(sizes))
      size = nn::add(size, nn::mul(nn::mul(stays, isEqual(place, i)), own));
    place = nn::add(place, stays);
    result.push_back(size);
  }
  return result;
}
