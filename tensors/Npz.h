//===- Npz.h - numpy's files of several arrays -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_TENSORS_NPZ_H
#define SINTER_TENSORS_NPZ_H

#include "tensors/Value.h"

#include <string>
#include <vector>

namespace sinter::tensors {

/// Reads the arrays of a .npz file (a zip archive, stored or deflated, of .npy
/// files), each with its name. Throws a Failure (bad input file) naming `path`.
std::vector<Value> readNpz(const std::string &path);

} // namespace sinter::tensors

#endif // SINTER_TENSORS_NPZ_H
