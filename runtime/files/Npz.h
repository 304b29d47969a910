//===- Npz.h - numpy's files of several arrays -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_RUNTIME_FILES_NPZ_H
#define SINTER_RUNTIME_FILES_NPZ_H

#include "runtime/files/Value.h"

#include <string>
#include <vector>

namespace sinter::files {

/// Reads the arrays of a .npz file (a zip archive, stored or deflated, of .npy
/// files), each with its name. Throws a Failure (bad input file) naming `path`.
std::vector<Value> readNpz(const std::string &path);

} // namespace sinter::files

#endif // SINTER_RUNTIME_FILES_NPZ_H
