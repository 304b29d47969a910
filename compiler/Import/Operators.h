//===- Operators.h - which operators can be imported ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPERATORS_H
#define SINTER_COMPILER_IMPORT_OPERATORS_H

#include <cstdint>
#include <string>
#include <vector>

namespace sinter {

/// How an operator of some opsets is imported.
enum class OperatorSupport {
  Row,  ///< by a row of the operator table
  Body, ///< by the function body that the standard gives it
  None
};

/// An operator as users look it up.
struct OperatorEntry {
  std::string domain, op;
  OperatorSupport support = OperatorSupport::None; ///< of the newest opset
  /// The first opset from which on it is supported; 0 if it is not.
  int64_t since = 0;
  /// Element types of its first input by the standard (empty for operators that
  /// it does not define), of the newest opset.
  std::string types;
};

/// All operators of the standard and of the operator table, by domain and name.
std::vector<OperatorEntry> listOperators();

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPERATORS_H
