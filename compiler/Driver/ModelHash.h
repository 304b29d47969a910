//===- ModelHash.h - what a model file is recognised by ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_DRIVER_MODELHASH_H
#define SINTER_COMPILER_DRIVER_MODELHASH_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <vector>

namespace sinter {

/// BLAKE2b-256 of the file; empty if it cannot be read.
std::vector<uint8_t> hashFile(llvm::StringRef path);

} // namespace sinter

#endif // SINTER_COMPILER_DRIVER_MODELHASH_H
