//===- Failure.h - an error on its way to the user -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_RUNTIME_FILES_FAILURE_H
#define SINTER_RUNTIME_FILES_FAILURE_H

#include <exception>
#include <string>

namespace sinter::files {

/// The exit codes of `sinter`; other programs rely on the numbers.
enum class ExitCode : int {
  Ok = 0,
  OutputsDiffer = 1,
  Usage = 2,
  ModelUnsupported = 3,
  BadInputFile = 4, ///< Also an output that cannot be written.
  RunFailed = 5,
  Internal = 70,
};

/// An error on its way to the user: one message that names the place, and the
/// same in parts, as `--json` prints it. Parts that do not apply are empty.
class Failure : public std::exception {
public:
  /// Makes a failure that says `message`; `code` is a short stable identifier
  /// such as "unknown_input".
  Failure(ExitCode exitCode, std::string code, std::string message)
      : exitCode(exitCode), code(std::move(code)), message(std::move(message)) {
  }

  Failure &withNode(std::string nodeName, std::string opType);
  Failure &withExpected(std::string what);
  Failure &withFound(std::string what);
  Failure &withRemedy(std::string what);

  const char *what() const noexcept override { return message.c_str(); }

  ExitCode exitCode;
  std::string code;
  std::string message;
  std::string node, op, expected, found, remedy;
};

} // namespace sinter::files

#endif // SINTER_RUNTIME_FILES_FAILURE_H
