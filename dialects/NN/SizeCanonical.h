//===- SizeCanonical.h - how sizes are kept canonical -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shared by Size.cpp, SizeFunctions.cpp and SizeText.cpp; not for others.
//
// Terms are in graded lexicographic order, the constant last, so that the order
// is one for which polynomial division is exact. It does not depend on
// addresses: the printed form of a size is the same in every run.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_SIZECANONICAL_H
#define SINTER_DIALECTS_NN_SIZECANONICAL_H

#include "dialects/NN/Size.h"

namespace sinter::nn::canonical {

/// A term that owns its atoms, for building.
struct Term {
  int64_t coefficient;
  llvm::SmallVector<SizeAtom, 2> atoms;
};
using Terms = llvm::SmallVector<Term, 4>;

/// Copies of the terms of `size`.
Terms getTerms(SizeAttr size);
/// The canonical size that is the sum of `terms`.
SizeAttr makeSize(mlir::MLIRContext *context, Terms terms);
/// The size whose arithmetic left 64 bits.
SizeAttr getUnknown(mlir::MLIRContext *context);
/// The size that is one atom.
SizeAttr makeAtom(SizeAtomKind kind, SizeAttr lhs, SizeAttr rhs);
/// The atom that `size` is, if it is one atom of `kind`.
const SizeAtom *getAsAtom(SizeAttr size, SizeAtomKind kind);
/// The only one of `atoms`, if it is one of `kind`.
const SizeAtom *getAsAtom(llvm::ArrayRef<SizeAtom> atoms, SizeAtomKind kind);

/// The remainder of a division that rounds down: it has the divisor's sign.
int64_t getRemainder(int64_t lhs, int64_t rhs);

/// Canonical order: negative, 0 or positive.
int compare(SizeAttr lhs, SizeAttr rhs);
/// `atoms / divisor`, if every factor of `divisor` is among `atoms`.
std::optional<llvm::SmallVector<SizeAtom, 2>>
divideAtoms(llvm::ArrayRef<SizeAtom> atoms, llvm::ArrayRef<SizeAtom> divisor);

inline SizeAttr getLhs(const SizeAtom &atom) {
  return llvm::cast<SizeAttr>(atom.lhs);
}
inline SizeAttr getRhs(const SizeAtom &atom) {
  return llvm::cast<SizeAttr>(atom.rhs);
}

} // namespace sinter::nn::canonical

#endif // SINTER_DIALECTS_NN_SIZECANONICAL_H
