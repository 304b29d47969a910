//===- PruneSpec.cpp - how a weight is pruned -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Prune/PruneSpec.h"

#include "llvm/ADT/Twine.h"

using namespace sinter::prune;
using llvm::StringRef;

/// Widest block and largest group that make sense to ask for.
static constexpr int64_t largestCount = 4096;

StringRef sinter::prune::getPruneForms() {
  return "a share of zeros such as 0.8, N:M such as 2:4, block:1xN:SHARE such "
         "as block:1x16:0.8, or dense";
}

/// A share of zeros in [0, 1).
static bool parseShare(StringRef text, double &share, std::string &error) {
  if (!text.empty() &&
      text.find_first_not_of("0123456789.") == StringRef::npos &&
      !text.getAsDouble(share) && share < 1)
    return true;
  error = ("expected a share of zeros from 0 to less than 1, but got '" + text +
           "'")
              .str();
  return false;
}

static bool parseCount(StringRef text, int64_t &count) {
  return !text.getAsInteger(10, count) && count >= 1 && count <= largestCount;
}

static std::optional<PruneSpec> parseBlock(StringRef text, std::string &error) {
  PruneSpec spec;
  spec.kind = PruneSpec::Kind::Blocks;
  auto [size, share] = text.split(':');
  auto [rows, columns] = size.split('x');
  if (rows != "1" || !parseCount(columns, spec.width)) {
    error =
        ("expected a block of one row, such as 1x16, but got '" + size + "'")
            .str();
    return std::nullopt;
  }
  if (!parseShare(share, spec.sparsity, error))
    return std::nullopt;
  return spec;
}

std::optional<PruneSpec> sinter::prune::parsePruneSpec(StringRef text,
                                                       std::string &error) {
  PruneSpec spec;
  if (text == "dense")
    return spec;
  StringRef rest = text;
  if (rest.consume_front("block:"))
    return parseBlock(rest, error);
  if (text.contains(':')) {
    auto [keep, group] = text.split(':');
    spec.kind = PruneSpec::Kind::Groups;
    if (parseCount(keep, spec.keep) && parseCount(group, spec.group) &&
        spec.keep <= spec.group)
      return spec;
    error =
        ("expected N:M with N at most M, such as 2:4, but got '" + text + "'")
            .str();
    return std::nullopt;
  }
  spec.kind = PruneSpec::Kind::Blocks;
  if (text.empty() ||
      text.find_first_not_of("0123456789.") != StringRef::npos) {
    error = ("expected " + getPruneForms() + ", but got '" + text + "'").str();
    return std::nullopt;
  }
  if (!parseShare(text, spec.sparsity, error))
    return std::nullopt;
  return spec;
}
