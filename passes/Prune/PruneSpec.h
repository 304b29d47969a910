//===- PruneSpec.h - how a weight is pruned ---------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_PASSES_PRUNE_PRUNESPEC_H
#define SINTER_PASSES_PRUNE_PRUNESPEC_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace sinter::prune {

/// What `--prune` and the key `prune` of a plan say:
///
///   dense           nothing is pruned
///   0.8             80 % of the elements of each weight become zero
///   2:4             of 4 consecutive rows of a column, 2 stay
///   block:1x16:0.8  80 % of the blocks of 1 row and 16 columns become zero
///
/// Rows are input channels, columns output channels.
struct PruneSpec {
  enum class Kind { Dense, Blocks, Groups } kind = Kind::Dense;
  /// Of Blocks; single elements are blocks of width 1.
  int64_t width = 1;
  double sparsity = 0;
  /// Of Groups: `keep` of `group`.
  int64_t keep = 0, group = 0;
};

/// Null, and why in `error`, where `text` is none of the forms above.
std::optional<PruneSpec> parsePruneSpec(llvm::StringRef text,
                                        std::string &error);

/// The forms that parsePruneSpec reads, for messages.
llvm::StringRef getPruneForms();

} // namespace sinter::prune

#endif // SINTER_PASSES_PRUNE_PRUNESPEC_H
