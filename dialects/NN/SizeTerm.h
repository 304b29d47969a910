//===- SizeTerm.h - what a size is stored as --------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A `#nn.size` is a sum of terms, a term a coefficient times atoms. Only Size.h
// makes them; passes look at them through the functions there.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_SIZETERM_H
#define SINTER_DIALECTS_NN_SIZETERM_H

#include "mlir/IR/Attributes.h"
#include "mlir/Support/StorageUniquer.h"
#include "llvm/ADT/Hashing.h"

namespace sinter::nn {

/// What a factor of a term is. The order is that of canonical terms.
enum class SizeAtomKind { Symbol, FloorDiv, Mod, Min, Max, Unknown };

/// A factor of a term: a free dimension (`lhs` is its name, a StringAttr), or a
/// function of two sizes (`lhs` and `rhs` are SizeAttrs). `Unknown` has
/// neither.
struct SizeAtom {
  SizeAtomKind kind;
  mlir::Attribute lhs, rhs;

  bool operator==(const SizeAtom &other) const {
    return kind == other.kind && lhs == other.lhs && rhs == other.rhs;
  }
};

/// `coefficient * atoms[0] * atoms[1] * ..`; a power is a repeated atom.
struct SizeTerm {
  int64_t coefficient;
  llvm::ArrayRef<SizeAtom> atoms;

  bool operator==(const SizeTerm &other) const {
    return coefficient == other.coefficient && atoms == other.atoms;
  }
  /// A copy whose atoms live in `allocator`.
  SizeTerm
  allocateInto(mlir::StorageUniquer::StorageAllocator &allocator) const {
    return {coefficient, allocator.copyInto(atoms)};
  }
};

inline llvm::hash_code hash_value(const SizeAtom &atom) {
  return llvm::hash_combine(atom.kind, atom.lhs, atom.rhs);
}
inline llvm::hash_code hash_value(const SizeTerm &term) {
  return llvm::hash_combine(term.coefficient, term.atoms);
}

} // namespace sinter::nn

#endif // SINTER_DIALECTS_NN_SIZETERM_H
