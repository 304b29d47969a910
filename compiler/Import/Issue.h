//===- Issue.h - what is wrong with a model ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_ISSUE_H
#define SINTER_COMPILER_IMPORT_ISSUE_H

#include <cstdint>
#include <string>

namespace sinter {

/// One reason why a model cannot be imported.
struct ImportIssue {
  enum class Kind {
    Unsupported, ///< A valid model that cannot be compiled. Exit code 3.
    BadInput,    ///< The file or the graph in it is not valid. Exit code 4.
    Usage,       ///< An option does not fit the model. Exit code 2.
  };

  Kind kind = Kind::BadInput;
  /// Stable and short, for programs: `unsupported_operator`, `truncated_file`.
  std::string code;
  /// The ONNX node and its operator (with domain, unless that is the standard
  /// one) and the opset it was read at; empty and 0 where no node is at fault.
  std::string node, op;
  int64_t opset = 0;
  /// What the rule asks for, what the model has, and what the user can do.
  std::string expected, found, remedy;
  /// One sentence that says it all.
  std::string message;

  bool isBadInput() const { return kind == Kind::BadInput; }
  bool isUsage() const { return kind == Kind::Usage; }
};

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_ISSUE_H
