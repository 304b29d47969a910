//===- Cast.h - conversions between element types ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_CAST_H
#define SINTER_COMPILER_IMPORT_OPS_CAST_H

#include "compiler/Import/NodeContext.h"

namespace sinter {

/// How float8e8m0 rounds magnitudes that are no powers of two.
enum class PowerRounding { Up, Down, Nearest };

/// `value` with elements of type `to`, as ONNX Cast says: what does not fit a
/// float of 8 bits becomes the largest value where `saturate` is set, infinity
/// or NaN otherwise.
mlir::Value castElements(NodeContext &node, mlir::Value value, mlir::Type to,
                         bool saturate,
                         PowerRounding rounding = PowerRounding::Up);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_CAST_H
