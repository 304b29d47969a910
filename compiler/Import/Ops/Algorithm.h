//===- Algorithm.h - operators that are algorithms --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How a builder makes an nn.algorithm, which calls a function of
// runtime/support.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_ALGORITHM_H
#define SINTER_COMPILER_IMPORT_OPS_ALGORITHM_H

#include "compiler/Import/NodeContext.h"

namespace sinter {

/// What an nn.algorithm says besides its operands.
struct AlgorithmCall {
  /// Of the C function without `sinter_`.
  std::string name;
  llvm::SmallVector<int64_t> integers = {};
  llvm::SmallVector<double> numbers = {};
  /// Units of work; null: one.
  nn::SizeAttr units = {};
  /// Bytes of scratch a slot; null: none.
  nn::SizeAttr scratch = {};
  /// What a run expects of the operands; empty: it accepts all.
  std::string check = {};
};

/// `name_f32`: the function for elements that are compared or computed with
/// (`i1` as `ui8`).
std::string getTypedName(llvm::StringRef name, mlir::Type elementType);
/// `name_b32`: the function for elements that only move.
std::string getMovingName(llvm::StringRef name, mlir::Type elementType);

/// Makes the nn.algorithm.
mlir::ResultRange createAlgorithm(NodeContext &node, const AlgorithmCall &call,
                                  mlir::ValueRange inputs,
                                  mlir::TypeRange results);

/// Makes the only element of `count` (int64) a late dimension and gives it.
/// `what` is counted, for its name; there are at most `bound`.
nn::SizeAttr bindCount(NodeContext &node, mlir::Value count,
                       llvm::StringRef what, nn::SizeAttr bound);

/// The first `count` elements along an axis.
mlir::Value takeFirst(NodeContext &node, mlir::Value value, unsigned axis,
                      nn::SizeAttr count);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_ALGORITHM_H
