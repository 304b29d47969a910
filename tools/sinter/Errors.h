//===- Errors.h - what a command reports when it stops -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_ERRORS_H
#define SINTER_TOOLS_SINTER_ERRORS_H

#include <exception>
#include <string>
#include <vector>

namespace sinter::cli {

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

/// Writes "sinter: error: ..." with the parts of `failure` to stderr and, with
/// `json`, one object holding them to stdout. Returns the exit code.
int report(const Failure &failure, bool json);

/// Writes "sinter: warning: `text`" to stderr.
void warn(const std::string &text);

/// Writes "sinter: `text`" to stderr.
void note(const std::string &text);

/// Returns "'a', 'b' or 'c'"; "none" for an empty list.
std::string listNames(const std::vector<std::string> &names);

/// Returns the candidate nearest to `name` by edit distance, or "" if none is
/// near enough to be what was meant.
std::string nearestName(const std::string &name,
                        const std::vector<std::string> &candidates);

} // namespace sinter::cli

#endif // SINTER_TOOLS_SINTER_ERRORS_H
