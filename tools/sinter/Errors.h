//===- Errors.h - what a command reports when it stops -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_ERRORS_H
#define SINTER_TOOLS_SINTER_ERRORS_H

#include "tools/sinter/Tensors.h"

#include <string>
#include <vector>

namespace sinter::cli {

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
