//===- Protobuf.cpp - writes messages of onnx.proto by hand ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/compiler/Import/Protobuf.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace sinter::test;

TemporaryFile::TemporaryFile(const std::string &bytes,
                             const std::string &name) {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "sinter-test-XXXXXX").string();
  folder = ::mkdtemp(pattern.data());
  path = folder + "/" + name;
  std::ofstream(path, std::ios::binary) << bytes;
}

TemporaryFile::~TemporaryFile() {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}
