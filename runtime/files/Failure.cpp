//===- Failure.cpp - an error on its way to the user -*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/files/Failure.h"

namespace sinter::files {

Failure &Failure::withNode(std::string nodeName, std::string opType) {
  node = std::move(nodeName);
  op = std::move(opType);
  return *this;
}

Failure &Failure::withExpected(std::string what) {
  expected = std::move(what);
  return *this;
}

Failure &Failure::withFound(std::string what) {
  found = std::move(what);
  return *this;
}

Failure &Failure::withRemedy(std::string what) {
  remedy = std::move(what);
  return *this;
}

} // namespace sinter::files
