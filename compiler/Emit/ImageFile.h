//===- ImageFile.h - the image and the headers around it --------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_EMIT_IMAGEFILE_H
#define SINTER_COMPILER_EMIT_IMAGEFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace sinter::emit {

/// A range of the artifact.
struct Range {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

/// A part of the artifact that is not code, as a section for ELF tools.
struct DataSection {
  const char *name;
  Range place;
  uint64_t alignment = 1;
};

/// A linked shared object, cut into what the loader maps (`image`) and what
/// only ELF tools read (symbols, section headers: the tail).
class ImageFile {
public:
  /// Reads the linker's output. Fails with ArtifactError (Internal) where it
  /// does not have the restricted form or no `sinter_root`.
  static llvm::Expected<ImageFile> create(llvm::StringRef linked);

  /// Bytes that the loader maps, from offset 0.
  const std::string &getImage() const { return image; }
  uint64_t getRootAddress() const { return rootAddress; }

  /// Bytes that makeTail will return; only the names of `data` matter.
  uint64_t getTailBytes(llvm::ArrayRef<DataSection> data) const;

  /// The tail for its place in the file: symbols, names and section headers,
  /// those of `data` among them. Sets the place of the section headers in the
  /// image.
  std::string makeTail(uint64_t offset, llvm::ArrayRef<DataSection> data);

private:
  /// An ELF section header with its name.
  struct Section {
    std::string name;
    uint32_t type = 0;
    uint64_t flags = 0, address = 0, offset = 0, size = 0;
    uint32_t link = 0, info = 0;
    uint64_t alignment = 1, entrySize = 0;
  };

  llvm::Error readSegments(llvm::StringRef linked);
  llvm::Error readSections(llvm::StringRef linked);
  std::string makeNames(llvm::ArrayRef<DataSection> data,
                        std::vector<uint32_t> &offsets) const;

  std::string image;
  uint64_t rootAddress = 0;
  std::vector<Section> sections; ///< Those that are loaded, first the null one.
  std::string symbols, symbolNames;
  uint32_t localSymbols = 0;
};

} // namespace sinter::emit

#endif // SINTER_COMPILER_EMIT_IMAGEFILE_H
