//===- IntegerOperand.h - operands of products of integers ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// nn contracts ui8 with i8; ONNX allows all signs, and zero points. With a and
// b the operands and za and zb their zero points,
//   sum (a - za)(b - zb) = sum ab - za sum b - zb sum (a - za).
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_INTEGEROPERAND_H
#define SINTER_COMPILER_IMPORT_OPS_INTEGEROPERAND_H

#include "compiler/Import/NodeContext.h"

namespace sinter {

/// An operand in the type that nn contracts, shifted by 128 where it had the
/// other sign.
struct IntegerOperand {
  mlir::Value values;
  /// In i32, in the shape of the input; null where it is known to be zero.
  mlir::Value zeroPoint;
  /// Its value where all its elements are known and the same.
  std::optional<int64_t> knownZeroPoint;
};

/// Input `index` with the zero point that input `zeroIndex` gives, as the left
/// (ui8) or right (i8) operand.
IntegerOperand makeIntegerOperand(NodeContext &node, unsigned index,
                                  unsigned zeroIndex, bool isLeft);

/// `value` - `lhs` * `rhs` in i32; `value` where `lhs` is null.
mlir::Value subtractProduct(NodeContext &node, mlir::Value value,
                            mlir::Value lhs, mlir::Value rhs);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_INTEGEROPERAND_H
