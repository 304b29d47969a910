//===- Files.h - reading and writing whole files -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_RUNTIME_FILES_FILES_H
#define SINTER_RUNTIME_FILES_FILES_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sinter::files {

/// Reads a whole file. Throws a Failure (bad input file) that names it.
std::vector<uint8_t> readFile(const std::string &path);

/// Writes a whole file beside its target and renames it into place, so that no
/// partial file is ever seen at `path`. Throws a Failure (bad file).
void writeFile(const std::string &path, std::string_view contents);

/// Makes a folder and those above it. Throws a Failure (bad file).
void makeFolder(const std::string &path);

/// True if `path` ends in `suffix`.
bool hasSuffix(const std::string &path, std::string_view suffix);

} // namespace sinter::files

#endif // SINTER_RUNTIME_FILES_FILES_H
