//===- GroupQuery.h - attention with a cache of its own ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SINTER_COMPILER_IMPORT_OPS_CONTRIB_GROUPQUERY_H
#define SINTER_COMPILER_IMPORT_OPS_CONTRIB_GROUPQUERY_H

#include "compiler/Import/NodeContext.h"

namespace sinter {

/// com.microsoft.GroupQueryAttention: each element of the batch has a number of
/// its own of keys in the cache, whose rest is unused.
mlir::LogicalResult buildGroupQueryAttention(NodeContext &node);

} // namespace sinter

#endif // SINTER_COMPILER_IMPORT_OPS_CONTRIB_GROUPQUERY_H
