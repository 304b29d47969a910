//===- Element.h - elements of weights as numbers ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_WEIGHTS_ELEMENT_H
#define SINTER_COMPILER_WEIGHTS_ELEMENT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include <optional>

namespace sinter::weights {

/// How an element is stored.
enum class ElementKind {
  F16,
  BF16,
  F32,
  F64,
  F8E4M3FN,
  F8E4M3FNUZ,
  F8E5M2,
  F8E5M2FNUZ,
  F8E8M0,
  F4E2M1,
  I1,
  I2,
  I4,
  I8,
  I16,
  I32,
  I64,
  U2,
  U4,
  U8,
  U16,
  U32,
  U64
};

/// In which arithmetic elements are computed: double (its rounding to a
/// narrower float is that of the narrower operation for + - * / and square
/// root), or 64-bit integers.
enum class Domain { Float, Signed, Unsigned };

/// One element on its way through an operation.
union Scalar {
  double f;
  int64_t i;
  uint64_t u;
};

/// The kind of a tensor element type; nothing for types that have none.
std::optional<ElementKind> getElementKind(mlir::Type type);
/// Bytes of an element in memory; what has fewer than 8 bits takes one.
unsigned getElementBytes(ElementKind kind);
/// Bits of an element (I1: 1).
unsigned getElementBits(ElementKind kind);
Domain getDomain(ElementKind kind);

/// Reads `count` elements from `in`, `stride` elements apart.
void loadElements(ElementKind kind, const char *in, int64_t stride,
                  int64_t count, Scalar *out);
/// Writes `count` elements one after the other; rounds, or wraps, to `kind`.
void storeElements(ElementKind kind, const Scalar *in, int64_t count,
                   char *out);
/// A constant whose elements lie in memory as `bytes`.
mlir::DenseElementsAttr makeDenseElements(mlir::RankedTensorType type,
                                          llvm::ArrayRef<char> bytes);
/// Converts as nn.cast does.
Scalar convertElement(Scalar value, ElementKind from, ElementKind to);

} // namespace sinter::weights

#endif // SINTER_COMPILER_WEIGHTS_ELEMENT_H
