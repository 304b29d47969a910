//===- TemporaryFolder.h - a place for files of this process ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_MEASURE_TEMPORARYFOLDER_H
#define SINTER_COMPILER_MEASURE_TEMPORARYFOLDER_H

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"

namespace sinter::measure {

/// A new folder, removed with what is in it at the end. `error` says why there
/// is none.
struct TemporaryFolder {
  explicit TemporaryFolder(llvm::StringRef prefix)
      : error(llvm::sys::fs::createUniqueDirectory(prefix, path)) {}
  ~TemporaryFolder() {
    if (!error)
      llvm::sys::fs::remove_directories(path);
  }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  llvm::SmallString<128> path;
  std::error_code error;
};

} // namespace sinter::measure

#endif // SINTER_COMPILER_MEASURE_TEMPORARYFOLDER_H
