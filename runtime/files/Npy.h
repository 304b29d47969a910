//===- Npy.h - numpy's files of one array -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef SINTER_RUNTIME_FILES_NPY_H
#define SINTER_RUNTIME_FILES_NPY_H

#include "runtime/files/Value.h"

#include <cstdint>
#include <string>

namespace sinter::files {

/// Reads a .npy file (versions 1 to 3) of `size` bytes at `data`; column-major
/// arrays become row-major. Throws a Failure (bad input file) that starts with
/// `place`, the name of the file. Types that numpy lacks are in such files as
/// elements of so many bytes (`V1`, `V2`; a byte each of those of 2 and 4
/// bits), and mean `unnamed`, where that is one of them and has as many.
Value parseNpy(const uint8_t *data, size_t size, const std::string &place,
               ElementType unnamed = ElementType::Undefined);

/// Returns the .npy file (version 1) of a tensor whose type numpy has.
std::string formatNpy(const Value &tensor);

} // namespace sinter::files

#endif // SINTER_RUNTIME_FILES_NPY_H
