//===- ManifestBuilder.h - the manifest as bytes ----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_EMIT_MANIFESTBUILDER_H
#define SINTER_COMPILER_EMIT_MANIFESTBUILDER_H

#include "compiler/Emit/ArtifactWriter.h"
#include "compiler/Emit/ImageFile.h"
#include "core/format.h"
#include <array>

namespace sinter::emit {

using Hash = std::array<uint8_t, SINTER_HASH_BYTES>;

/// What the writer adds to the specification.
struct Places {
  Range image, weights, tail;
  Range device; ///< Empty without device code.
  Hash imageHash = {}, tailHash = {};
  uint64_t rootAddress = 0;
  std::vector<uint8_t> weightsHashes;
  std::vector<Hash> moduleHashes; ///< One a device module.
};

/// A device module as it lies in the file: zeros at its end up to a multiple of
/// SINTER_MODULE_ALIGN, at least one.
std::string padModule(const std::string &code);

/// Leaves of the hash tree over `weightsBytes` bytes.
inline uint64_t countLeaves(uint64_t weightsBytes) {
  return (weightsBytes + SINTER_LEAF_BYTES - 1) / SINTER_LEAF_BYTES;
}

/// The manifest as a FlatBuffer. Its length does not depend on the values of
/// places and hashes.
std::string buildManifest(const ManifestSpec &spec, const Places &places);

} // namespace sinter::emit

#endif // SINTER_COMPILER_EMIT_MANIFESTBUILDER_H
