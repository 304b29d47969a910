//===- ArtifactBytes.h - artifacts as bytes to damage -----------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_TEST_RUNTIME_ARTIFACTBYTES_H
#define SINTER_TEST_RUNTIME_ARTIFACTBYTES_H

#include "core/format.h"
#include "sinter/model.h"
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace sinter::test {

using Bytes = std::vector<uint8_t>;

inline Bytes readFile(const char *path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

/// A copy of bytes at a multiple of 64.
class AlignedBytes {
public:
  explicit AlignedBytes(const Bytes &bytes)
      : memory(static_cast<uint8_t *>(
            aligned_alloc(64, sinter_align_up(bytes.size() + 1, 64)))),
        count(bytes.size()) {
    if (count)
      std::memcpy(memory, bytes.data(), count);
  }
  AlignedBytes(const AlignedBytes &) = delete;
  ~AlignedBytes() { free(memory); }
  uint8_t *data() { return memory; }
  size_t size() const { return count; }

private:
  uint8_t *memory;
  size_t count;
};

/// Opens an artifact in memory and closes it again.
inline sinter_status_t tryOpen(const Bytes &bytes, sinter_error_t &error,
                               bool verify = false) {
  AlignedBytes copy(bytes);
  sinter_open_options_t options;
  sinter_open_options_init(&options);
  options.verify = verify;
  sinter_model_t *model = nullptr;
  sinter_status_t status = sinter_model_open_memory(copy.data(), copy.size(),
                                                    &options, &model, &error);
  sinter_model_close(model);
  return status;
}

inline sinter_seal_t readSeal(const Bytes &bytes) {
  sinter_seal_t seal;
  std::memcpy(&seal, bytes.data() + bytes.size() - sizeof seal, sizeof seal);
  return seal;
}

inline void writeSeal(Bytes &bytes, const sinter_seal_t &seal) {
  std::memcpy(bytes.data() + bytes.size() - sizeof seal, &seal, sizeof seal);
}

} // namespace sinter::test

#endif // SINTER_TEST_RUNTIME_ARTIFACTBYTES_H
