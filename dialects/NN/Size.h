//===- Size.h - formulas of the free dimensions -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Construction, simplification and evaluation of `#nn.size`. The only way to
// make a size is one of the functions below: they keep it canonical.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_DIALECTS_NN_SIZE_H
#define SINTER_DIALECTS_NN_SIZE_H

#include "dialects/NN/NNDialect.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace sinter::nn {

/// A constant.
SizeAttr getSize(mlir::MLIRContext *context, int64_t value);
/// The free dimension `name`.
SizeAttr getSymbol(mlir::MLIRContext *context, llvm::StringRef name);

SizeAttr add(SizeAttr lhs, SizeAttr rhs);
SizeAttr add(SizeAttr lhs, int64_t rhs);
SizeAttr sub(SizeAttr lhs, SizeAttr rhs);
SizeAttr mul(SizeAttr lhs, SizeAttr rhs);
SizeAttr mul(SizeAttr lhs, int64_t rhs);
/// Division rounding down, up; remainder with the sign of the divisor. A
/// divisor of 0 gives 0. `(a*b) floordiv b` folds to `a`, unless late
/// dimensions may make `b` 0; `ceilDiv` is written with `floorDiv`.
SizeAttr floorDiv(SizeAttr lhs, SizeAttr rhs);
SizeAttr floorDiv(SizeAttr lhs, int64_t rhs);
SizeAttr ceilDiv(SizeAttr lhs, SizeAttr rhs);
SizeAttr ceilDiv(SizeAttr lhs, int64_t rhs);
SizeAttr mod(SizeAttr lhs, SizeAttr rhs);
SizeAttr min(SizeAttr lhs, SizeAttr rhs);
SizeAttr max(SizeAttr lhs, SizeAttr rhs);
/// Product of all; 1 for none.
SizeAttr product(mlir::MLIRContext *context, llvm::ArrayRef<SizeAttr> sizes);

/// `lhs / rhs` if the division is exact as polynomials, else null.
SizeAttr divideExactly(SizeAttr lhs, SizeAttr rhs);

/// Whether the free dimension `name` is late: it gets its value while the model
/// runs, and that may be any integer, not only 1 and more (NNFlowOps.td).
inline bool isLate(llvm::StringRef name) { return name.starts_with("?"); }
/// Whether a late dimension is in `size`.
bool hasLate(SizeAttr size);

/// Whether `lhs <= rhs` is known for every value of the free dimensions.
bool isLessEqual(SizeAttr lhs, SizeAttr rhs);

/// The interval that holds `size` when every free dimension is at least 1 (late
/// ones: any integer).
/// Unbounded ends are INT64_MIN / INT64_MAX.
std::pair<int64_t, int64_t> getRange(SizeAttr size);

/// The value where `lookup` gives that of a free dimension; nothing on
/// overflow, division by zero, or a dimension that `lookup` does not know.
std::optional<int64_t>
evaluate(SizeAttr size,
         llvm::function_ref<std::optional<int64_t>(llvm::StringRef)> lookup);

/// Replaces free dimensions; `lookup` returns null to keep one.
SizeAttr substitute(SizeAttr size,
                    llvm::function_ref<SizeAttr(llvm::StringRef)> lookup);

/// Names of the free dimensions in `size`, in order of first use, no repeats.
void collectSymbols(SizeAttr size,
                    llvm::SmallVectorImpl<llvm::StringRef> &names);

/// `size` as users read it: `2*batch + 1`, `floor(h/2)`.
std::string toString(SizeAttr size);

/// Reads the infix form that `#nn.size<>` and `#nn.dims<>` print.
mlir::FailureOr<SizeAttr> parseSize(mlir::AsmParser &parser);
void printSize(SizeAttr size, llvm::raw_ostream &os);

/// Walks `size` bottom up and builds a value of any kind for it: used to emit
/// code. `T` is made by the callbacks of `Builder`:
///   T constant(int64_t); T symbol(StringRef); T add(T,T); T mul(T,T);
///   T floorDiv(T,T); T mod(T,T); T min(T,T); T max(T,T);
/// `size` is not unknown (no tensor has an unknown size).
template <typename T, typename Builder>
T build(SizeAttr size, Builder &builder);

//===----------------------------------------------------------------------===//
// Templates
//===----------------------------------------------------------------------===//

/// The value of one factor, for `build`.
template <typename T, typename Builder>
T buildAtom(const SizeAtom &atom, Builder &builder) {
  if (atom.kind == SizeAtomKind::Symbol)
    return builder.symbol(llvm::cast<mlir::StringAttr>(atom.lhs).getValue());
  assert(atom.kind != SizeAtomKind::Unknown && "expects a known size");
  T lhs = build<T>(llvm::cast<SizeAttr>(atom.lhs), builder);
  T rhs = build<T>(llvm::cast<SizeAttr>(atom.rhs), builder);
  switch (atom.kind) {
  case SizeAtomKind::FloorDiv:
    return builder.floorDiv(lhs, rhs);
  case SizeAtomKind::Mod:
    return builder.mod(lhs, rhs);
  case SizeAtomKind::Min:
    return builder.min(lhs, rhs);
  default:
    return builder.max(lhs, rhs);
  }
}

template <typename T, typename Builder>
T build(SizeAttr size, Builder &builder) {
  std::optional<T> sum;
  for (const SizeTerm &term : size.getTerms()) {
    std::optional<T> value;
    if (term.coefficient != 1 || term.atoms.empty())
      value = builder.constant(term.coefficient);
    for (const SizeAtom &atom : term.atoms) {
      T factor = buildAtom<T>(atom, builder);
      value = value ? builder.mul(*value, factor) : factor;
    }
    sum = sum ? builder.add(*sum, *value) : *value;
  }
  return sum ? *sum : builder.constant(0);
}

} // namespace sinter::nn

#endif // SINTER_DIALECTS_NN_SIZE_H
