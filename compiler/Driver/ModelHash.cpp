//===- ModelHash.cpp - what a model file is recognised by -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/ModelHash.h"

#include <cstdio>
#include <memory>
#include <sodium.h>

std::vector<uint8_t> sinter::hashFile(llvm::StringRef path) {
  std::unique_ptr<FILE, int (*)(FILE *)> file(fopen(path.str().c_str(), "rb"),
                                              fclose);
  if (!file)
    return {};
  std::vector<uint8_t> hash(crypto_generichash_BYTES), block(1 << 20);
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, hash.size());
  while (size_t bytes = fread(block.data(), 1, block.size(), file.get()))
    crypto_generichash_update(&state, block.data(), bytes);
  if (ferror(file.get()))
    return {};
  crypto_generichash_final(&state, hash.data(), hash.size());
  return hash;
}
