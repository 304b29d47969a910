//===- Schemas.h - what the ONNX standard says of operators -----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The only door to the ONNX library: no header of it is needed outside of
// Schemas.cpp, and none of its exceptions leaves it.
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_ONNX_SCHEMAS_H
#define SINTER_COMPILER_IMPORT_ONNX_SCHEMAS_H

#include "compiler/Import/Onnx/Model.h"
#include "llvm/ADT/ArrayRef.h"
#include <string>
#include <vector>

namespace sinter::onnx {

/// An operator at one opset.
struct OperatorInfo {
  /// The opset that brought this version.
  int64_t since = 0;
  bool isDeprecated = false;
  /// The standard defines it by other operators.
  bool hasFunction = false;
};

/// Nothing if `domain` at `opset` has no operator `op`.
std::optional<OperatorInfo> findOperator(llvm::StringRef op,
                                         llvm::StringRef domain, int64_t opset);

/// An operator of the standard, with the opsets that brought a version of it,
/// ascending, deprecations left out.
struct OperatorHistory {
  std::string domain, op;
  llvm::SmallVector<int64_t> versions;
};

/// All operators of the domains that the ONNX library knows, by domain and
/// name.
std::vector<OperatorHistory> listOperators();

/// The types that the first input of an operator (of one without inputs: the
/// first output) may have, as `float, double, int64`; empty for an unknown
/// operator.
std::string describeTypes(llvm::StringRef op, llvm::StringRef domain,
                          int64_t opset);

/// The newest opset of `domain` that is known; 0 for a domain that is not.
int64_t getNewestOpset(llvm::StringRef domain);

/// Checks the numbers of inputs and outputs and the names and types of the
/// attributes. Empty if they fit, else what is wrong.
std::string checkNode(const Node &node, int64_t opset);

/// The types that input `index` may have: `tensor(float), tensor(double)`.
/// Empty if `type` is one of them, or empty (not known).
std::string checkInputType(const Node &node, int64_t opset, unsigned index,
                           llvm::StringRef type);

/// The first pair of inputs that must have the same type but do not; empty
/// types are those of absent inputs, or not known.
struct TypeConflict {
  unsigned first = 0, second = 0;
};
std::optional<TypeConflict> findTypeConflict(const Node &node, int64_t opset,
                                             llvm::ArrayRef<std::string> types);

/// An input for which a function body may be built.
struct TypedShape {
  ElementType type = ElementType::Undefined;
  /// -1 for a free dimension.
  llvm::SmallVector<int64_t> dims;
};

/// The body that the standard gives `node`, as a serialized FunctionProto whose
/// attribute defaults are filled in. Nothing if it has none for these inputs.
std::optional<std::string> buildFunctionBody(const Node &node, int64_t opset,
                                             llvm::ArrayRef<TypedShape> inputs);

} // namespace sinter::onnx

#endif // SINTER_COMPILER_IMPORT_ONNX_SCHEMAS_H
