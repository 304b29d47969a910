//===- Compiler.h - the compiler, opened when needed -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TOOLS_SINTER_COMPILER_H
#define SINTER_TOOLS_SINTER_COMPILER_H

#include <nlohmann/json.hpp>
#include <string>

namespace sinter::cli {

using Json = nlohmann::ordered_json;

/// libsinter_compiler, opened with dlopen from ../lib relative to this program
/// or from beside it. Programs that only run models never load it.
class Compiler {
public:
  /// Opens the library. Throws a Failure that says where it was looked for.
  Compiler();

  /// Carries out a request (CompilerApi.h). Progress goes to stderr if that is
  /// a terminal, warnings always. Throws the failure that the compiler reports.
  Json invoke(const Json &request) const;

  /// Text that differs whenever the compiler may produce another artifact.
  const std::string &getIdentity() const { return identity; }

private:
  int (*invokeFunction)(const char *, void (*)(void *, const char *), void *,
                        char **) = nullptr;
  void (*freeFunction)(char *) = nullptr;
  std::string identity;
};

} // namespace sinter::cli

#endif // SINTER_TOOLS_SINTER_COMPILER_H
