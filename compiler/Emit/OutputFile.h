//===- OutputFile.h - a file that appears only when complete ----*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_EMIT_OUTPUTFILE_H
#define SINTER_COMPILER_EMIT_OUTPUTFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include <cstdint>
#include <optional>
#include <string>

namespace sinter::emit {

/// A file written under a temporary name beside its target and renamed by
/// `commit`. Without a commit nothing stays, also when the process is
/// interrupted. Failures are ArtifactError (File).
class OutputFile {
public:
  static llvm::Expected<OutputFile> create(llvm::StringRef path);
  OutputFile(OutputFile &&other);
  OutputFile &operator=(OutputFile &&) = delete;
  ~OutputFile();

  /// Appends bytes.
  llvm::Error write(llvm::ArrayRef<uint8_t> bytes);
  llvm::Error write(llvm::StringRef bytes);
  /// Appends zeros up to `offset`.
  llvm::Error padTo(uint64_t offset);

  uint64_t getOffset() const { return offset; }
  /// The file, for reading back what was written.
  int getDescriptor() const { return temporary->FD; }
  llvm::StringRef getPath() const { return path; }

  /// Gives the file its name, replacing what was there.
  llvm::Error commit();

private:
  OutputFile(llvm::StringRef path, llvm::sys::fs::TempFile temporary)
      : path(path.str()), temporary(std::move(temporary)) {}
  llvm::Error fail(std::error_code reason) const;

  std::string path;
  std::optional<llvm::sys::fs::TempFile> temporary;
  uint64_t offset = 0;
};

} // namespace sinter::emit

#endif // SINTER_COMPILER_EMIT_OUTPUTFILE_H
